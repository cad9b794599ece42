/*-------------------------------------------------------------------------
 *
 * connection.h
 *	  The one connection of a sandbox to the database.
 *
 * It is kept from invocation to invocation, looked at before it is used, and
 * made again once when it turns out to be lost.  TLS is verified in full
 * (sslmode verify-full) against the secret's certificate authority; only a
 * Unix socket, a host that begins with "/", goes without.  When the server
 * refuses the login the secret is read again, once.
 *
 * What runs on it must also work behind a pgbouncer that pools transactions:
 * statements with parameters inside of connection_transaction(), nothing that
 * outlives the transaction, no prepared statements, no LISTEN.
 *
 * Errors are those of postgres.h and login.h, and DATABASE_PAUSED: the last
 * attempts failed, and none is made for a while.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_CONNECTION_H
#define GLUE_LAMBDA_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "base/clock.h"
#include "database/postgres_connect.h"
#include "database/postgres_error.h"
#include "database/postgres_query.h"
#include "lambda/environment.h"
#include "lambda/login.h"

/* Opaque. */
struct connection;

/* How a transaction ended. */
enum transaction_outcome
{
	TRANSACTION_COMMITTED,
	TRANSACTION_ROLLED_BACK, /* nothing was stored */
	TRANSACTION_UNKNOWN      /* the answer to COMMIT was lost */
};

/*
 * The work of a transaction.  It may run twice, from the start, when the
 * connection was lost on the first run; nothing was stored then.  deadline_ms
 * is for postgres_query().  False rolls back.
 */
typedef bool (*transaction_fn)(PGconn *connection, int64_t deadline_ms, void *context,
							   struct glue_error *error);

/*
 * No connection is made yet.  settings and the context are borrowed until
 * connection_destroy().  NULL when there is no memory.
 */
extern struct connection *connection_new(const struct settings *settings, login_secret_fn secret,
										 void *context, struct glue_error *error);

/* NULL is accepted. */
extern void connection_destroy(struct connection *connection);

/*
 * A connection that stands and is idle, borrowed until the next call.  NULL on
 * an error.  deadline_ms is of the monotonic clock, as everywhere here.
 */
extern PGconn *
connection_get(struct connection *connection, int64_t deadline_ms, struct glue_error *error);

/*
 * Run work in a transaction of which the server knows when it has to be over.
 * On TRANSACTION_COMMITTED *error is untouched.  After TRANSACTION_UNKNOWN the
 * same may be done again only where doing it twice is harmless, as it is for
 * all of our calls.
 */
extern enum transaction_outcome
connection_transaction(struct connection *connection, int64_t deadline_ms, transaction_fn work,
					   void *context, struct glue_error *error);

/*
 * The same in steps, for work that cannot be one function: begin, then commit
 * or roll back, and nothing else on the connection in between.  A connection
 * that is lost on the way is not made again; who begins anew gets another.
 * connection_begin() gives back what to work on, or NULL.
 */
extern PGconn *
connection_begin(struct connection *connection, int64_t deadline_ms, struct glue_error *error);
extern enum transaction_outcome
connection_commit(struct connection *connection, int64_t deadline_ms, struct glue_error *error);

/* Also after an error of the work; a connection in any other state is dropped. */
extern void connection_roll_back(struct connection *connection, int64_t deadline_ms);

/*
 * Run one statement in a transaction of its own; like postgres_query().
 */
extern bool
connection_query(struct connection *connection, int64_t deadline_ms, const char *statement,
				 int count, const char *const *values, PGresult **result, struct glue_error *error);

/* Connections that were made again, since the last call of this function. */
extern int64_t connection_take_retries(struct connection *connection);

#endif /* GLUE_LAMBDA_CONNECTION_H */
