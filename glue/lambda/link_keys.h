/*-------------------------------------------------------------------------
 *
 * link_keys.h
 *	  Read the keys that sign links from Secrets Manager.
 *
 * The secret is a JSON object of two strings, keys of 32 to 64 bytes in hex:
 *
 *	  {"current": "8f0c...", "previous": "17ab..."}
 *
 * To change the key, move the current one to previous; links that it signed
 * stay valid while it is there.  previous may be absent, null or "".  Other
 * members are ignored.
 *
 * Error messages never contain any part of a key.
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

/* Most bytes of a key: the SHA-256 block size; longer keys add nothing. */
#define LINK_KEY_MAX_LENGTH 64

/* A zeroed store is empty.  Owns its contents: link_key_store_clean_up(). */
struct link_key_store
{
	struct secret secret;
	struct link_keys keys; /* point into the two below */
	unsigned char current[LINK_KEY_MAX_LENGTH];
	unsigned char previous[LINK_KEY_MAX_LENGTH];
	int64_t refreshed_at; /* by clock_milliseconds(); 0 for never */
};

/*
 * Return the process-wide store, for the secret that the settings name.
 * client and settings are borrowed while it is in use.  Nothing is read yet.
 */
extern struct link_key_store *
link_key_store_open(struct aws_client *client, const struct settings *settings);

/*
 * Load the keys into store->keys, reading the secret if the cached one is
 * older than its time to live.  Errors: those of secret_get(), and
 * infrastructure error LINK_SECRET_INVALID.
 */
extern bool
link_key_store_get(struct link_key_store *store, int64_t deadline_ms, struct glue_error *error);

/*
 * Reread the secret because a token looks forged: its key may be newer than
 * the cached ones.  Return true if that was done and the token should be
 * verified again.  This happens at most once every LINK_KEY_REFRESH_MS,
 * because anyone can send forged tokens.
 */
#define LINK_KEY_REFRESH_MS 30000
extern bool link_key_store_refresh(struct link_key_store *store, int64_t deadline_ms);

/*
 * Fill store->keys from the secret's text; for link_keys.c and tests.  After
 * an error the store has no keys.
 */
extern bool link_key_store_parse(struct link_key_store *store, const char *text, size_t length,
								 struct glue_error *error);

/* Wipe the store.  Accepts a zeroed one. */
extern void link_key_store_clean_up(struct link_key_store *store);

#endif /* GLUE_LAMBDA_LINK_KEYS_H */
