/*-------------------------------------------------------------------------
 *
 * aws_client_test.c
 *	  The AWS client without a network: error codes, retry times, encoding of
 *	  keys and items, reading of replies.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "aws/client.h"
#include "aws/dynamodb_item.h"
#include "aws/s3.h"
#include "aws/sns.h"
#include "base/clock.h"
#include "base/heap.h"

/* ---------------------------------------------------------------------
 * Refusals
 * ---------------------------------------------------------------------
 */

/* Headers are stored as "name:value" and a NUL each, as in http.c. */
static void
read_failure(struct aws_call *call, const char *headers, size_t length, const char *body)
{
	struct http_response *response = &call->exchange.response;

	aws_call_begin(call, AWS_S3, "Test", "GET", "/", 0);
	response->headers.used = 0;
	response->body.used = 0;
	ok(byte_buffer_append(&response->headers, headers, length, NULL) &&
		   byte_buffer_append_string(&response->body, body, NULL) &&
		   byte_buffer_terminate(&response->body, NULL),
	   "reply is constructed");
	aws_read_failure(call);
}

static void
test_refusals(void)
{
	static const struct
	{
		const char *body;
		const char *code;
		const char *id;
	} cases[] = {
		{"{\"__type\":\"com.amazonaws.dynamodb.v20120810#ThrottlingException\",\"message\":\"x\"}",
		 "ThrottlingException", ""},
		{" {\"message\":\"__type\", \"__type\" : \"ResourceNotFoundException\"}",
		 "ResourceNotFoundException", ""},
		{"{\"code\":\"AccessDeniedException:http://internal.amazon.com/\"}",
		 "AccessDeniedException", ""},
		{"<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>m</Message>"
		 "<RequestId>4442587FB7D0A2F9</RequestId></Error>",
		 "NoSuchKey", "4442587FB7D0A2F9"},
		{"<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code></Error>"
		 "<RequestId>a-b</RequestId></ErrorResponse>",
		 "NotFound", "a-b"},
		{"<Error><Code>two words</Code></Error>", "", ""},
		{"<Error><Code>line\nbreak</Code></Error>", "", ""},
		{"<Error><Code>", "", ""},
		{"<html>502 Bad Gateway</html>", "", ""},
		{"{\"__type\":\"cut off", "", ""},
		{"{\"__type\":17}", "", ""},
		{"", "", ""},
	};
	static const char headers[] = "X-Amzn-RequestId:abc\0x-amzn-ErrorType:Slow:http\0";
	struct aws_call call = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		read_failure(&call, "", 0, cases[i].body);
		is_text(call.code, cases[i].code, "code of %s", cases[i].body);
		is_text(call.request_id, cases[i].id, "request id of %s", cases[i].body);
	}
	read_failure(&call, headers, sizeof(headers) - 1, "{}");
	is_text(call.code, "Slow", "a code in the headers");
	is_text(call.request_id, "abc", "a request id in the headers");
	aws_call_clean_up(&call);
}

