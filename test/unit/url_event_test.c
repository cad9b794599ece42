/*-------------------------------------------------------------------------
 *
 * url_event_test.c
 *	  Requests of a function URL, and the replies to them.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <cjson/cJSON.h>

#include "base/heap.h"
#include "lambda/url_event.h"
#include "lambda/url_reply.h"

/* Shortened from the AWS Lambda Developer Guide, "Request payload format". */
#define REQUEST                                                                                                 \
	"{\"version\":\"2.0\",\"routeKey\":\"$default\",\"rawPath\":\"/my/path\","                                  \
	"\"rawQueryString\":\"parameter1=value1&parameter1=value2&parameter2=value&token=a%2Eb&tok=x&token2=\","    \
	"\"headers\":{\"header1\":\"value1\"},"                                                                     \
	"\"requestContext\":{\"accountId\":\"123456789012\",\"http\":{\"method\":\"POST\",\"path\":\"/my/path\"}}," \
	"\"body\":\"Hello\",\"isBase64Encoded\":false}"

static bool
read_event(struct url_event *event, const char *json, struct glue_error *error)
{
	return url_event_init(event, json, strlen(json), error);
}

/* ----- requests ----- */

static const char *
parameter(const struct url_event *event, const char *name)
{
	static char text[64];
	struct text_view value = url_event_parameter(event, name);

	if (value.data == NULL)
		return NULL;
	snprintf(text, sizeof(text), "%.*s", (int) value.length, value.data);
	return text;
}

static void
test_request(void)
{
	struct url_event event;
	struct glue_error error = {0};

	ok(read_event(&event, REQUEST, &error), "a request: %s", error.text);
	is_text(event.method, "POST", "method");
	is_text(event.path, "/my/path", "path");
	is_text(parameter(&event, "token"), "a%2Eb", "a parameter as it stands there");
	is_text(parameter(&event, "parameter2"), "value", "another one");
	is_text(parameter(&event, "token2"), "", "an empty one, the last");
	is_text(parameter(&event, "parameter1"), NULL, "two of a name are none");
	is_text(parameter(&event, "toke"), NULL, "a part of a name is none");
	is_text(parameter(&event, "arameter2"), NULL, "nor is its end");
	url_event_clean_up(&event);
	is_text(event.path, NULL, "nothing is left");
	url_event_clean_up(&event);

	ok(read_event(
		   &event,
		   "{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
		   &error),
	   "a request without a query");
	is_text(event.query, "", "has an empty one");
	is_text(parameter(&event, "token"), NULL, "and no parameter");
	url_event_clean_up(&event);
}

static void
test_queries(void)
{
	static const struct
	{
		const char *query;
		const char *token;
	} cases[] = {
		{"token=x", "x"},          {"token", NULL},   {"token=", ""},
		{"&&token=x&&", "x"},      {"=x", NULL},      {"&", NULL},
		{"token==x", "=x"},        {"Token=x", NULL}, {"a=token=x", NULL},
		{"token=x&token=x", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct url_event event = {.query = cases[i].query};

		is_text(parameter(&event, "token"), cases[i].token, "token of \"%s\"", cases[i].query);
	}
}

static void
test_no_requests(void)
{
	static const char *const events[] = {
		"",
		"null",
		"[]",
		"{}",
		"\"planted\"",
		"{\"Records\":[]}",
		"{\"version\":\"1.0\",\"rawPath\":\"/\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
		"{\"version\":2.0,\"rawPath\":\"/\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
		"{\"version\":\"2.0\",\"rawPath\":\"\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
		"{\"version\":\"2.0\",\"rawPath\":\"planted\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
		"{\"version\":\"2.0\",\"rawPath\":7,\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
		"{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{\"http\":{\"method\":null}}}",
		"{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{\"http\":[]}}",
		"{\"version\":\"2.0\",\"rawPath\":\"/\",\"requestContext\":{}}",
		"{\"version\":\"2.0\",\"rawPath\":\"/\"}",
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
	{
		struct url_event event;
		struct glue_error error = {0};

		ok(!read_event(&event, events[i], &error), "no request %zu", i);
		is_text(error.code, "EVENT_INVALID", "its code");
		ok(strstr(error.text, "planted") == NULL, "repeats nothing");
		ok(event.document == NULL && event.path == NULL, "keeps nothing");
	}
}

/* Every beginning of a request, in memory of its very size. */
static void
test_cut(void)
{
	int good = 0;

	for (size_t length = 0; length < strlen(REQUEST); length++)
	{
		char *copy = malloc(length > 0 ? length : 1);
		struct url_event event;

		memcpy(copy, REQUEST, length);
		good += url_event_init(&event, copy, length, NULL);
		url_event_clean_up(&event);
		free(copy);
	}
	is_int(good, 0, "no beginning of a request is one");
}

/* ----- replies ----- */

static struct byte_buffer written;

/* The reply that was written, read by somebody else; empties written. */
static cJSON *
take_reply(void)
{
	cJSON *document = cJSON_ParseWithLength(written.data, written.used);

	written.used = 0;
	return document;
}

static const char *
header(const cJSON *reply, const char *name)
{
	const cJSON *headers = cJSON_GetObjectItemCaseSensitive(reply, "headers");

	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(headers, name));
}

static const char *
body(const cJSON *reply)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "body"));
}

