/*-------------------------------------------------------------------------
 *
 * secrets.h
 *	  AWS Secrets Manager: a cached secret, and calls for rotation.
 *
 * Values are wiped before their memory is released, and never appear in an
 * error.  Errors are those of client.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_SECRETS_H
#define GLUE_AWS_SECRETS_H

#include "aws/client.h"

/* Size including the NUL: a version id has 32 to 64 characters. */
#define SECRET_VERSION_SIZE 65

/* Version stages ("Rotation", AWS Secrets Manager User Guide). */
#define SECRET_CURRENT "AWSCURRENT"
#define SECRET_PENDING "AWSPENDING"
#define SECRET_PREVIOUS "AWSPREVIOUS"

/* A version of a secret; owns text: secret_value_clean_up(). */
struct secret_value
{
	struct byte_buffer text; /* NUL-terminated */
	char version[SECRET_VERSION_SIZE];
};

/* Wipe and release the value; accepts a zeroed one. */
extern void secret_value_clean_up(struct secret_value *value);

/*
 * A secret that is read on demand and cached for its time to live.  All zero
 * except client, id and time_to_live before the first use; owns value:
 * secret_clean_up().
 */
struct secret
{
	struct aws_client *client; /* borrowed */
	const char *id;            /* name or ARN; borrowed */
	int64_t time_to_live;      /* milliseconds */
	struct secret_value value;
	int64_t fresh_until; /* as of clock_milliseconds() */
	bool known;
};

/*
 * Set secret->value to AWSCURRENT, read no longer ago than the time to live.
 * With refresh it is always read, as after the password in it was refused.  If
 * the value is too old but cannot be read, the old one remains valid for
 * another 30 s.  A failed refresh returns false, and also keeps the old value.
 */
extern bool
secret_get(struct secret *secret, bool refresh, int64_t deadline, struct glue_error *error);

/* Wipe and release the secret; accepts a zeroed one. */
extern void secret_clean_up(struct secret *secret);

/* ----- rotation ----- */

/*
 * Read a version by id and stage, either of which may be NULL.  Error
 * AWS_NOT_FOUND if there is no such version.  *value is replaced, or left
 * unchanged on failure.
 */
extern bool
secret_read(struct aws_client *client, const char *id, const char *version, const char *stage,
			int64_t deadline, struct secret_value *value, struct glue_error *error);

/* The version of each stage; "" for none. */
struct secret_stages
{
	char current[SECRET_VERSION_SIZE];
	char pending[SECRET_VERSION_SIZE];
	char previous[SECRET_VERSION_SIZE];
	bool rotation_disabled; /* not while it is being configured for the first time */
	bool version_known;     /* the requested version exists */
};

/*
 * Call DescribeSecret.  version, which may be NULL, is looked for among all
 * versions.
 */
extern bool
secret_describe(struct aws_client *client, const char *id, const char *version, int64_t deadline,
				struct secret_stages *stages, struct glue_error *error);

/*
 * Store text as a version with a stage.  version is the request token of the
 * rotation, which makes the call idempotent.
 */
extern bool
secret_put(struct aws_client *client, const char *id, const char *version, const char *stage,
		   struct text_view text, int64_t deadline, struct glue_error *error);

/*
 * Move a stage to a version from the version that has it; either may be NULL.
 */
extern bool secret_move_stage(struct aws_client *client, const char *id, const char *stage,
							  const char *to_version, const char *from_version, int64_t deadline,
							  struct glue_error *error);

/*
 * Create a random password of this many letters and digits, NUL-terminated.
 * value->version becomes "".
 */
extern bool secret_random_password(struct aws_client *client, int length, int64_t deadline,
								   struct secret_value *value, struct glue_error *error);

#endif /* GLUE_AWS_SECRETS_H */
