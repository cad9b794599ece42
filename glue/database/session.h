/*-------------------------------------------------------------------------
 *
 * session.h
 *	  What every program of ours needs of libpq: connecting, one statement,
 *	  errors.
 *
 * Every error of libpq becomes a glue_error here and nowhere else.  It is of
 * the infrastructure class; code is the SQLSTATE, or one of the codes below when
 * the server said nothing.  Of what the server said the primary message, the hint and for
 * COPY the line are kept, never a connection string.  A primary message may
 * quote a value, so such an error says so: quotes_server.
 *
 * Transient are the classes 08, 40, 53, 57, 58 and XX, and 55P03: nothing is
 * decided by them and the same may work later.
 *
 * A signal that interrupt.h caught ends every wait with INTERRUPTED; a program
 * that installed no handler is never interrupted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SESSION_H
#define GLUE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/failure.h"

/* In place of a deadline: wait for as long as it takes. */
#define POSTGRES_NO_DEADLINE INT64_MAX

/*
 * Codes of errors that are not the server's own: connection lost and no
 * connection, which are transient; an unknown host name and parameters that libpq
 * refuses, which are not.
 */
#define POSTGRES_LOST "08006"
#define POSTGRES_UNREACHABLE "08001"
#define POSTGRES_UNKNOWN_HOST "UNKNOWN_HOST"
#define POSTGRES_BAD_PARAMETER "BAD_PARAMETER"

/* What the server has to keep to in one transaction; milliseconds, 0 for none. */
struct postgres_limits
{
	int64_t statement_ms; /* of one statement */
	int64_t lock_ms;      /* of one wait for a lock */
	int64_t idle_ms;      /* between two statements */
};

/*
 * Connect once, until the deadline (of the monotonic clock, in milliseconds).
 * keywords and values are those of PQconnectStartParams() and borrowed; what
 * dbname holds is expanded when it is a connection string, and overrules what
 * stands before it.  The caller owns the result: PQfinish().  NULL on an error.
 * Notices are dropped.
 */
extern PGconn *postgres_connect(const char *const *keywords, const char *const *values,
								int64_t deadline_ms, struct glue_error *error);

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
 * Puts no constraint off to the transaction's end, also none that users added
 * as DEFERRED: what refuses a row has to say so while the row can be given a
 * verdict, or COMMIT would fail for all rows, and again each time.
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

/*
 * Turn what went wrong into *error.  result is NULL when there is none; it is
 * borrowed.  Always returns false.
 */
extern bool postgres_error(PGconn *connection, const PGresult *result, struct glue_error *error);

/* Whether the same may work later. */
extern bool postgres_error_is_transient(const struct glue_error *error);

#endif /* GLUE_SESSION_H */
