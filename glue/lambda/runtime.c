/*-------------------------------------------------------------------------
 *
 * runtime.c
 *	  Client of the Lambda Runtime API.
 *
 * Calls have no timeout.  The API is local, and the service freezes an idle
 * sandbox in the middle of /next: a timeout there could abort a call that has
 * just received an event, and the event would be lost.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/clock.h"
#include "lambda/log.h"
#include "lambda/runtime.h"

#define API_VERSION "2018-06-01"
#define URL_SIZE 512

/* Size of the longest address: a host name has up to 253 characters. */
#define ADDRESS_SIZE 272

/*
 * Environment variable for the trace of an event, and size of its id; with
 * its lineage one has about 150 characters ("Tracing header", AWS X-Ray
 * Developer Guide).
 */
#define TRACE_VARIABLE "_X_AMZN_TRACE_ID"
#define TRACE_ID_SIZE 1024

/* Room for an error's text, escaped, and the document around it. */
#define ERROR_BODY_SIZE (256 + (GLUE_ERROR_TEXT_SIZE + GLUE_ERROR_CODE_SIZE) * LONGEST_JSON_ESCAPE)

struct runtime
{
	struct http_client *http; /* borrowed */
	char address[ADDRESS_SIZE];
	struct http_response event; /* of /next; contains the event */
	struct http_response reply; /* of the other calls */
};

static bool
api_error(struct glue_error *error, const char *what, const char *reason)
{
	return glue_error_set(error, GLUE_INTERNAL_ERROR, "RUNTIME_API",
						  "the Lambda Runtime API: %s %s", what, reason);
}

struct runtime *
runtime_new(const char *address, struct http_client *http, struct glue_error *error)
{
	struct runtime *runtime;

	if (address == NULL || address[0] == '\0' || strlen(address) >= ADDRESS_SIZE)
	{
		glue_error_set(
			error, GLUE_USAGE_ERROR, "SETTINGS",
			"AWS_LAMBDA_RUNTIME_API must be set to host and port; the Lambda service does so");
		return NULL;
	}
	runtime = glue_allocate_zero(sizeof(*runtime));
	if (runtime == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	runtime->http = http;
	snprintf(runtime->address, sizeof(runtime->address), "%s", address);
	return runtime;
}

void
runtime_destroy(struct runtime *runtime)
{
	if (runtime == NULL)
		return;
	http_response_clean_up(&runtime->event);
	http_response_clean_up(&runtime->reply);
	glue_release(runtime);
}

/* ----- events ----- */

/*
 * Read the request id, which must need no escaping in a URL.
 */
static bool
take_request_id(const struct http_response *response, struct runtime_event *event)
{
	const char *id = http_response_header(response, "Lambda-Runtime-Aws-Request-Id");
	size_t length = id != NULL ? strlen(id) : 0;

	if (length == 0 || length >= sizeof(event->request_id) ||
		strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != length)
		return false;
	memcpy(event->request_id, id, length + 1);
	return true;
}

/*
 * Read the deadline, in milliseconds since 1970, and convert it to the
 * monotonic clock, which is used within an invocation.
 */
static bool
take_deadline(const struct http_response *response, struct runtime_event *event)
{
	const char *text = http_response_header(response, "Lambda-Runtime-Deadline-Ms");
	int64_t deadline = 0;

	if (text == NULL || text[0] == '\0' || strlen(text) > 15 ||
		strspn(text, "0123456789") != strlen(text))
		return false;
	for (; *text != '\0'; text++)
		deadline = deadline * 10 + (*text - '0');
	event->deadline_ms = clock_milliseconds() + deadline - day_milliseconds();
	return true;
}

static void
take_function_arn(const struct http_response *response, struct runtime_event *event)
{
	const char *arn = http_response_header(response, "Lambda-Runtime-Invoked-Function-Arn");

	if (arn != NULL && strlen(arn) < sizeof(event->function_arn))
		memcpy(event->function_arn, arn, strlen(arn) + 1);
}

/*
 * Export the trace id for tracing libraries.  The buffer is static because
 * setenv() would leak one string per event.
 */
static void
export_trace_id(const struct http_response *response)
{
	static char assignment[sizeof(TRACE_VARIABLE) + TRACE_ID_SIZE];
	const char *trace = http_response_header(response, "Lambda-Runtime-Trace-Id");

	unsetenv(TRACE_VARIABLE);
	if (trace == NULL || trace[0] == '\0' || strlen(trace) >= TRACE_ID_SIZE)
		return;
	snprintf(assignment, sizeof(assignment), TRACE_VARIABLE "=%s", trace);
	putenv(assignment);
}

bool
runtime_next(struct runtime *runtime, struct runtime_event *event, struct glue_error *error)
{
	struct http_response *response = &runtime->event;
	char url[URL_SIZE];
	struct http_request request = {.method = "GET", .url = url};
	char status[16];

	memset(event, 0, sizeof(*event));
	snprintf(url, sizeof(url), "http://%s/" API_VERSION "/runtime/invocation/next",
			 runtime->address);
	if (!http_perform(runtime->http, &request, response, error))
	{
		struct glue_error reason = *error;

		return api_error(error, "cannot get an event:", reason.text);
	}
	snprintf(status, sizeof(status), "%d", response->status);
	if (response->status != 200)
		return api_error(error, "cannot get an event: status", status);
	if (!take_request_id(response, event))
		return api_error(error, "an event has no", "request id");
	if (!take_deadline(response, event))
		return api_error(error, "an event has no", "deadline");
	take_function_arn(response, event);
	export_trace_id(response);
	event->event = response->body.data;
	event->event_length = response->body.used;
	return true;
}

/* ----- replies ----- */

/*
 * POST a reply and expect status 202.  413 and other rejections are final for
 * this invocation, and posting to /error after them would be out of order.
 * 500 means that the sandbox is lost.
 */
static bool
post(struct runtime *runtime, const char *url, const struct http_header *headers, int header_count,
	 const char *body, size_t length, struct glue_error *error)
{
	struct http_request request = {
		.method = "POST",
		.url = url,
		.headers = headers,
		.header_count = header_count,
		.body = body,
		.body_length = (int64_t) length,
	};
	int status;

	if (!http_perform(runtime->http, &request, &runtime->reply, error))
	{
		struct glue_error reason = *error;

		return api_error(error, "cannot post a reply:", reason.text);
	}
	status = runtime->reply.status;
	if (status == 202)
		return true;
	if (status >= 500)
		return api_error(error, "a reply was not accepted:", "the sandbox is lost");
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "RESPONSE_REFUSED",
						  "the Lambda Runtime API rejected a reply with status %d", status);
}

