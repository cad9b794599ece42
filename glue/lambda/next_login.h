/*-------------------------------------------------------------------------
 *
 * next_login.h
 *	  Write the next version of the database secret: the other login and its
 *	  new password.
 *
 * Two logins alternate: the one in use keeps its password while the other
 * gets a new one ("alternating users" in "Lambda function rotation
 * strategies", AWS Secrets Manager User Guide).  The secret's member
 * alternate_username names the other login, and the next version swaps the
 * two names.  Without that member the other login is username with "_clone"
 * appended, or removed, as in AWS's own functions.  All other members stay.
 *
 * Error messages never contain any part of a secret.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_NEXT_LOGIN_H
#define GLUE_LAMBDA_NEXT_LOGIN_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/*
 * Append to next, which is empty, the secret current with the logins swapped
 * and this password.  The caller wipes next: login_wipe().  The error code is
 * SECRET_INVALID: current is not a database secret, or the other login's name
 * is too long for PostgreSQL or the same.
 */
extern bool next_login_write(struct text_view current, const char *password,
							 struct byte_buffer *next, struct glue_error *error);

#endif /* GLUE_LAMBDA_NEXT_LOGIN_H */
