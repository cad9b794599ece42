/*-------------------------------------------------------------------------
 *
 * s3_event.c
 *	  Parse Amazon S3 event notifications: which objects were written.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "lambda/s3_event.h"

#define CREATED "ObjectCreated:"

static bool
notification_error(struct glue_error *error, const char *what)
{
	return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID", "the notification %s", what);
}

bool
s3_event_init(struct s3_event *event, struct text_view json, struct glue_error *error)
{
	const cJSON *records;

	memset(event, 0, sizeof(*event));
	event->document = cJSON_ParseWithLength(json.data != NULL ? json.data : "", json.length);
	if (!cJSON_IsObject(event->document))
	{
		s3_event_clean_up(event);
		return notification_error(error, "is not a JSON object");
	}
	records = cJSON_GetObjectItemCaseSensitive(event->document, "Records");
	if (cJSON_IsArray(records))
	{
		event->next = records->child;
		return true;
	}
	if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(event->document, "Event")))
		return true; /* the test event */
	s3_event_clean_up(event);
	return notification_error(error, "has no records");
}

void
s3_event_clean_up(struct s3_event *event)
{
	cJSON_Delete(event->document);
	memset(event, 0, sizeof(*event));
}

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
 * Decode a key in place.  A key contains no NUL.
 */
static bool
decode_key(char *key)
{
	char *to = key;

	for (const char *from = key; *from != '\0'; from++)
	{
		if (*from == '+')
			*to++ = ' ';
		else if (*from != '%')
			*to++ = *from;
		else
		{
			int byte = hex_byte(from + 1);

			if (byte <= 0)
				return false;
			*to++ = (char) byte;
			from += 2;
		}
	}
	*to = '\0';
	return to > key;
}

/*
 * Copy the ETag, adding the quotes that a request needs and a notification
 * lacks.
 */
static bool
copy_etag(char *etag, const cJSON *object)
{
	char bare[S3_ETAG_SIZE];

	if (!copy_member(bare, sizeof(bare), object, "eTag"))
		return false;
	if (bare[0] == '\0' || bare[0] == '"')
		return snprintf(etag, S3_ETAG_SIZE, "%s", bare) < S3_ETAG_SIZE;
	return snprintf(etag, S3_ETAG_SIZE, "\"%s\"", bare) < S3_ETAG_SIZE;
}

/*
 * Copy the key; encoded, it has up to three times as many bytes.
 */
static bool
copy_key(char *key, const cJSON *object)
{
	char encoded[3 * S3_KEY_SIZE];

	return copy_member(encoded, sizeof(encoded), object, "key") && decode_key(encoded) &&
		   snprintf(key, S3_KEY_SIZE, "%s", encoded) < S3_KEY_SIZE;
}

/*
 * Copy the version.  If versioning is suspended, each object of a key has the
 * version "null" and replaces the previous one, so "null" does not identify
 * the content ("Adding objects to versioning-suspended buckets", Amazon S3
 * User Guide).
 */
static bool
copy_version(char *version_id, const cJSON *object)
{
	if (!copy_member(version_id, S3_VERSION_ID_SIZE, object, "versionId"))
		return false;
	if (strcmp(version_id, "null") == 0)
		version_id[0] = '\0';
	return true;
}

static bool
read_notification(const cJSON *entry, struct s3_event_record *record)
{
	const cJSON *s3 = cJSON_GetObjectItemCaseSensitive(entry, "s3");
	const cJSON *bucket = cJSON_GetObjectItemCaseSensitive(s3, "bucket");
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(s3, "object");

	return copy_member(record->bucket, sizeof(record->bucket), bucket, "name") &&
		   record->bucket[0] != '\0' && copy_key(record->key, object) &&
		   copy_version(record->version_id, object) && copy_etag(record->etag, object) &&
		   copy_member(record->sequencer, sizeof(record->sequencer), object, "sequencer");
}

static bool
is_creation(const cJSON *entry)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(entry, "eventName");

	return !cJSON_IsString(name) || strncmp(name->valuestring, CREATED, strlen(CREATED)) == 0;
}

bool
s3_event_next(struct s3_event *event, struct s3_event_record *record, struct glue_error *error)
{
	glue_error_clear(error);
	while (event->next != NULL)
	{
		const cJSON *entry = event->next;

		event->next = entry->next;
		if (!is_creation(entry))
			continue;
		if (read_notification(entry, record))
			return true;
		return notification_error(error, "has a record without a readable bucket or key");
	}
	return false;
}
