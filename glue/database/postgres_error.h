/*-------------------------------------------------------------------------
 *
 * postgres_error.h
 *	  What went wrong with the server, as a glue_error.
 *
 * Every error of libpq becomes a glue_error here and in postgres_connect.c, and
 * nowhere else.  It is of the infrastructure class; code is the SQLSTATE, or one of
 * the codes below when the server said nothing.  Of what the server said the
 * primary message, the hint and for COPY the line are kept, never a connection
 * string.  A primary message may quote a value, so such an error says so:
 * quotes_server.
 *
 * Transient are the classes 08, 40, 53, 57, 58 and XX, and 55P03: nothing is
 * decided by them and the same may work later.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_POSTGRES_ERROR_H
#define GLUE_POSTGRES_ERROR_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "base/failure.h"

#define POSTGRES_SQLSTATE_LENGTH 5

/*
 * Codes of errors that are not the server's own: connection lost and no
 * connection, which are transient; an unknown host name and parameters that libpq
 * refuses, which are not.
 */
#define POSTGRES_LOST "08006"
#define POSTGRES_UNREACHABLE "08001"
#define POSTGRES_UNKNOWN_HOST "UNKNOWN_HOST"
#define POSTGRES_BAD_PARAMETER "BAD_PARAMETER"

/*
 * Turn what went wrong into *error.  result is NULL when there is none; it is
 * borrowed.  INTERRUPTED after a signal that interrupt.h caught.  Always returns
 * false.
 */
extern bool postgres_error(PGconn *connection, const PGresult *result, struct glue_error *error);

/* Whether the same may work later. */
extern bool postgres_error_is_transient(const struct glue_error *error);

#endif /* GLUE_POSTGRES_ERROR_H */
