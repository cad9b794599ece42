/*-------------------------------------------------------------------------
 *
 * quarantine.c
 *	  Send stream records that cannot be decoded to a queue for manual
 *	  inspection.
 *
 * All strings of a message are constants or ids of a checked form, cut to the
 * size of their fields, so a message is always well below the queue's limit.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aws/sqs.h"
#include "base/heap.h"
#include "lambda/quarantine.h"

/* Most messages of one sqs_send(), which sends ten per call. */
#define MOST_MESSAGES 100
#define CALLS_IN_FLIGHT 4

/* Bytes of a message: member names, and ids of up to twice their size. */
#define MESSAGE_SIZE 2048

/* Messages waiting to be sent. */
struct messages
{
	struct sqs_message list[MOST_MESSAGES];
	size_t indexes[MOST_MESSAGES]; /* of their records */
	char bodies[MOST_MESSAGES][MESSAGE_SIZE];
	int count;
};

static size_t
add_member(char *body, size_t used, const char *name, const char *word)
{
	if (word[0] == '\0')
		return used;
	return used + (size_t) snprintf(body + used, MESSAGE_SIZE - used, ",\"%s\":\"%s\"", name, word);
}

/*
 * Add the message for a record.  Neither the constants and ids nor the
 * service's request id contain characters that JSON must escape.
 */
static void
add_message(struct messages *messages, const struct stream_event *event, size_t index,
			const char *request_id)
{
	const struct stream_record *record = &event->records[index];
	char *body = messages->bodies[messages->count];
	struct sqs_message *message = &messages->list[messages->count];
	size_t used;

	used = (size_t) snprintf(body, MESSAGE_SIZE, "{\"v\":1,\"reason\":\"%s\"",
							 stream_fault_name(record->fault));
	used = add_member(body, used, "sequence_number", record->sequence_number);
	used = add_member(body, used, "upload_id", record->upload_id);
	used = add_member(body, used, "record_id", record->record_id);
	if (record->row_number > 0)
		used += (size_t) snprintf(body + used, MESSAGE_SIZE - used, ",\"row_number\":%" PRId64,
								  record->row_number);
	used = add_member(body, used, "stream_arn", event->arn);
	used = add_member(body, used, "request_id", request_id);
	used += (size_t) snprintf(body + used, MESSAGE_SIZE - used, "}");
	memset(message, 0, sizeof(*message));
	message->body = (struct text_view){body, used};
	messages->indexes[messages->count++] = index;
}

/*
 * Send the waiting messages.  If any was not sent, or the queue rejected it
 * permanently, return false and set *first to the index of the first such
 * record.
 */
static bool
flush(struct sandbox *sandbox, const struct invocation *invocation, struct messages *messages,
	  size_t *first, struct glue_error *error)
{
	int count = messages->count;

	messages->count = 0;
	(void) sqs_send(&sandbox->aws, sandbox->settings.quarantine_queue_url, messages->list, count,
					CALLS_IN_FLIGHT, invocation->deadline_ms, error);
	for (int i = 0; i < count; i++)
	{
		if (messages->list[i].result == SQS_SENT)
			continue;
		if (messages->list[i].result == SQS_REFUSED)
			glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_REFUSED",
						   "sqs SendMessageBatch: a message ended in %s", messages->list[i].code);
		*first = messages->indexes[i];
		return false;
	}
	return true;
}

/*
 * Send messages for all undecodable records, in batches, in stream order.
 * Return the index of the first one not sent, or limit.
 */
static size_t
send_all(struct sandbox *sandbox, const struct invocation *invocation,
		 const struct stream_event *event, size_t limit, struct messages *messages,
		 struct glue_error *error)
{
	size_t first = limit;

	for (size_t i = 0; i < limit; i++)
	{
		if (event->records[i].kind != STREAM_UNDECODABLE)
			continue;
		add_message(messages, event, i, invocation->request_id);
		if (messages->count == MOST_MESSAGES &&
			!flush(sandbox, invocation, messages, &first, error))
			return first;
	}
	if (messages->count > 0)
		(void) flush(sandbox, invocation, messages, &first, error);
	return first;
}

/*
 * Return the index of the first undecodable record, or limit.
 */
static size_t
first_undecodable(const struct stream_event *event, size_t limit)
{
	size_t i = 0;

	while (i < limit && event->records[i].kind != STREAM_UNDECODABLE)
		i++;
	return i;
}

size_t
quarantine_send(struct sandbox *sandbox, const struct invocation *invocation,
				const struct stream_event *event, size_t limit, struct glue_error *error)
{
	size_t first = first_undecodable(event, limit);
	struct messages *messages;

	if (first == limit)
		return limit;
	messages = glue_allocate(sizeof(*messages));
	if (messages == NULL)
	{
		glue_error_memory(error);
		return first;
	}
	messages->count = 0;
	first = send_all(sandbox, invocation, event, limit, messages, error);
	glue_release(messages);
	return first;
}
