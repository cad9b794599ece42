/*-------------------------------------------------------------------------
 *
 * sqs_event.c
 *	  Parse the event of an Amazon SQS queue: a batch of messages.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "lambda/sqs_event.h"

static bool
sqs_event_error(struct glue_error *error, const char *what)
{
	return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID",
						  "the event is not from an SQS queue: %s", what);
}

/*
 * Read digits, as the service writes them; return 0 for anything else.
 */
static int64_t
read_count(const cJSON *attribute)
{
	int64_t count = 0;

	if (!cJSON_IsString(attribute))
		return 0;
	for (const char *next = attribute->valuestring; *next != '\0'; next++)
	{
		if (*next < '0' || *next > '9' || count > INT32_MAX)
			return 0;
		count = count * 10 + (*next - '0');
	}
	return count;
}

static bool
read_message(const cJSON *record, struct sqs_event_message *message, struct glue_error *error)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(record, "messageId");
	const cJSON *body = cJSON_GetObjectItemCaseSensitive(record, "body");
	const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(record, "attributes");

	if (!cJSON_IsString(id) || id->valuestring[0] == '\0')
		return sqs_event_error(error, "a record has no messageId");
	message->message_id = id->valuestring;
	if (cJSON_IsString(body))
	{
		message->body.data = body->valuestring;
		message->body.length = strlen(body->valuestring);
	}
	message->receive_count =
		read_count(cJSON_GetObjectItemCaseSensitive(attributes, "ApproximateReceiveCount"));
	return true;
}

static bool
read_messages(struct sqs_event *event, const cJSON *records, struct glue_error *error)
{
	const cJSON *record;
	size_t size = cJSON_GetArraySize(records);

	/* Allocate even for no messages: NULL means failure. */
	event->messages = glue_allocate_zero((size > 0 ? size : 1) * sizeof(event->messages[0]));
	if (event->messages == NULL)
		return glue_error_memory(error);
	cJSON_ArrayForEach(record, records)
	{
		if (!read_message(record, &event->messages[event->count], error))
			return false;
		event->count++;
	}
	return true;
}

bool
sqs_event_init(struct sqs_event *event, const char *json, size_t length, struct glue_error *error)
{
	const cJSON *records;

	memset(event, 0, sizeof(*event));
	event->document = cJSON_ParseWithLength(json, length);
	if (event->document == NULL)
		return sqs_event_error(error, "it is not JSON");
	records = cJSON_GetObjectItemCaseSensitive(event->document, "Records");
	if (!cJSON_IsArray(records))
		sqs_event_error(error, "it has no Records");
	else if (read_messages(event, records, error))
		return true;
	sqs_event_clean_up(event);
	return false;
}

void
sqs_event_clean_up(struct sqs_event *event)
{
	glue_release(event->messages);
	cJSON_Delete(event->document);
	memset(event, 0, sizeof(*event));
}
