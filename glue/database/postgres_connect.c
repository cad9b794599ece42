/*-------------------------------------------------------------------------
 *
 * postgres_connect.c
 *	  Connect within a deadline, and explain failures.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "database/postgres_connect.h"
#include "database/postgres_error.h"

/*
 * libpq's text between the server that it tried and the reason for the failure.
 */
#define ATTEMPT_FAILED "failed: "

/*
 * Find the SQLSTATE in the verbose message of a failed connection: "FATAL:
 * 28P01: password ...".  NULL if the server sent no error.
 */
static const char *
find_sqlstate(const char *message)
{
	for (const char *colon = strchr(message, ':'); colon != NULL; colon = strchr(colon + 1, ':'))
	{
		const char *state = colon + 1 + strspn(colon + 1, " ");

		/* A digit distinguishes it from the word FATAL. */
		if (strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == POSTGRES_SQLSTATE_LENGTH &&
			state[POSTGRES_SQLSTATE_LENGTH] == ':' &&
			strcspn(state, "0123456789") < POSTGRES_SQLSTATE_LENGTH)
			return state;
	}
	return NULL;
}

/*
 * Report the server's refusal in our own words.
 */
static bool
server_refused(const char *sqlstate, struct glue_error *error)
{
	static const struct
	{
		const char *sqlstate;
		const char *text;
	} known[] = {
		{"28", "the database refused the login; check user and password"},
		{"3D000", "the database does not exist on the server"},
		{"53300", "the database has no free connections"},
		{"57P03", "the database is starting up or shutting down"},
		{"42501", "the login may not connect to the database"},
	};
	char code[POSTGRES_SQLSTATE_LENGTH + 1];

	snprintf(code, sizeof(code), "%.*s", POSTGRES_SQLSTATE_LENGTH, sqlstate);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strncmp(code, known[i].sqlstate, strlen(known[i].sqlstate)) == 0)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, code, "%s", known[i].text);
	}
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, code,
						  "the database refused the connection (SQLSTATE %s)", code);
}

/*
 * Return whether the host does not exist.  False if the name server did not
 * answer, or if there are several hosts, because these may work later.
 */
static bool
is_unknown_host(const char *message)
{
	return strstr(message, ATTEMPT_FAILED) == NULL &&
		   strstr(message, gai_strerror(EAI_AGAIN)) == NULL &&
		   (strstr(message, gai_strerror(EAI_NONAME)) != NULL ||
			strstr(message, gai_strerror(EAI_NODATA)) != NULL);
}

static bool
set_bad_parameter(struct glue_error *error, const char *problem, int length, const char *name)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_BAD_PARAMETER,
						  "cannot connect to the database: %s%.*s", problem, length, name);
}

/*
 * Explain an invalid parameter value.  Repeats the parameter's name from
 * libpq's message, but never the value.  Returns false for any other message.
 */
static bool
explain_bad_value(const char *message, struct glue_error *error)
{
	static const char number[] = "\" for connection option \"";
	static const char invalid[] = "invalid ";
	const char *name = strstr(message, number);

	if (strstr(message, "invalid port number: ") != NULL)
		set_bad_parameter(error, "the port is not a number from 1 to 65535", 0, "");
	else if (name != NULL)
	{
		name += strlen(number);
		set_bad_parameter(error, "not a number: ", (int) strcspn(name, "\""), name);
	}
	else if (strncmp(message, invalid, strlen(invalid)) == 0 && strstr(message, " value: ") != NULL)
	{
		name = message + strlen(invalid);
		set_bad_parameter(error, "libpq does not accept the value of ", (int) strcspn(name, " "),
						  name);
	}
	else
		return false;
	return true;
}

/*
 * Explain parameters that libpq rejects before it tries any server.  Returns
 * false for any other message, after which a later attempt may succeed.
 */
