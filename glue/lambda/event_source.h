/*-------------------------------------------------------------------------
 *
 * event_source.h
 *	  Recognize the source of an event: a queue, a table's stream, a schedule,
 *	  an operator.
 *
 * Lambda passes to a function whatever is mapped to it, and any answer means
 * success: the messages of a queue are deleted, and a stream advances.  So a
 * handler fails with EVENT_INVALID unless the event comes from the source that
 * the handler is configured for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_EVENT_SOURCE_H
#define GLUE_LAMBDA_EVENT_SOURCE_H

#include <stdbool.h>

#include "base/failure.h"
#include "shared/text.h"

/* Source of an event that carries no data. */
enum event_origin
{
	EVENT_OF_SERVICE, /* of an AWS service, or not an object */
	EVENT_OF_SCHEDULE,
	EVENT_OF_OPERATOR, /* an object that no service sends */
	EVENT_EMPTY        /* {} */
};

/*
 * Set usage error EVENT_INVALID; what completes "the event ...".  Always
 * returns false.
 */
extern bool event_source_refuse(struct glue_error *error, const char *what);

/*
 * Return whether an ARN is that of the queue with this URL: the same name,
 * account and region.  A URL of an emulated service may lack the last two,
 * which then are not compared.
 */
extern bool event_source_is_queue(struct text_view arn, const char *queue_url);

/* Return whether an ARN is that of a stream of the DynamoDB table with this name. */
extern bool event_source_is_stream(struct text_view arn, const char *table);

/* Return who sent an event, judging by its members. */
extern enum event_origin event_source_origin(struct text_view event);

#endif /* GLUE_LAMBDA_EVENT_SOURCE_H */
