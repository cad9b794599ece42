/*-------------------------------------------------------------------------
 *
 * role_password.h
 *	  Setting the password of the login whose turn it is, as an administrator.
 *
 * The server is sent a SCRAM-SHA-256 verifier (RFC 5802, as PostgreSQL stores
 * it) that is computed here, so the password itself is in no statement and in
 * no log of the server.
 *
 * A login that is not there yet is made: LOGIN, and a member of the roles that
 * the present login is a member of, which must be one at least, as rights that
 * were given to a login itself cannot be handed on.  One that is there must be
 * a member of all of these, and must not be a superuser or have any other of
 * the rights that CREATE ROLE gives: whoever can write the secret must not be
 * able to choose a password for one of those.
 *
 * What the administrator needs: CREATEROLE, and from PostgreSQL 16 on ADMIN on
 * these roles and on logins that it did not make.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_ROLE_PASSWORD_H
#define GLUE_LAMBDA_ROLE_PASSWORD_H

#include "database/database.h"

/*
 * Set the password of role, which takes turns with present, in one
 * transaction.  Doing it again is harmless.  Errors are those of
 * database.h, and
 *
 *	  ROTATE_NO_GROUP		present is a member of no role
 *	  ROTATE_UNFIT_ROLE		role is there, but is no such login
 */
extern bool role_password_set(struct database *administrator, const char *role, const char *present,
							  const char *password, struct glue_error *error);

#endif /* GLUE_LAMBDA_ROLE_PASSWORD_H */
