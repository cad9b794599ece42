/*-------------------------------------------------------------------------
 *
 * runtime_test.c
 *	  The client of the Lambda Runtime API over a scripted HTTP client: what is
 *	  sent, and what is made of each reply.
 *
 * The functions of http.h are defined here in place of http.c.
 *
 *-------------------------------------------------------------------------
 */
#include <regex.h>

#include <cjson/cJSON.h>

#include "unit.h"

#include "base/clock.h"
#include "base/heap.h"
#include "lambda/runtime.h"

#define ID "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

/* ----- the scripted HTTP client ----- */

/* What the next call gives, and what the last one was. */
static struct
{
	bool fails;
	int status;
	const char *request_id;
	const char *deadline;
	const char *trace;
	const char *body;
	int calls;
	char method[8];
	char url[512];
	char sent[8192];
	int64_t sent_length;
	int64_t deadline_of_call;
	int idle_seconds;
	char error_type[128];
} script;

bool
http_perform(struct http_client *client, const struct http_request *request,
			 struct http_response *response, struct glue_error *error)
{
	(void) client;
	script.calls++;
	snprintf(script.method, sizeof(script.method), "%s", request->method);
	snprintf(script.url, sizeof(script.url), "%s", request->url);
	script.sent_length = request->body_length;
	snprintf(script.sent, sizeof(script.sent), "%.*s",
			 request->body_length < 8000 ? (int) request->body_length : 0,
			 request->body != NULL ? request->body : "");
	script.deadline_of_call = request->deadline;
	script.idle_seconds = request->idle_seconds;
	script.error_type[0] = '\0';
	for (int i = 0; i < request->header_count; i++)
	{
		if (strcmp(request->headers[i].name, "Lambda-Runtime-Function-Error-Type") == 0)
			snprintf(script.error_type, sizeof(script.error_type), "%s", request->headers[i].value);
	}
	if (script.fails)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "HTTP_RESET", "reset");
	response->status = script.status;
	response->body.used = 0;
	if (!byte_buffer_append_string(&response->body, script.body != NULL ? script.body : "", error))
		return false;
	return byte_buffer_terminate(&response->body, error);
}

const char *
http_response_header(const struct http_response *response, const char *name)
{
	(void) response;
	if (strcmp(name, "Lambda-Runtime-Aws-Request-Id") == 0)
		return script.request_id;
	if (strcmp(name, "Lambda-Runtime-Deadline-Ms") == 0)
		return script.deadline;
	if (strcmp(name, "Lambda-Runtime-Trace-Id") == 0)
		return script.trace;
	return NULL;
}

void
http_response_clean_up(struct http_response *response)
{
	byte_buffer_clean_up(&response->headers);
	byte_buffer_clean_up(&response->body);
}

/* The clocks stand still. */
int64_t
clock_milliseconds(void)
{
	return 1000000;
}

int64_t
day_milliseconds(void)
{
	return 1767517200000;
}

static void
reset_script(void)
{
	memset(&script, 0, sizeof(script));
	script.status = 200;
	script.request_id = ID;
	script.deadline = "1767517200000";
	script.body = "{}";
}

/* ----- tests ----- */

