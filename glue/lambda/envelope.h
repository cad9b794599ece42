/*-------------------------------------------------------------------------
 *
 * envelope.h
 *	  Unwrap the announcement of objects that were written to S3.
 *
 * S3 announces an object in a notification of its own or in an event of
 * EventBridge, and either may arrive in messages of SNS:
 *
 *	  {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
 *					"s3": {"bucket": {...}, "object": {...}}}]}
 *	  {"source": "aws.s3", "detail-type": "Object Created",
 *	   "detail": {"bucket": {...}, "object": {...}}}
 *	  {"Type": "Notification", "Message": "..."}					SNS to SQS
 *	  {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "..."}}]}
 *																	SNS to Lambda
 *
 * With raw message delivery, SNS adds nothing.  Sources: Amazon S3 User Guide,
 * "Event message structure" and "EventBridge event message structure"; Amazon
 * SNS Developer Guide, "Amazon SNS message and JSON formats"; AWS Lambda
 * Developer Guide, "Invoking Lambda functions with Amazon SNS notifications".
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_ENVELOPE_H
#define GLUE_LAMBDA_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/failure.h"
#include "shared/text.h"

/*
 * Deepest nesting of documents: a message of SNS and its content are two.
 */
#define ENVELOPE_DEPTH 4

/* How an announcement is written: the names of members differ. */
enum announcement_form
{
	ANNOUNCED_BY_S3,
	ANNOUNCED_BY_EVENTBRIDGE
};

/* An object that was written; borrowed from its envelope. */
struct announcement
{
	enum announcement_form form;
	const cJSON *entity; /* {"bucket": {...}, "object": {...}}; NULL if missing */
};

/* Owns everything: envelope_clean_up(). */
struct envelope
{
	struct announcement *announcements; /* in the order of the document */
	size_t count;
	size_t room;      /* private */
	cJSON *documents; /* private: an array */
};

/*
 * Unwrap a document; json is not kept.  S3's test event, and announcements of
 * anything but a written object, yield nothing.  Errors: usage error
 * EVENT_INVALID if any part of it comes from another service, is not JSON, or
 * is nested too deeply, and OUT_OF_MEMORY; *envelope is empty then.
 */
extern bool
envelope_open(struct envelope *envelope, struct text_view json, struct glue_error *error);

/* Accepts a zeroed envelope, and leaves it zeroed. */
extern void envelope_clean_up(struct envelope *envelope);

#endif /* GLUE_LAMBDA_ENVELOPE_H */
