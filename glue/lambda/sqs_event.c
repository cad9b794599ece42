/*-------------------------------------------------------------------------
 *
 * sqs_event.c
 *	  Parse the event of an Amazon SQS queue: a batch of messages.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "base/json_reader.h"
#include "lambda/event_source.h"
#include "lambda/sqs_event.h"

/* Source of the records of a queue. */
#define SOURCE "aws:sqs"

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

static const char *
text_member(const cJSON *record, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(record, name);

	return cJSON_IsString(member) ? member->valuestring : "";
}

static bool
is_from_queue(const cJSON *record, const char *queue_url)
{
	return strcmp(text_member(record, "eventSource"), SOURCE) == 0 &&
		   event_source_is_queue(text_of(text_member(record, "eventSourceARN")), queue_url);
}

static bool
read_message(const cJSON *record, const char *queue_url, struct sqs_event_message *message,
			 struct glue_error *error)
{
	const cJSON *body = cJSON_GetObjectItemCaseSensitive(record, "body");
	const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(record, "attributes");

	if (!is_from_queue(record, queue_url))
		return event_source_refuse(error, "has a record that is not from this function's queue");
	message->message_id = text_member(record, "messageId");
	if (message->message_id[0] == '\0')
		return event_source_refuse(error, "has a record without a messageId");
	if (cJSON_IsString(body))
		message->body = text_of(body->valuestring);
	message->receive_count =
		read_count(cJSON_GetObjectItemCaseSensitive(attributes, "ApproximateReceiveCount"));
	return true;
}

static bool
read_messages(struct sqs_event *event, const cJSON *records, const char *queue_url,
			  struct glue_error *error)
{
	const cJSON *record;
	size_t size = cJSON_GetArraySize(records);

	/* Allocate even for no messages: NULL means failure. */
	event->messages = glue_allocate_zero((size > 0 ? size : 1) * sizeof(event->messages[0]));
	if (event->messages == NULL)
		return glue_error_memory(error);
	cJSON_ArrayForEach(record, records)
	{
		if (!read_message(record, queue_url, &event->messages[event->count], error))
			return false;
		event->count++;
	}
	return true;
}

bool
sqs_event_is_batch(struct text_view json)
{
	struct text_view records = json_find(json, "Records");
	struct json_reader reader;

	json_reader_init(&reader, records.data, records.length);
	return json_read_open(&reader, '[') && json_read_element(&reader) &&
		   text_equal(json_find_text(json_read_slice(&reader), "eventSource"), text_of(SOURCE));
}

bool
sqs_event_init(struct sqs_event *event, struct text_view json, const char *queue_url,
			   struct glue_error *error)
{
	const cJSON *records;

	memset(event, 0, sizeof(*event));
	event->document = cJSON_ParseWithLength(json.data, json.length);
	records = cJSON_GetObjectItemCaseSensitive(event->document, "Records");
	if (!cJSON_IsArray(records))
		event_source_refuse(error, "is not from a queue: it has no Records");
	else if (read_messages(event, records, queue_url, error))
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
