/*-------------------------------------------------------------------------
 *
 * postgres_query.h
 *	  Run statements on a connection within a deadline.
 *
 * Deadlines are on the monotonic clock, in milliseconds.  A signal caught by
 * interrupt.h ends every wait with INTERRUPTED; a program without its handler
 * is never interrupted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_POSTGRES_QUERY_H
#define GLUE_POSTGRES_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/failure.h"

/* Deadline that never passes. */
#define POSTGRES_NO_DEADLINE INT64_MAX

/*
 * Limits of one transaction, enforced by the server; milliseconds, 0 for none.
 */
struct postgres_limits
{
	int64_t statement_ms; /* of one statement */
	int64_t lock_ms;      /* of one wait for a lock */
	int64_t idle_ms;      /* between two statements */
};

/*
 * Run one statement with text parameters (NULL is null).  On success *result
 * has status TUPLES_OK or COMMAND_OK and is owned by the caller; result may be
 * NULL if it is not needed.  If the deadline passes, the error is DEADLINE, the
 * outcome of the statement is unknown, and the connection is unusable.
 */
extern bool
postgres_query(PGconn *connection, const char *statement, int count, const char *const *values,
			   int64_t deadline_ms, PGresult **result, struct glue_error *error);

/*
 * Make all deferred constraints immediate, including those added by users.  A
 * constraint must reject its row while the row can still be given a verdict;
 * otherwise COMMIT would fail for all rows, on every attempt.
 */
#define POSTGRES_DEFER_NOTHING "SET CONSTRAINTS ALL IMMEDIATE"

/*
 * Begin a transaction with POSTGRES_DEFER_NOTHING.  Errors and deadline as for
 * postgres_query().
 */
extern bool postgres_begin(PGconn *connection, int64_t deadline_ms, struct glue_error *error);

/*
 * Consume a row, passed as a borrowed single-row result.  Returning false, with
 * *error set, stops.
 */
typedef bool (*postgres_row_fn)(void *context, const PGresult *row, struct glue_error *error);

/*
 * Like postgres_query(), but passes the rows to take() one by one as they
 * arrive (libpq's single-row mode), so that memory use does not grow with the
 * result.  If take() stops, the connection still has pending rows and is
 * unusable.
 */
extern bool postgres_each_row(PGconn *connection, const char *statement, int count,
							  const char *const *values, int64_t deadline_ms, postgres_row_fn take,
							  void *context, struct glue_error *error);

/*
 * Wait until PQgetResult() can return the result of a sent statement without
 * blocking.
 */
extern bool postgres_wait(PGconn *connection, int64_t deadline_ms, struct glue_error *error);

/*
 * In non-blocking mode, wait until libpq has sent all queued data.
 */
extern bool postgres_flush(PGconn *connection, int64_t deadline_ms, struct glue_error *error);

/*
 * Make the settings our statements rely on: a search path of pg_catalog and
 * then the extension's schema, no notices, and DateStyle ISO.  If limits is
 * NULL, sets them for the session, otherwise together with the limits for the
 * open transaction.
 */
extern bool postgres_prepare(PGconn *connection, const struct postgres_limits *limits,
							 int64_t deadline_ms, struct glue_error *error);

#endif /* GLUE_POSTGRES_QUERY_H */
