/*-------------------------------------------------------------------------
 *
 * link_keys_test.c
 *	  The secret with the keys of links, and messages about uploads.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "lambda/link_keys.h"
#include "lambda/upload_message.h"

#define KEY_64                         \
	"00112233445566778899aabbccddeeff" \
	"0123456789ABCDEFabcdef0123456789"
#define KEY_128 KEY_64 KEY_64

/* One character more than an id can have. */
#define LONG_ID                                         \
	"0123456789012345678901234567890123456789012345678" \
	"012345678901234567890123456789012345678901234567"

/* ----- keys ----- */

static bool
parse(struct link_key_store *store, const char *text, struct glue_error *error)
{
	return link_key_store_parse(store, text, strlen(text), error);
}

static void
test_keys(void)
{
	static const unsigned char beginning[] = {0x00, 0x11, 0x22, 0x33};
	struct link_key_store store = {0};
	struct glue_error error = {0};

	ok(parse(&store, "{\"current\":\"" KEY_64 "\",\"previous\":\"" KEY_128 "\",\"by\":7}", &error),
	   "two keys: %s", error.text);
	is_int(store.keys.current.length, 32, "one of 32 bytes");
	is_int(store.keys.previous.length, 64, "one of 64");
	ok(memcmp(store.keys.current.bytes, beginning, 4) == 0, "its first bytes");
	is_int(store.keys.current.bytes[31], 0x89, "its last");
	is_int(store.keys.current.bytes[21], 0xAB, "upper case is read");
	ok(parse(&store, "{\"current\":\"" KEY_64 "\"}", &error), "one key");
	is_int(store.keys.previous.length, 0, "the earlier previous one is gone");
	ok(parse(&store, "{\"current\":\"" KEY_64 "\",\"previous\":null}", &error), "null is none");
	ok(parse(&store, "{\"current\":\"" KEY_64 "\",\"previous\":\"\"}", &error),
	   "an empty one is none");
	link_key_store_clean_up(&store);
	is_int(store.keys.current.length, 0, "nothing is left");
	is_int(store.current[1], 0, "not even bytes");
}

static void
test_no_keys(void)
{
	static const char *const secrets[] = {
		"",
		"null",
		"[]",
		"{}",
		"\"" KEY_64 "\"",
		"{\"key\":\"" KEY_64 "\"}",
		"{\"current\":7}",
		"{\"current\":\"\"}",
		"{\"Current\":\"" KEY_64 "\"}",
		"{\"current\":\"" KEY_64 "0\"}",
		"{\"current\":\"" KEY_128 "00\"}",
		"{\"current\":\"00112233445566778899aabbccddeeff0123456789ABCDEFabcdef01234567\"}",
		"{\"current\":\"0011223344556677-899aabbccddeeff0123456789ABCDEFabcdef0123456789\"}",
		"{\"current\":\"" KEY_64 "\",\"previous\":\"00\"}",
		"{\"current\":\"" KEY_64 "\",\"previous\":{}}",
	};
	struct link_key_store store = {0};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
	{
		struct glue_error error = {0};

		ok(parse(&store, "{\"current\":\"" KEY_64 "\"}", &error), "a key, then");
		ok(!parse(&store, secrets[i], &error), "no keys %zu", i);
		is_text(error.code, "LINK_SECRET_INVALID", "its code");
		is_int(error.class, GLUE_INFRASTRUCTURE_ERROR, "nothing is decided by it");
		ok(strstr(error.text, "0011") == NULL, "repeats nothing: %s", error.text);
		ok(store.keys.current.length == 0 && store.keys.previous.length == 0 &&
			   store.current[1] == 0,
		   "and keeps nothing");
	}
}

/* ----- messages ----- */

static bool
read_message(struct upload_message *message, const char *body, struct glue_error *error)
{
	return upload_message_read(message, text_of(body), error);
}

static void
test_messages(void)
{
	struct upload_message message;
	struct glue_error error = {0};

	ok(read_message(&message,
					"{\"v\":1,\"event_id\":17,\"kind\":\"upload_ended\",\"upload_id\":\"V-1\","
					"\"vendor_id\":\"V\",\"first_row\":null,\"last_row\":null,\"errors\":4}",
					&error),
	   "a message: %s", error.text);
	is_int(message.kind, MESSAGE_UPLOAD_ENDED, "its kind");
	is_text(message.upload_id, "V-1", "its upload");
	ok(read_message(&message,
					"{\"kind\":\"errors_recorded\",\"new\":[],\"upload_id\":\"A0z-\",\"v\":1.0}",
					&error),
	   "no more than is needed, and more than is known");
	is_int(message.kind, MESSAGE_ERRORS_RECORDED, "its kind");
}

static void
test_no_messages(void)
{
	static const char *const bodies[] = {
		"",
		"planted",
		"null",
		"[]",
		"{}",
		"{\"v\":1}",
		"{\"v\":2,\"kind\":\"upload_ended\",\"upload_id\":\"V-1\"}",
		"{\"v\":\"1\",\"kind\":\"upload_ended\",\"upload_id\":\"V-1\"}",
		"{\"kind\":\"upload_ended\",\"upload_id\":\"V-1\"}",
		"{\"v\":1,\"kind\":\"planted\",\"upload_id\":\"V-1\"}",
		"{\"v\":1,\"kind\":\"Upload_ended\",\"upload_id\":\"V-1\"}",
		"{\"v\":1,\"kind\":1,\"upload_id\":\"V-1\"}",
		"{\"v\":1,\"kind\":\"upload_ended\"}",
		"{\"v\":1,\"kind\":\"upload_ended\",\"upload_id\":7}",
		"{\"v\":1,\"kind\":\"upload_ended\",\"upload_id\":\"\"}",
		"{\"v\":1,\"kind\":\"upload_ended\",\"upload_id\":\"../planted\"}",
		"{\"v\":1,\"kind\":\"upload_ended\",\"upload_id\":\"V 1\"}",
		"{\"v\":1,\"kind\":\"upload_ended\",\"upload_id\":\"V.1\"}",
		"{\"v\":1,\"kind\":\"upload_ended\",\"upload_id\":\"V-1",
		"{\"v\":1,\"kind\":\"upload_ended\",\"upload_id\":\"" LONG_ID "\"}",
	};
	struct upload_message message;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		struct glue_error error = {0};

		ok(!read_message(&message, bodies[i], &error), "no message %zu", i);
		is_text(error.code, "MESSAGE_INVALID", "its code");
		ok(strstr(error.text, "planted") == NULL, "repeats nothing: %s", error.text);
		is_text(message.upload_id, "", "and names no upload");
	}
	ok(!upload_message_read(&message, (struct text_view){NULL, 0}, NULL), "no body is none");
}

int
main(void)
{
	test_keys();
	test_no_keys();
	test_messages();
	test_no_messages();
	return unit_done();
}
