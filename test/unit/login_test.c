/*-------------------------------------------------------------------------
 *
 * login_test.c
 *	  The database's secret.
 *
 *-------------------------------------------------------------------------
 */
#include <fcntl.h>
#include <unistd.h>

#include "unit.h"

#include "base/heap.h"
#include "lambda/login.h"

#define PLANTED "planted-5f0c"

static bool
parse(struct login *login, const char *secret, struct glue_error *error)
{
	return login_parse(login, secret, strlen(secret), error);
}

static void
test_good(void)
{
	struct login login;
	struct glue_error error = {0};

	ok(parse(&login,
			 "{\"host\":\"db\",\"port\":6432,\"dbname\":\"shop\",\"username\":\"u\","
			 "\"password\":\"p\\u00e4\\\"\",\"ca\":\"---\\n\",\"engine\":\"postgres\"}",
			 &error),
	   "a secret: %s", error.text);
	is_text(login.host, "db", "host");
	is_text(login.port, "6432", "port");
	is_text(login.database, "shop", "database");
	is_text(login.username, "u", "username");
	is_text(login.password, "p\xc3\xa4\"", "password");
	is_text(login.ca, "---\n", "ca");
	login_clean_up(&login);
	is_text(login.password, NULL, "nothing is left");

	ok(parse(&login,
			 "{\"host\":\"db\",\"port\":\"6432\",\"dbname\":\"shop\",\"username\":\"u\","
			 "\"password\":\"p\",\"ca\":null}",
			 &error),
	   "port as a text, ca null");
	is_text(login.port, "6432", "port");
	is_text(login.ca, NULL, "no ca");
	login_clean_up(&login);

	ok(parse(&login, "{\"host\":\"db\",\"dbname\":\"shop\",\"username\":\"u\",\"password\":\"p\"}",
			 &error),
	   "without a port");
	is_text(login.port, "5432", "the default");
	login_clean_up(&login);
}

static void
test_bad(void)
{
	static const char *const secrets[] = {
		"",
		"null",
		"[]",
		"\"" PLANTED "\"",
		"{\"password\":\"" PLANTED "\"",
		"{\"password\":\"" PLANTED "\"}",
		"{\"host\":\"\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED "\"}",
		"{\"host\":5,\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED "\"}",
		"{\"Host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED "\"}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"" PLANTED "\"}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":[\"" PLANTED "\"]}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED
		"\",\"port\":0}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED
		"\",\"port\":65536}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED
		"\",\"port\":\"" PLANTED "\"}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED
		"\",\"port\":\"\"}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED
		"\",\"port\":\"0\"}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED
		"\",\"port\":\"65536\"}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED
		"\",\"port\":\"99999999999999\"}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED
		"\",\"port\":\"5432,5433\"}",
		"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"" PLANTED
		"\",\"ca\":1}",
	};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
	{
		struct login login;
		struct glue_error error = {0};

		ok(!parse(&login, secrets[i], &error), "bad secret %zu", i);
		is_text(error.code, "SECRET_INVALID", "its code");
		ok(strstr(error.text, PLANTED) == NULL, "tells nothing: %s", error.text);
		is_text(login.password, NULL, "and keeps nothing");
	}
}

static int allocations_left;

static void *
allocate_some(void *block, size_t size)
{
	return allocations_left-- > 0 ? realloc(block, size) : NULL;
}

static void
test_memory(void)
{
	struct login login;
	struct glue_error error = {0};
	int failures = 0;

	glue_set_reallocate(allocate_some);
	for (int most = 0; most < 20; most++)
	{
		allocations_left = most;
		if (parse(
				&login,
				"{\"host\":\"h\",\"dbname\":\"d\",\"username\":\"u\",\"password\":\"p\",\"ca\":\"c\"}",
				&error))
			break;
		is_text(error.code, "OUT_OF_MEMORY", "allocation %d fails", most);
		failures++;
	}
	glue_set_reallocate(NULL);
	is_int(failures, 6, "each of the six allocations");
	login_clean_up(&login);
}

static void
test_file(void)
{
	char path[] = "/tmp/onboard-login-XXXXXX";
	int descriptor = mkstemp(path);
	struct byte_buffer text = {0};
	struct glue_error error = {0};
	char block[4096];

	memset(block, 'x', sizeof(block));
	ok(write(descriptor, "{}", 2) == 2, "a file");
	ok(login_secret_of_file(path, false, 0, &text, &error), "is read");
	is_int(text.used, 2, "as a whole");
	login_wipe(&text);
	ok(text.data == NULL, "and wiped");
	for (int i = 0; i < 17; i++)
		ok(write(descriptor, block, sizeof(block)) == sizeof(block), "a large file");
	ok(!login_secret_of_file(path, false, 0, &text, &error), "is refused");
	is_text(error.code, "SECRET_INVALID", "with a code");
	login_wipe(&text);
	close(descriptor);
	unlink(path);
	ok(!login_secret_of_file(path, false, 0, &text, &error), "no file");
	is_text(error.code, "SECRET_UNREADABLE", "with a code");
	ok(!login_secret_of_file((void *) "/tmp", false, 0, &text, &error), "a folder");
	login_wipe(&text);
}

int
main(void)
{
	test_good();
	test_bad();
	test_memory();
	test_file();
	return unit_done();
}
