/*-------------------------------------------------------------------------
 *
 * quarantine.c
 *	  Send stream records that cannot be decoded to a queue for manual
 *	  inspection.
 *
 * The record is the last member of a message, so that a message whose record
 * the queue does not accept can be cut before it.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <openssl/evp.h>

#include "aws/sqs.h"
#include "base/ascii_word.h"
#include "base/heap.h"
#include "base/json_reader.h"
#include "base/utf8.h"
#include "lambda/quarantine.h"

/* Most messages of one sqs_send(), which sends ten per call. */
#define MOST_MESSAGES 100
#define CALLS_IN_FLIGHT 4

/* Size of a record's eventID; it is a hash or a UUID. */
#define EVENT_ID_SIZE 64

/* Characters of Base64 for a number of bytes, including the NUL. */
#define BASE64_SIZE(bytes) (4 * (((bytes) + 2) / 3) + 1)

/* Where a message is in the bodies, which may still move. */
struct place
{
	size_t index; /* of its record */
	size_t start;
	size_t without_record; /* length of the part before the record */
	size_t length;
};

/* Messages waiting to be sent. */
struct messages
{
	struct sqs_message list[MOST_MESSAGES];
	struct place places[MOST_MESSAGES];
	struct byte_buffer bodies;
	int count;
};

/* ----- writing messages ----- */

static bool
add_number(struct byte_buffer *body, const char *name, int64_t value, struct glue_error *error)
{
	char number[INTEGER_TEXT_SIZE];

	return byte_buffer_append_string(body, ",\"", error) &&
		   byte_buffer_append_string(body, name, error) &&
		   byte_buffer_append_string(body, "\":", error) &&
		   byte_buffer_append_string(body, integer_text(number, value), error);
}

/*
 * Append a member, unless it is "".  Neither the constants and ids nor the
 * service's request id contain characters that JSON must escape.
 */
static bool
add_word(struct byte_buffer *body, const char *name, const char *word, struct glue_error *error)
{
	return word[0] == '\0' || (byte_buffer_append_string(body, ",\"", error) &&
							   byte_buffer_append_string(body, name, error) &&
							   byte_buffer_append_string(body, "\":\"", error) &&
							   byte_buffer_append_string(body, word, error) &&
							   byte_buffer_append_string(body, "\"", error));
}

static bool
add_ids(struct byte_buffer *body, const struct stream_record *record, struct glue_error *error)
{
	char event_id[EVENT_ID_SIZE];

	ascii_word_copy(event_id, sizeof(event_id), json_find_text(record->raw, "eventID"), "-_");
	return byte_buffer_append_string(body, "{\"v\":1", error) &&
		   add_word(body, "reason", stream_fault_name(record->fault), error) &&
		   add_word(body, "event_id", event_id, error) &&
		   add_word(body, "sequence_number", record->sequence_number, error) &&
		   add_word(body, "upload_id", record->upload_id, error) &&
		   add_word(body, "record_id", record->record_id, error) &&
		   (record->row_number == 0 || add_number(body, "row_number", record->row_number, error));
}

static bool
add_source(struct byte_buffer *body, const struct stream_event *event, const char *table,
		   const char *request_id, struct glue_error *error)
{
	return add_word(body, "table", table, error) &&
		   add_word(body, "stream_arn", event->arn, error) &&
		   add_word(body, "shard_id", event->shard_id, error) &&
		   add_word(body, "request_id", request_id, error);
}

/*
 * Return whether SQS accepts all characters of a record: those of XML 1.0
 * ("SendMessage", Amazon SQS API Reference).  JSON contains no control
 * characters but white space.
 */
static bool
is_acceptable(struct text_view record)
{
	return utf8_is_valid(record) && memmem(record.data, record.length, "\xEF\xBF\xBE", 3) == NULL &&
		   memmem(record.data, record.length, "\xEF\xBF\xBF", 3) == NULL;
}

static bool
add_base64(struct byte_buffer *body, struct text_view bytes, struct glue_error *error)
{
	if (!byte_buffer_reserve(body, BASE64_SIZE(bytes.length), error))
		return false;
	body->used += (size_t) EVP_EncodeBlock((unsigned char *) body->data + body->used,
										   (const unsigned char *) bytes.data, (int) bytes.length);
	return true;
}

