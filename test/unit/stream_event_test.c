/*-------------------------------------------------------------------------
 *
 * stream_event_test.c
 *	  Tests of reading stream events: rows, what is no row, what is no JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/heap.h"
#include "base/json_reader.h"
#include "lambda/stream_event.h"

#define SEQUENCE "111122223333444455556"

#define STREAM "arn:aws:dynamodb:us-east-1:123456789012:table/UploadRecords/stream/2026"
#define SOURCE "\"eventSource\":\"aws:dynamodb\",\"eventSourceARN\":\"" STREAM "\""

/* A record of which one part is given. */
#define RECORD(name, image)                                                                    \
	"{\"eventID\":\"1\",\"eventName\":\"" name "\",\"awsRegion\":\"us-east-1\","               \
	"\"dynamodb\":{\"ApproximateCreationDateTime\":1.4E9,\"SequenceNumber\":\"" SEQUENCE "\"," \
	"\"Keys\":{\"upload_id\":{\"S\":\"V-1\"},\"record_id\":{\"S\":\"REC_00000007\"}},"         \
	"\"SizeBytes\":26," image "\"StreamViewType\":\"NEW_IMAGE\"}," SOURCE "}"
#define IMAGE(members) "\"NewImage\":{" members "},"
#define UPLOAD "\"upload_id\":{\"S\":\"V-1\"},"
#define KEY "\"record_id\":{\"S\":\"REC_00000007\"},"
#define NUMBERS "\"row_number\":{\"N\":\"7\"},\"line_number\":{\"N\":\"8\"},"
#define PENDING "\"status\":{\"S\":\"pending_validation\"}"
#define PRODUCT "\"product_data\":{\"M\":{\"sku\":{\"S\":\"A-1\"}}},"
#define ROW(product) RECORD("INSERT", IMAGE(UPLOAD KEY NUMBERS product PENDING))
#define ENDING "\"row_number\":7,\"line_number\":8}"

