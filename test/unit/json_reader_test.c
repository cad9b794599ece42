/*-------------------------------------------------------------------------
 *
 * json_reader_test.c
 *	  Reading JSON in place: members and elements, escapes, and damaged
 *	  documents.
 *
 * stream_event_test.c tests the reader with complete events.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/ascii_word.h"
#include "base/json_reader.h"

/* Return the number of elements of an array, reading each as a slice. */
static int
count_elements(struct text_view array, struct text_view *last)
{
	struct json_reader reader;
	int count = 0;

	json_reader_init(&reader, array.data, array.length);
	if (!json_read_open(&reader, '['))
		return 0;
	for (; json_read_element(&reader); count++)
		*last = json_read_slice(&reader);
	return json_reader_end(&reader) ? count : -1;
}

/* Return the unescaped text of a document; NULL if it is not a text. */
static void
is_string(const char *json, const char *expected)
{
	struct byte_buffer buffer = {0};
	struct json_reader reader;
	struct text_view text;
	bool read;

	json_reader_init(&reader, json, strlen(json));
	read = json_read_text(&reader, &text) && json_append_text(&buffer, text, NULL) &&
		   byte_buffer_terminate(&buffer, NULL);
	is_text(read ? buffer.data : NULL, expected, "text of %s", json);
	byte_buffer_clean_up(&buffer);
}

static void
test_members(void)
{
	struct text_view reply =
		text_of(" { \"a\" : [ 1 , {\"x\":\"]}\\\"\"} , \"s\", [] ] ,\"b\":-1.5e3,"
				"\"c\" : true, \"d\":{\"a\":\"inner\"},\"e\":\"\"} ");
	struct text_view last = {NULL, 0};

	is_int(count_elements(json_find(reply, "a"), &last), 4, "elements of an array are counted");
	ok(text_equal(last, text_of("[]")), "last element is returned unchanged");
	ok(text_equal(json_find(reply, "b"), text_of("-1.5e3")), "number is read");
	ok(json_is_true(json_find(reply, "c")), "literal is read");
	ok(!json_is_true(json_find(reply, "b")), "other value is not true");
	ok(text_equal(json_find_text(json_find(reply, "d"), "a"), text_of("inner")),
	   "nested member is found");
	is_int(json_find(reply, "e").length, 2, "last member is found");
	ok(json_find_text(reply, "e").data != NULL, "empty text is a text");
	ok(json_find_text(reply, "b").data == NULL, "number is not a text");
	ok(json_find(reply, "f").data == NULL, "missing member is not found");
	ok(json_find(text_of("[\"a\"]"), "a").data == NULL, "array has no members");
	ok(json_find((struct text_view){NULL, 0}, "a").data == NULL, "empty input has no members");
	ok(json_find(text_of("{\"a\":{\"b\":1"), "a").data == NULL, "truncated value is not found");
}

static void
test_texts(void)
{
	is_string("\"plain \xC3\xA4\"", "plain \xC3\xA4");
	is_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
	is_string("\"\\u00e4\\u20AC\\ud83d\\ude00\"", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
	is_string("\"\\ud83d\\u0041\\ude00\"", "\xEF\xBF\xBD"
										   "A\xEF\xBF\xBD");
	is_string("\"\\ud83d\"", "\xEF\xBF\xBD");
	is_string("\"\\q\"", NULL);
	is_string("\"\\u12\"", NULL);
	is_string("\"\\u12g4\"", NULL);
	is_string("17", NULL);
}

/*
 * Truncated anywhere, or with any byte replaced, a reply is read within
 * bounds; the sanitizers detect violations.
 */
static void
test_damage(void)
{
	static const char whole[] =
		"{\"Responses\":[{\"Error\":{\"Code\":\"A\\u00e4\\\"\"}},{}],\"x\":{\"y\":[1,2,\"z\"]}}";
	static const char bytes[] = "{}[]\",:\\ u0\x80";
	size_t found = 0;

	for (int i = 0; i < 20000; i++)
	{
		size_t length = unit_random(sizeof(whole));
		char *copy = malloc(length > 0 ? length : 1);
		struct byte_buffer buffer = {0};
		struct text_view list;
		struct json_reader reader;

		memcpy(copy, whole, length);
		for (uint64_t j = unit_random(4); j > 0 && length > 0; j--)
			copy[unit_random(length)] = bytes[unit_random(sizeof(bytes) - 1)];
		list = json_find((struct text_view){copy, length}, "Responses");
		json_reader_init(&reader, list.data, list.length);
		(void) json_read_open(&reader, '[');
		while (json_read_element(&reader))
		{
			struct text_view value = json_read_slice(&reader);

			found++;
			(void) json_append_text(&buffer, json_find_text(json_find(value, "Error"), "Code"),
									NULL);
		}
		byte_buffer_clean_up(&buffer);
		free(copy);
	}
	ok(found > 1000, "damaged replies are read within bounds (%zu elements)", found);
}

static void
is_word(const char *text, size_t size, const char *others, const char *expected)
{
	char word[16] = "before";

	ascii_word_copy(word, size, text_of(text), others);
	is_text(word, expected, "word \"%s\" in a buffer of %zu bytes", text, size);
}

static void
test_words(void)
{
	is_word("azAZ09", 7, "", "azAZ09");
	is_word("azAZ09", 6, "", "");
	is_word("a-b", 16, "", "");
	is_word("a-b", 16, "-", "a-b");
	is_word("", 16, "", "");
	is_word("a\\b", 16, ASCII_WORD_PRINTABLE, "");
	is_word("a\"b", 16, ASCII_WORD_PRINTABLE, "");
	is_word("a\x7F", 16, ASCII_WORD_PRINTABLE, "");
	is_word("\xC3\xA4", 16, ASCII_WORD_PRINTABLE, "");
	is_word("a#B.c", 16, ASCII_WORD_PRINTABLE, "a#B.c");
}

int
main(void)
{
	unit_seed();
	test_members();
	test_texts();
	test_damage();
	test_words();
	return unit_done();
}