static void
test_next(struct runtime *runtime)
{
	static const char *const bad_ids[] = {NULL, "", "../init", "a b", "a/b", "a\r\nb", "a?b"};
	static const char *const bad_deadlines[] = {
		NULL, "", "soon", "-1", "1.5", " 1", "99999999999999999999"};
	struct runtime_event event;
	struct glue_error error = {0};
	char deadline[32];
	const char *trace;

	reset_script();
	snprintf(deadline, sizeof(deadline), "%" PRId64, day_milliseconds() + 15000);
	script.deadline = deadline;
	script.body = "{\"a\":1}";
	script.trace = "Root=1-2-3";
	ok(runtime_next(runtime, &event, &error), "an event: %s", error.text);
	is_text(script.method, "GET", "asked for by GET");
	is_text(script.url, "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
			"at the right place");
	is_int(script.deadline_of_call, 0, "without a timeout");
	is_int(script.idle_seconds, 0, "of any kind");
	is_text(event.request_id, ID, "request id");
	is_text(event.event, "{\"a\":1}", "event");
	is_int(event.event_length, 7, "its length");
	is_int(event.deadline_ms, clock_milliseconds() + 15000,
		   "the deadline is of the monotonic clock");
	trace = getenv("_X_AMZN_TRACE_ID");
	is_text(trace, "Root=1-2-3", "the trace id is in the environment");

	script.trace = "Root=1-2-4";
	ok(runtime_next(runtime, &event, &error), "an event of another trace");
	is_text(getenv("_X_AMZN_TRACE_ID"), "Root=1-2-4", "its id is in the environment");
	ok(getenv("_X_AMZN_TRACE_ID") == trace, "in the same memory, which does not grow with events");

	script.trace = NULL;
	ok(runtime_next(runtime, &event, &error), "an event without a trace");
	is_text(getenv("_X_AMZN_TRACE_ID"), NULL, "the old trace id is gone");

	for (size_t i = 0; i < sizeof(bad_ids) / sizeof(bad_ids[0]); i++)
	{
		reset_script();
		script.request_id = bad_ids[i];
		ok(!runtime_next(runtime, &event, &error) && strcmp(error.code, "RUNTIME_API") == 0,
		   "no request id: %zu", i);
	}
	for (size_t i = 0; i < sizeof(bad_deadlines) / sizeof(bad_deadlines[0]); i++)
	{
		reset_script();
		script.deadline = bad_deadlines[i];
		ok(!runtime_next(runtime, &event, &error) && strcmp(error.code, "RUNTIME_API") == 0,
		   "no deadline: %zu", i);
	}
	for (int status = 201; status <= 503; status += 101)
	{
		reset_script();
		script.status = status;
		ok(!runtime_next(runtime, &event, &error) && strcmp(error.code, "RUNTIME_API") == 0,
		   "status %d is fatal", status);
	}
	reset_script();
	script.fails = true;
	ok(!runtime_next(runtime, &event, &error) && strcmp(error.code, "RUNTIME_API") == 0,
	   "no reply is fatal");
	is_int(script.calls, 1, "and asked for once");
}

static void
test_respond(struct runtime *runtime)
{
	struct glue_error error = {0};
	char *large = malloc(RUNTIME_LARGEST_RESPONSE + 1);

	memset(large, 'x', RUNTIME_LARGEST_RESPONSE + 1);
	reset_script();
	script.status = 202;
	ok(runtime_respond(runtime, ID, "{\"b\":2}", 7, &error), "a response");
	is_text(script.url, "http://127.0.0.1:9001/2018-06-01/runtime/invocation/" ID "/response",
			"its place");
	is_text(script.sent, "{\"b\":2}", "its body");
	ok(runtime_respond(runtime, ID, NULL, 0, &error), "an empty one");
	is_int(script.sent_length, 0, "has no bytes");
	ok(runtime_respond(runtime, ID, large, RUNTIME_LARGEST_RESPONSE, &error), "the largest");
	is_int(script.sent_length, 6291556, "is sent");
	script.calls = 0;
	ok(!runtime_respond(runtime, ID, large, RUNTIME_LARGEST_RESPONSE + 1, &error), "a larger one");
	is_int(script.calls, 0, "is not");
	is_text(error.code, "RESPONSE_TOO_LARGE", "its code");
	is_text(runtime_error_type(&error), "Function.ResponseSizeTooLarge", "its type");
	free(large);

	for (int status = 400; status <= 413; status++)
	{
		script.status = status;
		ok(!runtime_respond(runtime, ID, "{}", 2, &error) &&
			   strcmp(error.code, "RESPONSE_REFUSED") == 0 &&
			   error.class == GLUE_INFRASTRUCTURE_ERROR,
		   "status %d is over for this invocation", status);
	}
	script.status = 500;
	ok(!runtime_respond(runtime, ID, "{}", 2, &error) && strcmp(error.code, "RUNTIME_API") == 0 &&
		   error.class == GLUE_INTERNAL_ERROR,
	   "status 500 is the end of the sandbox");
	script.fails = true;
	ok(!runtime_respond(runtime, ID, "{}", 2, &error) && error.class == GLUE_INTERNAL_ERROR,
	   "no reply too");
}

/*
 * The error as it is told; quoted is whether its text may be shown.
 */
