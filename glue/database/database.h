/*-------------------------------------------------------------------------
 *
 * database.h
 *	  One database: a connection that is made when it is needed, statements and
 *	  transactions on it, and retrying.
 *
 * The caller that opens a database passes a connector, which decides where to
 * connect and as whom.  Everything else serves two kinds of callers:
 *
 *	  a user at a terminal	waits while the database is away; has the connection
 *							to itself, so settings are made once for the session
 *							and a statement needs no transaction around it
 *							(is_pooled is false)
 *	  a function			must end by a deadline, and its caller retries later; may
 *							reach the server through a pgbouncer that pools
 *							transactions, so every statement runs in a transaction,
 *							with settings and limits local to it (is_pooled)
 *
 * Through a pool nothing may outlive its transaction: no prepared statements, no
 * LISTEN, no SET without LOCAL.
 *
 * Errors are those of postgres_error.h, those of the connector, and two more of the
 * infrastructure class: DEADLINE, no time is left; DATABASE_PAUSED, the last attempts
 * to connect failed, and none is made until the pause is over.
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
	 * Connect once, until deadline_ms.  The caller owns the result; NULL on an
	 * error.  refresh: the server refused a login that was remembered, so read it
	 * again.
	 */
	PGconn *(*connect)(void *context, bool refresh, int64_t deadline_ms, struct glue_error *error);
	void (*release)(void *context);
	void *context;

	/* Whether the login may have changed: after a refusal connect() is called again. */
	bool refreshes;
};

/* How to retry. */
enum database_retry
{
	RETRY_WAITING,  /* after any transient error, with growing delays, for retry_ms */
	RETRY_LOST_ONCE /* only after a lost connection, once, without delay */
};

/* How to use a database.  Times are milliseconds. */
struct database_options
{
	struct database_connector connector;
	int64_t connect_ms; /* longest time for one attempt to connect */

	/* Retrying */
	enum database_retry retry;
	int64_t retry_ms;        /* RETRY_WAITING: from the start of the first attempt */
	int64_t unseen_retry_ms; /* the same for a server that has never answered */

	/* Called before a longer wait, once for each operation; may be NULL. */
	void (*tell_waiting)(const struct glue_error *error, int64_t seconds);

	/* After so many failures to connect in a row comes a pause; both 0 for none. */
	int64_t most_failures;
	int64_t pause_ms;

	/* Functions; the times matter only if is_pooled. */
	bool is_pooled;
	int64_t lock_timeout_ms; /* longest wait for a lock */
	int64_t trusted_idle_ms; /* a connection that was idle longer is tested before use */
};

/*
 * Nothing is connected yet; the first use connects.  options are copied; the
 * database owns the connector's context, which is released even after an error.
 * NULL when there is no memory.
 */
extern struct database *
database_open(const struct database_options *options, struct glue_error *error);

/* NULL is accepted. */
extern void database_close(struct database *database);

/*
 * Everything done from now on must end by this moment of the monotonic clock.  The
 * default is POSTGRES_NO_DEADLINE.
 */
extern void database_set_deadline(struct database *database, int64_t deadline_ms);
extern int64_t database_deadline(const struct database *database);

/*
 * Make sure that there is a connection, retrying as the options say.
 */
extern bool database_connect(struct database *database, struct glue_error *error);

/*
 * The connection, for COPY and whatever has no function here; borrowed until the
 * next call on this database.  NULL while there is none.  For a pooled database it
 * may be used only inside a transaction.
 */
extern PGconn *database_connection(struct database *database);

/* How many times a lost connection was replaced or a login refreshed since the last call. */
extern int64_t database_take_retries(struct database *database);

/* ----- one statement ----- */

/* Whether a statement may run twice when the first answer was lost. */
enum database_repeat
{
	RUN_ONCE,
	RUN_AGAIN
};

/*
 * Run one statement with text parameters (NULL is null), in the open transaction if
 * there is one.  On success *result has status TUPLES_OK or COMMAND_OK and is owned
 * by the caller; result may be NULL if nobody wants it.  With RUN_AGAIN, and outside
 * of a transaction, it is retried as the options say.  error may be NULL.
 */
extern bool
database_query(struct database *database, enum database_repeat repeat, const char *statement,
			   int count, const char *const *values, PGresult **result, struct glue_error *error);

/*
 * Pass the rows of a statement to take(), one by one; see postgres_each_row().  It
 * is not retried.  For a pooled database it may be called only inside a transaction.
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
	TRANSACTION_UNKNOWN      /* the answer to COMMIT was lost */
};

/*
 * The work of a transaction, done with database_query() and the like.  False rolls
 * back.  After an error before COMMIT it may run again, from the start; nothing was
 * stored then.
 */
typedef bool (*transaction_fn)(struct database *database, void *context, struct glue_error *error);

/*
 * Run work in a transaction.  On TRANSACTION_COMMITTED *error is untouched.  After
 * TRANSACTION_UNKNOWN the caller may repeat it only where doing it twice is harmless,
 * as it is for all of our calls.
 */
extern enum transaction_outcome database_transaction(struct database *database, transaction_fn work,
													 void *context, struct glue_error *error);

/*
 * The same in steps, for work that cannot be one function: begin, then commit or
 * roll back.  Nothing is retried, but database_begin() replaces a kept connection
 * that turns out to be lost.  It returns the connection to work on, or NULL.  After
 * database_commit() the transaction is over, whatever the outcome.
 */
extern PGconn *database_begin(struct database *database, struct glue_error *error);
extern enum transaction_outcome
database_commit(struct database *database, struct glue_error *error);

/*
 * Harmless when no transaction is open.  Drops a connection that is in a state from
 * which it cannot roll back.  Takes two seconds at most, whatever the deadline.
 */
extern void database_roll_back(struct database *database);

/* ----- retrying ----- */

/* The attempts of one operation; database_patience() begins to count them. */
struct patience
{
	int attempts;
	int64_t started_ms; /* monotonic clock */
	bool told;          /* tell_waiting() was called */
};

extern void database_patience(struct patience *patience);

/*
 * For operations that database_query() and database_transaction() do not retry
 * themselves: one failed with *error.  Rolls back, waits as the options say, and
 * replaces a connection that is lost or busy.  Returns true if the operation is
 * worth another attempt; otherwise *error also says what to do.
 */
extern bool
database_recover(struct database *database, struct patience *patience, struct glue_error *error);

#endif /* GLUE_DATABASE_H */
