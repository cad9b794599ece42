/*-------------------------------------------------------------------------
 *
 * sqs_event.h
 *	  Parse the event of an Amazon SQS queue: a batch of messages.
 *
 * Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS": members
 * are messageId, body and attributes, in lower camel case unlike those of the
 * queue's own API.
 *
 *	  {"Records": [{"messageId": "...", "body": "...",
 *					"attributes": {"ApproximateReceiveCount": "1"},
 *					"eventSource": "aws:sqs", "eventSourceARN": "...", ...}]}
 *
 * A message without an id could not be reported as failed, because an empty
 * id in the reply fails the whole batch.  So an event with such a message is
 * rejected as a whole.  Bodies are left to their reader.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_SQS_EVENT_H
#define GLUE_LAMBDA_SQS_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/failure.h"
#include "shared/text.h"

/* One message; all borrowed from its event. */
struct sqs_event_message
{
	const char *message_id; /* never "" */
	struct text_view body;  /* NUL-terminated; data is NULL if missing */
	int64_t receive_count;  /* number of deliveries, including this one; 0 if unknown */
};

/* A batch, in the order of the event.  Owns everything: sqs_event_clean_up(). */
struct sqs_event
{
	struct sqs_event_message *messages;
	size_t count;
	cJSON *document; /* private to sqs_event.c */
};

/*
 * Return whether an event is a batch of messages of some queue, judging by its
 * first record.
 */
extern bool sqs_event_is_batch(struct text_view json);

/*
 * Parse an event of the queue with this URL; json is not kept.  A batch may be
 * empty.  Errors: usage error EVENT_INVALID if any record is not from this
 * queue, or the URL is NULL, and OUT_OF_MEMORY; *event is empty then.
 */
extern bool sqs_event_init(struct sqs_event *event, struct text_view json, const char *queue_url,
						   struct glue_error *error);

/* Accepts a zeroed event, and leaves it zeroed. */
extern void sqs_event_clean_up(struct sqs_event *event);

#endif /* GLUE_LAMBDA_SQS_EVENT_H */
