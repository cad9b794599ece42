/*-------------------------------------------------------------------------
 *
 * decode_test.c
 *	  Decoding to UTF-8; each input is read in pieces of every size.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/decode.h"
#include "events.h"

#define FFFD "\xEF\xBF\xBD"

/* A literal that may contain NULs, and its length without the terminating one. */
#define BYTES(literal) literal, sizeof(literal) - 1

struct decoding
{
	struct decoder *decoder;
	struct event_list text;
	bool may_be_damaged;
	bool good;
	bool has_mark;
	char encoding[DECODE_NAME_SIZE];
	struct glue_error error;
};

static bool
take_text(void *context, struct text_view text, bool may_be_damaged)
{
	struct decoding *decoding = context;

	events_append(&decoding->text, text.data, text.length);
	decoding->may_be_damaged |= may_be_damaged;
	return ++decoding->text.count != decoding->text.stop_after;
}

static bool
push_piece(void *context, const char *bytes, size_t length)
{
	struct decoding *decoding = context;

	return decoder_push(decoding->decoder, bytes, length, &decoding->error);
}

/* The caller cleans up decoding->text. */
static void
decode(struct decoding *decoding, const char *encoding, const char *input, size_t length,
	   size_t chunk)
{
	memset(decoding, 0, sizeof(*decoding));
	events_append(&decoding->text, "", 0);
	decoding->decoder = decoder_new(encoding, take_text, decoding, &decoding->error);
	if (decoding->decoder == NULL)
		return;
	decoding->good = push_in_pieces(input, length, chunk, push_piece, decoding) &&
					 decoder_finish(decoding->decoder, &decoding->error);
	decoding->has_mark = decoder_has_byte_order_mark(decoding->decoder);
	snprintf(decoding->encoding, sizeof(decoding->encoding), "%s",
			 decoder_encoding(decoding->decoder));
	decoder_destroy(decoding->decoder);
}

static void
check(const char *name, const char *encoding, const char *input, size_t length,
	  const char *expected, const char *expected_encoding)
{
	struct decoding decoding;
	size_t differing = 0;

	decode(&decoding, encoding, input, length, length > 0 ? length : 1);
	ok(decoding.good, "%s: is decoded", name);
	is_text(decoding.text.text, expected, "%s", name);
	is_text(decoding.encoding, expected_encoding, "%s: encoding", name);
	ok(decoding.may_be_damaged || strstr(expected, FFFD) == NULL, "%s: damage is reported", name);
	for (size_t chunk = next_chunk_size(0, length); chunk > 0 && differing == 0;
		 chunk = next_chunk_size(chunk, length))
	{
		struct decoding pieces;

		decode(&pieces, encoding, input, length, chunk);
		if (!pieces.good || strcmp(pieces.text.text, expected) != 0 ||
			strcmp(pieces.encoding, expected_encoding) != 0 ||
			pieces.has_mark != decoding.has_mark ||
			(!pieces.may_be_damaged && strstr(expected, FFFD) != NULL))
			differing = chunk;
		events_clean_up(&pieces.text);
	}
	is_int(differing, 0, "%s: result does not depend on piece size", name);
	events_clean_up(&decoding.text);
}

static void
test_utf8(void)
{
	check("nothing", NULL, "", 0, "", "UTF-8");
	check("ASCII", NULL, BYTES("abc\r\n\t\x7F"), "abc\r\n\t\x7F", "UTF-8");
	check("one byte", NULL, BYTES("a"), "a", "UTF-8");
	check("two, three and four bytes", NULL,
		  BYTES("\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"),
		  "\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", "UTF-8");
	check("around the surrogates", NULL, BYTES("\xED\x9F\xBF\xEE\x80\x80"),
		  "\xED\x9F\xBF\xEE\x80\x80", "UTF-8");
	check(
		"a long text with accents", NULL,
		BYTES(
			"0123456789012345678901234567890123456789012345678901234567890123\xC3\xA4"
			"012345678\xE6\x97\xA0 and so on until it is more than one block of sixty-four\xC3\xA4"),
		"0123456789012345678901234567890123456789012345678901234567890123\xC3\xA4"
		"012345678\xE6\x97\xA0 and so on until it is more than one block of sixty-four\xC3\xA4",
		"UTF-8");
	check("named", "utf8", BYTES("\xC3\xA4"), "\xC3\xA4", "UTF-8");
}

