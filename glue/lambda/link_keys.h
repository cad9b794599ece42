/*-------------------------------------------------------------------------
 *
 * link_keys.h
 *	  The keys that sign links, out of Secrets Manager.
 *
 * The secret is a JSON object of two texts, keys in hex, of 32 to 64 bytes:
 *
 *	  {"current": "8f0c...", "previous": "17ab..."}
 *
 * To change the key, make the one in use the previous one; links that it
 * signed work for as long as it stands there.  previous may be absent, null or
 * "".  Other members are ignored.
 *
 * Nothing of a key ever reaches an error.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_LINK_KEYS_H
#define GLUE_LAMBDA_LINK_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/secrets.h"
#include "base/failure.h"
#include "lambda/environment.h"
#include "lambda/link_token.h"

/* The most bytes of a key: the block of SHA-256; longer ones add nothing. */
#define LINK_KEY_MAX_LENGTH 64

/* Zero is an empty one; owns what it holds: link_key_store_clean_up(). */
struct link_key_store
{
	struct secret secret;
	struct link_keys keys; /* point into the two below */
	unsigned char current[LINK_KEY_MAX_LENGTH];
	unsigned char previous[LINK_KEY_MAX_LENGTH];
	int64_t refreshed_at; /* of clock_milliseconds(); 0 for never */
};

/*
 * The one store of the process, of the secret that the settings name; both are
 * borrowed for as long as it is used.  Nothing is read yet.
 */
extern struct link_key_store *
link_key_store_open(struct aws_client *client, const struct settings *settings);

/*
 * Make store->keys those of the secret, which is read when what is known is
 * older than its time to live.  Errors: those of secret_get(), and
 * infrastructure error LINK_SECRET_INVALID.
 */
extern bool
link_key_store_get(struct link_key_store *store, int64_t deadline_ms, struct glue_error *error);

/*
 * Read the secret again because a token looks forged: its key may be newer
 * than ours.  True when that was done and the token is to be looked at again;
 * not more often than every LINK_KEY_REFRESH_MS, because anybody can send
 * forged tokens.
 */
#define LINK_KEY_REFRESH_MS 30000
extern bool link_key_store_refresh(struct link_key_store *store, int64_t deadline_ms);

/*
 * Fill store->keys from the text of the secret; for link_keys.c and tests.
 * After an error there are no keys.
 */
extern bool link_key_store_parse(struct link_key_store *store, const char *text, size_t length,
								 struct glue_error *error);

/* Wipes it.  Accepts a zeroed store. */
extern void link_key_store_clean_up(struct link_key_store *store);

#endif /* GLUE_LAMBDA_LINK_KEYS_H */
