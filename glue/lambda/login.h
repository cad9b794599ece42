/*-------------------------------------------------------------------------
 *
 * login.h
 *	  Parse the database secret: where to connect, and as whom.
 *
 * The secret is a JSON object: host, dbname, username and password are
 * strings, port is a number or a string (default 5432), ca a string in PEM.
 * Unknown members are ignored; Secrets Manager's own rotation adds some.
 *
 * Error messages never contain any part of a secret.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_LOGIN_H
#define GLUE_LAMBDA_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/*
 * Append the text of the secret to an empty buffer.  With refresh it must be
 * reread from its source; otherwise a cached copy will do.
 */
typedef bool (*login_secret_fn)(void *context, bool refresh, int64_t deadline_ms,
								struct byte_buffer *text, struct glue_error *error);

/* Owns its strings: login_clean_up(). */
struct login
{
	char *host;
	char *port;
	char *database;
	char *username;
	char *password;
	char *ca; /* NULL if the secret has none */
};

/*
 * Parse a secret.  login is zero before, and empty after an error, whose code
 * is SECRET_INVALID.
 */
extern bool
login_parse(struct login *login, const char *secret, size_t length, struct glue_error *error);

/* Overwrite and free the strings.  Accepts a zeroed login. */
extern void login_clean_up(struct login *login);

/*
 * A login_secret_fn that reads the file whose path is context, a const char *.
 */
extern bool login_secret_of_file(void *context, bool refresh, int64_t deadline_ms,
								 struct byte_buffer *text, struct glue_error *error);

/* Overwrite a secret text and free its buffer. */
extern void login_wipe(struct byte_buffer *text);

#endif /* GLUE_LAMBDA_LOGIN_H */
