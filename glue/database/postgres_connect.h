/*-------------------------------------------------------------------------
 *
 * postgres_connect.h
 *	  Connecting, until a deadline, and why it failed.
 *
 * A signal that interrupt.h caught ends the wait with INTERRUPTED; a program that
 * installed no handler is never interrupted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_POSTGRES_CONNECT_H
#define GLUE_POSTGRES_CONNECT_H

#include <stdint.h>

#include <libpq-fe.h>

#include "base/failure.h"

/* How long connecting may take where nobody has said so, in milliseconds. */
#define POSTGRES_CONNECT_MS 15000

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
 * The same for a user's connection string or database name, as the program
 * onboard; what the string leaves open comes from the PG* variables.
 */
extern PGconn *
postgres_connect_conninfo(const char *conninfo, int64_t deadline_ms, struct glue_error *error);

#endif /* GLUE_POSTGRES_CONNECT_H */