static bool
explain_bad_parameter(const char *message, struct glue_error *error)
{
	static const struct
	{
		const char *beginning;
		const char *text;
	} known[] = {
		{"invalid connection option ", "libpq does not recognize a parameter"},
		{"could not match ", "the numbers of hosts, addresses and ports differ"},
		{"definition of service ", "the service is not defined"},
		{"service file ", "the service file does not exist"},
		{"Unix-domain socket path ", "the path of the socket's folder is too long"},
	};

	if (explain_bad_value(message, error))
		return true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strncmp(message, known[i].beginning, strlen(known[i].beginning)) == 0)
		{
			set_bad_parameter(error, known[i].text, 0, "");
			return true;
		}
	}
	return false;
}

/*
 * Return the reason why an attempt failed, NULL if none was made.  A host name
 * may have several addresses, and an attempt that reached a server explains
 * more than one at an address where no server listens.
 */
static const char *
find_reason(const char *message)
{
	const char *refused = strerror(ECONNREFUSED);
	const char *first = NULL;

	while ((message = strstr(message, ATTEMPT_FAILED)) != NULL)
	{
		message += strlen(ATTEMPT_FAILED);
		if (strncmp(message, refused, strlen(refused)) != 0)
			return message;
		if (first == NULL)
			first = message;
	}
	return first;
}

/*
 * Explain a failed connection in our own words, because libpq's message would
 * repeat parts of the connection string.
 */
static bool
connect_error(PGconn *connection, struct glue_error *error)
{
	const char *message = PQerrorMessage(connection);
	const char *sqlstate = find_sqlstate(message);
	const char *reason = find_reason(message);
	const char *host = PQhost(connection);

	if (sqlstate != NULL)
		return server_refused(sqlstate, error);
	if (PQconnectionNeedsPassword(connection))
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "28P01",
			"the database requires a password; use PGPASSWORD or a password file");
	if (host == NULL || host[0] == '\0')
		host = "its address";
	if (is_unknown_host(message))
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_UNKNOWN_HOST,
							  "host %s does not exist; check the name", host);
	if (explain_bad_parameter(message, error))
		return false;
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_UNREACHABLE,
						  "cannot reach the database at %s%s%.*s", host, reason != NULL ? ": " : "",
						  reason != NULL ? (int) strcspn(reason, "\n") : 0,
						  reason != NULL ? reason : "");
}

/*
 * Poll a started connection until it is established or fails.
 */
static bool
wait_for_connection(PGconn *connection, int64_t deadline_ms, struct glue_error *error)
{
	int64_t started_ms = clock_milliseconds();
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED)
	{
		struct pollfd waiting = {.fd = PQsocket(connection)};
		int64_t left = deadline_ms - clock_milliseconds();
		int ready;

		waiting.events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		ready = left > 0 ? poll(&waiting, 1, clock_poll_timeout(left)) : 0;
		if (interrupted())
			return interrupt_error(error);
		if (ready == 0)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_UNREACHABLE,
								  "the database did not answer within %.1f seconds",
								  (double) (clock_milliseconds() - started_ms) / 1000);
		if (ready > 0)
			status = PQconnectPoll(connection);
	}
	if (status == PGRES_POLLING_FAILED)
		return connect_error(connection, error);
	return true;
}

/*
 * Drop the server's notices, which are of no use to our users.
 */
static void
drop_notice(void *context, const char *message)
{
	(void) context;
	(void) message;
}

PGconn *
postgres_connect(const char *const *keywords, const char *const *values, int64_t deadline_ms,
				 struct glue_error *error)
{
	PGconn *connection = PQconnectStartParams(keywords, values, 1);

	if (connection == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
	(void) PQsetNoticeProcessor(connection, drop_notice, NULL);
	if (PQstatus(connection) == CONNECTION_BAD)
		connect_error(connection, error);
	else if (wait_for_connection(connection, deadline_ms, error))
		return connection;
	PQfinish(connection);
	return NULL;
}

PGconn *
postgres_connect_conninfo(const char *conninfo, int64_t deadline_ms, struct glue_error *error)
{
	/* Users can override what comes before dbname, not what comes after it. */
	static const char *const keywords[] = {
		"fallback_application_name", "keepalives_idle",
		"tcp_user_timeout",          "dbname",
		"client_encoding",           NULL,
	};
	const char *const values[] = {
		"onboard", "30", "60000", conninfo, "UTF8", NULL,
	};

	return postgres_connect(keywords, values, deadline_ms, error);
}