/* Each is the one record of an event; json is that of the row. */
static const struct
{
	const char *name;
	const char *record;
	enum stream_record_kind kind;
	enum stream_fault fault;
	const char *json;
} records[] = {
	{
		"an inserted item",
		ROW(PRODUCT),
		STREAM_ROW,
		STREAM_NO_FAULT,
		"{\"product\":{\"sku\":\"A-1\"}," ENDING,
	},
	{
		"a modified item, its members in another order",
		RECORD("MODIFY",
			   IMAGE(PENDING
					 ",\"created_at\":{\"S\":\"now\"}," PRODUCT
					 "\"parse_attempt\":{\"N\":\"2\"},\"expires_at\":{\"N\":\"1\"}," NUMBERS KEY
					 "\"vendor_id\":{\"S\":\"V\"},\"upload_id\":{\"S\":\"V-1\"}")),
		STREAM_ROW,
		STREAM_NO_FAULT,
		"{\"product\":{\"sku\":\"A-1\"}," ENDING,
	},
	{
		"escapes go through as they stand",
		ROW("\"product_data\":{\"M\":{\"a\\\"\\u00e4\":{\"S\":\"\\ud83d\\ude00 \\\\ \\/ \\n\"},"
			"\"\xc3\xa4\":{\"S\":\"\xf0\x9f\x98\x80\"},\"e\":{\"S\":\"\"}}},"),
		STREAM_ROW,
		STREAM_NO_FAULT,
		"{\"product\":{\"a\\\"\\u00e4\":\"\\ud83d\\ude00 \\\\ \\/ \\n\",\"\xc3\xa4\":\"\xf0\x9f\x98\x80\","
		"\"e\":\"\"}," ENDING,
	},
	{
		"a product without fields",
		ROW("\"product_data\":{\"M\":{}},"),
		STREAM_ROW,
		STREAM_NO_FAULT,
		"{\"product\":{}," ENDING,
	},
	{
		"an action",
		ROW("\"action\":{\"S\":\"del\\u0065te\"},\"key_memo\":{\"S\":\"key:1\"}," PRODUCT),
		STREAM_ROW,
		STREAM_NO_FAULT,
		"{\"action\":\"del\\u0065te\",\"key_memo\":\"key:1\",\"product\":{\"sku\":\"A-1\"}," ENDING,
	},
	{
		"source cells",
		ROW("\"source_cells\":{\"M\":{\"price\":{\"S\":\"1,5\"},\"T\\u00e4g\":{\"S\":\"\"}}}," PRODUCT),
		STREAM_ROW,
		STREAM_NO_FAULT,
		"{\"source_cells\":{\"price\":\"1,5\",\"T\\u00e4g\":\"\"},\"product\":{\"sku\":\"A-1\"}," ENDING,
	},
	{
		"source cells that are not all texts",
		ROW("\"source_cells\":{\"M\":{\"price\":{\"N\":\"1\"}}}," PRODUCT),
		STREAM_UNDECODABLE,
		STREAM_BAD_PRODUCT_DATA,
		NULL,
	},
	{
		"source cells that are not a map",
		ROW("\"source_cells\":{\"S\":\"price\"}," PRODUCT),
		STREAM_UNDECODABLE,
		STREAM_BAD_PRODUCT_DATA,
		NULL,
	},
	{
		"a defect",
		ROW("\"defect\":{\"M\":{\"error_type\":{\"S\":\"MALFORMED_ROW\"},"
			"\"message\":{\"S\":\"a quote\"},\"raw\":{\"S\":\"x\\\"\"}}},"),
		STREAM_ROW,
		STREAM_NO_FAULT,
		"{\"defect\":{\"error_type\":\"MALFORMED_ROW\",\"message\":\"a quote\",\"raw\":\"x\\\"\"}," ENDING,
	},
	{
		"blanks between all",
		" { \"eventName\" : \"INSERT\" ,\n\"dynamodb\":\t{ \"NewImage\" : { "
		"\"upload_id\" : { \"S\" : \"V-1\" } , \"record_id\" : {\"S\":\"REC_00000007\" } , " NUMBERS
		" " PRODUCT PENDING " } } , " SOURCE " } ",
		STREAM_ROW,
		STREAM_NO_FAULT,
		"{\"product\":{\"sku\":\"A-1\"}," ENDING,
	},

	{"a removed item", RECORD("REMOVE", ""), STREAM_OTHER, STREAM_NO_FAULT, NULL},
	{"an event of a new kind", RECORD("PURGE", IMAGE(UPLOAD PENDING)), STREAM_OTHER,
	 STREAM_NO_FAULT, NULL},
	{
		"an item that has its status",
		RECORD("MODIFY", IMAGE(UPLOAD KEY NUMBERS PRODUCT "\"status\":{\"S\":\"validated\"}")),
		STREAM_OTHER,
		STREAM_NO_FAULT,
		NULL,
	},
	{
		"an item without a status",
		RECORD("INSERT", IMAGE(UPLOAD KEY "\"row_number\":{\"N\":\"7\"}")),
		STREAM_OTHER,
		STREAM_NO_FAULT,
		NULL,
	},
	{
		"a status of another type",
		RECORD("INSERT", IMAGE(UPLOAD "\"status\":{\"N\":\"1\"}")),
		STREAM_OTHER,
		STREAM_NO_FAULT,
		NULL,
	},

	{"no name", "{" SOURCE "}", STREAM_UNDECODABLE, STREAM_NO_RECORD, NULL},
	{"a name that is a number", "{\"eventName\":1," SOURCE "}", STREAM_UNDECODABLE,
	 STREAM_NO_RECORD, NULL},
	{"no change", "{\"eventName\":\"INSERT\"," SOURCE "}", STREAM_UNDECODABLE, STREAM_NO_IMAGE,
	 NULL},
	{"a change that is a text", "{\"eventName\":\"INSERT\",\"dynamodb\":\"x\"," SOURCE "}",
	 STREAM_UNDECODABLE, STREAM_NO_IMAGE, NULL},
	{"keys only", RECORD("INSERT", ""), STREAM_UNDECODABLE, STREAM_NO_IMAGE, NULL},
	{"an image that is an array", RECORD("INSERT", "\"NewImage\":[],"), STREAM_UNDECODABLE,
	 STREAM_NO_IMAGE, NULL},
	{
		"no upload",
		RECORD("INSERT", IMAGE(KEY NUMBERS PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_UPLOAD_ID,
		NULL,
	},
	{
		"an upload with a quote",
		RECORD("INSERT", IMAGE("\"upload_id\":{\"S\":\"a\\\"b\"}," KEY NUMBERS PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_UPLOAD_ID,
		NULL,
	},
	{
		"an upload that is a number",
		RECORD("INSERT", IMAGE("\"upload_id\":{\"N\":\"1\"}," KEY NUMBERS PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_UPLOAD_ID,
		NULL,
	},
	{
		"an upload of two types",
		RECORD("INSERT",
			   IMAGE("\"upload_id\":{\"S\":\"a\",\"N\":\"1\"}," KEY NUMBERS PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_UPLOAD_ID,
		NULL,
	},
	{
		"an upload of 97 bytes",
		RECORD("INSERT",
			   IMAGE("\"upload_id\":{\"S\":\"1234567890123456789012345678901234567890123456789"
					 "012345678901234567890123456789012345678901234567\"}," KEY NUMBERS PRODUCT
						 PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_UPLOAD_ID,
		NULL,
	},
	{
		"the record of another row",
		RECORD("INSERT",
			   IMAGE(UPLOAD "\"record_id\":{\"S\":\"REC_00000008\"}," NUMBERS PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_RECORD_ID,
		NULL,
	},
	{
		"row number 0",
		RECORD(
			"INSERT",
			IMAGE(UPLOAD KEY
				  "\"row_number\":{\"N\":\"0\"},\"line_number\":{\"N\":\"1\"}," PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_ROW_NUMBER,
		NULL,
	},
	{
		"a row number below 0",
		RECORD(
			"INSERT",
			IMAGE(UPLOAD KEY
				  "\"row_number\":{\"N\":\"-7\"},\"line_number\":{\"N\":\"1\"}," PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_ROW_NUMBER,
		NULL,
	},
	{
		"a row number of 19 digits",
		RECORD("INSERT",
			   IMAGE(UPLOAD KEY "\"row_number\":{\"N\":\"1000000000000000000\"}," PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_ROW_NUMBER,
		NULL,
	},
	{
		"a row number that is a text",
		RECORD("INSERT", IMAGE(UPLOAD KEY "\"row_number\":{\"S\":\"7\"}," PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_ROW_NUMBER,
		NULL,
	},
	{
		"no line number",
		RECORD("INSERT", IMAGE(UPLOAD KEY "\"row_number\":{\"N\":\"7\"}," PRODUCT PENDING)),
		STREAM_UNDECODABLE,
		STREAM_BAD_LINE_NUMBER,
		NULL,
	},
	{"neither product nor defect", ROW(""), STREAM_UNDECODABLE, STREAM_BAD_PRODUCT_DATA, NULL},
	{"a product that is a text", ROW("\"product_data\":{\"S\":\"x\"},"), STREAM_UNDECODABLE,
	 STREAM_BAD_PRODUCT_DATA, NULL},
	{"a product that is plain JSON", ROW("\"product_data\":{\"sku\":\"x\"},"), STREAM_UNDECODABLE,
	 STREAM_BAD_PRODUCT_DATA, NULL},
	{"a product that is null", ROW("\"product_data\":null,"), STREAM_UNDECODABLE,
	 STREAM_BAD_PRODUCT_DATA, NULL},
	{"an action that is a number", ROW("\"action\":{\"N\":\"1\"}," PRODUCT), STREAM_UNDECODABLE,
	 STREAM_BAD_PRODUCT_DATA, NULL},
	{"a product that is empty", ROW("\"product_data\":{},"), STREAM_UNDECODABLE,
	 STREAM_BAD_PRODUCT_DATA, NULL},
	{
		"a product with a number",
		ROW("\"product_data\":{\"M\":{\"price\":{\"N\":\"1\"}}},"),
		STREAM_UNDECODABLE,
		STREAM_BAD_PRODUCT_DATA,
		NULL,
	},
	{
		"a product of two types",
		ROW("\"product_data\":{\"M\":{\"a\":{\"S\":\"1\"}},\"S\":\"x\"},"),
		STREAM_UNDECODABLE,
		STREAM_BAD_PRODUCT_DATA,
		NULL,
	},
	{
		"a defect of a type that there is not",
		ROW("\"defect\":{\"M\":{\"error_type\":{\"S\":\"MISSING_NAME\"},\"message\":{\"S\":\"a\"}}},"),
		STREAM_UNDECODABLE,
		STREAM_BAD_DEFECT,
		NULL,
	},
	{"a defect without a type", ROW("\"defect\":{\"M\":{}},"), STREAM_UNDECODABLE,
	 STREAM_BAD_DEFECT, NULL},
	{"U+0000", ROW("\"product_data\":{\"M\":{\"sku\":{\"S\":\"a\\u0000b\"}}},"), STREAM_UNDECODABLE,
	 STREAM_BAD_TEXT, NULL},
	{
		"the first half of a surrogate pair",
		ROW("\"product_data\":{\"M\":{\"sku\":{\"S\":\"a\\ud83db\"}}},"),
		STREAM_UNDECODABLE,
		STREAM_BAD_TEXT,
		NULL,
	},
	{
		"the second half of a surrogate pair",
		ROW("\"product_data\":{\"M\":{\"sku\":{\"S\":\"\\ude00\"}}},"),
		STREAM_UNDECODABLE,
		STREAM_BAD_TEXT,
		NULL,
	},
	{
		"the halves in the wrong order",
		ROW("\"product_data\":{\"M\":{\"sku\":{\"S\":\"\\ude00\\ud83d\"}}},"),
		STREAM_UNDECODABLE,
		STREAM_BAD_TEXT,
		NULL,
	},
	{"what is not UTF-8", ROW("\"product_data\":{\"M\":{\"\xff\":{\"S\":\"a\"}}},"),
	 STREAM_UNDECODABLE, STREAM_BAD_TEXT, NULL},
	{"an overlong form", ROW("\"product_data\":{\"M\":{\"a\":{\"S\":\"\xc0\x80\"}}},"),
	 STREAM_UNDECODABLE, STREAM_BAD_TEXT, NULL},
};

/* Records from elsewhere: each makes its whole event foreign. */
static const char *const foreign[] = {
	"17",
	"null",
	"\"text\"",
	"[{\"eventName\":\"INSERT\"}]",
	"{}",
	"{\"eventName\":\"INSERT\",\"dynamodb\":{}}",
	"{\"eventSource\":\"aws:dynamodb\"}",
	"{\"eventSource\":\"aws:dynamodb\",\"eventSourceARN\":7}",
	"{\"eventSource\":\"aws:dynamodb\",\"eventSourceARN\":\"\"}",
	"{\"eventSourceARN\":\"" STREAM "\"}",
	"{\"eventSource\":\"aws:kinesis\",\"eventSourceARN\":\"" STREAM "\"}",
	"{\"eventSource\":7,\"eventSourceARN\":\"" STREAM "\"}",
	"{\"eventSource\":\"aws:dynamodb\",\"eventSourceARN\":"
	"\"arn:aws:dynamodb:us-east-1:123456789012:table/UploadRecords2/stream/2026\"}",
	"{\"eventSource\":\"aws:dynamodb\",\"eventSourceARN\":"
	"\"arn:aws:dynamodb:us-east-1:123456789012:table/UploadRecord/stream/2026\"}",
	"{\"eventSource\":\"aws:dynamodb\",\"eventSourceARN\":"
	"\"arn:aws:dynamodb:us-east-1:123456789012:table/UploadRecords\"}",
};

/* No events at all. */
static const char *const broken[] = {
	"",
	" ",
	"null",
	"17",
	"\"Records\"",
	"[]",
	"{}",
	"{\"records\":[]}",
	"{\"Records\":null}",
	"{\"Records\":{}}",
	"{\"Records\":[}",
	"{\"Records\":[]",
	"{\"Records\":[],}",
	"{\"Records\":[]}}",
	"{\"Records\":[]} x",
	"{\"Records\":[1,]}",
	"{\"Records\":[,1]}",
	"{\"Records\":[1 2]}",
	"{\"Records\":[01]}",
	"{\"Records\":[+1]}",
	"{\"Records\":[1.]}",
	"{\"Records\":[.1]}",
	"{\"Records\":[1e]}",
	"{\"Records\":[-]}",
	"{\"Records\":[tru]}",
	"{\"Records\":[nul]}",
	"{\"Records\":[truer]}",
	"{\"Records\":[\"a]}",
	"{\"Records\":[\"\\x\"]}",
	"{\"Records\":[\"\\u12g4\"]}",
	"{\"Records\":[\"\\u12",
	"{\"Records\":[\"\\",
	"{\"Records\":[\"a\nb\"]}",
	"{\"Records\":[{\"a\"}]}",
	"{\"Records\":[{\"a\":}]}",
	"{\"Records\":[{a:1}]}",
	"{\"Records\":[{\"a\" 1}]}",
	"{\"Records\":[{]}",
	"{\"Records\":[{\"a\":1]]}",
	"{\"Records\":[{\"a\":1,}]}",
	"{,\"Records\":[]}",
	"{\"Records\" []}",
	"{\"Records\":[] \"x\":1}",
	"{\"Records\":[NaN]}",
	"{'Records':[]}",
	"\xef\xbb\xbf{\"Records\":[]}",
};

static bool
read_event(struct stream_event *event, const char *json, struct glue_error *error)
{
	/* Exactly as long as it is, so that a byte too far is found. */
	size_t length = strlen(json);
	char *copy = malloc(length + 1);
	bool done;

	memcpy(copy, json, length);
	done = stream_event_init(event, (struct text_view){copy, length}, "UploadRecords", error);
	/* The records must not be compared after this. */
	free(copy);
	return done;
}

/* An event of one record; free() it. */
static char *
event_of(const char *record)
{
	char *json = NULL;

	if (asprintf(&json, "{\"Records\":[%s]}", record) < 0)
		exit(1);
	return json;
}

static void
test_records(void)
{
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
	{
		struct stream_event event = {0};
		struct byte_buffer buffer = {0};
		struct glue_error error = {0};
		char *json = event_of(records[i].record);

		if (ok(read_event(&event, json, &error) && event.count == 1, "%s is read", records[i].name))
		{
			is_int(event.records[0].kind, records[i].kind, "kind of %s", records[i].name);
			is_text(stream_fault_name(event.records[0].fault), stream_fault_name(records[i].fault),
					"fault of %s", records[i].name);
			ok(stream_event_append_row(&event, &event.records[0], &buffer, &error) &&
				   byte_buffer_terminate(&buffer, &error),
			   "%s is written", records[i].name);
			is_text(buffer.data, records[i].json != NULL ? records[i].json : "", "row of %s",
					records[i].name);
			is_int(event.upload_count, records[i].json != NULL, "uploads of %s", records[i].name);
		}
		byte_buffer_clean_up(&buffer);
		stream_event_clean_up(&event);
		free(json);
	}
}

static void
test_ids(void)
{
	struct stream_event event = {0};
	struct glue_error error = {0};
	char *json = event_of(RECORD("INSERT", ""));

	ok(read_event(&event, json, &error), "a record without an image is read");
	is_text(event.records[0].sequence_number, SEQUENCE, "it has a sequence number");
	is_text(event.records[0].upload_id, "V-1", "and the keys, the upload");
	is_text(event.records[0].record_id, "REC_00000007", "and the record");
	is_text(event.arn, STREAM, "and the stream is known");
	is_text(event.shard_id, "", "but not the shard");
	stream_event_clean_up(&event);
	free(json);

	ok(read_event(&event,
				  "{\"shardId\":\"shardId-01\",\"Records\":["
				  "{" SOURCE ",\"dynamodb\":{\"SequenceNumber\":17}},"
				  "{" SOURCE ",\"dynamodb\":{\"SequenceNumber\":\"\"}},"
				  "{" SOURCE ",\"dynamodb\":{\"SequenceNumber\":\"1\\\"2\"}}]}",
				  &error),
	   "records without a sequence number are read");
	for (int i = 0; i < 3; i++)
		is_text(event.records[i].sequence_number, "", "number %d has none", i);
	is_text(event.shard_id, "shardId-01", "the shard of a window");
	stream_event_clean_up(&event);
}

/* A record as received, without the white space and commas around it. */
static void
test_raw(void)
{
	static const char json[] =
		"{\"Records\": [ {" SOURCE ", \"x\":\"\\u00e4\"} ,\n" ROW(PRODUCT) " ]}";
	static const char *const raw[] = {"{" SOURCE ", \"x\":\"\\u00e4\"}", ROW(PRODUCT)};
	struct stream_event event = {0};
	struct glue_error error = {0};

	ok(stream_event_init(&event, text_of(json), "UploadRecords", &error), "two records are read");
	for (size_t i = 0; i < event.count; i++)
		ok(text_equal(event.records[i].raw, text_of(raw[i])), "record %zu as received", i);
	is_int(event.count, 2, "and no others");
	stream_event_clean_up(&event);
}

/* One record from elsewhere fails the event, wherever it is. */
static void
test_foreign(void)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
	{
		for (int place = 0; place < 3; place++)
		{
			struct stream_event event = {0};
			struct glue_error error = {0};
			char *json = NULL;

			if (asprintf(&json, "{\"Records\":[%s%s%s]}", place > 0 ? ROW(PRODUCT) "," : "",
						 foreign[i], place < 2 ? "," ROW(PRODUCT) : "") < 0)
				exit(1);
			ok(!read_event(&event, json, &error), "record %zu at place %d", i, place);
			is_text(error.code, "EVENT_INVALID", "its code");
			is_int(event.count, 0, "and nothing is left");
			free(json);
		}
	}
}

static void
test_broken(void)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
	{
		struct stream_event event = {0};
		struct glue_error error = {0};

		ok(!read_event(&event, broken[i], &error), "no event: %s", broken[i]);
		is_text(error.code, "EVENT_INVALID", "and that is said");
		is_int(event.count, 0, "and nothing is left");
	}
}

/* An event cut anywhere is no event, and nothing is read behind its end. */
static void
test_cuts(void)
{
	char *json = event_of(ROW(PRODUCT));
	size_t length = strlen(json);
	size_t taken = 0;

	for (size_t cut = 0; cut < length; cut++)
	{
		struct stream_event event = {0};
		char *copy = malloc(cut > 0 ? cut : 1);

		memcpy(copy, json, cut);
		if (stream_event_init(&event, (struct text_view){copy, cut}, "UploadRecords", NULL))
			taken++;
		stream_event_clean_up(&event);
		free(copy);
	}
	is_int(taken, 0, "of %zu beginnings of an event none is an event", length);
	free(json);
}

/* Nesting has a bound, and up to there it is read. */
static void
test_depth(void)
{
	for (int extra = -1; extra <= 1; extra++)
	{
		int depth = JSON_READER_DEPTH - 3 + extra;
		char *nested = malloc(2 * (size_t) depth + 1);
		char *record = NULL;
		char *json;
		struct stream_event event = {0};

		memset(nested, '[', depth);
		memset(nested + depth, ']', depth);
		nested[2 * depth] = '\0';
		if (asprintf(&record, "{\"x\":%s," SOURCE "}", nested) < 0)
			exit(1);
		json = event_of(record);
		is_int(read_event(&event, json, NULL), extra <= 0, "%d levels inside of an event", depth);
		stream_event_clean_up(&event);
		free(json);
		free(record);
		free(nested);
	}
}

/* Rows of several uploads in one batch, with others between. */
static void
test_uploads(void)
{
	static const char *const names[] = {"B", "A", "-", "B", "C", "A", "B"};
	struct stream_event event = {0};
	struct byte_buffer json = {0};
	struct glue_error error = {0};

	byte_buffer_append_string(&json, "{\"Records\":[", NULL);
	for (size_t i = 0; i < 7; i++)
	{
		char record[1000];

		snprintf(
			record, sizeof(record),
			"%s{" SOURCE ",\"eventName\":\"%s\",\"dynamodb\":{\"NewImage\":{"
			"\"upload_id\":{\"S\":\"%s\"},\"record_id\":{\"S\":\"REC_%08zu\"},"
			"\"row_number\":{\"N\":\"%zu\"},\"line_number\":{\"N\":\"9\"}," PRODUCT PENDING "}}}",
			i > 0 ? "," : "", names[i][0] == '-' ? "REMOVE" : "INSERT", names[i], i + 1, i + 1);
		byte_buffer_append_string(&json, record, NULL);
	}
	byte_buffer_append(&json, "]}", 3, NULL);
	ok(read_event(&event, json.data, &error), "a batch of several uploads is read");
	is_int(event.count, 7, "it has all records");
	if (is_int(event.upload_count, 3, "and three uploads"))
	{
		is_text(event.uploads[0].upload_id, "B", "the first to appear comes first");
		is_text(event.uploads[1].upload_id, "A", "then the second");
		is_text(event.uploads[2].upload_id, "C", "then the third");
		is_int(event.uploads[0].first, 0, "the first row of an upload");
		is_int(event.records[0].next, 3, "leads to its next");
		is_int(event.records[3].next, 6, "and that to the next");
		ok(event.records[6].next == STREAM_NO_ROW, "and that is the last");
		is_int(event.records[1].next, 5, "so for another upload");
		ok(event.records[5].next == STREAM_NO_ROW, "to its end");
	}
	stream_event_clean_up(&event);
	byte_buffer_clean_up(&json);
}

/* Bytes of an event changed at random: an event or none, never out of bounds. */
static void
test_random(void)
{
	static const char bytes[] = "{}[]\",:\\u0dN1 -\x80\xc3\xff\x01";
	char *json = event_of(ROW(PRODUCT) "," RECORD("MODIFY", IMAGE(UPLOAD KEY NUMBERS PENDING)));
	size_t length = strlen(json);
	int taken = 0;

	for (int round = 0; round < 20000; round++)
	{
		struct stream_event event = {0};
		char *copy = malloc(length);

		memcpy(copy, json, length);
		for (uint64_t i = unit_random(3); i < 4; i++)
			copy[unit_random(length)] = bytes[unit_random(sizeof(bytes) - 1)];
		if (stream_event_init(&event, (struct text_view){copy, length}, "UploadRecords", NULL))
			taken++;
		stream_event_clean_up(&event);
		free(copy);
	}
	ok(taken > 0 && taken < 20000, "of 20000 damaged events some are events: %d", taken);
	free(json);
}

static int allocations_left;

static void *
limited_reallocate(void *block, size_t size)
{
	return allocations_left-- > 0 ? realloc(block, size) : NULL;
}

static void
test_memory(void)
{
	char *json = event_of(ROW(PRODUCT));
	int failures = 0;
	bool done = false;

	for (int limit = 0; !done && limit < 20; limit++)
	{
		struct stream_event event = {0};
		struct glue_error error = {0};

		allocations_left = limit;
		glue_set_reallocate(limited_reallocate);
		done = read_event(&event, json, &error);
		glue_set_reallocate(NULL);
		if (!done)
			failures += strcmp(error.code, "OUT_OF_MEMORY") == 0 && event.count == 0;
		stream_event_clean_up(&event);
	}
	ok(done, "an event is read when there is memory");
	is_int(failures, 3, "and each allocation that fails is an error");
	free(json);
}

int
main(void)
{
	unit_seed();
	test_records();
	test_ids();
	test_raw();
	test_foreign();
	test_broken();
	test_cuts();
	test_depth();
	test_uploads();
	test_random();
	test_memory();
	return unit_done();
}
