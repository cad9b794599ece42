/*-------------------------------------------------------------------------
 *
 * quarantine.c
 *	  Stream records that cannot be decoded -> a queue for people to look at.
 *
 * All texts of a message are words of ours or ids of our form, cut to the
 * size of their fields, so each message is well below the limit of the queue.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aws/sqs.h"
#include "base/heap.h"
#include "lambda/quarantine.h"

/* Messages of one sqs_send(), which sends ten at a time. */
#define MOST_MESSAGES 100
#define CALLS_IN_FLIGHT 4

/* Bytes of a message: its names, and ids of up to twice their size. */
#define MESSAGE_SIZE 2048

/* Messages that wait to be sent. */
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
 * The words have no character that JSON would want escaped; a request id of
 * the service neither.
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
 * Send what waits.  False when some was not sent; *first is then the index of
 * the first such record.  A message that the queue refuses for good is not
 * there either.
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
 * All of them, some at a time, in the order of the stream.
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
 * The first undecodable record; limit when there is none.
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
