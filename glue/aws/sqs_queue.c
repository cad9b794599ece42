/*-------------------------------------------------------------------------
 *
 * sqs_queue.c
 *	  Amazon SQS: receive, delete and count the messages of a queue.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sqs_queue.h"
#include "base/ascii_word.h"
#include "base/json_reader.h"

/* Longest reply: ten messages of 1 MiB, with some of their bytes escaped. */
#define REPLY_LIMIT ((size_t) 32 * 1024 * 1024)

/* Size of the text of a number attribute. */
#define NUMBER_SIZE 24

static bool
append_text(struct byte_buffer *body, struct text_view text, struct glue_error *error)
{
	if (!byte_buffer_reserve(body, LONGEST_JSON_ESCAPE * text.length, error))
		return false;
	byte_buffer_append_json(body, text);
	return true;
}

/*
 * Begin a call whose body is an object that begins with the queue's URL.
 */
static bool
begin_call(struct aws_call *call, const char *operation, const char *target, const char *queue_url,
		   int64_t deadline, struct glue_error *error)
{
	aws_call_begin_json(call, AWS_SQS, operation, target, deadline);
	return byte_buffer_append_string(&call->body, "{\"QueueUrl\":\"", error) &&
		   append_text(&call->body, (struct text_view){queue_url, strlen(queue_url)}, error) &&
		   byte_buffer_append_string(&call->body, "\"", error);
}

static struct text_view
reply_of(const struct aws_call *call)
{
	return (struct text_view){call->exchange.response.body.data, call->exchange.response.body.used};
}

static int64_t
number_of(struct text_view text)
{
	char digits[NUMBER_SIZE];

	ascii_word_copy(digits, sizeof(digits), text, "");
	return strtoll(digits, NULL, 10);
}

/* ----- receiving ----- */

/*
 * Append a text of the reply, unescaped.  The view is an offset until the
 * buffer stops growing.
 */
static bool
keep_text(struct sqs_batch *batch, struct text_view escaped, struct text_view *kept,
		  struct glue_error *error)
{
	size_t start = batch->bytes.used;

	if (!json_append_text(&batch->bytes, escaped, error))
		return false;
	kept->data = NULL;
	kept->length = batch->bytes.used - start;
	return true;
}

static bool
keep_message(struct sqs_batch *batch, struct text_view entry, const char *attribute,
			 struct glue_error *error)
{
	struct sqs_received *message = &batch->messages[batch->count++];
	struct text_view value = json_find(json_find(entry, "MessageAttributes"), attribute);

	message->number = number_of(json_find_text(value, "StringValue"));
	return keep_text(batch, json_find_text(entry, "Body"), &message->body, error) &&
		   keep_text(batch, json_find_text(entry, "ReceiptHandle"), &message->receipt_handle,
					 error);
}

/*
 * Point the texts at their bytes, which are in the order of the messages.
 */
static void
locate_texts(struct sqs_batch *batch)
{
	const char *next = batch->bytes.data;

	for (int i = 0; i < batch->count; i++)
	{
		batch->messages[i].body.data = next;
		next += batch->messages[i].body.length;
		batch->messages[i].receipt_handle.data = next;
		next += batch->messages[i].receipt_handle.length;
	}
}

static bool
keep_messages(struct sqs_batch *batch, struct text_view reply, const char *attribute,
			  struct glue_error *error)
{
	struct text_view list = json_find(reply, "Messages");
	struct json_reader reader;

	batch->count = 0;
	batch->bytes.used = 0;
	json_reader_init(&reader, list.data, list.length);
	if (list.data == NULL || !json_read_open(&reader, '['))
		return true; /* there are no messages */
	while (batch->count < SQS_BATCH && json_read_element(&reader))
	{
		if (!keep_message(batch, json_read_slice(&reader), attribute, error))
			return false;
	}
	locate_texts(batch);
	return true;
}

