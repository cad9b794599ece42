/*-------------------------------------------------------------------------
 *
 * envelope.c
 *	  Unwrap the announcement of objects that were written to S3.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "lambda/envelope.h"
#include "lambda/event_source.h"

#define FIRST_ANNOUNCEMENTS 4

static bool open_document(struct envelope *envelope, struct text_view json, int depth,
						  struct glue_error *error);

/* ----- members ----- */

static const cJSON *
member_of(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/*
 * Return the text of a member, or "" if it is not a string.
 */
static const char *
text_member(const cJSON *object, const char *name)
{
	const cJSON *member = member_of(object, name);

	return cJSON_IsString(member) ? member->valuestring : "";
}

static bool
has_text(const cJSON *object, const char *name, const char *text)
{
	return strcmp(text_member(object, name), text) == 0;
}

/* ----- announcements ----- */

static bool
announce(struct envelope *envelope, enum announcement_form form, const cJSON *entity,
		 struct glue_error *error)
{
	if (envelope->count == envelope->room)
	{
		size_t room = envelope->room > 0 ? 2 * envelope->room : FIRST_ANNOUNCEMENTS;
		struct announcement *announcements =
			glue_reallocate(envelope->announcements, room * sizeof(envelope->announcements[0]));

		if (announcements == NULL)
			return glue_error_memory(error);
		envelope->announcements = announcements;
		envelope->room = room;
	}
	envelope->announcements[envelope->count++] = (struct announcement){form, entity};
	return true;
}

/*
 * Open a record of S3, unless it announces anything but a written object.  A
 * record without an event name is treated as one, because reading an object too
 * often is harmless.
 */
static bool
open_notification(struct envelope *envelope, const cJSON *record, struct glue_error *error)
{
	static const char created[] = "ObjectCreated:";
	const cJSON *name = member_of(record, "eventName");

	if (cJSON_IsString(name) && strncmp(name->valuestring, created, strlen(created)) != 0)
		return true;
	return announce(envelope, ANNOUNCED_BY_S3, member_of(record, "s3"), error);
}

static bool
open_bus_event(struct envelope *envelope, const cJSON *event, struct glue_error *error)
{
	if (!has_text(event, "detail-type", "Object Created"))
		return true;
	return announce(envelope, ANNOUNCED_BY_EVENTBRIDGE, member_of(event, "detail"), error);
}

/* ----- messages of SNS ----- */

static bool
is_topic_message(const cJSON *message)
{
	return has_text(message, "Type", "Notification") &&
		   cJSON_IsString(member_of(message, "Message"));
}

static bool
open_topic_message(struct envelope *envelope, const cJSON *message, int depth,
				   struct glue_error *error)
{
	return open_document(envelope, text_of(text_member(message, "Message")), depth + 1, error);
}

/* ----- documents ----- */

static bool
open_record(struct envelope *envelope, const cJSON *record, int depth, struct glue_error *error)
{
	const cJSON *message = member_of(record, "Sns");

	if (has_text(record, "eventSource", "aws:s3"))
		return open_notification(envelope, record, error);
	if (has_text(record, "EventSource", "aws:sns") && is_topic_message(message))
		return open_topic_message(envelope, message, depth, error);
	return event_source_refuse(error, "has a record that is neither from S3 nor from SNS");
}

static bool
open_records(struct envelope *envelope, const cJSON *records, int depth, struct glue_error *error)
{
	const cJSON *record;

	cJSON_ArrayForEach(record, records)
	{
		if (!open_record(envelope, record, depth, error))
			return false;
	}
	return true;
}

static bool
open_object(struct envelope *envelope, const cJSON *document, int depth, struct glue_error *error)
{
	const cJSON *records = member_of(document, "Records");

	if (cJSON_IsArray(records))
		return open_records(envelope, records, depth, error);
	if (has_text(document, "source", "aws.s3"))
		return open_bus_event(envelope, document, error);
	if (is_topic_message(document))
		return open_topic_message(envelope, document, depth, error);
	if (has_text(document, "Event", "s3:TestEvent"))
		return true;
	return event_source_refuse(error, "is not from S3, SNS or EventBridge");
}

/*
 * Parse a document, and open it.  All documents are kept in one array, because
 * announcements point into them.
 */
static bool
open_document(struct envelope *envelope, struct text_view json, int depth, struct glue_error *error)
{
	cJSON *document;

	if (depth > ENVELOPE_DEPTH)
		return event_source_refuse(error, "is nested too deeply");
	document = cJSON_ParseWithLength(json.data != NULL ? json.data : "", json.length);
	if (!cJSON_IsObject(document))
	{
		cJSON_Delete(document);
		return event_source_refuse(error, "is not a JSON object");
	}
	cJSON_AddItemToArray(envelope->documents, document);
	return open_object(envelope, document, depth, error);
}

bool
envelope_open(struct envelope *envelope, struct text_view json, struct glue_error *error)
{
	memset(envelope, 0, sizeof(*envelope));
	envelope->documents = cJSON_CreateArray();
	if (envelope->documents == NULL)
		return glue_error_memory(error);
	if (open_document(envelope, json, 1, error))
		return true;
	envelope_clean_up(envelope);
	return false;
}

void
envelope_clean_up(struct envelope *envelope)
{
	glue_release(envelope->announcements);
	cJSON_Delete(envelope->documents);
	memset(envelope, 0, sizeof(*envelope));
}
