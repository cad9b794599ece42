/*-------------------------------------------------------------------------
 *
 * s3_event_test.c
 *	  Event notifications of S3: keys, versions, test events, bad and cut ones.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/heap.h"
#include "lambda/s3_event.h"

/* As in the Amazon S3 User Guide, "Event message structure". */
#define RECORD(name, key, more)                                                         \
	"{\"eventVersion\":\"2.2\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"us-west-2\"," \
	"\"eventTime\":\"1970-01-01T00:00:00.000Z\",\"eventName\":\"" name "\","            \
	"\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":\"testConfigRule\","       \
	"\"bucket\":{\"name\":\"mybucket\",\"arn\":\"arn:aws:s3:::mybucket\"},"             \
	"\"object\":{\"key\":\"" key "\",\"size\":1024" more "}}}"

#define VERSIONED                                     \
	",\"eTag\":\"d41d8cd98f00b204e9800998ecf8427e\"," \
	"\"versionId\":\"096fKKXTRTtl3on89fVO.nfljtsv6qko\",\"sequencer\":\"0055AED6DCD90281E5\""

#define RECORDS(list) "{\"Records\":[" list "]}"

#define TWO_RECORDS                                                             \
	RECORDS(RECORD("ObjectCreated:Put", "HappyFace.jpg", VERSIONED) "," RECORD( \
		"ObjectCreated:CompleteMultipartUpload", "a", ",\"eTag\":\"\\\"q\\\"\""))

static bool
read_event(struct s3_event *event, const char *json, struct glue_error *error)
{
	return s3_event_init(event, text_of(json), NULL, error);
}

static void
test_records(void)
{
	struct s3_event event;
	struct s3_event_record record;
	struct glue_error error = {0};

	ok(read_event(&event, TWO_RECORDS, &error), "a notification: %s", error.text);
	ok(s3_event_next(&event, &record, &error), "a record: %s", error.text);
	is_text(record.bucket, "mybucket", "bucket");
	is_text(record.key, "HappyFace.jpg", "key");
	is_text(record.version_id, "096fKKXTRTtl3on89fVO.nfljtsv6qko", "version");
	is_text(record.etag, "\"d41d8cd98f00b204e9800998ecf8427e\"", "the ETag gets its quotes");
	is_text(record.sequencer, "55AED6DCD90281E5", "sequencer");
	ok(s3_event_next(&event, &record, &error), "a second record");
	is_text(record.version_id, "", "nothing is left of the first: version");
	is_text(record.sequencer, "", "nothing is left of the first: sequencer");
	is_text(record.etag, "\"q\"", "quotes that are there stay");
	ok(!s3_event_next(&event, &record, &error), "no third");
	is_int(error.class, GLUE_NO_ERROR, "which is no error");
	s3_event_clean_up(&event);
	s3_event_clean_up(&event);
}

static void
test_keys(void)
{
	static const struct
	{
		const char *encoded;
		const char *key; /* NULL: it cannot be read */
	} keys[] = {
		{"uploads/V/a+b.csv", "uploads/V/a b.csv"},
		{"a%2Bb%20c", "a+b c"},
		{"%c3%BC.csv", "\xc3\xbc.csv"},
		{"100%25", "100%"},
		{"%2525", "%25"},
		{"", NULL},
		{"%", NULL},
		{"a%2", NULL},
		{"a%zz", NULL},
		{"a%00b", NULL},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		char json[1024];
		struct s3_event event;
		struct s3_event_record record;
		struct glue_error error = {0};

		snprintf(json, sizeof(json), RECORDS(RECORD("ObjectCreated:Put", "%s", "")),
				 keys[i].encoded);
		ok(read_event(&event, json, &error), "key \"%s\"", keys[i].encoded);
		if (s3_event_next(&event, &record, &error))
			is_text(record.key, keys[i].key != NULL ? keys[i].key : "(none)", "is decoded");
		else
		{
			ok(keys[i].key == NULL, "cannot be decoded");
			is_text(error.code, "EVENT_INVALID", "which is told");
		}
		s3_event_clean_up(&event);
	}
}

/*
 * "null" is the version of all objects where versioning is suspended.
 */
static void
test_suspended_versions(void)
{
	struct s3_event event;
	struct s3_event_record record;
	struct glue_error error = {0};

	ok(read_event(
		   &event,
		   RECORDS(
			   RECORD("ObjectCreated:Put", "k", ",\"eTag\":\"e1\",\"versionId\":\"null\"") "," RECORD(
				   "ObjectCreated:Put", "k", ",\"eTag\":\"e2\",\"versionId\":null")),
		   &error),
	   "versions of a suspended bucket: %s", error.text);
	ok(s3_event_next(&event, &record, &error), "the first");
	is_text(record.version_id, "", "is no version");
	is_text(record.etag, "\"e1\"", "its ETag tells what it is");
	ok(s3_event_next(&event, &record, &error), "the second");
	is_text(record.version_id, "", "is none either");
	s3_event_clean_up(&event);
}

