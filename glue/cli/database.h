/*-------------------------------------------------------------------------
 *
 * database.h
 *	  The command line's connection to one database, and trying again.
 *
 * Which database the options, the environment or the private server stand for,
 * and how long a user is willing to wait for it.  What is not the command
 * line's own is in postgres.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_DATABASE_H
#define GLUE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/failure.h"
#include "cli/options.h"
#include "base/clock.h"
#include "database/postgres_connect.h"
#include "database/postgres_error.h"
#include "database/postgres_query.h"

/* Opaque. */
struct database;

/* How much longer somebody is willing to try again; database_patience(). */
struct patience
{
	int attempts;
	int64_t started_ms; /* of the monotonic clock */
	int64_t deadline_ms;
	bool told; /* the user knows that we are waiting */
};

/* Whether a statement may run twice when the first answer was lost. */
enum database_repeat
{
	RUN_ONCE,
	RUN_AGAIN
};

/*
 * Connect to the database that the options or the environment name, or to the
 * private server, which is started when needed.  Waits for a database that is
 * away.  The caller owns the result: database_close().  NULL on an error.
 */
extern struct database *database_open(const struct options *options, struct glue_error *error);

/* NULL is accepted. */
extern void database_close(struct database *database);

/* The connection, for COPY and single-row mode; borrowed. */
extern PGconn *database_connection(struct database *database);

/*
 * Run one statement with text parameters (NULL is null).  On success *result
 * has status TUPLES_OK or COMMAND_OK and is owned by the caller; result may be
 * NULL when it is of no interest.  With RUN_AGAIN a transient error is waited
 * out and the statement run again, outside of transactions only.
 */
extern bool
database_query(struct database *database, enum database_repeat repeat, const char *statement,
			   int count, const char *const *values, PGresult **result, struct glue_error *error);

/* Begin to be patient, for as long as the options say. */
extern void database_patience(const struct database *database, struct patience *patience);

/*
 * Something failed with *error: wait a little, and connect again when the
 * connection is lost or inside a transaction.  Returns true when it is worth
 * another attempt; otherwise *error says what to do.
 */
extern bool
database_recover(struct database *database, struct patience *patience, struct glue_error *error);

/*
 * Connect once; conninfo is borrowed.  NULL on an error.  For the private
 * server, which connects before there is a database of ours.
 */
extern PGconn *database_connect(const char *conninfo, struct glue_error *error);

/*
 * Run psql in place of this program, connected like this.  arguments ends with
 * NULL and leaves [0] free.  Returns only on an error.
 */
extern bool
database_exec_psql(struct database *database, char **arguments, struct glue_error *error);

#endif /* GLUE_DATABASE_H */
