/*-------------------------------------------------------------------------
 *
 * envelope_test.c
 *	  Announcements of S3 in every envelope: the same object from each, and
 *	  nothing from others.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <cjson/cJSON.h>

#include "base/heap.h"
#include "lambda/s3_event.h"
#include "lambda/vendor_object.h"

#define KEY "uploads/VEND001/a b+\xc3\xa4.csv"
#define ENCODED_KEY "uploads/VEND001/a+b%2B%C3%A4.csv"
#define ETAG "9b2cf535f27731c974343645a3985328"
#define VERSION "kYq1Vx.3_aZ"

#define NOTIFICATION(version)                                                                         \
	"{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"eu-west-1\"," \
	"\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"s3SchemaVersion\":\"1.0\","                        \
	"\"bucket\":{\"name\":\"shop-uploads\",\"arn\":\"arn:aws:s3:::shop-uploads\"},"                   \
	"\"object\":{\"key\":\"" ENCODED_KEY "\",\"size\":7,\"eTag\":\"" ETAG "\"," version               \
	"\"sequencer\":\"0066A1B2C3D4E5F607\"}}}]}"
#define BUS_EVENT(version)                                                                                 \
	"{\"version\":\"0\",\"id\":\"0f3c\",\"detail-type\":\"Object Created\",\"source\":\"aws.s3\","         \
	"\"account\":\"123456789012\",\"region\":\"eu-west-1\",\"resources\":[\"arn:aws:s3:::shop-uploads\"]," \
	"\"detail\":{\"version\":\"0\",\"bucket\":{\"name\":\"shop-uploads\"},"                                \
	"\"object\":{\"key\":\"" KEY "\",\"size\":7,\"etag\":\"" ETAG "\"," version                            \
	"\"sequencer\":\"66a1b2c3d4e5f607\"},\"request-id\":\"R\",\"reason\":\"PutObject\"}}"

#define VERSIONED NOTIFICATION("\"versionId\":\"" VERSION "\",")
#define PLAIN NOTIFICATION("")
#define BUS_VERSIONED BUS_EVENT("\"version-id\":\"" VERSION "\",")
#define BUS_PLAIN BUS_EVENT("")

#define TEST_EVENT                                                                             \
	"{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Time\":\"2026-01-01T00:00:00Z\"," \
	"\"Bucket\":\"shop-uploads\",\"RequestId\":\"R\",\"HostId\":\"H\"}"

/* How a document arrives. */
typedef char *(*wrap_fn)(const char *document);

static char *
print_and_delete(cJSON *object)
{
	char *text = cJSON_PrintUnformatted(object);

	cJSON_Delete(object);
	return text;
}

static cJSON *
topic_message(const char *message)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "Type", "Notification");
	cJSON_AddStringToObject(object, "MessageId", "22b80b92");
	cJSON_AddStringToObject(object, "TopicArn", "arn:aws:sns:eu-west-1:123456789012:uploads");
	cJSON_AddStringToObject(object, "Subject", "Amazon S3 Notification");
	cJSON_AddStringToObject(object, "Message", message);
	return object;
}

static char *
wrap_nothing(const char *document)
{
	return strdup(document);
}

/* SNS to SQS. */
static char *
wrap_topic(const char *document)
{
	return print_and_delete(topic_message(document));
}

/* SNS to Lambda. */
static char *
wrap_topic_event(const char *document)
{
	cJSON *event = cJSON_CreateObject();
	cJSON *record = cJSON_CreateObject();

	cJSON_AddItemToArray(cJSON_AddArrayToObject(event, "Records"), record);
	cJSON_AddStringToObject(record, "EventVersion", "1.0");
	cJSON_AddStringToObject(record, "EventSource", "aws:sns");
	cJSON_AddItemToObject(record, "Sns", topic_message(document));
	return print_and_delete(event);
}

static const struct
{
	const char *name;
	wrap_fn wrap;
} envelopes[] = {
	{"as it is", wrap_nothing},
	{"in a message of SNS", wrap_topic},
	{"in an event of SNS", wrap_topic_event},
};

