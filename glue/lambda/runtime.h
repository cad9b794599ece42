/*-------------------------------------------------------------------------
 *
 * runtime.h
 *	  Client of the Lambda Runtime API: takes events, gives replies.
 *
 * Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom
 * runtimes", and its OpenAPI document, version 2018-06-01.
 *
 * After an error of class internal, code RUNTIME_API, the sandbox is of no use
 * any more: the process ends with a status that is not 0, and the service
 * starts another.  RESPONSE_REFUSED is over for this invocation only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_RUNTIME_H
#define GLUE_LAMBDA_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "http/http.h"

/* Most bytes of a response, 6 MiB and 100 bytes; the service refuses more. */
#define RUNTIME_LARGEST_RESPONSE 6291556

/* Bytes with the NUL; a request id is a UUID. */
#define RUNTIME_REQUEST_ID_SIZE 128
#define RUNTIME_ARN_SIZE 512

/* Opaque. */
struct runtime;

/* What /next gave; event is borrowed until the next call of runtime_next(). */
struct runtime_event
{
	char request_id[RUNTIME_REQUEST_ID_SIZE];
	char function_arn[RUNTIME_ARN_SIZE];
	int64_t deadline_ms; /* monotonic clock: when the service ends us */
	const char *event;   /* NUL behind the last byte */
	size_t event_length;
};

/*
 * address is that of AWS_LAMBDA_RUNTIME_API: host and port.  http is borrowed
 * until runtime_destroy().  NULL on an error.
 */
extern struct runtime *
runtime_new(const char *address, struct http_client *http, struct glue_error *error);

/* NULL is accepted. */
extern void runtime_destroy(struct runtime *runtime);

/*
 * Wait for the next event, for hours if need be: the sandbox is frozen
 * meanwhile.  _X_AMZN_TRACE_ID of the environment becomes that of the event.
 */
extern bool
runtime_next(struct runtime *runtime, struct runtime_event *event, struct glue_error *error);

/*
 * Give the response.  One of more than RUNTIME_LARGEST_RESPONSE bytes is not
 * sent: false with RESPONSE_TOO_LARGE, and the invocation still waits for
 * runtime_fail().
 */
extern bool runtime_respond(struct runtime *runtime, const char *request_id, const char *response,
							size_t length, struct glue_error *error);

/* Fail the invocation. */
extern bool runtime_fail(struct runtime *runtime, const char *request_id,
						 const struct glue_error *failure, struct glue_error *error);

/* Say that the process cannot start; once, and then it has to end. */
extern bool runtime_fail_init(struct runtime *runtime, const struct glue_error *failure,
							  struct glue_error *error);

/*
 * The type of an error as the service wants it:
 * (Runtime|Function)\.[A-Z][a-zA-Z]+.  Gives back a constant.
 */
extern const char *runtime_error_type(const struct glue_error *failure);

#endif /* GLUE_LAMBDA_RUNTIME_H */