static void
test_meanings(void)
{
	static const struct
	{
		const char *code;
		int status;
		const char *meaning;
	} cases[] = {
		{"ProvisionedThroughputExceededException", 400, "AWS_THROTTLED"},
		{"SlowDown", 503, "AWS_THROTTLED"},
		{"", 429, "AWS_THROTTLED"},
		{"", 500, "AWS_UNAVAILABLE"},
		{"InternalServerError", 400, "AWS_UNAVAILABLE"},
		{"RequestTimeTooSkewed", 403, "AWS_CREDENTIALS"},
		{"ExpiredTokenException", 400, "AWS_CREDENTIALS"},
		{"UnrecognizedClientException", 400, "AWS_CREDENTIALS"},
		{"AccessDeniedException", 400, "AWS_ACCESS_DENIED"},
		{"", 403, "AWS_ACCESS_DENIED"},
		{"ResourceNotFoundException", 400, "AWS_NOT_FOUND"},
		{"QueueDoesNotExist", 400, "AWS_NOT_FOUND"},
		{"", 404, "AWS_NOT_FOUND"},
		{"PreconditionFailed", 412, "AWS_CONDITION_FAILED"},
		{"ConditionalCheckFailedException", 400, "AWS_CONDITION_FAILED"},
		{"ValidationException", 400, "AWS_REFUSED"},
		{"", 301, "AWS_REFUSED"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_text(aws_error_code(cases[i].code, cases[i].status), cases[i].meaning, "%d %s",
				cases[i].status, cases[i].code);
}

/* ---------------------------------------------------------------------
 * Pauses
 * ---------------------------------------------------------------------
 */

static void
test_backoff(void)
{
	const int64_t now = 1000000;
	int64_t highest[AWS_THROTTLED_ATTEMPTS] = {0};
	bool in_time = true;

	for (int i = 0; i < 100000; i++)
	{
		int failures = 1 + (int) unit_random(AWS_THROTTLED_ATTEMPTS - 1);
		int64_t left = 1 + (int64_t) unit_random(8000);
		int64_t wake = aws_backoff(failures, true, now, now + left, unit_random(UINT64_MAX));

		in_time = in_time && (wake == 0 || (wake > now && wake < now + left));
		if (wake - now > highest[failures])
			highest[failures] = wake - now;
	}
	ok(in_time, "no pause ends at or after the deadline");
	ok(highest[1] > 80 && highest[1] <= 100, "first pause is at most 100 ms");
	ok(highest[2] > 160 && highest[2] <= 200, "second pause is at most 200 ms");
	ok(highest[7] > 4000 && highest[7] <= 5000, "no pause is longer than 5 s");
	ok(highest[39] > 4000 && highest[39] <= 5000,
	   "pauses stay bounded after any number of failures");
	ok(aws_backoff(1, false, now, 0, 99) == now + 100, "deadline is optional");
	ok(aws_backoff(AWS_ATTEMPTS - 1, false, now, 0, 0) > 0, "attempt before the last is allowed");
	is_int(aws_backoff(AWS_ATTEMPTS, false, now, 0, 0), 0, "no attempt follows the last");
	is_int(aws_backoff(AWS_THROTTLED_ATTEMPTS, true, now, 0, 0), 0,
		   "no attempt follows the last throttled one");
	is_int(aws_backoff(1, true, now, now - 5, 0), 0, "a deadline in the past");
}

/* ---------------------------------------------------------------------
 * Keys, subjects
 * ---------------------------------------------------------------------
 */

static void
test_paths(void)
{
	char key[S3_KEY_SIZE + 1];
	char path[S3_PATH_SIZE];
	struct glue_error error;

	ok(s3_path("b.c", "a b+c=(1):*~%41\xC3\xBC/\"?&#", true, path, &error), "key is accepted");
	is_text(path, "/b.c/a%20b%2Bc%3D%281%29%3A%2A~%2541%C3%BC/%22%3F%26%23", "key is encoded once");
	ok(s3_path("bucket", "/../a//./b", false, path, &error),
	   "key that looks like a path is accepted");
	is_text(path, "//../a//./b", "key is not normalised");
	ok(!s3_path("bucket", "", false, path, &error), "empty key is rejected");
	is_text(error.code, "BAD_KEY", "error is BAD_KEY");
	memset(key, 0xC3, sizeof(key));
	key[S3_KEY_SIZE] = '\0';
	ok(!s3_path("bucket", key, false, path, &error), "1,025 bytes are refused");
	key[S3_KEY_SIZE - 1] = '\0';
	ok(s3_path("b23456789012345678901234567890123456789012345678901234567890123", key, true, path,
			   &error),
	   "1,024 are not");
	is_int(strlen(path), 1 + 63 + 1 + 3 * 1024, "longest path fits");
}

static void
test_subjects(void)
{
	char long_text[400];
	char subject[SNS_SUBJECT_SIZE];

	sns_subject("\r\n \xC3\x9C"
				"bung\tof\x1B \xF0\x9F\x98\x80 VEND001 ",
				subject);
	is_text(subject, "?bung of  ? VEND001", "subject is one line of printable ASCII");
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	sns_subject(long_text, subject);
	is_int(strlen(subject), 99, "subject has at most 99 characters");
	sns_subject(" \n", subject);
	is_text(subject, "", "subject may be empty");
}

/* ---------------------------------------------------------------------
 * Items
 * ---------------------------------------------------------------------
 */

static void
write_item(struct dynamodb_json *json, struct byte_buffer *buffer)
{
	dynamodb_json_begin(json, buffer);
	dynamodb_open(json, NULL, '{');
	dynamodb_put_string(json, "id", "a\"b\\c\x01");
	dynamodb_put_number(json, "lowest", INT64_MIN);
	dynamodb_open_map(json, "empty");
	dynamodb_close_map(json);
	dynamodb_open_map(json, "m");
	dynamodb_put_bool(json, "yes", true);
	dynamodb_put_text(json, (struct text_view){"odd\"", 4}, (struct text_view){"", 0});
	dynamodb_close_map(json);
	dynamodb_open(json, "list", '[');
	dynamodb_put_number(json, NULL, 1);
	dynamodb_put_string(json, NULL, "two");
	dynamodb_close(json, ']');
	dynamodb_raw(json, "raw", (struct text_view){"{}", 2});
	dynamodb_close(json, '}');
}

static int allocations_left;
static int allocations;

static void *
counting_reallocate(void *block, size_t size)
{
	allocations++;
	return realloc(block, size);
}

static void *
failing_reallocate(void *block, size_t size)
{
	return allocations_left-- > 0 ? realloc(block, size) : NULL;
}

static void
test_items(void)
{
	struct byte_buffer buffer = {0};
	struct dynamodb_json json;
	struct glue_error error;

	write_item(&json, &buffer);
	ok(dynamodb_json_end(&json, &error) && byte_buffer_terminate(&buffer, &error),
	   "item is written");
	is_text(buffer.data,
			"{\"id\":{\"S\":\"a\\\"b\\\\c\\u0001\"},\"lowest\":{\"N\":\"-9223372036854775808\"},"
			"\"empty\":{\"M\":{}},\"m\":{\"M\":{\"yes\":{\"BOOL\":true},\"odd\\\"\":{\"S\":\"\"}}},"
			"\"list\":[{\"N\":\"1\"},{\"S\":\"two\"}],\"raw\":{}}",
			"item is correct JSON");
	byte_buffer_clean_up(&buffer);

	allocations_left = 0;
	glue_set_reallocate(failing_reallocate);
	write_item(&json, &buffer);
	ok(!dynamodb_json_end(&json, &error), "writing an item fails if out of memory");
	glue_set_reallocate(NULL);
	is_text(error.code, "OUT_OF_MEMORY", "error is OUT_OF_MEMORY");
	is_int(buffer.used, 0, "partial item is removed");
	byte_buffer_clean_up(&buffer);
}

/*
 * Consecutive items need no more memory than the first.  The time per item is
 * only printed, because it depends on the load of the machine.
 */
static void
test_many_items(void)
{
	static const char value[] = "some text of a usual length";
	struct byte_buffer buffer = {0};
	struct dynamodb_json json;
	int64_t start = clock_milliseconds();
	bool success = true;
	int allocations_of_first = 0;
	char name[32];

	allocations = 0;
	glue_set_reallocate(counting_reallocate);
	for (int row = 0; row < 10000; row++)
	{
		buffer.used = 0;
		dynamodb_json_begin(&json, &buffer);
		dynamodb_open(&json, NULL, '{');
		dynamodb_open_map(&json, "product_data");
		for (int field = 0; field < 20; field++)
		{
			snprintf(name, sizeof(name), "column_%d", field);
			dynamodb_put_string(&json, name, value);
		}
		dynamodb_close_map(&json);
		dynamodb_close(&json, '}');
		success = success && dynamodb_json_end(&json, NULL);
		if (row == 0)
			allocations_of_first = allocations;
	}
	glue_set_reallocate(NULL);
	printf("# %.1f microseconds an item of 20 fields\n",
		   (double) (clock_milliseconds() - start) / 10);
	ok(success, "10,000 items");
	is_int(allocations, allocations_of_first, "consecutive items reuse the memory of the first");
	byte_buffer_clean_up(&buffer);
}

int
main(void)
{
	unit_seed();
	test_refusals();
	test_meanings();
	test_backoff();
	test_paths();
	test_subjects();
	test_items();
	test_many_items();
	return unit_done();
}
