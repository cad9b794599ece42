/*-------------------------------------------------------------------------
 *
 * sqs_event.h
 *	  The event of an Amazon SQS queue: the messages of a batch.
 *
 * Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS": members
 * are messageId, body and attributes, in lower camel case unlike those of the
 * queue's own API.
 *
 *	  {"Records": [{"messageId": "...", "body": "...",
 *					"attributes": {"ApproximateReceiveCount": "1"}, ...}]}
 *
 * A message without an id could not be reported as failed: an empty id in the
 * reply fails the whole batch.  So an event that has one is refused as a
 * whole.  What stands in a body is its reader's business.
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

/* One message; all is borrowed from its event. */
struct sqs_event_message
{
	const char *message_id; /* never "" */
	struct text_view body;  /* NUL behind it; data is NULL when there is
								 * none */
	int64_t receive_count;  /* how often it was handed out, this time
								 * included; 0 when it was not told */
};

/* A batch, in the order of the event.  Owns all: sqs_event_clean_up(). */
struct sqs_event
{
	struct sqs_event_message *messages;
	size_t count;
	cJSON *document; /* sqs_event.c's own */
};

/*
 * Read an event; json is not kept.  No messages are a batch like any other.
 * Errors: usage error EVENT_INVALID when it is no event of a queue, and
 * OUT_OF_MEMORY; *event is empty then.
 */
extern bool
sqs_event_init(struct sqs_event *event, const char *json, size_t length, struct glue_error *error);

/* Accepts a zeroed event, and leaves one. */
extern void sqs_event_clean_up(struct sqs_event *event);

#endif /* GLUE_LAMBDA_SQS_EVENT_H */
