/*-------------------------------------------------------------------------
 *
 * event_source_test.c
 *	  Recognizing queues, streams, schedules and operators.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "lambda/event_source.h"

#define QUEUE "arn:aws:sqs:eu-west-1:123456789012:uploads"

static void
test_queues(void)
{
	static const struct
	{
		const char *arn;
		const char *url;
		bool same;
	} cases[] = {
		{QUEUE, "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads", true},
		{QUEUE, "https://sqs.eu-west-1.amazonaws.com/123456789012/upload", false},
		{QUEUE, "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads2", false},
		{QUEUE, "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads.fifo", false},
		{QUEUE, "https://sqs.eu-west-1.amazonaws.com/210987654321/uploads", false},
		{QUEUE, "https://sqs.eu-west-2.amazonaws.com/123456789012/uploads", false},

		/* other endpoints of the service */
		{QUEUE, "https://sqs-fips.eu-west-1.amazonaws.com/123456789012/uploads", true},
		{QUEUE, "https://sqs-fips.us-east-1.amazonaws.com/123456789012/uploads", false},
		{QUEUE, "https://vpce-0a-1b.sqs.eu-west-1.vpce.amazonaws.com/123456789012/uploads", true},
		{QUEUE, "https://vpce-0a-1b.sqs.us-east-1.vpce.amazonaws.com/123456789012/uploads", false},
		{QUEUE, "https://queue.amazonaws.com/123456789012/uploads", true},
		{"arn:aws-cn:sqs:cn-north-1:123456789012:uploads",
		 "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/uploads", true},

		/* emulated services */
		{QUEUE, "http://127.0.0.1:4566/123456789012/uploads", true},
		{QUEUE, "http://127.0.0.1:4566/210987654321/uploads", false},
		{QUEUE, "http://127.0.0.1:4566/queue/uploads", true},
		{QUEUE, "http://127.0.0.1:4566/uploads", true},
		{QUEUE, "http://sqs.localhost:4566/123456789012/uploads", true},
		{QUEUE, "uploads", false},

		/* no queue */
		{"arn:aws:sns:eu-west-1:123456789012:uploads", "http://h/123456789012/uploads", false},
		{"arn:aws:sqs:eu-west-1:123456789012:", "http://h/", false},
		{"arn:aws:sqs:eu-west-1:123456789012", "http://h/123456789012", false},
		{"arn:aws:sqs", "http://h/123456789012/uploads", false},
		{"uploads", "http://h/123456789012/uploads", false},
		{"", "http://h/123456789012/uploads", false},
		{"", "", false},
		{QUEUE, "", false},
		{QUEUE, NULL, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(event_source_is_queue(text_of(cases[i].arn), cases[i].url), cases[i].same,
			   "%s and %s", cases[i].arn, cases[i].url != NULL ? cases[i].url : "no URL");
	ok(!event_source_is_queue((struct text_view){NULL, 0}, "http://h/q"), "no ARN");
}

static void
test_streams(void)
{
	static const struct
	{
		const char *arn;
		bool same;
	} cases[] = {
		{"arn:aws:dynamodb:eu-west-1:123456789012:table/Items/stream/2026-01-01T00:00:00.000",
		 true},
		{"arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/Items/stream/1", true},
		{"arn:aws:dynamodb:eu-west-1:123456789012:table/Items", false},
		{"arn:aws:dynamodb:eu-west-1:123456789012:table/Items/index/I", false},
		{"arn:aws:dynamodb:eu-west-1:123456789012:table/Items2/stream/1", false},
		{"arn:aws:dynamodb:eu-west-1:123456789012:table/items/stream/1", false},
		{"arn:aws:kinesis:eu-west-1:123456789012:stream/Items", false},
		{"arn:aws:kinesis:eu-west-1:123456789012:table/Items/stream/1", false},
		{"table/Items/stream/1", false},
		{"", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(event_source_is_stream(text_of(cases[i].arn), "Items"), cases[i].same, "%s",
			   cases[i].arn);
}

static void
test_origins(void)
{
	static const struct
	{
		const char *event;
		enum event_origin origin;
	} cases[] = {
		{"{}", EVENT_EMPTY},
		{" { } ", EVENT_EMPTY},
		{"{\"any\":{\"Records\":[]}}", EVENT_OF_OPERATOR},
		{"{\"source\":\"aws.events\",\"detail-type\":\"Scheduled Event\"}", EVENT_OF_SCHEDULE},
		{"{\"detail-type\":\"Scheduled Event\",\"a\":[1],\"source\":\"aws.scheduler\"}",
		 EVENT_OF_SCHEDULE},
		{"{\"source\":\"aws.s3\",\"detail-type\":\"Scheduled Event\"}", EVENT_OF_SERVICE},
		{"{\"source\":\"aws.events\",\"detail-type\":\"Other\"}", EVENT_OF_SERVICE},
		{"{\"source\":\"aws.events\"}", EVENT_OF_SERVICE},
		{"{\"a\":1,\"Records\":[]}", EVENT_OF_SERVICE},
		{"{\"requestContext\":{}}", EVENT_OF_SERVICE},
		{"{\"any\":1}}", EVENT_OF_SERVICE},
		{"{\"any\":1", EVENT_OF_SERVICE},
		{"[]", EVENT_OF_SERVICE},
		{"null", EVENT_OF_SERVICE},
		{"\"\"", EVENT_OF_SERVICE},
		{"17", EVENT_OF_SERVICE},
		{"", EVENT_OF_SERVICE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(event_source_origin(text_of(cases[i].event)), cases[i].origin, "%s", cases[i].event);
}

/*
 * Prefixes of an event, and events with bytes changed at random, in memory of
 * exactly their size, so that a read past the end is detected.
 */
static void
test_damage(void)
{
	static const char event[] =
		"{\"version\":\"0\",\"source\":\"aws.events\",\"resources\":[\"" QUEUE "\"],"
		"\"detail-type\":\"Scheduled Event\",\"detail\":{}}";
	static const char bytes[] = "{}[]\",:/.\\u0dN1 -\x80\xff\x01";
	int schedules = 0;

	for (int round = 0; round < 6000; round++)
	{
		size_t length = round % 2 == 0 ? strlen(event) : unit_random(strlen(event));
		char *copy = malloc(length > 0 ? length : 1);

		memcpy(copy, event, length);
		for (uint64_t i = unit_random(3); length > 0 && i < 3; i++)
			copy[unit_random(length)] = bytes[unit_random(sizeof(bytes) - 1)];
		schedules += event_source_origin((struct text_view){copy, length}) == EVENT_OF_SCHEDULE;
		(void) event_source_is_queue((struct text_view){copy, length}, "http://h/q");
		(void) event_source_is_stream((struct text_view){copy, length}, "Items");
		free(copy);
	}
	ok(schedules > 0 && schedules < 3000, "of 6000 damaged events some are schedules: %d",
	   schedules);
}

static void
test_refusal(void)
{
	struct glue_error error = {0};

	ok(!event_source_refuse(&error, "is not ours"), "refusing returns false");
	is_text(error.text, "the event is not ours", "the text");
	is_text(error.code, "EVENT_INVALID", "the code");
	is_int(error.class, GLUE_USAGE_ERROR, "the class");
}

int
main(void)
{
	unit_seed();
	test_queues();
	test_streams();
	test_origins();
	test_damage();
	test_refusal();
	return unit_done();
}
