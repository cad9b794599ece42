/*-------------------------------------------------------------------------
 *
 * batch_response.h
 *	  Write the reply to a batch of a queue or a stream: what failed.
 *
 *	  {"batchItemFailures": [{"itemIdentifier": "..."}]}
 *
 * Source: AWS Lambda Developer Guide, "Implementing partial batch responses
 * for SQS" and "Configuring partial batch response with DynamoDB and Lambda".
 * An identifier is the messageId of one queue message, or the SequenceNumber
 * from which a stream is to be redelivered.  An empty list reports complete
 * success.  An empty identifier would silently fail the whole batch, so it is
 * an error here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_BATCH_RESPONSE_H
#define GLUE_LAMBDA_BATCH_RESPONSE_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/* A reply being written; borrows buffer. */
struct batch_response
{
	struct byte_buffer *buffer;
	int failures;
};

/* Begin a reply with no failures, appended to buffer. */
extern bool batch_response_begin(struct batch_response *response, struct byte_buffer *buffer,
								 struct glue_error *error);

/*
 * Add a failed item.  Fails with internal error NO_IDENTIFIER if identifier is
 * NULL or empty; the invocation must then fail.
 */
extern bool batch_response_fail(struct batch_response *response, const char *identifier,
								struct glue_error *error);

/* Complete the reply. */
extern bool batch_response_end(struct batch_response *response, struct glue_error *error);

#endif /* GLUE_LAMBDA_BATCH_RESPONSE_H */
