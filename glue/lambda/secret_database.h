/*-------------------------------------------------------------------------
 *
 * secret_database.h
 *	  Connect a function to the database that a secret names.
 *
 * The connection is kept between invocations, checked before use, and
 * reconnected once if it turns out to be lost.  TLS is fully verified (sslmode
 * verify-full) with the secret's CA; only a Unix socket, a host that begins
 * with "/", does without.  If the server rejects the login, or its certificate
 * is of another CA, the secret is reread, once.
 *
 * Errors are those of database.h and login.h, and infrastructure error
 * CA_FILE: the CA certificate cannot be written to the temporary folder.
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
 * Create the database; it connects on first use.  settings and context are
 * borrowed until database_close().  NULL if memory runs out.
 */
extern struct database *
secret_database_open(const struct settings *settings, login_secret_fn secret, void *context,
					 struct glue_error *error);

#endif /* GLUE_LAMBDA_SECRET_DATABASE_H */
