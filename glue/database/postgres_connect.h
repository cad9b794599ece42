/*-------------------------------------------------------------------------
 *
 * postgres_connect.h
 *	  Connect within a deadline, and explain failures.
 *
 * A signal caught by interrupt.h ends the wait with INTERRUPTED; a program
 * without its handler is never interrupted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_POSTGRES_CONNECT_H
#define GLUE_POSTGRES_CONNECT_H

#include <stdint.h>

#include <libpq-fe.h>

#include "base/failure.h"

/* Default time limit of a connection attempt, in milliseconds. */
#define POSTGRES_CONNECT_MS 15000

/*
 * Make one attempt to connect, until the deadline (monotonic clock,
 * milliseconds). keywords and values are as for PQconnectStartParams(),
 * borrowed; a connection string in dbname is expanded and overrides the values
 * before it.  The caller owns the result and frees it with PQfinish().  NULL on
 * error.  Notices are dropped.
 */
extern PGconn *postgres_connect(const char *const *keywords, const char *const *values,
								int64_t deadline_ms, struct glue_error *error);

/*
 * Likewise with a user's connection string or database name, as application
 * onboard; omitted parameters come from the PG* variables.
 */
extern PGconn *
postgres_connect_conninfo(const char *conninfo, int64_t deadline_ms, struct glue_error *error);

#endif /* GLUE_POSTGRES_CONNECT_H */
