/*-------------------------------------------------------------------------
 *
 * postgres_query.c
 *	  Run statements on a connection within a deadline.
 *
 *-------------------------------------------------------------------------
 */
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "database/postgres_error.h"
#include "database/postgres_query.h"
#include "shared/text.h"

static bool
too_late(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, GLUE_DEADLINE,
						  "the database did not answer in time");
}

/*
 * Wait for any of these poll() events and read available input.
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
 * Return the result of the last statement sent.  NULL if the deadline has
 * passed or the connection is lost.
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
 * Return the result of a statement, or convert its error.
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

	/*
	 * Without parameters, because only the simple protocol accepts two
	 * statements in one message.
	 */
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
		/* Results end with NULL even after an error. */
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
