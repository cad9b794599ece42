/*-------------------------------------------------------------------------
 *
 * s3_event.c
 *	  Read which objects were written to S3, from any announcement.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "lambda/event_source.h"
#include "lambda/s3_event.h"

/* Names of an object's members. */
static const struct form
{
	const char *etag;
	const char *version_id;
	bool has_encoded_key;
} forms[] = {
	[ANNOUNCED_BY_S3] = {"eTag", "versionId", true},
	[ANNOUNCED_BY_EVENTBRIDGE] = {"etag", "version-id", false},
};

/*
 * Copy a string, "" if it is missing.  Return false if it is too long.
 */
static bool
copy_member(char *to, size_t size, const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
	const char *text = cJSON_IsString(member) ? member->valuestring : "";

	return snprintf(to, size, "%s", text) < (int) size;
}

/*
 * Copy the ETag, adding the quotes that a request needs and an announcement
 * lacks.
 */
static bool
copy_etag(char *etag, const cJSON *object, const char *name)
{
	char bare[S3_ETAG_SIZE];

	if (!copy_member(bare, sizeof(bare), object, name))
		return false;
	if (bare[0] == '\0' || bare[0] == '"')
		return snprintf(etag, S3_ETAG_SIZE, "%s", bare) < S3_ETAG_SIZE;
	return snprintf(etag, S3_ETAG_SIZE, "\"%s\"", bare) < S3_ETAG_SIZE;
}

/*
 * Copy the key; encoded, it has up to three times as many bytes.
 */
static bool
copy_key(char *key, const cJSON *object, bool is_encoded)
{
	char encoded[3 * S3_KEY_SIZE];

	if (!is_encoded)
		return copy_member(key, S3_KEY_SIZE, object, "key") && key[0] != '\0';
	return copy_member(encoded, sizeof(encoded), object, "key") && s3_decode_key(encoded) &&
		   snprintf(key, S3_KEY_SIZE, "%s", encoded) < S3_KEY_SIZE;
}

/*
 * Copy the version.  If versioning is suspended, each object of a key has the
 * version "null" and replaces the previous one, so "null" does not identify
 * the content ("Adding objects to versioning-suspended buckets", Amazon S3
 * User Guide).
 */
static bool
copy_version(char *version_id, const cJSON *object, const char *name)
{
	if (!copy_member(version_id, S3_VERSION_ID_SIZE, object, name))
		return false;
	if (strcmp(version_id, "null") == 0)
		version_id[0] = '\0';
	return true;
}

/*
 * Copy the sequencer, a hexadecimal number.  S3's documentation shows it in
 * upper case with leading zeros for notifications, and in lower case without
 * them for EventBridge, so write it in one form.
 */
static bool
copy_sequencer(char *sequencer, const cJSON *object)
{
	char given[S3_SEQUENCER_SIZE];
	const char *digits = given;

	if (!copy_member(given, sizeof(given), object, "sequencer"))
		return false;
	digits += strspn(digits, "0");
	for (; *digits != '\0'; digits++)
		*sequencer++ = *digits >= 'a' && *digits <= 'f' ? (char) (*digits - 'a' + 'A') : *digits;
	*sequencer = '\0';
	return true;
}

static bool
read_announcement(const struct announcement *announcement, struct s3_event_record *record)
{
	const struct form *form = &forms[announcement->form];
	const cJSON *bucket = cJSON_GetObjectItemCaseSensitive(announcement->entity, "bucket");
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(announcement->entity, "object");

	return copy_member(record->bucket, sizeof(record->bucket), bucket, "name") &&
		   record->bucket[0] != '\0' && copy_key(record->key, object, form->has_encoded_key) &&
		   copy_version(record->version_id, object, form->version_id) &&
		   copy_etag(record->etag, object, form->etag) && copy_sequencer(record->sequencer, object);
}

/*
 * Return whether all objects are in the bucket.  One whose bucket is missing
 * is left to s3_event_next().
 */
static bool
are_in_bucket(const struct envelope *envelope, const char *name)
{
	for (size_t i = 0; i < envelope->count; i++)
	{
		const cJSON *bucket =
			cJSON_GetObjectItemCaseSensitive(envelope->announcements[i].entity, "bucket");
		const cJSON *given = cJSON_GetObjectItemCaseSensitive(bucket, "name");

		if (cJSON_IsString(given) && strcmp(given->valuestring, name) != 0)
			return false;
	}
	return true;
}

bool
s3_event_init(struct s3_event *event, struct text_view json, const char *bucket,
			  struct glue_error *error)
{
	memset(event, 0, sizeof(*event));
	if (!envelope_open(&event->envelope, json, error))
		return false;
	if (bucket == NULL || are_in_bucket(&event->envelope, bucket))
		return true;
	s3_event_clean_up(event);
	return event_source_refuse(error, "announces an object in a bucket other than BUCKET");
}

void
s3_event_clean_up(struct s3_event *event)
{
	envelope_clean_up(&event->envelope);
	memset(event, 0, sizeof(*event));
}

bool
s3_event_next(struct s3_event *event, struct s3_event_record *record, struct glue_error *error)
{
	glue_error_clear(error);
	if (event->next == event->envelope.count)
		return false;
	if (read_announcement(&event->envelope.announcements[event->next++], record))
		return true;
	return event_source_refuse(error, "announces an object without a readable bucket or key");
}
