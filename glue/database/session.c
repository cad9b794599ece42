/*-------------------------------------------------------------------------
 *
 * session.c
 *	  What every program of ours needs of libpq.
 *
 *-------------------------------------------------------------------------
 */
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "database/session.h"
#include "shared/text.h"

#define SQLSTATE_LENGTH 5

/* libpq's words between the server that it tried and why that failed. */
#define ATTEMPT_FAILED "failed: "

/* ----- errors ----- */

bool
postgres_error_is_transient(const struct glue_error *error)
{
	static const char *const classes[] = {"08", "40", "53", "57", "58", "XX"};

	if (error->class != GLUE_INFRASTRUCTURE_ERROR || strlen(error->code) != SQLSTATE_LENGTH)
		return false;
	if (strcmp(error->code, "55P03") == 0)
		return true;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
	{
		if (memcmp(error->code, classes[i], 2) == 0)
			return true;
	}
	return false;
}

/*
 * The part of a COPY's context that says where, without the value that may
 * follow: "COPY intake, line 17, column price".  0 for any other context.
 */
static int
copy_context_length(const char *context)
{
	if (context == NULL || strncmp(context, "COPY ", 5) != 0)
		return 0;
	return (int) strcspn(context, ":\n\"");
}

bool
postgres_error(PGconn *connection, const PGresult *result, struct glue_error *error)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
	int context_length = copy_context_length(context);

	if (interrupted())
		return interrupt_error(error);
	if (sqlstate == NULL || primary == NULL)
	{
		/* libpq's own words; they hold no value and no password. */
		const char *message = connection != NULL && PQstatus(connection) == CONNECTION_OK
								  ? PQerrorMessage(connection)
								  : "";

		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_LOST,
							  "the connection to the database was lost%s%.*s",
							  message[0] != '\0' ? ": " : "", (int) strcspn(message, "\n"),
							  message);
	}
	glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, sqlstate, "the database says: %s%s%.*s",
				   primary, context_length > 0 ? ", at " : "", context_length,
				   context_length > 0 ? context : "");
	if (hint != NULL)
		glue_error_hint(error, "%s", hint);
	if (error != NULL)
		error->quotes_server = true;
	return false;
}

/* ----- connecting ----- */

/*
 * The SQLSTATE in a failed connection's message, which is verbose:
 * "FATAL:  28P01: password ...".  NULL when the server said nothing.
 */
static const char *
find_sqlstate(const char *message)
{
	for (const char *colon = strchr(message, ':'); colon != NULL; colon = strchr(colon + 1, ':'))
	{
		const char *state = colon + 1 + strspn(colon + 1, " ");

		/* A digit tells it from the word FATAL. */
		if (strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == SQLSTATE_LENGTH &&
			state[SQLSTATE_LENGTH] == ':' && strcspn(state, "0123456789") < SQLSTATE_LENGTH)
			return state;
	}
	return NULL;
}

/*
 * What the server said, in our own words.
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
		{"3D000", "there is no database of that name on the server"},
		{"53300", "the database has no free connection"},
		{"57P03", "the database is starting up or shutting down"},
		{"42501", "the login may not connect to the database"},
	};
	char code[SQLSTATE_LENGTH + 1];

	snprintf(code, sizeof(code), "%.*s", SQLSTATE_LENGTH, sqlstate);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strncmp(code, known[i].sqlstate, strlen(known[i].sqlstate)) == 0)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, code, "%s", known[i].text);
	}
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, code,
						  "the database refused the connection (SQLSTATE %s)", code);
}

/*
 * Whether there is no such host.  A name server that did not answer may answer
 * later, and of several hosts another one may answer.
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
 * Say what is wrong with the value of a parameter.  Repeats the parameter's name
 * from libpq's message, but never the value.  False for another message.
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
 * Say what is wrong with parameters that libpq refuses before it tries any
 * server.  False for another message, after which a later attempt may succeed.
 */
