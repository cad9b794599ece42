/*-------------------------------------------------------------------------
 *
 * sqs.c
 *	  Amazon SQS: send many messages.
 *
 * The id of an entry is its index in the call, which identifies the message in
 * the reply.  For the JSON protocol, see "Making Query API requests using AWS
 * JSON protocol" in the Amazon SQS Developer Guide.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sqs.h"
#include "base/ascii_word.h"
#include "base/heap.h"
#include "base/json_reader.h"

/* Overhead in bytes for the id and the names of an entry, and for the list. */
#define AROUND 64

/* A call and the messages in it, by their index. */
struct send_call
{
	struct aws_call call;
	struct sending *sending;
	int indexes[SQS_BATCH];
	int count;
	bool open;
};

/* One sqs_send(). */
struct sending
{
	const char *queue_url;
	struct sqs_message *messages;
	int count;
	int next; /* index of the next one to send */
	int64_t deadline;
	struct glue_error error; /* of the first call that failed */
	struct send_call *calls;
};

static bool
append_attribute(struct byte_buffer *body, const struct sqs_message *message,
				 struct glue_error *error)
{
	char value[AROUND];

	if (message->attribute == NULL)
		return true;
	snprintf(value, sizeof(value), "\":{\"DataType\":\"Number\",\"StringValue\":\"%" PRId64 "\"}}",
			 message->attribute_value);
	return byte_buffer_append_string(body, ",\"MessageAttributes\":{\"", error) &&
		   byte_buffer_append_string(body, message->attribute, error) &&
		   byte_buffer_append_string(body, value, error);
}

static bool
append_entry(struct byte_buffer *body, int id, const struct sqs_message *message,
			 struct glue_error *error)
{
	char head[AROUND];
	int length =
		snprintf(head, sizeof(head), "%s{\"Id\":\"%d\",\"MessageBody\":\"", id > 0 ? "," : "", id);

	if (!byte_buffer_reserve(body, LONGEST_JSON_ESCAPE * message->body.length + 2 * AROUND, error))
		return false;
	byte_buffer_put(body, head, (size_t) length);
	byte_buffer_append_json(body, message->body);
	byte_buffer_put(body, "\"", 1);
	return append_attribute(body, message, error) && byte_buffer_append_string(body, "}", error);
}

static bool
fill_entries(struct send_call *open, struct glue_error *error)
{
	const struct sending *sending = open->sending;
	struct byte_buffer *body = &open->call.body;
	size_t url_length = strlen(sending->queue_url);

	body->used = 0;
	if (!byte_buffer_reserve(body, LONGEST_JSON_ESCAPE * url_length + AROUND, error))
		return false;
	byte_buffer_put(body, "{\"QueueUrl\":\"", 13);
	byte_buffer_append_json(body, (struct text_view){sending->queue_url, url_length});
	byte_buffer_put(body, "\",\"Entries\":[", 13);
	for (int i = 0; i < open->count; i++)
	{
		if (!append_entry(body, i, &sending->messages[open->indexes[i]], error))
			return false;
	}
	return byte_buffer_append_string(body, "]}", error);
}

/*
 * Return the message that an answer refers to, or NULL.
 */
static struct sqs_message *
answered_message(const struct send_call *open, struct text_view answer)
{
	char id[16];
	char *end;
	long number;

	ascii_word_copy(id, sizeof(id), json_find_text(answer, "Id"), "");
	number = strtol(id, &end, 10);
	if (id[0] == '\0' || *end != '\0' || number < 0 || number >= open->count)
		return NULL;
	return &open->sending->messages[open->indexes[number]];
}

static void
take_sent(struct sqs_message *message, struct text_view answer)
{
	(void) answer;
	message->result = SQS_SENT;
}

static void
take_failure(struct sqs_message *message, struct text_view answer)
{
	ascii_word_copy(message->code, sizeof(message->code), json_find_text(answer, "Code"),
					ASCII_WORD_PRINTABLE);
	if (json_is_true(json_find(answer, "SenderFault")))
		message->result = SQS_REFUSED;
}

