/*-------------------------------------------------------------------------
 *
 * role_password.h
 *	  Set the password of the login that becomes current next, as an
 *	  administrator.
 *
 * The function computes the SCRAM-SHA-256 verifier (RFC 5802, as PostgreSQL
 * stores it) and sends only that, so the password itself appears in no
 * statement and no server log.
 *
 * A missing login is created, with LOGIN and as a member of the roles of the
 * present login.  There must be at least one such role, because rights granted
 * to a login itself cannot be passed on.  An existing login must be a member
 * of all of these roles, and must not be a superuser or have any other of the
 * rights that CREATE ROLE gives: write access to the secret must not suffice
 * to set the password of such a role.
 *
 * The administrator needs CREATEROLE and, from PostgreSQL 16 on, ADMIN on
 * these roles and on logins that it did not create.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_ROLE_PASSWORD_H
#define GLUE_LAMBDA_ROLE_PASSWORD_H

#include "database/database.h"

/*
 * Set the password of role, which alternates with present, in one
 * transaction.  Repeating it is harmless.  Errors are those of database.h, and
 *
 *	  ROTATE_NO_GROUP		present is not a member of any role
 *	  ROTATE_UNFIT_ROLE		role exists, but is not such a login
 */
extern bool role_password_set(struct database *administrator, const char *role, const char *present,
							  const char *password, struct glue_error *error);

#endif /* GLUE_LAMBDA_ROLE_PASSWORD_H */