static bool
explain_bad_parameter(const char *message, struct glue_error *error)
{
	static const struct
	{
		const char *beginning;
		const char *text;
	} known[] = {
		{"invalid connection option ", "there is a parameter that libpq does not know"},
		{"could not match ", "the numbers of hosts, addresses and ports differ"},
		{"definition of service ", "the service is not defined"},
		{"service file ", "there is no such service file"},
		{"Unix-domain socket path ", "the name of the socket's folder is too long"},
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
 * Why a connection failed, in our own words: those of libpq would repeat parts of
 * the connection string.
 */
static bool
connect_error(PGconn *connection, struct glue_error *error)
{
	const char *message = PQerrorMessage(connection);
	const char *sqlstate = find_sqlstate(message);
	const char *reason = strstr(message, ATTEMPT_FAILED);
	const char *host = PQhost(connection);

	if (sqlstate != NULL)
		return server_refused(sqlstate, error);
	if (PQconnectionNeedsPassword(connection))
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "28P01",
							  "the database wants a password; use PGPASSWORD or a password file");
	if (host == NULL || host[0] == '\0')
		host = "its address";
	if (is_unknown_host(message))
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_UNKNOWN_HOST,
							  "there is no host named %s; check the name", host);
	if (explain_bad_parameter(message, error))
		return false;
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_UNREACHABLE,
						  "cannot reach the database at %s%s%.*s", host, reason != NULL ? ": " : "",
						  reason != NULL ? (int) strcspn(reason + strlen(ATTEMPT_FAILED), "\n") : 0,
						  reason != NULL ? reason + strlen(ATTEMPT_FAILED) : "");
}

/*
 * Drive a connection that was begun until it stands or fails.
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
 * Notices of the server are of no use to our users.
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

/* ----- statements ----- */

static bool
too_late(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_LOST,
						  "the database did not answer in the time that there was");
}

/*
 * Wait for any of these events of poll(), and read what came.
 */
static bool
wait_for_socket(PGconn *connection, short events, int64_t deadline_ms, struct glue_error *error)
{
	struct pollfd waiting = {.fd = PQsocket(connection), .events = events};
	int64_t left = deadline_ms - clock_milliseconds();

	if (left <= 0)
		return too_late(error);
	if (poll(&waiting, 1, clock_poll_timeout(left)) > 0 && (waiting.revents & ~POLLOUT) != 0 &&
		PQconsumeInput(connection) == 0)
		return postgres_error(connection, NULL, error);
	return true;
}

bool
postgres_wait(PGconn *connection, int64_t deadline_ms, struct glue_error *error)
{
	while (PQisBusy(connection))
	{
		if (!wait_for_socket(connection, POLLIN, deadline_ms, error))
			return false;
	}
	return true;
}

bool
postgres_flush(PGconn *connection, int64_t deadline_ms, struct glue_error *error)
{
	int left;

	while ((left = PQflush(connection)) == 1)
	{
		if (!wait_for_socket(connection, POLLIN | POLLOUT, deadline_ms, error))
			return false;
	}
	return left == 0 || postgres_error(connection, NULL, error);
}

/*
 * The result of the last statement that was sent.  NULL when the deadline has
 * passed, or the connection is lost.
 */
static PGresult *
last_result(PGconn *connection, int64_t deadline_ms, struct glue_error *error)
{
	PGresult *last = NULL;
	PGresult *next;

	for (;;)
	{
		if (!postgres_wait(connection, deadline_ms, error))
		{
			PQclear(last);
			return NULL;
		}
		next = PQgetResult(connection);
		if (next == NULL)
			return last;
		PQclear(last);
		last = next;
	}
}

/*
 * Like PQexecParams(), but with a deadline.
 */
static PGresult *
execute(PGconn *connection, const char *statement, int count, const char *const *values,
		int64_t deadline_ms, struct glue_error *error)
{
	if (PQsendQueryParams(connection, statement, count, NULL, values, NULL, NULL, 0) == 1)
		return last_result(connection, deadline_ms, error);
	postgres_error(connection, NULL, error);
	return NULL;
}

/*
 * Take the result of a statement apart: hand it out, or its error.
 */