static void
test_bad_bytes(void)
{
	check("NUL", NULL, BYTES("a\0b"), "a" FFFD "b", "UTF-8");
	check("U+FFFD is kept", NULL, BYTES("a" FFFD "b"), "a" FFFD "b", "UTF-8");
	check("FF", NULL, BYTES("a\xFFz"), "a" FFFD "z", "UTF-8");
	check("Latin-1", NULL,
		  BYTES("Gr\xF6\xDF"
				"e"),
		  "Gr" FFFD FFFD "e", "UTF-8");
	check("lone continuation byte", NULL, BYTES("a\x80z"), "a" FFFD "z", "UTF-8");
	check("overlong slash", NULL, BYTES("\xC0\xAF\xE0\x80\xAF\xF0\x80\x80\xAF"),
		  FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD, "UTF-8");
	check("overlong NUL", NULL, BYTES("\xC0\x80"), FFFD FFFD, "UTF-8");
	check("surrogates", NULL, BYTES("\xED\xA0\x80\xED\xBF\xBF"), FFFD FFFD FFFD FFFD FFFD FFFD,
		  "UTF-8");
	check("above U+10FFFF", NULL, BYTES("\xF4\x90\x80\x80\xF5\x80\x80\x80"),
		  FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD, "UTF-8");
	check("truncated by a letter", NULL,
		  BYTES("\xE2\x82"
				"A\xF0\x9F\x98"
				"B\xC3"),
		  FFFD FFFD "A" FFFD FFFD FFFD "B" FFFD, "UTF-8");
	check("truncated by another sequence", NULL, BYTES("\xE2\x82\xC3\xA4"), FFFD FFFD "\xC3\xA4",
		  "UTF-8");
	check("truncated by end of file", NULL, BYTES("abcd\xF0\x9F\x98"), "abcd" FFFD FFFD FFFD,
		  "UTF-8");
	check("every sequence truncated by end of file", NULL, BYTES("\xF0\x9F\x98"), FFFD FFFD FFFD,
		  "UTF-8");
	check("valid among invalid sequences", NULL,
		  BYTES("\xFF\xC3\xA4\xFF\xE6\x97\xA0\xFF"
				"abcdefghijklmnop\0\xF0\x9F\x98\x80"),
		  FFFD "\xC3\xA4" FFFD "\xE6\x97\xA0" FFFD "abcdefghijklmnop" FFFD "\xF0\x9F\x98\x80",
		  "UTF-8");
}

static void
test_marks(void)
{
	check("UTF-8 mark", NULL,
		  BYTES("\xEF\xBB\xBF"
				"a,b"),
		  "a,b", "UTF-8");
	check("UTF-8 mark alone", NULL, BYTES("\xEF\xBB\xBF"), "", "UTF-8");
	check("only one mark is stripped", NULL,
		  BYTES("\xEF\xBB\xBF\xEF\xBB\xBF"
				"a"),
		  "\xEF\xBB\xBF"
		  "a",
		  "UTF-8");
	check("mark in the middle is kept", NULL, BYTES("a\xEF\xBB\xBF"), "a\xEF\xBB\xBF", "UTF-8");
	check("incomplete mark", NULL, BYTES("\xEF\xBB"), FFFD FFFD, "UTF-8");
	check("mark takes precedence over a name", "ISO-8859-1", BYTES("\xEF\xBB\xBF\xC3\xA4"),
		  "\xC3\xA4", "UTF-8");
	check("UTF-16LE", NULL,
		  BYTES("\xFF\xFE"
				"a\0,\0\xE4\0\n\0\x3D\xD8\x00\xDE"),
		  "a,\xC3\xA4\n\xF0\x9F\x98\x80", "UTF-16LE");
	check("UTF-16BE", NULL,
		  BYTES("\xFE\xFF"
				"\0a\0,\0\xE4\0\n\xD8\x3D\xDE\x00"),
		  "a,\xC3\xA4\n\xF0\x9F\x98\x80", "UTF-16BE");
	check("UTF-16LE mark alone", NULL, BYTES("\xFF\xFE"), "", "UTF-16LE");
	check("NUL in UTF-16", NULL,
		  BYTES("\xFF\xFE"
				"a\0\0\0b\0"),
		  "a" FFFD "b", "UTF-16LE");
	check("a lone high surrogate", NULL,
		  BYTES("\xFF\xFE"
				"\x3D\xD8"
				"a\0"),
		  FFFD "a", "UTF-16LE");
	check("a lone low surrogate", NULL,
		  BYTES("\xFF\xFE"
				"\x00\xDE"
				"a\0"),
		  FFFD "a", "UTF-16LE");
	check("a high surrogate at the end", NULL,
		  BYTES("\xFF\xFE"
				"a\0\x3D\xD8"),
		  "a" FFFD, "UTF-16LE");
	check("an odd byte at the end", NULL,
		  BYTES("\xFF\xFE"
				"a\0b"),
		  "a" FFFD, "UTF-16LE");
	check("U+FFFD in UTF-16", NULL, BYTES("\xFF\xFE\xFD\xFF"), FFFD, "UTF-16LE");
}