#define ENVELOPES (sizeof(envelopes) / sizeof(envelopes[0]))

/*
 * Read the one object that a document announces, as the parser does, and write
 * its content id; "" if there is no such object.
 */
static void
read_content_id(const char *json, char id[VENDOR_OBJECT_CONTENT_ID_SIZE])
{
	const struct settings settings = {.upload_prefix = "uploads/", .error_prefix = "errors/"};
	struct s3_event event;
	struct s3_event_record record;
	struct vendor_object object;
	struct glue_error error = {0};

	id[0] = '\0';
	if (!s3_event_init(&event, text_of(json), "shop-uploads", &error))
		return;
	if (event.envelope.count == 1 && s3_event_next(&event, &record, &error) &&
		vendor_object_of_record(&object, &record, &settings) == OBJECT_OF_VENDOR)
		vendor_object_content_id(&object, id);
	s3_event_clean_up(&event);
}

/* The mode that a key chooses, "" for none, "-" if the key belongs to no vendor. */
static void
is_mode_of_key(const char *key, const char *expected)
{
	const struct settings settings = {.upload_prefix = "uploads/", .error_prefix = "errors/"};
	struct s3_event_record record = {0};
	struct vendor_object object;
	const char *mode = "-";

	snprintf(record.key, sizeof(record.key), "%s", key);
	if (vendor_object_of_record(&object, &record, &settings) == OBJECT_OF_VENDOR)
		mode = object.mode != NULL ? object.mode : "";
	is_text(mode, expected, "the mode of \"%s\"", key);
}

static void
test_modes(void)
{
	is_mode_of_key("uploads/V/a.csv", "");
	is_mode_of_key("uploads/V/update/a.csv", "update");
	is_mode_of_key("uploads/V/replace/2026/a.csv", "replace");
	is_mode_of_key("uploads/V/insert/upsert/a.csv", "insert");
	is_mode_of_key("uploads/V/2026/update/a.csv", "");
	is_mode_of_key("uploads/V/update", "");
	is_mode_of_key("uploads/V/updates/a.csv", "");
	is_mode_of_key("uploads/V/Update/a.csv", "");
	is_mode_of_key("uploads/update/a.csv", "");
	is_mode_of_key("uploads/a.csv", "-");
	is_mode_of_key("other/V/update/a.csv", "-");
}

static void
test_same_object(void)
{
	static const struct
	{
		const char *name;
		const char *document;
		const char *id;
	} documents[] = {
		{"a notification", VERSIONED, "shop-uploads/" KEY "/" VERSION},
		{"an event of EventBridge", BUS_VERSIONED, "shop-uploads/" KEY "/" VERSION},
		{"a notification without a version", PLAIN,
		 "shop-uploads/" KEY "/\"" ETAG "\"/66A1B2C3D4E5F607"},
		{"an event of EventBridge without a version", BUS_PLAIN,
		 "shop-uploads/" KEY "/\"" ETAG "\"/66A1B2C3D4E5F607"},
		{"a notification of a suspended bucket", NOTIFICATION("\"versionId\":\"null\","),
		 "shop-uploads/" KEY "/\"" ETAG "\"/66A1B2C3D4E5F607"},
		{"an event of a suspended bucket", BUS_EVENT("\"version-id\":\"null\","),
		 "shop-uploads/" KEY "/\"" ETAG "\"/66A1B2C3D4E5F607"},
	};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
	{
		for (size_t j = 0; j < ENVELOPES; j++)
		{
			char *json = envelopes[j].wrap(documents[i].document);
			char id[VENDOR_OBJECT_CONTENT_ID_SIZE];

			read_content_id(json, id);
			is_text(id, documents[i].id, "%s, %s", documents[i].name, envelopes[j].name);
			free(json);
		}
	}
}

/*
 * Documents that announce nothing, and are accepted.
 */
