/*-------------------------------------------------------------------------
 *
 * postgres_error.h
 *	  Convert errors of libpq and the server to a glue_error.
 *
 * Only this file and postgres_connect.c convert libpq errors.  The class is
 * infrastructure; the code is the SQLSTATE, or one of the codes below if the
 * server sent none.  The primary message, the hint, the name of a
 * broken constraint and, for COPY, the line are kept, but never a connection
 * string.  Because a primary message may quote a
 * value, such errors have quotes_server set.
 *
 * Classes 08, 40, 53, 57, 58 and XX, and 55P03 are transient: they decide
 * nothing, and a retry may succeed.
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
 * Codes of errors not reported by the server.  Lost and failed connections are
 * transient; an unknown host name and parameters that libpq rejects are not.
 */
#define POSTGRES_LOST "08006"
#define POSTGRES_UNREACHABLE "08001"
#define POSTGRES_UNKNOWN_HOST "UNKNOWN_HOST"
#define POSTGRES_BAD_PARAMETER "BAD_PARAMETER"

/*
 * Set *error from a failed call. result is borrowed and may be NULL.  Sets
 * INTERRUPTED after a signal caught by interrupt.h.  Always returns false.
 */
extern bool postgres_error(PGconn *connection, const PGresult *result, struct glue_error *error);

/* SQLSTATE of a function that was called with the name of something that does not exist. */
#define POSTGRES_UNDEFINED_OBJECT "42704"

/* Return whether a retry may succeed. */
extern bool postgres_error_is_transient(const struct glue_error *error);

/*
 * Return whether a connection failed because the server's certificate is
 * not one of the CA's, or has another name.
 */
extern bool postgres_error_is_untrusted(const struct glue_error *error);

#endif /* GLUE_POSTGRES_ERROR_H */
