/*-------------------------------------------------------------------------
 *
 * postgres_query.h
 *	  Statements on a connection, until a deadline.
 *
 * Deadlines are of the monotonic clock, in milliseconds.  A signal that
 * interrupt.h caught ends every wait with INTERRUPTED; a program that installed no
 * handler is never interrupted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_POSTGRES_QUERY_H
#define GLUE_POSTGRES_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/failure.h"

/* In place of a deadline: wait for as long as it takes. */
#define POSTGRES_NO_DEADLINE INT64_MAX

/* What the server has to keep to in one transaction; milliseconds, 0 for none. */
struct postgres_limits
{
	int64_t statement_ms; /* of one statement */
	int64_t lock_ms;      /* of one wait for a lock */
	int64_t idle_ms;      /* between two statements */
};

/*
 * Run one statement with text parameters (NULL is null).  On success *result
 * has status TUPLES_OK or COMMAND_OK and is owned by the caller; result may be
 * NULL when it is of no interest.  When the deadline passes, the error is
 * 08006, nobody knows what became of the statement, and the connection is of
 * no use any more.
 */
extern bool
postgres_query(PGconn *connection, const char *statement, int count, const char *const *values,
			   int64_t deadline_ms, PGresult **result, struct glue_error *error);

/*
 * Makes deferred constraints immediate, also those that users added: what refuses a
 * row has to say so while the row can be given a verdict, or COMMIT would fail for
 * all rows, and again each time.
 */
#define POSTGRES_DEFER_NOTHING "SET CONSTRAINTS ALL IMMEDIATE"

/*
 * Begin a transaction with POSTGRES_DEFER_NOTHING.  Errors and deadline as of
 * postgres_query().
 */
extern bool postgres_begin(PGconn *connection, int64_t deadline_ms, struct glue_error *error);

/*
 * Takes a row of a result, which has that row alone and is borrowed.  False
 * with *error set stops.
 */
typedef bool (*postgres_row_fn)(void *context, const PGresult *row, struct glue_error *error);

/*
 * Like postgres_query(), but the rows are handed over one by one as they come
 * (libpq's single-row mode), so that memory does not grow with the result.
 * When take stops, the connection is busy with what it did not want, and of no
 * use any more.
 */
extern bool postgres_each_row(PGconn *connection, const char *statement, int count,
							  const char *const *values, int64_t deadline_ms, postgres_row_fn take,
							  void *context, struct glue_error *error);

/*
 * Wait until the result of a statement that was sent can be taken by
 * PQgetResult().
 */
extern bool postgres_wait(PGconn *connection, int64_t deadline_ms, struct glue_error *error);

/*
 * In non-blocking mode: wait until what was handed to libpq is sent.
 */
extern bool postgres_flush(PGconn *connection, int64_t deadline_ms, struct glue_error *error);

/*
 * Settings that our statements rely on: our functions first in the search path
 * after pg_catalog, wherever the extension was created, and no notices.  With
 * limits NULL they are set for the session, otherwise together with the limits
 * for the transaction that is open.
 */
extern bool postgres_prepare(PGconn *connection, const struct postgres_limits *limits,
							 int64_t deadline_ms, struct glue_error *error);

#endif /* GLUE_POSTGRES_QUERY_H */
