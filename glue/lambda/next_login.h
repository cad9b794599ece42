/*-------------------------------------------------------------------------
 *
 * next_login.h
 *	  The database's secret of the next version: the other login and its new
 *	  password.
 *
 * Two logins take turns, so that the one in use keeps its password while the
 * other gets a new one ("alternating users" in "Lambda function rotation
 * strategies", AWS Secrets Manager User Guide).  The other login is named by
 * the secret's member alternate_username; both names change places in the next
 * version.  Without that member it is username with "_clone" behind it, or
 * without it, as in AWS's own functions.  All other members stay.
 *
 * Nothing of a secret ever reaches an error.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_NEXT_LOGIN_H
#define GLUE_LAMBDA_NEXT_LOGIN_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/*
 * Append to next, which is empty, what the secret current becomes with this
 * password.  next is to be wiped: login_wipe().  The code of an error is
 * SECRET_INVALID: current is no secret of a database, or the other login's
 * name is longer than PostgreSQL takes, or the same.
 */
extern bool next_login_write(struct text_view current, const char *password,
							 struct byte_buffer *next, struct glue_error *error);

#endif /* GLUE_LAMBDA_NEXT_LOGIN_H */
