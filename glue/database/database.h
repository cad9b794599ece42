/*-------------------------------------------------------------------------
 *
 * database.h
 *	  A database: a connection made on demand, with statements, transactions and
 *	  retries.
 *
 * The opener of a database supplies a connector, which decides where to connect
 * and as whom.  There are two kinds of callers:
 *
 *	  a user at a terminal	waits while the database is unavailable; owns the
 *							connection, so settings are made once per session
 *							and a statement needs no transaction around it
 *							(is_pooled is false)
 *	  a function			must end by a deadline, and its caller retries later; may
 *							connect through pgbouncer in transaction pooling mode,
 *							so every statement runs in a transaction with local
 *							settings and limits (is_pooled)
 *
 * With pooling, no session state may outlive a transaction: no prepared
 * statements, no LISTEN, no SET without LOCAL.
 *
 * Errors are those of postgres_error.h, those of the connector, and two of the
 * infrastructure class: DEADLINE, no time is left, or the answer did not
 * arrive in time, so the outcome is unknown; DATABASE_PAUSED, recent
 * attempts to connect failed and none is made until the pause is over.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_DATABASE_H
#define GLUE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "base/failure.h"
#include "database/postgres_error.h"
#include "database/postgres_query.h"

/* Opaque. */
struct database;

/*
 * How to connect; database_close() calls release, unless it is NULL.
 */
struct database_connector
{
	/*
	 * Make one attempt to connect, until deadline_ms.  The caller owns the
	 * result; NULL on error.  With refresh, the server refused the cached
	 * login, or its certificate was refused, so read the login again.
	 */
	PGconn *(*connect)(void *context, bool refresh, int64_t deadline_ms, struct glue_error *error);
	void (*release)(void *context);
	void *context;

	/*
	 * Whether the login can change: connect() is called again after a refusal.
	 */
	bool refreshes;
};

/* How to retry. */
enum database_retry
{
	RETRY_WAITING,  /* after any transient error, with growing delays, for retry_ms */
	RETRY_LOST_ONCE /* once, only after a lost connection, without delay */
};

/* How to use a database.  Times are milliseconds. */
struct database_options
{
	struct database_connector connector;
	int64_t connect_ms; /* time limit for one connection attempt */

	/* Retrying */
	enum database_retry retry;
	int64_t retry_ms;        /* RETRY_WAITING: from the start of the first attempt */
	int64_t unseen_retry_ms; /* likewise for a server that has never answered */

	/* Called before a longer wait, once per operation; may be NULL. */
	void (*tell_waiting)(const struct glue_error *error, int64_t seconds);

	/*
	 * Pause after this many consecutive connection failures; both 0 to disable.
	 */
	int64_t most_failures;
	int64_t pause_ms;

	/* For functions; the times are used only if is_pooled. */
	bool is_pooled;
	int64_t lock_timeout_ms; /* maximum wait for a lock */
	int64_t trusted_idle_ms; /* test a connection that was idle longer before use */
};

/*
 * Create a database without connecting; the first use connects.  Copies options
 * and takes ownership of the connector's context, which is released even on
 * error.  NULL if out of memory.
 */
extern struct database *
database_open(const struct database_options *options, struct glue_error *error);

/* Accepts NULL. */
extern void database_close(struct database *database);

/*
 * Set the deadline, on the monotonic clock, of all following operations.  The
 * default is POSTGRES_NO_DEADLINE.
 */
extern void database_set_deadline(struct database *database, int64_t deadline_ms);
extern int64_t database_deadline(const struct database *database);

/*
 * Ensure that there is a connection, retrying according to the options.
 */
extern bool database_connect(struct database *database, struct glue_error *error);

/*
 * Return the connection, for COPY and other uses without a function here;
 * borrowed until the next call on this database.  NULL if not connected.  For a
 * pooled database, use it only inside a transaction.
 */
extern PGconn *database_connection(struct database *database);

/*
 * Return how often a connection was replaced or a login refreshed since the
 * last call.
 */
extern int64_t database_take_retries(struct database *database);

/* ----- one statement ----- */

/* Whether a statement may run again after its first answer was lost. */
enum database_repeat
{
	RUN_ONCE,
	RUN_AGAIN
};

/*
 * Run one statement with text parameters (NULL is null), in the open
 * transaction if there is one.  On success *result has status TUPLES_OK or
 * COMMAND_OK and is owned by the caller; result may be NULL if it is not
 * needed.  With RUN_AGAIN, outside a transaction, the statement is retried
 * according to the options. error may be NULL.
 */
extern bool
database_query(struct database *database, enum database_repeat repeat, const char *statement,
			   int count, const char *const *values, PGresult **result, struct glue_error *error);

/*
 * Pass the rows of a statement to take() one by one; see postgres_each_row().
 * Never retries.  For a pooled database, call it only inside a transaction.
 */
extern bool database_each_row(struct database *database, const char *statement, int count,
							  const char *const *values, postgres_row_fn take, void *context,
							  struct glue_error *error);

/* ----- transactions ----- */

/* How a transaction ended. */
enum transaction_outcome
{
	TRANSACTION_COMMITTED,
	TRANSACTION_ROLLED_BACK, /* nothing was stored */
	TRANSACTION_UNKNOWN      /* the answer to COMMIT was lost, or did not arrive in time */
};

/*
 * The body of a transaction, using database_query() and the like.  Returning
 * false rolls back.  May be called again from the start after an error before
 * COMMIT, when nothing was stored.
 */
typedef bool (*transaction_fn)(struct database *database, void *context, struct glue_error *error);

/*
 * Run work in a transaction.  On TRANSACTION_COMMITTED, *error is unchanged.
 * After TRANSACTION_UNKNOWN, the caller may repeat the work only if it is
 * idempotent, as all of ours is.
 */
extern enum transaction_outcome database_transaction(struct database *database, transaction_fn work,
													 void *context, struct glue_error *error);

/*
 * The same in steps, for work that does not fit one function: begin, then
 * commit or roll back.  Nothing is retried, but database_begin() replaces a
 * kept connection that proves to be lost.  It returns the connection to use, or
 * NULL.  After database_commit() the transaction is over, whatever the outcome.
 */
extern PGconn *database_begin(struct database *database, struct glue_error *error);
extern enum transaction_outcome
database_commit(struct database *database, struct glue_error *error);

/*
 * Roll back; harmless if no transaction is open.  Drops a connection in a state
 * that does not allow ROLLBACK.  Takes at most two seconds, regardless of the
 * deadline.
 */
extern void database_roll_back(struct database *database);

/* ----- retrying ----- */

/* Attempts of one operation; database_patience() starts counting. */
struct patience
{
	int attempts;
	int64_t started_ms; /* monotonic clock */
	bool told;          /* tell_waiting() was called */
};

extern void database_patience(struct patience *patience);

/*
 * Recover from the failure *error of an operation that database_query() and
 * database_transaction() do not retry themselves.  Rolls back, waits according
 * to the options, and replaces a lost or busy connection.  Returns whether to
 * try the operation again; if not, *error also says what to do.
 */
extern bool
database_recover(struct database *database, struct patience *patience, struct glue_error *error);

#endif /* GLUE_DATABASE_H */
