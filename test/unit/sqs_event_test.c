/*-------------------------------------------------------------------------
 *
 * sqs_event_test.c
 *	  Events of an SQS queue: good ones, bad ones, cut ones.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/heap.h"
#include "lambda/sqs_event.h"

#define QUEUE "https://sqs.us-east-2.amazonaws.com/123456789012/my-queue"
#define SOURCE                     \
	"\"eventSource\":\"aws:sqs\"," \
	"\"eventSourceARN\":\"arn:aws:sqs:us-east-2:123456789012:my-queue\""

/* As in the AWS Lambda Developer Guide, "Using Lambda with Amazon SQS". */
#define TWO_MESSAGES                                                                               \
	"{\"Records\": ["                                                                              \
	"{\"messageId\": \"059f36b4-87a3-44ab-83d2-661975830a7d\","                                    \
	" \"receiptHandle\": \"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a\","                                  \
	" \"body\": \"{\\\"v\\\":1,\\\"kind\\\":\\\"\\u00e9\\\"}\","                                   \
	" \"attributes\": {\"ApproximateReceiveCount\": \"3\", \"SentTimestamp\": \"1545082649183\"}," \
	" \"messageAttributes\": {}, \"md5OfBody\": \"e4e68fb7bd0e697a0ae8f1bb342846b3\","             \
	" " SOURCE ", \"awsRegion\": \"us-east-2\"},"                                                  \
	"{\"messageId\": \"2e1424d4-f796-459a-8184-9c92662be6da\", \"body\": \"\", " SOURCE "}]}"

static bool
read_event(struct sqs_event *event, const char *json, struct glue_error *error)
{
	return sqs_event_init(event, text_of(json), QUEUE, error);
}

static void
test_messages(void)
{
	struct sqs_event event;
	struct glue_error error = {0};

	ok(read_event(&event, TWO_MESSAGES, &error), "an event: %s", error.text);
	is_int(event.count, 2, "two messages");
	is_text(event.messages[0].message_id, "059f36b4-87a3-44ab-83d2-661975830a7d", "the id");
	is_text(event.messages[0].body.data, "{\"v\":1,\"kind\":\"\xc3\xa9\"}", "the body");
	is_int(event.messages[0].body.length, 19, "its length");
	is_int(event.messages[0].receive_count, 3, "how often it came");
	is_text(event.messages[1].body.data, "", "an empty body is a body");
	is_int(event.messages[1].receive_count, 0, "a count that is not told");
	sqs_event_clean_up(&event);
	is_int(event.count, 0, "nothing is left");
	sqs_event_clean_up(&event);

	ok(read_event(&event, "{\"Records\":[]}", &error), "no messages");
	is_int(event.count, 0, "are none");
	sqs_event_clean_up(&event);

	ok(read_event(&event,
				  "{\"Records\":[{\"messageId\":\"a\"," SOURCE "},"
				  "{\"messageId\":\"b\",\"body\":7," SOURCE "}]}",
				  &error),
	   "messages without a body");
	ok(event.messages[0].body.data == NULL && event.messages[1].body.data == NULL, "have none");
	sqs_event_clean_up(&event);
}

static void
test_counts(void)
{
	static const char *const texts[] = {
		"\"\"", "\"-1\"", "\"1.5\"", "\"99999999999999999999999999\"", "3", "null", "[]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		char json[256];
		struct sqs_event event;
		struct glue_error error = {0};

		snprintf(json, sizeof(json),
				 "{\"Records\":[{\"messageId\":\"a\"," SOURCE ",\"attributes\":"
				 "{\"ApproximateReceiveCount\":%s}}]}",
				 texts[i]);
		ok(read_event(&event, json, &error), "count %s", texts[i]);
		is_int(event.messages[0].receive_count, 0, "is no count");
		sqs_event_clean_up(&event);
	}
}