/*
 * A text of so many times one byte, in a notification as value of name.
 */
static bool
read_long(const char *name, const char *unit, int count)
{
	char *json = malloc(4096 + strlen(unit) * (size_t) count);
	char *next = json;
	struct s3_event event;
	struct s3_event_record record;
	struct glue_error error = {0};
	bool good;

	next += sprintf(
		next,
		"{\"Records\":[{\"eventSource\":\"aws:s3\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{");
	if (strcmp(name, "key") != 0)
		next += sprintf(next, "\"key\":\"k\",");
	next += sprintf(next, "\"%s\":\"", name);
	for (int i = 0; i < count; i++)
		next += sprintf(next, "%s", unit);
	sprintf(next, "\"}}}]}");
	good = read_event(&event, json, &error) && s3_event_next(&event, &record, &error);
	s3_event_clean_up(&event);
	free(json);
	return good;
}

static void
test_lengths(void)
{
	ok(read_long("key", "x", 1024), "the longest key");
	ok(!read_long("key", "x", 1025), "a longer one");
	ok(read_long("key", "%20", 1024), "the longest key, encoded");
	ok(!read_long("key", "%20", 1025), "a longer one, encoded");
	ok(read_long("versionId", "x", 1024), "the longest version");
	ok(!read_long("versionId", "x", 1025), "a longer one");
	ok(!read_long("eTag", "x", 100000), "an ETag that is none");
	ok(!read_long("sequencer", "0", 100000), "a sequencer that is none");
}

static void
test_others(void)
{
	struct s3_event event;
	struct s3_event_record record;
	struct glue_error error = {0};

	ok(read_event(&event,
				  "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\","
				  "\"Time\":\"2014-10-13T15:57:02.089Z\",\"Bucket\":\"bucketname\"}",
				  &error),
	   "the test event");
	ok(!s3_event_next(&event, &record, &error), "has no record");
	is_int(error.class, GLUE_NO_ERROR, "which is no error");
	s3_event_clean_up(&event);

	ok(read_event(&event,
				  RECORDS(RECORD("ObjectRemoved:Delete", "gone",
								 "") ",{\"eventSource\":\"aws:s3\"},"
									 "{\"eventSource\":\"aws:s3\",\"s3\":7}," RECORD(
										 "ObjectCreated:Copy", "here", "")),
				  &error),
	   "a removal, and records without an object");
	for (int i = 0; i < 2; i++)
	{
		ok(!s3_event_next(&event, &record, &error), "that one cannot be read");
		is_text(error.code, "EVENT_INVALID", "which is told");
	}
	ok(s3_event_next(&event, &record, &error), "the one behind it can");
	is_text(record.key, "here", "its key");
	ok(!s3_event_next(&event, &record, &error) && error.class == GLUE_NO_ERROR, "the end");
	s3_event_clean_up(&event);
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
		"planted",
		"{\"Event\":7}",
		"{\"Event\":\"planted\"}",
		"{\"Records\":[7]}",
		"{\"Records\":[{}]}",
		"{\"Records\":[" RECORD("ObjectCreated:Put", "k", "") ",{\"eventSource\":\"aws:sqs\"}]}",
	};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
	{
		struct s3_event event;
		struct glue_error error = {0};

		ok(!read_event(&event, events[i], &error), "bad notification %zu", i);
		is_text(error.code, "EVENT_INVALID", "its code");
		ok(strstr(error.text, "planted") == NULL, "repeats nothing: %s", error.text);
		ok(event.envelope.documents == NULL, "and keeps nothing");
	}
}

/*
 * Every beginning of a notification, in memory of its very size, so that a
 * read behind the end is seen.
 */
static void
test_cut(void)
{
	size_t whole = strlen(TWO_RECORDS);
	int good = 0;

	for (size_t length = 0; length < whole; length++)
	{
		char *copy = malloc(length > 0 ? length : 1);
		struct s3_event event;
		struct glue_error error = {0};

		memcpy(copy, TWO_RECORDS, length);
		good += s3_event_init(&event, (struct text_view){copy, length}, NULL, &error);
		s3_event_clean_up(&event);
		free(copy);
	}
	is_int(good, 0, "no beginning of a notification is one");
}

int
main(void)
{
	test_records();
	test_keys();
	test_suspended_versions();
	test_lengths();
	test_others();
	test_bad();
	test_cut();
	return unit_done();
}
