/*-------------------------------------------------------------------------
 *
 * secret_database.h
 *	  The database that a secret names, for a function.
 *
 * Its connection is kept from invocation to invocation, looked at before it is
 * used, and made again once when it turns out to be lost.  TLS is verified in full
 * (sslmode verify-full) against the secret's certificate authority; only a Unix
 * socket, a host that begins with "/", goes without.  When the server refuses the
 * login the secret is read again, once.
 *
 * Errors are those of database.h and login.h, and of the infrastructure class
 * CA_FILE: the temporary folder does not take the authority's certificate.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_SECRET_DATABASE_H
#define GLUE_LAMBDA_SECRET_DATABASE_H

#include "base/failure.h"
#include "database/database.h"
#include "lambda/environment.h"
#include "lambda/login.h"

/*
 * No connection is made yet.  settings and context are borrowed until
 * database_close().  NULL when there is no memory.
 */
extern struct database *
secret_database_open(const struct settings *settings, login_secret_fn secret, void *context,
					 struct glue_error *error);

#endif /* GLUE_LAMBDA_SECRET_DATABASE_H */
