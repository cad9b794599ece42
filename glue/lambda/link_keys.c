/*-------------------------------------------------------------------------
 *
 * link_keys.c
 *	  Read the keys that sign links from Secrets Manager.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/hex.h"
#include "http/http.h"
#include "lambda/link_keys.h"
#include "lambda/secret_document.h"

/* ----- parsing the secret ----- */

static bool
link_secret_error(struct glue_error *error, const char *what)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "LINK_SECRET_INVALID",
						  "the link secret %s", what);
}

/*
 * Decode a key in hex.
 */
static bool
read_hex_key(const char *text, unsigned char bytes[LINK_KEY_MAX_LENGTH], struct link_key *key)
{
	size_t length = strlen(text) / 2;

	if (strlen(text) % 2 != 0 || length < LINK_KEY_MIN_LENGTH || length > LINK_KEY_MAX_LENGTH ||
		!hex_read(text, bytes, length))
		return false;
	key->bytes = bytes;
	key->length = length;
	return true;
}

static bool
read_both_keys(struct link_key_store *store, const cJSON *document, struct glue_error *error)
{
	const cJSON *current = cJSON_GetObjectItemCaseSensitive(document, "current");
	const cJSON *previous = cJSON_GetObjectItemCaseSensitive(document, "previous");

	if (!cJSON_IsObject(document))
		return link_secret_error(error, "is not a JSON object");
	if (!cJSON_IsString(current) ||
		!read_hex_key(current->valuestring, store->current, &store->keys.current))
		return link_secret_error(error, "has no key \"current\" of 64 to 128 hex digits");
	if (previous == NULL || cJSON_IsNull(previous) ||
		(cJSON_IsString(previous) && previous->valuestring[0] == '\0'))
		return true;
	if (!cJSON_IsString(previous) ||
		!read_hex_key(previous->valuestring, store->previous, &store->keys.previous))
		return link_secret_error(error, "has a key \"previous\" that is not 64 to 128 hex digits");
	return true;
}

static void
wipe_keys(struct link_key_store *store)
{
	explicit_bzero(store->current, sizeof(store->current));
	explicit_bzero(store->previous, sizeof(store->previous));
	memset(&store->keys, 0, sizeof(store->keys));
}

bool
link_key_store_parse(struct link_key_store *store, const char *text, size_t length,
					 struct glue_error *error)
{
	cJSON *document = cJSON_ParseWithLength(text, length);
	bool done;

	wipe_keys(store);
	done = read_both_keys(store, document, error);
	secret_document_delete(document);
	if (!done)
		wipe_keys(store);
	return done;
}

/* ----- the secret ----- */

struct link_key_store *
link_key_store_open(struct aws_client *client, const struct settings *settings)
{
	static struct link_key_store store;

	link_key_store_clean_up(&store);
	store.secret.client = client;
	store.secret.id = settings->link_secret_id;
	store.secret.time_to_live = settings->secret_ttl_seconds * 1000;
	return &store;
}

static bool
read_secret(struct link_key_store *store, bool refresh, int64_t deadline_ms,
			struct glue_error *error)
{
	return secret_get(&store->secret, refresh, deadline_ms, error) &&
		   link_key_store_parse(store, store->secret.value.text.data, store->secret.value.text.used,
								error);
}

bool
link_key_store_get(struct link_key_store *store, int64_t deadline_ms, struct glue_error *error)
{
	return read_secret(store, false, deadline_ms, error);
}

bool
link_key_store_refresh(struct link_key_store *store, int64_t deadline_ms)
{
	int64_t now = clock_milliseconds();

	if (store->refreshed_at != 0 && now - store->refreshed_at < LINK_KEY_REFRESH_MS)
		return false;
	store->refreshed_at = now;
	return read_secret(store, true, deadline_ms, NULL);
}

void
link_key_store_clean_up(struct link_key_store *store)
{
	secret_clean_up(&store->secret);
	wipe_keys(store);
	store->refreshed_at = 0;
}
