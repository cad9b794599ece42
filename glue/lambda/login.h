/*-------------------------------------------------------------------------
 *
 * login.h
 *	  What the database's secret says: where it is and who we are there.
 *
 * The secret is a JSON object: host, dbname, username and password are texts,
 * port is a number or a text (default 5432), ca a text in PEM.  Members that
 * we do not know are ignored; Secrets Manager's own rotation adds some.
 *
 * Nothing of a secret ever reaches an error.
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
 * Gives the text of the secret, appended to an empty buffer.  With refresh it
 * must be read anew from its source, otherwise what is remembered will do.
 */
typedef bool (*login_secret_fn)(void *context, bool refresh, int64_t deadline_ms,
								struct byte_buffer *text, struct glue_error *error);

/* Texts are owned: login_clean_up(). */
struct login
{
	char *host;
	char *port;
	char *database;
	char *username;
	char *password;
	char *ca; /* NULL when the secret has none */
};

/*
 * Read a secret; login is zero before and empty after an error, whose code is
 * SECRET_INVALID.
 */
extern bool
login_parse(struct login *login, const char *secret, size_t length, struct glue_error *error);

/* The password is overwritten first.  Accepts a zeroed login. */
extern void login_clean_up(struct login *login);

/*
 * A login_secret_fn that reads the file whose path is context, a const char *.
 */
extern bool login_secret_of_file(void *context, bool refresh, int64_t deadline_ms,
								 struct byte_buffer *text, struct glue_error *error);

/* Overwrite a text that was secret, and empty its buffer. */
extern void login_wipe(struct byte_buffer *text);

#endif /* GLUE_LAMBDA_LOGIN_H */