bool
runtime_respond(struct runtime *runtime, const char *request_id, const char *response,
				size_t length, struct glue_error *error)
{
	static const struct http_header headers[] = {{"Content-Type", "application/json"}};
	char url[URL_SIZE];

	if (length > RUNTIME_LARGEST_RESPONSE)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "RESPONSE_TOO_LARGE",
							  "the response has %zu bytes; Lambda accepts at most %d", length,
							  RUNTIME_LARGEST_RESPONSE);
	snprintf(url, sizeof(url), "http://%s/" API_VERSION "/runtime/invocation/%s/response",
			 runtime->address, request_id);
	return post(runtime, url, headers, 1, length > 0 ? response : "", length, error);
}

const char *
runtime_error_type(const struct glue_error *failure)
{
	static const struct
	{
		const char *code;
		const char *type;
	} known[] = {
		{"SETTINGS", "Runtime.InvalidSettings"},
		{"NO_REGION", "Runtime.InvalidSettings"},
		{"BAD_ENDPOINT", "Runtime.InvalidSettings"},
		{"CREDENTIALS_SETTING", "Runtime.InvalidSettings"},
		{"NO_HANDLER", "Runtime.NoSuchHandler"},
		{"RESPONSE_TOO_LARGE", "Function.ResponseSizeTooLarge"},
		{"OUT_OF_MEMORY", "Runtime.OutOfMemory"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strcmp(failure->code, known[i].code) == 0)
			return known[i].type;
	}
	switch (failure->class)
	{
		case GLUE_USAGE_ERROR:
			return "Function.InvalidEvent";
		case GLUE_FILE_FAULT:
			return "Function.FileFault";
		case GLUE_INFRASTRUCTURE_ERROR:
			return "Function.InfrastructureError";
		case GLUE_NOT_FOUND: /* command line only */
		case GLUE_INTERNAL_ERROR:
		case GLUE_NO_ERROR:
			return "Function.InternalError";
	}
	return "Function.InternalError";
}

/*
 * Write {"errorMessage": "CODE: text", "errorType": "...", "stackTrace": []};
 * the text only if it may be shown.
 */
static size_t
write_error_body(char *body, const struct glue_error *failure)
{
	const char *text = log_error_text(failure);
	struct byte_buffer buffer = {.data = body, .size = ERROR_BODY_SIZE};

	byte_buffer_put(&buffer, "{\"errorMessage\":\"", 17);
	byte_buffer_append_json(&buffer, text_of(failure->code));
	if (text != NULL)
	{
		byte_buffer_put(&buffer, ": ", 2);
		byte_buffer_append_json(&buffer, text_of(text));
	}
	byte_buffer_put(&buffer, "\",\"errorType\":\"", 15);
	byte_buffer_append_json(&buffer, text_of(runtime_error_type(failure)));
	byte_buffer_put(&buffer, "\",\"stackTrace\":[]}", 18);
	return buffer.used;
}

static bool
post_error(struct runtime *runtime, const char *url, const struct glue_error *failure,
		   struct glue_error *error)
{
	const struct http_header headers[] = {
		{"Content-Type", "application/vnd.aws.lambda.error+json"},
		{"Lambda-Runtime-Function-Error-Type", runtime_error_type(failure)},
	};
	char body[ERROR_BODY_SIZE];
	size_t length = write_error_body(body, failure);

	return post(runtime, url, headers, 2, body, length, error);
}

bool
runtime_fail(struct runtime *runtime, const char *request_id, const struct glue_error *failure,
			 struct glue_error *error)
{
	char url[URL_SIZE];

	snprintf(url, sizeof(url), "http://%s/" API_VERSION "/runtime/invocation/%s/error",
			 runtime->address, request_id);
	return post_error(runtime, url, failure, error);
}

bool
runtime_fail_init(struct runtime *runtime, const struct glue_error *failure,
				  struct glue_error *error)
{
	char url[URL_SIZE];

	snprintf(url, sizeof(url), "http://%s/" API_VERSION "/runtime/init/error", runtime->address);
	return post_error(runtime, url, failure, error);
}