/*
 * Record the answers in one list of a reply.
 */
static void
take_answers(const struct send_call *open, struct text_view list,
			 void (*take)(struct sqs_message *message, struct text_view answer))
{
	struct json_reader reader;

	json_reader_init(&reader, list.data, list.length);
	if (!json_read_open(&reader, '['))
		return;
	while (json_read_element(&reader))
	{
		struct text_view answer = json_read_slice(&reader);
		struct sqs_message *message = answered_message(open, answer);

		if (message != NULL)
			take(message, answer);
	}
}

/*
 * Record all answers; an entry without one counts as failed by the service.
 */
static enum aws_outcome
accept_send(struct aws_call *call, struct glue_error *error)
{
	struct send_call *open = call->context;
	const struct byte_buffer *body = &call->exchange.response.body;
	struct text_view reply = {body->data, body->used};
	int left = 0;

	take_answers(open, json_find(reply, "Successful"), take_sent);
	take_answers(open, json_find(reply, "Failed"), take_failure);
	for (int i = 0; i < open->count; i++)
	{
		if (open->sending->messages[open->indexes[i]].result == SQS_UNSENT)
			open->indexes[left++] = open->indexes[i];
	}
	if (left < open->count)
		call->failures = 0;
	open->count = left;
	if (left == 0)
		return AWS_DONE;
	return fill_entries(open, error) ? AWS_AGAIN : AWS_FAILED;
}

/*
 * Collect the next messages for a call: ten, or as many as fit.
 */
static void
gather_messages(struct sending *sending, struct send_call *open)
{
	size_t bytes = 0;

	open->count = 0;
	for (; sending->next < sending->count && open->count < SQS_BATCH; sending->next++)
	{
		const struct sqs_message *message = &sending->messages[sending->next];

		if (message->result != SQS_UNSENT)
			continue;
		if (open->count > 0 && bytes + message->body.length > SQS_BATCH_BYTES)
			return;
		bytes += message->body.length;
		open->indexes[open->count++] = sending->next;
	}
}

static struct aws_call *
next_send(void *context, int64_t *wake)
{
	struct sending *sending = context;
	struct send_call *open = sending->calls;

	(void) wake;
	while (open->open)
		open++;
	open->sending = sending;
	gather_messages(sending, open);
	if (open->count == 0)
		return NULL;
	aws_call_begin_json(&open->call, AWS_SQS, "SendMessageBatch", "AmazonSQS.SendMessageBatch",
						sending->deadline);
	open->call.accept = accept_send;
	open->call.context = open;
	if (!fill_entries(open, &sending->error))
		return NULL;
	open->open = true;
	return &open->call;
}

static void
send_done(void *context, struct aws_call *call)
{
	struct sending *sending = context;
	struct send_call *open = call->context;

	open->open = false;
	if (call->error.class != GLUE_NO_ERROR && sending->error.class == GLUE_NO_ERROR)
		sending->error = call->error;
}

bool
sqs_send(struct aws_client *client, const char *queue_url, struct sqs_message *messages, int count,
		 int in_flight, int64_t deadline, struct glue_error *error)
{
	struct sending sending = {
		.queue_url = queue_url,
		.messages = messages,
		.count = count,
		.deadline = deadline,
		.calls = glue_allocate_zero(sizeof(struct send_call) * ((size_t) in_flight + 1)),
	};
	bool success;

	if (sending.calls == NULL)
		return glue_error_memory(error);
	success = aws_perform_all(client, in_flight, next_send, send_done, &sending, error);
	for (int i = 0; i <= in_flight; i++)
		aws_call_clean_up(&sending.calls[i].call);
	glue_release(sending.calls);
	if (success && sending.error.class == GLUE_NO_ERROR)
		return true;
	if (success && error != NULL)
		*error = sending.error;
	return false;
}
