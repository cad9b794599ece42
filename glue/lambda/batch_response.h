/*-------------------------------------------------------------------------
 *
 * batch_response.h
 *	  The reply to a batch of a queue or a stream: which of it failed.
 *
 *	  {"batchItemFailures": [{"itemIdentifier": "..."}]}
 *
 * Source: AWS Lambda Developer Guide, "Implementing partial batch responses
 * for SQS" and "Configuring partial batch response with DynamoDB and Lambda".
 * An identifier is a messageId of a queue, each message on its own, or a
 * SequenceNumber of a stream, from which on all is delivered again.  No
 * failures mean that all is done.  An identifier that is empty would fail the
 * whole batch without saying so: it is an error here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_BATCH_RESPONSE_H
#define GLUE_LAMBDA_BATCH_RESPONSE_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/* Being written; borrows buffer. */
struct batch_response
{
	struct byte_buffer *buffer;
	int failures;
};

/* Begin a reply without failures; it is appended to buffer. */
extern bool batch_response_begin(struct batch_response *response, struct byte_buffer *buffer,
								 struct glue_error *error);

/*
 * Add one that failed.  Internal error NO_IDENTIFIER when identifier is NULL
 * or empty: then the invocation has to fail.
 */
extern bool batch_response_fail(struct batch_response *response, const char *identifier,
								struct glue_error *error);

/* End the reply; only now is it whole. */
extern bool batch_response_end(struct batch_response *response, struct glue_error *error);

#endif /* GLUE_LAMBDA_BATCH_RESPONSE_H */