bool
sqs_receive(struct aws_client *client, const char *queue_url, const char *attribute,
			int hidden_seconds, int64_t deadline, struct sqs_batch *batch, struct glue_error *error)
{
	struct aws_call call = {0};
	char numbers[128];
	bool success =
		begin_call(&call, "ReceiveMessage", "AmazonSQS.ReceiveMessage", queue_url, deadline, error);

	snprintf(numbers, sizeof(numbers),
			 ",\"MaxNumberOfMessages\":%d,\"WaitTimeSeconds\":1,\"VisibilityTimeout\":%d"
			 ",\"MessageAttributeNames\":[\"",
			 SQS_BATCH, hidden_seconds);
	call.body_limit = REPLY_LIMIT;
	success = success && byte_buffer_append_string(&call.body, numbers, error) &&
			  byte_buffer_append_string(&call.body, attribute, error) &&
			  byte_buffer_append_string(&call.body, "\"]}", error) &&
			  aws_perform(client, &call, error) &&
			  keep_messages(batch, reply_of(&call), attribute, error);
	aws_call_clean_up(&call);
	return success;
}

void
sqs_batch_clean_up(struct sqs_batch *batch)
{
	byte_buffer_clean_up(&batch->bytes);
	memset(batch, 0, sizeof(*batch));
}

/* ----- deleting ----- */

static bool
append_handles(struct byte_buffer *body, const struct text_view *receipt_handles, int count,
			   struct glue_error *error)
{
	char head[48];

	if (!byte_buffer_append_string(body, ",\"Entries\":[", error))
		return false;
	for (int i = 0; i < count; i++)
	{
		snprintf(head, sizeof(head), "%s{\"Id\":\"%d\",\"ReceiptHandle\":\"", i > 0 ? "," : "", i);
		if (!byte_buffer_append_string(body, head, error) ||
			!append_text(body, receipt_handles[i], error) ||
			!byte_buffer_append_string(body, "\"}", error))
			return false;
	}
	return byte_buffer_append_string(body, "]}", error);
}

/*
 * An aws_call accept function: the service answers 200 even if it deleted
 * nothing.
 */
static enum aws_outcome
accept_delete(struct aws_call *call, struct glue_error *error)
{
	struct text_view failed = json_find(reply_of(call), "Failed");
	struct json_reader reader;

	json_reader_init(&reader, failed.data, failed.length);
	if (failed.data == NULL || !json_read_open(&reader, '[') || !json_read_element(&reader))
		return AWS_DONE;
	glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_UNAVAILABLE",
				   "sqs DeleteMessageBatch: a message was not deleted");
	return AWS_FAILED;
}

bool
sqs_delete(struct aws_client *client, const char *queue_url,
		   const struct text_view *receipt_handles, int count, int64_t deadline,
		   struct glue_error *error)
{
	struct aws_call call = {0};
	bool success;

	if (count == 0)
		return true;
	success = begin_call(&call, "DeleteMessageBatch", "AmazonSQS.DeleteMessageBatch", queue_url,
						 deadline, error) &&
			  append_handles(&call.body, receipt_handles, count, error);
	call.accept = accept_delete;
	success = success && aws_perform(client, &call, error);
	aws_call_clean_up(&call);
	return success;
}

/* ----- counting ----- */

bool
sqs_count(struct aws_client *client, const char *queue_url, int64_t deadline,
		  struct sqs_counts *counts, struct glue_error *error)
{
	struct aws_call call = {0};
	struct text_view values;
	bool success = begin_call(&call, "GetQueueAttributes", "AmazonSQS.GetQueueAttributes",
							  queue_url, deadline, error) &&
				   byte_buffer_append_string(&call.body,
											 ",\"AttributeNames\":[\"ApproximateNumberOfMessages\","
											 "\"ApproximateNumberOfMessagesNotVisible\","
											 "\"ApproximateNumberOfMessagesDelayed\"]}",
											 error) &&
				   aws_perform(client, &call, error);

	if (success)
	{
		values = json_find(reply_of(&call), "Attributes");
		counts->visible = number_of(json_find_text(values, "ApproximateNumberOfMessages"));
		counts->others =
			number_of(json_find_text(values, "ApproximateNumberOfMessagesNotVisible")) +
			number_of(json_find_text(values, "ApproximateNumberOfMessagesDelayed"));
	}
	aws_call_clean_up(&call);
	return success;
}
