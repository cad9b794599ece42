/*-------------------------------------------------------------------------
 *
 * postgres_connect_test.c
 *	  Explanations of failed connections, transient and permanent.
 *
 * This file resolves host names in place of the system, so no server is needed
 * or contacted.
 *
 *-------------------------------------------------------------------------
 */
#include <netdb.h>

#include "unit.h"

#include "base/clock.h"
#include "database/postgres_connect.h"
#include "database/postgres_error.h"

#define PLANTED "planted-7d31"

/* Result of the name lookup. */
static int lookup_result;

/* Replaces the library's getaddrinfo(). */
int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
			struct addrinfo **result)
{
	(void) name;
	(void) service;
	(void) hints;
	*result = NULL;
	return lookup_result;
}

/*
 * Expect a failure whose message shows no values.
 */
static void
connect_to(const char *conninfo, struct glue_error *error)
{
	const char *const keywords[] = {"dbname", NULL};
	const char *const values[] = {conninfo, NULL};
	PGconn *connection;

	glue_error_clear(error);
	connection = postgres_connect(keywords, values, clock_milliseconds() + 10000, error);
	ok(connection == NULL, "no connection: %s", error->text);
	ok(strstr(error->text, PLANTED) == NULL, "the message shows no value");
	PQfinish(connection);
}

static void
test_names(void)
{
	static const struct
	{
		int answer;
		const char *code;
		bool is_transient;
	} cases[] = {
		{EAI_AGAIN, POSTGRES_UNREACHABLE, true},    {EAI_FAIL, POSTGRES_UNREACHABLE, true},
		{EAI_MEMORY, POSTGRES_UNREACHABLE, true},   {EAI_NONAME, POSTGRES_UNKNOWN_HOST, false},
		{EAI_NODATA, POSTGRES_UNKNOWN_HOST, false},
	};
	struct glue_error error;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		lookup_result = cases[i].answer;
		connect_to("host=shop.example password=" PLANTED, &error);
		is_text(error.code, cases[i].code, "%s: its code", gai_strerror(cases[i].answer));
		is_int(postgres_error_is_transient(&error), cases[i].is_transient,
			   "whether it is transient");
	}
	is_text(error.text, "host shop.example does not exist; check the name", "the host is named");

	/* With several hosts, another one may be up later. */
	lookup_result = EAI_NONAME;
	connect_to("host=/nowhere,shop.example", &error);
	is_text(error.code, POSTGRES_UNREACHABLE, "one of two names is unknown");
}

static void
test_parameters(void)
{
	static const struct
	{
		const char *conninfo;
		const char *problem;
	} cases[] = {
		{"host=/nowhere port=0", "the port is not a number from 1 to 65535"},
		{"host=/nowhere port=65536", "the port is not a number from 1 to 65535"},
		{"host=/nowhere,/nowhere port=1,65536", "the port is not a number from 1 to 65535"},
		{"host=/nowhere port=" PLANTED, "not a number: port"},
		{"postgresql://user@shop.example:" PLANTED "/shop", "not a number: port"},
		{"host=/nowhere sslmode=" PLANTED, "libpq does not accept the value of sslmode"},
		{"host=/nowhere target_session_attrs=" PLANTED,
		 "libpq does not accept the value of target_session_attrs"},
		{"host=/nowhere,/nowhere port=1,2,3", "the numbers of hosts, addresses and ports differ"},
		{"service=" PLANTED, "the service is not defined"},
		{"host=/" PLANTED "/a-name-of-more-bytes-than-the-address-of-a-socket-may-have/"
		 "which-is-108-on-this-system/as-libpq-finds-out",
		 "the path of the socket's folder is too long"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct glue_error error;
		const char *text;

		connect_to(cases[i].conninfo, &error);
		text = strchr(error.text, ':');
		is_text(error.code, POSTGRES_BAD_PARAMETER, "parameters %zu: their code", i);
		is_text(text != NULL ? text + 2 : "", cases[i].problem, "the problem");
		ok(!postgres_error_is_transient(&error), "which is permanent");
	}
}

static void
test_unreachable(void)
{
	struct glue_error error;

	connect_to("host=/nowhere", &error);
	is_text(error.code, POSTGRES_UNREACHABLE, "a missing server: its code");
	ok(postgres_error_is_transient(&error), "may appear later");
}

int
main(void)
{
	setenv("PGSERVICEFILE", "/dev/null", 1);
	test_names();
	test_parameters();
	test_unreachable();
	return unit_done();
}