static void
test_nothing(void)
{
	static const char *const documents[] = {
		TEST_EVENT,
		"{\"Records\":[]}",
		"{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectRemoved:Delete\",\"s3\":{}}]}",
		"{\"source\":\"aws.s3\",\"detail-type\":\"Object Deleted\",\"detail\":{}}",
		"{\"source\":\"aws.s3\",\"detail-type\":\"Object Restore Completed\",\"detail\":{}}",
	};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
	{
		for (size_t j = 0; j < ENVELOPES; j++)
		{
			char *json = envelopes[j].wrap(documents[i]);
			struct envelope envelope;
			struct glue_error error = {0};

			ok(envelope_open(&envelope, text_of(json), &error), "document %zu, %s: %s", i,
			   envelopes[j].name, error.text);
			is_int(envelope.count, 0, "announces nothing");
			envelope_clean_up(&envelope);
			free(json);
		}
	}
}

/*
 * Documents from elsewhere; a planted value in an error would show that it
 * quotes them.
 */
static void
test_others(void)
{
	static const char *const documents[] = {
		"",
		"null",
		"[]",
		"17",
		"\"planted\"",
		"{}",
		"{\"Records\":{}}",
		"{\"Records\":[17]}",
		"{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"planted\"}]}",
		"{\"Records\":[{\"eventSource\":\"aws:sns\",\"Sns\":{\"Message\":\"{}\"}}]}",
		"{\"Records\":[{\"EventSource\":\"aws:s3\"}]}",
		"{\"Records\":[{\"EventSource\":\"aws:sns\"}]}",
		"{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"Type\":\"Notification\"}}]}",
		"{\"Type\":\"Notification\",\"Message\":7}",
		"{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"planted\"}",
		"{\"source\":\"aws.ec2\",\"detail-type\":\"Object Created\"}",
		"{\"source\":\"aws.events\",\"detail-type\":\"Scheduled Event\",\"detail\":{}}",
		"{\"Event\":\"s3:planted\"}",
		"{\"Service\":\"Amazon S3\"}",
	};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
	{
		for (size_t j = 0; j < ENVELOPES; j++)
		{
			char *json = envelopes[j].wrap(documents[i]);
			struct envelope envelope;
			struct glue_error error = {0};

			ok(!envelope_open(&envelope, text_of(json), &error), "document %zu, %s", i,
			   envelopes[j].name);
			is_text(error.code, "EVENT_INVALID", "its code");
			ok(strstr(error.text, "planted") == NULL, "repeats nothing: %s", error.text);
			ok(envelope.announcements == NULL && envelope.documents == NULL, "and keeps nothing");
			free(json);
		}
	}
}

/* A single record of another service makes the whole event invalid. */
static void
test_mixed(void)
{
	struct envelope envelope;
	struct glue_error error = {0};

	ok(!envelope_open(&envelope,
					  text_of("{\"Records\":[{\"eventSource\":\"aws:s3\",\"s3\":{}},"
							  "{\"eventSource\":\"aws:kinesis\"}]}"),
					  &error),
	   "records of two services");
	is_text(error.code, "EVENT_INVALID", "its code");
}

static void
test_buckets(void)
{
	struct s3_event event;
	struct glue_error error = {0};

	ok(!s3_event_init(&event, text_of(VERSIONED), "shop-uploads-2", &error), "another bucket");
	is_text(error.code, "EVENT_INVALID", "its code");
	ok(event.envelope.documents == NULL, "nothing is kept");
	ok(!s3_event_init(&event, text_of(BUS_PLAIN), "shop", &error), "another bucket of EventBridge");
	ok(s3_event_init(&event, text_of(VERSIONED), NULL, &error), "any bucket");
	s3_event_clean_up(&event);
}

