/*-------------------------------------------------------------------------
 *
 * database.h
 *	  One database: a connection that is made when it is needed, statements and
 *	  transactions on it, and trying again.
 *
 * Who opens a database says how to connect to it, by a connector; which database
 * that is, is not this room's concern.  Two kinds of callers use the rest alike:
 *
 *	  a user at a terminal	waits for a database that is away, for as long as he
 *							said; has the connection for himself, so settings are
 *							those of the session and a statement needs no
 *							transaction of its own (is_pooled is false)
 *	  a function			has to end by a deadline, and whoever called it tries
 *							again later; may be behind a pgbouncer that pools
 *							transactions, so every statement runs in a transaction
 *							with settings and limits of its own (is_pooled)
 *
 * Behind a pool nothing may outlive its transaction: no prepared statements, no
 * LISTEN, no SET without LOCAL.
 *
 * Errors are those of postgres_error.h, of the connector, and two more of the
 * infrastructure class: DEADLINE, there is no time left; DATABASE_PAUSED, the last
 * attempts to connect failed and none is made for a while.
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
	 * error.  refresh: the database refused what was remembered, so read it again.
	 */
	PGconn *(*connect)(void *context, bool refresh, int64_t deadline_ms, struct glue_error *error);
	void (*release)(void *context);
	void *context;

	/* What to connect with may change; after a refusal connect() is called again, to refresh. */
	bool refreshes;
};

/* What to do about an error that may pass. */
enum database_retry
{
	RETRY_WAITING,  /* wait and try again, for retry_ms */
	RETRY_LOST_ONCE /* try again at once, once, and only when the connection was lost */
};

/* How to use a database.  Times are milliseconds. */
struct database_options
{
	struct database_connector connector;
	int64_t connect_ms; /* longest time for one attempt to connect */

	/* Trying again. */
	enum database_retry retry;
	int64_t retry_ms;        /* RETRY_WAITING: how long, after the first attempt began */
	int64_t unseen_retry_ms; /* the same for a server that nobody has seen */

	/* Tells a user once per patience that we wait; NULL for nobody. */
	void (*tell_waiting)(const struct glue_error *error, int64_t seconds);

	/* Attempts to connect that fail in a row before there is a pause; 0 for never. */
	int64_t most_failures;
	int64_t pause_ms;

	/* Functions. */
	bool is_pooled;
	int64_t lock_timeout_ms; /* longest wait for a lock, if is_pooled */
	int64_t trusted_idle_ms; /* a connection that was idle longer is tried first, if is_pooled */
};

/*
 * Nothing is connected yet; the first use connects.  options are copied, their
 * context is given away, also after an error.  NULL when there is no memory.
 */
extern struct database *
database_open(const struct database_options *options, struct glue_error *error);

/* NULL is accepted. */
extern void database_close(struct database *database);

/*
 * All that is done from now on has to be over by this moment of the monotonic
 * clock; at first there is no deadline, POSTGRES_NO_DEADLINE.
 */
extern void database_set_deadline(struct database *database, int64_t deadline_ms);
extern int64_t database_deadline(const struct database *database);

/*
 * Make sure that there is a connection, trying again as the options say.
 */
extern bool database_connect(struct database *database, struct glue_error *error);

/*
 * The connection, for COPY and what else has no function here; borrowed until the
 * database is used otherwise.  NULL while there is none.  Of a pooled database,
 * only between database_begin() and the transaction's end.
 */
extern PGconn *database_connection(struct database *database);

/* Connections that were made again since the last call of this function. */
extern int64_t database_take_retries(struct database *database);

/* ----- one statement ----- */

/* Whether a statement may run twice when the first answer was lost. */
enum database_repeat
{
	RUN_ONCE,
	RUN_AGAIN
};

/*
 * Run one statement with text parameters (NULL is null), in the transaction that
 * is open or else by itself.  On success *result has status TUPLES_OK or
 * COMMAND_OK and is owned by the caller; result may be NULL when it is of no
 * interest.  With RUN_AGAIN and outside of a transaction it is tried again as the
 * options say.  error may be NULL.
 */
extern bool
database_query(struct database *database, enum database_repeat repeat, const char *statement,
			   int count, const char *const *values, PGresult **result, struct glue_error *error);

/*
 * Hand over the rows of a statement one by one; see postgres_each_row().  It runs
 * once; of a pooled database, only in a transaction.
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
 * The work of a transaction, done by database_query() and the like.  False rolls
 * back.  It may run more than once, each time from the start, when an error before
 * COMMIT may pass; nothing was stored then.
 */
typedef bool (*transaction_fn)(struct database *database, void *context, struct glue_error *error);

/*
 * Run work in a transaction.  On TRANSACTION_COMMITTED *error is untouched.  After
 * TRANSACTION_UNKNOWN the same may be done again only where doing it twice is
 * harmless, as it is for all of our calls.
 */
extern enum transaction_outcome database_transaction(struct database *database, transaction_fn work,
													 void *context, struct glue_error *error);

/*
 * The same in steps, for work that cannot be one function: begin, then commit or
 * roll back.  Nothing is tried again, only beginning on a connection that turns out
 * to be lost gets another.  A connection that is lost on the way is gone; who begins
 * anew gets another.  database_begin() gives back what to work on, or NULL; after
 * database_commit() the transaction is over whatever the outcome.
 */
extern PGconn *database_begin(struct database *database, struct glue_error *error);
extern enum transaction_outcome
database_commit(struct database *database, struct glue_error *error);

/*
 * Also after an error of the work; a connection in a state that cannot be rolled
 * back is dropped.  Takes two seconds at most, whatever the deadline.
 */
extern void database_roll_back(struct database *database);

/* ----- trying again ----- */

/* How much longer somebody is willing to try again; database_patience(). */
struct patience
{
	int attempts;
	int64_t started_ms; /* monotonic clock */
	bool told;          /* the user knows that we are waiting */
};

/* Begin to be patient. */
extern void database_patience(struct patience *patience);

/*
 * Something failed with *error, outside of database_query() and
 * database_transaction(), which do this themselves.  Returns true when it is worth
 * another attempt, after having waited as the options say; a connection that was
 * lost or is inside a transaction has then been replaced.  Otherwise *error says
 * what to do.
 */
extern bool
database_recover(struct database *database, struct patience *patience, struct glue_error *error);

#endif /* GLUE_DATABASE_H */