static void
test_names(void)
{
	check("Latin-1", "ISO-8859-1",
		  BYTES("Gr\xF6\xDF"
				"e\0"),
		  "Gr\xC3\xB6\xC3\x9F"
		  "e" FFFD,
		  "ISO-8859-1");
	check("Windows", "windows-1252", BYTES("5 \x80\x81"), "5 \xE2\x82\xAC" FFFD, "windows-1252");
	check("Shift JIS", "SHIFT_JIS",
		  BYTES("\x93\xFA\x96\x7B"
				"a\x93"),
		  "\xE6\x97\xA5\xE6\x9C\xAC"
		  "a" FFFD,
		  "SHIFT_JIS");
	check("GB18030", "GB18030", BYTES("\xCE\xDE\x84\x31\xA4\x37"), "\xE6\x97\xA0" FFFD, "GB18030");
	check("encoding with shifts", "ISO-2022-JP", BYTES("a\x1B$BF|K\\\x1B(Bz"),
		  "a\xE6\x97\xA5\xE6\x9C\xAC"
		  "z",
		  "ISO-2022-JP");
	check("ASCII", "US-ASCII", BYTES("a\xE4z"), "a" FFFD "z", "US-ASCII");
	check("UTF-16 by name", "UTF-16LE", BYTES("a\0\xE4\0"), "a\xC3\xA4", "UTF-16LE");
}

static void
check_refused(const char *encoding, const char *input, size_t length, const char *name)
{
	struct decoding decoding;

	decode(&decoding, encoding, input, length, 1);
	ok(!decoding.good, "%s: is rejected", name);
	is_int(decoding.error.class, GLUE_FILE_FAULT, "%s: is a file fault", name);
	is_text(decoding.error.code, "UNSUPPORTED_ENCODING", "%s: code", name);
	events_clean_up(&decoding.text);
}

static void
test_refused(void)
{
	check_refused("no-such-thing", "", 0, "an unknown name");
	check_refused("", "", 0, "an empty name");
	check_refused("ISO-8859-1//IGNORE", "", 0, "a name with a suffix");
	check_refused("../../x", "", 0, "a path");
	check_refused("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
				  "", 0, "a long name");
	check_refused(NULL, BYTES("\xFF\xFE\0\0a\0\0\0"), "UTF-32LE");
	check_refused(NULL, BYTES("\0\0\xFE\xFF\0\0\0a"), "UTF-32BE");
}

/* Longer than the repair buffer and the output of one iconv() call. */
static void
test_long(void)
{
	const size_t length = 20000;
	char *bad = malloc(length);
	char *repaired = malloc(3 * length + 1);

	memset(bad, 0xFF, length);
	memset(bad, 'a', 4);
	memset(repaired, 'a', 4);
	for (size_t i = 4; i < length; i++)
		memcpy(repaired + 4 + 3 * (i - 4), FFFD, 3);
	repaired[4 + 3 * (length - 4)] = '\0';
	check("many invalid bytes", NULL, bad, length, repaired, "UTF-8");

	memset(bad, 0xE4, length);
	for (size_t i = 0; i < length; i++)
		memcpy(repaired + 2 * i, "\xC3\xA4", 2);
	repaired[2 * length] = '\0';
	check("much Latin-1", "ISO-8859-1", bad, length, repaired, "ISO-8859-1");
	free(bad);
	free(repaired);
}