static void
test_depth(void)
{
	char *json = strdup(VERSIONED);

	for (int depth = 1; depth <= ENVELOPE_DEPTH + 1; depth++)
	{
		struct envelope envelope;
		struct glue_error error = {0};
		char *next;

		is_int(envelope_open(&envelope, text_of(json), &error), depth <= ENVELOPE_DEPTH,
			   "%d documents inside one another", depth);
		is_text(error.code, depth <= ENVELOPE_DEPTH ? "" : "EVENT_INVALID", "the code");
		envelope_clean_up(&envelope);
		next = depth % 2 == 0 ? wrap_topic(json) : wrap_topic_event(json);
		free(json);
		json = next;
	}
	free(json);
}

/* More announcements than initially fit. */
static void
test_many(void)
{
	cJSON *object = cJSON_Parse(VERSIONED);
	cJSON *records = cJSON_GetObjectItemCaseSensitive(object, "Records");
	struct s3_event event;
	struct s3_event_record record;
	struct glue_error error = {0};
	char *json;
	int count = 0;

	for (int i = 1; i < 100; i++)
		cJSON_AddItemToArray(records, cJSON_Duplicate(records->child, true));
	json = print_and_delete(object);
	ok(s3_event_init(&event, text_of(json), NULL, &error), "100 records");
	while (s3_event_next(&event, &record, &error))
		count += strcmp(record.key, KEY) == 0;
	is_int(count, 100, "are all read");
	s3_event_clean_up(&event);
	free(json);
}

/*
 * Read everything that a document announces.  It is copied to memory of exactly
 * its size, so that a read past its end is detected.
 */
static bool
read_all(const char *json, size_t length)
{
	char *copy = malloc(length > 0 ? length : 1);
	struct s3_event event;
	struct s3_event_record record;
	struct glue_error error = {0};
	bool opened;

	memcpy(copy, json, length);
	opened = s3_event_init(&event, (struct text_view){copy, length}, NULL, &error);
	while (s3_event_next(&event, &record, &error) || error.class != GLUE_NO_ERROR)
		;
	s3_event_clean_up(&event);
	free(copy);
	return opened;
}

/* Every prefix of a document, in every envelope. */
static void
test_cuts(void)
{
	for (size_t i = 0; i < 2 * ENVELOPES; i++)
	{
		char *json = envelopes[i / 2].wrap(i % 2 == 0 ? VERSIONED : BUS_PLAIN);
		size_t whole = strlen(json);
		int opened = 0;

		for (size_t length = 0; length < whole; length++)
			opened += read_all(json, length);
		is_int(opened, 0, "no prefix of a document is one, %s", envelopes[i / 2].name);
		ok(read_all(json, whole), "but the whole is");
		free(json);
	}
}

/* Documents with bytes changed at random. */
static void
test_random(void)
{
	static const char bytes[] = "{}[]\",:\\u0dN1 -%+\x80\xc3\xff\x01";
	int opened = 0;

	for (int round = 0; round < 6000; round++)
	{
		char *json = envelopes[round % ENVELOPES].wrap(round % 2 == 0 ? VERSIONED : BUS_PLAIN);
		size_t length = strlen(json);

		for (uint64_t i = unit_random(3); i < 4; i++)
			json[unit_random(length)] = bytes[unit_random(sizeof(bytes) - 1)];
		opened += read_all(json, length);
		free(json);
	}
	ok(opened > 0 && opened < 6000, "of 6000 damaged documents some are opened: %d", opened);
}

static void
test_memory(void)
{
	struct envelope envelope;
	struct glue_error error = {0};

	glue_set_reallocate(unit_no_memory);
	ok(!envelope_open(&envelope, text_of(VERSIONED), &error), "no memory");
	glue_set_reallocate(NULL);
	is_text(error.code, "OUT_OF_MEMORY", "is reported");
	ok(envelope.documents == NULL, "and nothing is kept");
}

int
main(void)
{
	unit_seed();
	test_modes();
	test_same_object();
	test_nothing();
	test_others();
	test_mixed();
	test_buckets();
	test_depth();
	test_many();
	test_cuts();
	test_random();
	test_memory();
	return unit_done();
}
