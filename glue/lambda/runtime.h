/*-------------------------------------------------------------------------
 *
 * runtime.h
 *	  Client of the Lambda Runtime API: receive events, post replies.
 *
 * Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom
 * runtimes", and its OpenAPI document, version 2018-06-01.
 *
 * After an internal error with code RUNTIME_API the sandbox is unusable: the
 * process exits with a nonzero status, and the service starts another.
 * RESPONSE_REFUSED affects only this invocation.
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

/* Largest response, 6 MiB and 100 bytes; the service rejects more. */
#define RUNTIME_LARGEST_RESPONSE 6291556

/* Sizes including the NUL; a request id is a UUID. */
#define RUNTIME_REQUEST_ID_SIZE 128
#define RUNTIME_ARN_SIZE 512

/* Opaque. */
struct runtime;

/*
 * An event from /next; event is borrowed until the next call of
 * runtime_next().
 */
struct runtime_event
{
	char request_id[RUNTIME_REQUEST_ID_SIZE];
	char function_arn[RUNTIME_ARN_SIZE];
	int64_t deadline_ms; /* monotonic clock: when the service ends the sandbox */
	const char *event;   /* NUL-terminated */
	size_t event_length;
};

/*
 * Create a client.  address is the value of AWS_LAMBDA_RUNTIME_API, host and
 * port.  http is borrowed until runtime_destroy().  NULL on error.
 */
extern struct runtime *
runtime_new(const char *address, struct http_client *http, struct glue_error *error);

/* Accepts NULL. */
extern void runtime_destroy(struct runtime *runtime);

/*
 * Wait for the next event, possibly for hours, during which the sandbox is
 * frozen.  Set _X_AMZN_TRACE_ID in the environment to the event's trace id.
 */
extern bool
runtime_next(struct runtime *runtime, struct runtime_event *event, struct glue_error *error);

/*
 * Post the response.  If it exceeds RUNTIME_LARGEST_RESPONSE bytes, it is not
 * sent: return false with RESPONSE_TOO_LARGE, and the caller must still call
 * runtime_fail().
 */
extern bool runtime_respond(struct runtime *runtime, const char *request_id, const char *response,
							size_t length, struct glue_error *error);

/* Fail the invocation. */
extern bool runtime_fail(struct runtime *runtime, const char *request_id,
						 const struct glue_error *failure, struct glue_error *error);

/* Report that the process cannot start; call it once and then exit. */
extern bool runtime_fail_init(struct runtime *runtime, const struct glue_error *failure,
							  struct glue_error *error);

/*
 * Return the type of an error in the service's format,
 * (Runtime|Function)\.[A-Z][a-zA-Z]+, as a constant.
 */
extern const char *runtime_error_type(const struct glue_error *failure);

#endif /* GLUE_LAMBDA_RUNTIME_H */