static void
test_bad(void)
{
	static const char *const events[] = {
		"",
		"null",
		"7",
		"[]",
		"{}",
		"{\"Records\":{}}",
		"{\"records\":[]}",
		"{\"Records\":[",
		"{\"Records\":[7]}",
		"{\"Records\":[{}]}",
		"{\"Records\":[{" SOURCE "}]}",
		"{\"Records\":[{\"messageId\":\"\"," SOURCE "}]}",
		"{\"Records\":[{\"messageId\":null," SOURCE "}]}",
		"{\"Records\":[{\"MessageId\":\"planted\"," SOURCE "}]}",
		"{\"Records\":[{\"messageId\":\"a\",\"body\":\"planted\"," SOURCE "},"
		"{\"body\":\"planted\"," SOURCE "}]}",

		/* of another source, or of another queue */
		"{\"Records\":[{\"messageId\":\"a\",\"body\":\"planted\"}]}",
		"{\"Records\":[{\"messageId\":\"a\",\"eventSource\":\"aws:sqs\"}]}",
		"{\"Records\":[{\"messageId\":\"a\",\"eventSource\":\"aws:s3\",\"eventSourceARN\":"
		"\"arn:aws:sqs:us-east-2:123456789012:my-queue\"}]}",
		"{\"Records\":[{\"messageId\":\"a\",\"eventSource\":\"aws:sqs\",\"eventSourceARN\":"
		"\"arn:aws:sqs:us-east-2:123456789012:my-queue-planted\"}]}",
		"{\"Records\":[{\"messageId\":\"a\"," SOURCE "},"
		"{\"messageId\":\"b\",\"eventSource\":\"aws:sqs\",\"eventSourceARN\":"
		"\"arn:aws:sqs:us-east-2:210987654321:my-queue\"}]}",
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
	{
		struct sqs_event event;
		struct glue_error error = {0};

		ok(!read_event(&event, events[i], &error), "bad event %zu", i);
		is_text(error.code, "EVENT_INVALID", "its code");
		ok(strstr(error.text, "planted") == NULL, "repeats nothing: %s", error.text);
		ok(event.messages == NULL && event.document == NULL, "and keeps nothing");
	}
}

static void
test_batches(void)
{
	static const struct
	{
		const char *json;
		bool is_batch;
	} events[] = {
		{TWO_MESSAGES, true},
		{"{\"Records\":[{\"eventSource\":\"aws:sqs\"},7]}", true},
		{"{\"Records\":[7,{\"eventSource\":\"aws:sqs\"}]}", false},
		{"{\"Records\":[{\"eventSource\":\"aws:s3\"}]}", false},
		{"{\"Records\":[{\"EventSource\":\"aws:sqs\"}]}", false},
		{"{\"Records\":[]}", false},
		{"{\"Records\":{\"eventSource\":\"aws:sqs\"}}", false},
		{"{\"eventSource\":\"aws:sqs\"}", false},
		{"[{\"eventSource\":\"aws:sqs\"}]", false},
		{"", false},
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		is_int(sqs_event_is_batch(text_of(events[i].json)), events[i].is_batch, "event %zu", i);
}

/*
 * A function without a queue accepts no message.
 */
static void
test_no_queue(void)
{
	struct sqs_event event;
	struct glue_error error = {0};

	ok(!sqs_event_init(&event, text_of(TWO_MESSAGES), NULL, &error), "no queue");
	is_text(error.code, "EVENT_INVALID", "its code");
}

/*
 * Every beginning of an event, in memory of its very size, so that a read
 * behind the end is seen.
 */
static void
test_cut(void)
{
	size_t whole = strlen(TWO_MESSAGES);
	int good = 0;

	for (size_t length = 0; length < whole; length++)
	{
		char *copy = malloc(length > 0 ? length : 1);
		struct sqs_event event;
		struct glue_error error = {0};

		memcpy(copy, TWO_MESSAGES, length);
		good += sqs_event_init(&event, (struct text_view){copy, length}, QUEUE, &error);
		sqs_event_clean_up(&event);
		free(copy);
	}
	is_int(good, 0, "no beginning of an event is an event");
}

/* Events with bytes changed at random: each is an event or refused. */
static void
test_random(void)
{
	static const char bytes[] = "{}[]\",:\\u0dN1 -\x80\xc3\xff\x01";
	size_t length = strlen(TWO_MESSAGES);
	int good = 0;

	for (int round = 0; round < 6000; round++)
	{
		char *copy = malloc(length);
		struct sqs_event event;
		struct glue_error error = {0};

		memcpy(copy, TWO_MESSAGES, length);
		for (uint64_t i = unit_random(3); i < 4; i++)
			copy[unit_random(length)] = bytes[unit_random(sizeof(bytes) - 1)];
		(void) sqs_event_is_batch((struct text_view){copy, length});
		good += sqs_event_init(&event, (struct text_view){copy, length}, QUEUE, &error);
		sqs_event_clean_up(&event);
		free(copy);
	}
	ok(good > 0 && good < 6000, "of 6000 damaged events some are events: %d", good);
}

static void
test_memory(void)
{
	struct sqs_event event;
	struct glue_error error = {0};

	glue_set_reallocate(unit_no_memory);
	ok(!read_event(&event, TWO_MESSAGES, &error), "no memory");
	glue_set_reallocate(NULL);
	is_text(error.code, "OUT_OF_MEMORY", "says so");
}

int
main(void)
{
	unit_seed();
	test_messages();
	test_counts();
	test_bad();
	test_batches();
	test_no_queue();
	test_cut();
	test_random();
	test_memory();
	return unit_done();
}