static bool
judge_result(PGconn *connection, PGresult *answer, PGresult **result, struct glue_error *error)
{
	ExecStatusType status = PQresultStatus(answer);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
	{
		if (result != NULL)
			*result = answer;
		else
			PQclear(answer);
		return true;
	}
	postgres_error(connection, answer, error);
	PQclear(answer);
	return false;
}

bool
postgres_query(PGconn *connection, const char *statement, int count, const char *const *values,
			   int64_t deadline_ms, PGresult **result, struct glue_error *error)
{
	PGresult *answer;

	if (deadline_ms == POSTGRES_NO_DEADLINE)
		answer = PQexecParams(connection, statement, count, NULL, values, NULL, NULL, 0);
	else
	{
		answer = execute(connection, statement, count, values, deadline_ms, error);
		if (answer == NULL)
			return false;
	}
	return judge_result(connection, answer, result, error);
}

bool
postgres_begin(PGconn *connection, int64_t deadline_ms, struct glue_error *error)
{
	PGresult *answer;

	/* Without parameters, for only so two go in one message. */
	if (PQsendQuery(connection, "BEGIN; " POSTGRES_DEFER_NOTHING) != 1)
		return postgres_error(connection, NULL, error);
	answer = last_result(connection, deadline_ms, error);
	return answer != NULL && judge_result(connection, answer, NULL, error);
}

bool
postgres_each_row(PGconn *connection, const char *statement, int count, const char *const *values,
				  int64_t deadline_ms, postgres_row_fn take, void *context,
				  struct glue_error *error)
{
	PGresult *result;
	bool taken = true;
	bool done = true;

	if (PQsendQueryParams(connection, statement, count, NULL, values, NULL, NULL, 0) != 1 ||
		PQsetSingleRowMode(connection) != 1)
		return postgres_error(connection, NULL, error);
	while (taken)
	{
		ExecStatusType status;

		if (!postgres_wait(connection, deadline_ms, error))
			return false;
		/* After an error there is an end as well. */
		result = PQgetResult(connection);
		if (result == NULL)
			return done;
		status = PQresultStatus(result);
		if (status == PGRES_SINGLE_TUPLE)
			taken = take(context, result, error);
		else if (done && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
			done = postgres_error(connection, result, error);
		PQclear(result);
	}
	return false;
}

bool
postgres_prepare(PGconn *connection, const struct postgres_limits *limits, int64_t deadline_ms,
				 struct glue_error *error)
{
	char texts[3][INTEGER_TEXT_SIZE];
	const char *values[4] = {limits != NULL ? "true" : "false"};
	PGresult *result = NULL;
	bool found;

	for (int i = 0; i < 3 && limits != NULL; i++)
	{
		values[i + 1] = integer_text(texts[i], i == 0   ? limits->statement_ms
											   : i == 1 ? limits->lock_ms
														: limits->idle_ms);
	}
	if (!postgres_query(
			connection,
			"SELECT pg_catalog.set_config('search_path',"
			" 'pg_catalog, ' || pg_catalog.quote_ident(n.nspname), $1::boolean),"
			" pg_catalog.set_config('client_min_messages', 'warning', $1::boolean),"
			" pg_catalog.set_config('datestyle', 'ISO', $1::boolean),"
			" CASE WHEN $2::text IS NOT NULL THEN pg_catalog.set_config('statement_timeout', $2::text, true) END,"
			" CASE WHEN $3::text IS NOT NULL THEN pg_catalog.set_config('lock_timeout', $3::text, true) END,"
			" CASE WHEN $4::text IS NOT NULL THEN"
			" pg_catalog.set_config('idle_in_transaction_session_timeout', $4::text, true) END"
			" FROM pg_catalog.pg_extension e"
			" JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace"
			" WHERE e.extname = 'onboard'",
			4, values, deadline_ms, &result, error))
		return false;
	found = PQntuples(result) == 1;
	PQclear(result);
	if (!found)
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "NOT_INSTALLED",
			"database \"%s\" has no extension onboard; run CREATE EXTENSION onboard in it",
			PQdb(connection));
	return true;
}