static bool
add_record(struct byte_buffer *body, struct text_view record, struct glue_error *error)
{
	if (is_acceptable(record))
		return byte_buffer_append_string(body, ",\"record\":", error) &&
			   byte_buffer_append(body, record.data, record.length, error) &&
			   byte_buffer_append_string(body, "}", error);
	return byte_buffer_append_string(body, ",\"record_base64\":\"", error) &&
		   add_base64(body, record, error) && byte_buffer_append_string(body, "\"}", error);
}

/*
 * Omit the record of a message.
 */
static void
cut_record(struct messages *messages, struct place *place)
{
	place->length = place->without_record;
	messages->bodies.data[place->start + place->length++] = '}';
}

static bool
add_message(struct messages *messages, const struct sandbox *sandbox,
			const struct invocation *invocation, const struct stream_event *event, size_t index,
			struct glue_error *error)
{
	const struct stream_record *record = &event->records[index];
	struct byte_buffer *body = &messages->bodies;
	struct place *place = &messages->places[messages->count];

	place->index = index;
	place->start = body->used;
	if (!add_ids(body, record, error) ||
		!add_source(body, event, sandbox->settings.upload_records_table, invocation->request_id,
					error) ||
		!add_number(body, "record_bytes", (int64_t) record->raw.length, error))
		return false;
	place->without_record = body->used - place->start;
	if (!add_record(body, record->raw, error))
		return false;
	place->length = body->used - place->start;
	if (place->length > SQS_MESSAGE_BYTES)
	{
		cut_record(messages, place);
		body->used = place->start + place->length;
	}
	memset(&messages->list[messages->count++], 0, sizeof(messages->list[0]));
	return true;
}

/* ----- sending ----- */

static void
send_messages(struct sandbox *sandbox, const struct invocation *invocation,
			  struct messages *messages, struct glue_error *error)
{
	for (int i = 0; i < messages->count; i++)
		messages->list[i].body = (struct text_view){
			messages->bodies.data + messages->places[i].start, messages->places[i].length};
	(void) sqs_send(&sandbox->aws, sandbox->settings.quarantine_queue_url, messages->list,
					messages->count, CALLS_IN_FLIGHT, invocation->deadline_ms, error);
}

/*
 * After the queue has rejected a message or a call, omit the records of the
 * messages that were not sent: the queue's limit may be lower than the
 * service's.  Return whether any had one.
 */
static bool
omit_rejected_records(struct sandbox *sandbox, struct messages *messages,
					  const struct glue_error *error)
{
	bool was_rejected = strcmp(error->code, "AWS_REFUSED") == 0;
	int64_t omitted = 0;

	for (int i = 0; i < messages->count; i++)
		was_rejected |= messages->list[i].result == SQS_REFUSED;
	for (int i = 0; was_rejected && i < messages->count; i++)
	{
		struct place *place = &messages->places[i];

		if (messages->list[i].result == SQS_SENT || place->length == place->without_record + 1)
			continue;
		cut_record(messages, place);
		messages->list[i].result = SQS_UNSENT;
		omitted++;
	}
	if (omitted > 0)
		log_write(&sandbox->log, LOG_WARNING,
				  "the quarantine queue rejected records; sending their ids",
				  LOG_COUNT(LOG_RECORDS, omitted));
	return omitted > 0;
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
	bool all_sent = true;

	send_messages(sandbox, invocation, messages, error);
	if (omit_rejected_records(sandbox, messages, error))
	{
		glue_error_clear(error);
		send_messages(sandbox, invocation, messages, error);
	}
	for (int i = 0; i < messages->count && all_sent; i++)
	{
		const struct sqs_message *message = &messages->list[i];

		all_sent = message->result == SQS_SENT;
		if (message->result == SQS_REFUSED)
			glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_REFUSED",
						   "sqs SendMessageBatch: a message ended in %s", message->code);
		if (!all_sent)
			*first = messages->places[i].index;
	}
	messages->count = 0;
	messages->bodies.used = 0;
	return all_sent;
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
		if (messages->count == MOST_MESSAGES &&
			!flush(sandbox, invocation, messages, &first, error))
			return first;
		if (!add_message(messages, sandbox, invocation, event, i, error))
			return messages->count > 0 ? messages->places[0].index : i;
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
	messages = glue_allocate_zero(sizeof(*messages));
	if (messages == NULL)
	{
		glue_error_memory(error);
		return first;
	}
	first = send_all(sandbox, invocation, event, limit, messages, error);
	byte_buffer_clean_up(&messages->bodies);
	glue_release(messages);
	return first;
}
