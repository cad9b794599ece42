/*-------------------------------------------------------------------------
 *
 * secrets.h
 *	  AWS Secrets Manager: a secret kept for a while, and what rotation needs.
 *
 * Values are wiped before their memory is given back, and are in no error.
 * Errors are those of client.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_SECRETS_H
#define GLUE_AWS_SECRETS_H

#include "aws/client.h"

/* Bytes with the NUL: a version id has 32 to 64 characters. */
#define SECRET_VERSION_SIZE 65

/* Stages of versions ("Rotation", AWS Secrets Manager User Guide). */
#define SECRET_CURRENT "AWSCURRENT"
#define SECRET_PENDING "AWSPENDING"
#define SECRET_PREVIOUS "AWSPREVIOUS"

/* The text of a version of a secret; owns value: secret_value_clean_up(). */
struct secret_value
{
	struct byte_buffer text; /* NUL behind it */
	char version[SECRET_VERSION_SIZE];
};

/* Wipes it.  Accepts a zeroed value. */
extern void secret_value_clean_up(struct secret_value *value);

/*
 * A secret that is read when it is needed and kept for a time to live.  All
 * zero but client, id and time_to_live before the first use; owns value:
 * secret_clean_up().
 */
struct secret
{
	struct aws_client *client; /* borrowed */
	const char *id;            /* name or ARN; borrowed */
	int64_t time_to_live;      /* milliseconds */
	struct secret_value value;
	int64_t fresh_until; /* of clock_milliseconds() */
	bool known;
};

/*
 * Make secret->value that of AWSCURRENT, not older than the time to live; with
 * refresh it is read in any case, as when the password in it was refused.
 * When it is too old but cannot be read, what was known stays and is good for
 * another 30 s; a refresh fails instead, and leaves what was known too.
 */
extern bool
secret_get(struct secret *secret, bool refresh, int64_t deadline, struct glue_error *error);

/* Wipes it.  Accepts a zeroed secret. */
extern void secret_clean_up(struct secret *secret);

/* ----- rotation ----- */

/*
 * Read a version by id and stage, either of which may be NULL.  AWS_NOT_FOUND
 * when there is no such version.  *value is replaced; it is untouched on false.
 */
extern bool
secret_read(struct aws_client *client, const char *id, const char *version, const char *stage,
			int64_t deadline, struct secret_value *value, struct glue_error *error);

/* Which version has which stage; "" for none. */
struct secret_stages
{
	char current[SECRET_VERSION_SIZE];
	char pending[SECRET_VERSION_SIZE];
	char previous[SECRET_VERSION_SIZE];
	bool rotation_enabled;
	bool version_known; /* the version asked for exists */
};

/* DescribeSecret; version, which may be NULL, is looked for among all. */
extern bool
secret_describe(struct aws_client *client, const char *id, const char *version, int64_t deadline,
				struct secret_stages *stages, struct glue_error *error);

/*
 * Store text as a version that has a stage.  version is the request token of
 * the rotation, so the same call twice is one.
 */
extern bool
secret_put(struct aws_client *client, const char *id, const char *version, const char *stage,
		   struct text_view text, int64_t deadline, struct glue_error *error);

/* Move a stage to a version, from the version that has it now; either may be
 * NULL. */
extern bool secret_move_stage(struct aws_client *client, const char *id, const char *stage,
							  const char *to_version, const char *from_version, int64_t deadline,
							  struct glue_error *error);

/*
 * A random password of letters and digits, of so many characters, with a NUL
 * behind it.  value->version becomes "".
 */
extern bool secret_random_password(struct aws_client *client, int length, int64_t deadline,
								   struct secret_value *value, struct glue_error *error);

#endif /* GLUE_AWS_SECRETS_H */