static void
is_told(struct runtime *runtime, enum glue_error_class class, const char *code, bool quotes_server,
		const char *type, const char *message)
{
	struct glue_error failure = {0};
	struct glue_error error = {0};
	cJSON *document;

	reset_script();
	script.status = 202;
	glue_error_set(&failure, class, code, "text \"quoted\" \\ \xc3\xa4");
	failure.quotes_server = quotes_server;
	ok(runtime_fail(runtime, ID, &failure, &error), "%s is told", code);
	is_text(script.url, "http://127.0.0.1:9001/2018-06-01/runtime/invocation/" ID "/error",
			"its place");
	document = cJSON_Parse(script.sent);
	is_text(cJSON_GetStringValue(cJSON_GetObjectItem(document, "errorMessage")), message,
			"message");
	is_text(cJSON_GetStringValue(cJSON_GetObjectItem(document, "errorType")), type, "type");
	is_text(script.error_type, type, "type in the header");
	ok(cJSON_IsArray(cJSON_GetObjectItem(document, "stackTrace")), "stack trace");
	cJSON_Delete(document);
}

static void
test_errors(struct runtime *runtime)
{
	static const char *const codes[] = {
		"SETTINGS", "NO_HANDLER", "RESPONSE_TOO_LARGE", "OUT_OF_MEMORY", "08006", "ANY", "",
	};
	struct glue_error failure = {0};
	struct glue_error error = {0};
	regex_t pattern;

	is_told(runtime, GLUE_INFRASTRUCTURE_ERROR, "08001", false, "Function.InfrastructureError",
			"08001: text \"quoted\" \\ \xc3\xa4");
	is_told(runtime, GLUE_INFRASTRUCTURE_ERROR, "22P02", true, "Function.InfrastructureError",
			"22P02");
	is_told(runtime, GLUE_FILE_FAULT, "NO_HEADER", false, "Function.FileFault", "NO_HEADER");
	is_told(runtime, GLUE_USAGE_ERROR, "BAD_EVENT", false, "Function.InvalidEvent",
			"BAD_EVENT: text \"quoted\" \\ \xc3\xa4");

	if (regcomp(&pattern, "^(Runtime|Function)\\.[A-Z][a-zA-Z]+$", REG_EXTENDED | REG_NOSUB) != 0)
		abort();
	for (int class = GLUE_NO_ERROR; class <= GLUE_INTERNAL_ERROR; class ++)
	{
		for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		{
			glue_error_set(&failure, class, codes[i], "x");
			ok(regexec(&pattern, runtime_error_type(&failure), 0, NULL, 0) == 0,
			   "type of class %d, code %s", class, codes[i]);
		}
	}
	regfree(&pattern);

	reset_script();
	script.status = 202;
	glue_error_set(&failure, GLUE_USAGE_ERROR, "SETTINGS", "x");
	ok(runtime_fail_init(runtime, &failure, &error), "an init error");
	is_text(script.url, "http://127.0.0.1:9001/2018-06-01/runtime/init/error", "its place");
	is_text(script.error_type, "Runtime.InvalidSettings", "its type");

	/* The longest text, all of it escaped, fits. */
	memset(failure.text, '"', sizeof(failure.text) - 1);
	ok(runtime_fail(runtime, ID, &failure, &error), "a long text");
}

static void *
fail_to_allocate(void *block, size_t size)
{
	(void) block;
	(void) size;
	return NULL;
}

int
main(void)
{
	struct glue_error error = {0};
	struct runtime *runtime;
	char address[600];

	ok(runtime_new(NULL, NULL, &error) == NULL &&
		   strstr(error.text, "AWS_LAMBDA_RUNTIME_API") != NULL,
	   "no address");
	ok(runtime_new("", NULL, &error) == NULL, "an empty address");
	memset(address, 'a', sizeof(address) - 1);
	address[sizeof(address) - 1] = '\0';
	ok(runtime_new(address, NULL, &error) == NULL, "a long address");
	glue_set_reallocate(fail_to_allocate);
	ok(runtime_new("127.0.0.1:9001", NULL, &error) == NULL &&
		   strcmp(error.code, "OUT_OF_MEMORY") == 0,
	   "no memory");
	glue_set_reallocate(NULL);
	runtime = runtime_new("127.0.0.1:9001", NULL, &error);
	test_next(runtime);
	test_respond(runtime);
	test_errors(runtime);
	runtime_destroy(runtime);
	runtime_destroy(NULL);
	return unit_done();
}