/* Compare with a trivial decoder. */
static void
plain_decode(const unsigned char *s, size_t length, struct event_list *list)
{
	size_t i = 0;

	while (i < length)
	{
		uint32_t c = s[i];
		size_t size = c < 0x80             ? 1
					  : (c & 0xE0) == 0xC0 ? 2
					  : (c & 0xF0) == 0xE0 ? 3
					  : (c & 0xF8) == 0xF0 ? 4
										   : 0;
		static const uint32_t smallest[] = {0, 1, 0x80, 0x800, 0x10000};
		bool good = size > 0 && i + size <= length;

		if (good && size > 1)
			c &= 0x7F >> size;
		for (size_t k = 1; good && k < size; k++)
		{
			good = (s[i + k] & 0xC0) == 0x80;
			c = c << 6 | (s[i + k] & 0x3F);
		}
		good = good && c >= smallest[size] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
		if (good)
			events_append(list, (const char *) s + i, size);
		else
			events_append(list, FFFD, 3);
		i += good ? size : 1;
	}
}

static void
test_random(void)
{
	static const char *const parts[] = {"\xC3",
										"\xA4",
										"\xE2\x82\xAC",
										"\xE2\x82",
										"\xED",
										"\xA0",
										"\xF0\x9F\x98\x80",
										"\xF4",
										"\x8F",
										"\x90",
										"a",
										"word",
										"\xFF",
										"\xEF\xBF\xBD",
										"sixteen letters ",
										"\xE0",
										"\x9F",
										"\xBF"};
	int wrong = 0;

	for (int round = 0; round < 3000; round++)
	{
		char input[512] = "xxxx";
		size_t length = 4;
		struct decoding decoding;
		struct event_list expected = {0};

		for (uint64_t i = unit_random(25); i > 0; i--)
		{
			const char *part = parts[unit_random(sizeof(parts) / sizeof(parts[0]))];

			memcpy(input + length, part, strlen(part));
			length += strlen(part);
			if (unit_random(20) == 0)
				input[length++] = '\0';
		}
		plain_decode((unsigned char *) input, length, &expected);
		decode(&decoding, NULL, input, length, 1 + unit_random(length));
		wrong += !decoding.good || strcmp(decoding.text.text, expected.text) != 0;
		events_clean_up(&decoding.text);
		events_clean_up(&expected);
	}
	is_int(wrong, 0, "random bytes are decoded as by a trivial decoder");
}

static void
test_stop(void)
{
	struct decoding decoding = {.text.stop_after = 2};
	struct glue_error error;

	decoding.decoder = decoder_new(NULL, take_text, &decoding, NULL);
	ok(decoder_push(decoding.decoder, "abcd", 4, &error), "first chunk is decoded");
	ok(!decoder_push(decoding.decoder, "efgh", 4, &error),
	   "receiver stops the decoder at the second chunk");
	is_int(error.class, GLUE_NO_ERROR, "stopping is not an error");
	ok(!decoder_push(decoding.decoder, "ijkl", 4, &error), "later chunks are refused");
	ok(!decoder_finish(decoding.decoder, &error), "end of file is refused");
	is_text(decoding.text.text, "abcdefgh", "text before the stop was delivered");
	decoder_destroy(decoding.decoder);
	events_clean_up(&decoding.text);

	glue_set_reallocate(failing_reallocate);
	allocations_left = 0;
	ok(decoder_new("UTF-8", take_text, NULL, &error) == NULL,
	   "decoder_new() fails if out of memory");
	is_text(error.code, "OUT_OF_MEMORY", "error is OUT_OF_MEMORY");
	glue_set_reallocate(NULL);
}

int
main(void)
{
	unit_seed();
	test_utf8();
	test_bad_bytes();
	test_marks();
	test_names();
	test_refused();
	test_long();
	test_random();
	test_stop();
	return unit_done();
}