static int
status(const cJSON *reply)
{
	return (int) cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(reply, "statusCode"));
}

static void
check_common(const cJSON *reply)
{
	is_text(header(reply, "cache-control"), "no-store", "is not kept");
	is_text(header(reply, "referrer-policy"), "no-referrer", "is not told on");
	is_text(header(reply, "x-content-type-options"), "nosniff", "is what it says");
	ok(strncmp(header(reply, "content-security-policy"), "default-src 'none'", 18) == 0,
	   "loads nothing");
	ok(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(reply, "isBase64Encoded")), "is text");
}

static void
test_answers(void)
{
	struct url_reply reply = {.response = &written};
	struct glue_error error = {0};
	cJSON *read;

	ok(url_reply_redirect(&reply, "https://b/k?a=\"\\\n&b", &error), "a redirect");
	read = take_reply();
	is_int(status(read), 302, "its status");
	is_text(header(read, "location"), "https://b/k?a=\"\\\n&b", "its location");
	is_text(body(read), "", "no body");
	check_common(read);
	cJSON_Delete(read);

	ok(url_reply_json(&reply, "{\"a\": \"\xc3\xa4\\n\"}", &error), "a document");
	read = take_reply();
	is_int(status(read), 200, "its status");
	is_text(header(read, "content-type"), "application/json", "its type");
	is_text(body(read), "{\"a\": \"\xc3\xa4\\n\"}", "itself");
	check_common(read);
	cJSON_Delete(read);
}

static void
test_refusals(void)
{
	static const int statuses[REFUSAL_COUNT] = {403, 404, 404, 405, 409, 410, 500, 503};
	struct glue_error error = {0};

	for (int refusal = 0; refusal < REFUSAL_COUNT; refusal++)
	{
		bool later = statuses[refusal] == 409 || statuses[refusal] == 503;
		struct url_reply reply = {.response = &written};
		cJSON *read;
		cJSON *document;
		cJSON *inner;

		is_int(url_refusal_status(refusal), statuses[refusal], "refusal %d", refusal);
		ok(url_reply_refuse(&reply, refusal, &error), "is a reply");
		read = take_reply();
		is_int(status(read), statuses[refusal], "of its status");
		is_text(header(read, "content-type"), "text/html; charset=utf-8", "it is a page");
		ok(strncmp(body(read), "<!DOCTYPE html>\n", 16) == 0 &&
			   strstr(body(read), "</html>\n") != NULL,
		   "as a whole");
		ok(strstr(body(read), "<script") == NULL && strstr(body(read), "href") == NULL,
		   "of text alone");
		is_text(header(read, "allow"), statuses[refusal] == 405 ? "GET, HEAD" : NULL, "Allow");
		is_text(header(read, "retry-after"), later ? "60" : NULL, "Retry-After");
		check_common(read);
		cJSON_Delete(read);

		reply.json = true;
		ok(url_reply_refuse(&reply, refusal, &error), "also as a document");
		read = take_reply();
		is_text(header(read, "content-type"), "application/json", "which says so");
		document = cJSON_Parse(body(read));
		inner = cJSON_GetObjectItemCaseSensitive(document, "error");
		ok(cJSON_IsString(cJSON_GetObjectItemCaseSensitive(inner, "code")) &&
			   cJSON_IsString(cJSON_GetObjectItemCaseSensitive(inner, "message")),
		   "with code and message");
		cJSON_Delete(document);
		cJSON_Delete(read);

		reply.head = true;
		ok(url_reply_refuse(&reply, refusal, &error), "without a body for HEAD");
		read = take_reply();
		is_text(body(read), "", "indeed");
		cJSON_Delete(read);
	}
}

static int allocations_left;

static void *
allocate_some(void *block, size_t size)
{
	return allocations_left-- > 0 ? realloc(block, size) : NULL;
}

static void
test_memory(void)
{
	struct byte_buffer small = {0};
	struct url_reply reply = {.response = &small};
	struct glue_error error = {0};
	char *long_text = malloc(20001);

	memset(long_text, '"', 20000);
	long_text[20000] = '\0';
	glue_set_reallocate(allocate_some);
	for (int most = 0; most < 2; most++)
	{
		allocations_left = most;
		small.used = 0;
		ok(!url_reply_json(&reply, long_text, &error), "memory for %d allocations is too little",
		   most);
		is_text(error.code, "OUT_OF_MEMORY", "says so");
		byte_buffer_clean_up(&small);
	}
	glue_set_reallocate(NULL);
	free(long_text);
}

int
main(void)
{
	test_request();
	test_queries();
	test_no_requests();
	test_cut();
	test_answers();
	test_refusals();
	test_memory();
	byte_buffer_clean_up(&written);
	return unit_done();
}
