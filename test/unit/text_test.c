/*-------------------------------------------------------------------------
 *
 * text_test.c
 *	  Trimming, counting and cutting text, and writing messages.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/text.h"

#define RANDOM_TEXTS 20000
#define MAX_RANDOM_BYTES 200

#define TEN "0123456789"
#define EIGHTY TEN TEN TEN TEN TEN TEN TEN TEN

/* What is tested on random texts must hold for these pieces in any order. */
static const char *const pieces[] = {
	"a",      "B",      " ",      "\t",     "\n",     "\x7F",   "\"",         "\u00A0", "\xC2\x85",
	"\u00E9", "\u20AC", "\uFFFC", "\uFFFD", "\uFFFE", "\uFF0C", "\U0001F600", "\xEF",   "\xBF\xBD",
};

/* Pieces from here on are no whole characters. */
#define WHOLE_PIECES 16

/* Join random pieces; the result has exactly the memory it needs. */
static struct text_view
make_text(size_t kinds)
{
	char buffer[MAX_RANDOM_BYTES + 8];
	size_t wanted = unit_random(MAX_RANDOM_BYTES);
	struct text_view text = {NULL, 0};
	char *copy;

	/* Whole stretches of ASCII, as most texts are. */
	while (text.length < wanted)
	{
		const char *piece = pieces[unit_random(4) ? 0 : unit_random(kinds)];

		memcpy(buffer + text.length, piece, strlen(piece));
		text.length += strlen(piece);
	}
	copy = malloc(text.length + (text.length == 0));
	memcpy(copy, buffer, text.length);
	text.data = copy;
	return text;
}

static void
free_text(struct text_view text)
{
	free((char *) text.data);
}

static void
test_trim(void)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"a", "a"},
		{" a ", "a"},
		{"\ta", "a"},
		{"a ", "a"},
		{"\u00A0a", "a"},
		{"a\u00A0", "a"},
		{"\t\u00A0 a b \u00A0\t", "a b"},
		{" ", ""},
		{"\u00A0", ""},
		{"\u00A0\u00A0 \t", ""},
		{"\na\r", "a"},
		{"\u2003a\u3000", "a"},
		{"\u2028a\u2029", "a"},
		{"\u1680\u200Ba\u2060\uFEFF", "a"},
		{"\xC2\x85"
		 "a\xC2\x85",
		 "a"},
		{"a\u200Bb", "a\u200Bb"},
		{"\u200Ea\u00AD", "\u200Ea\u00AD"}, /* seen by the rules */
		{"\x07"
		 "a\x7F",
		 "\x07"
		 "a\x7F"},
		{"\u200B\u3000\uFEFF", ""},
		{"\u200E", ""},
		{"\u00AD \u202E\x07", ""},
		{"\U000E0041\x7F", ""},
		{"\xE2\x80", "\xE2\x80"}, /* U+200B without its end */
		{"a\x80\x8B", "a\x80\x8B"},
		{"\u00E0", "\u00E0"},   /* C3 A0, ends like U+00A0 */
		{"\u00A9", "\u00A9"},   /* C2 A9, starts like it */
		{"a\u0820", "a\u0820"}, /* E0 A0 A0 */
	};
	struct text_view absent = {NULL, 0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(text_equal(text_trim(text_of(cases[i][0])), text_of(cases[i][1])),
		   "\"%s\" is trimmed to \"%s\"", cases[i][0], cases[i][1]);
	ok(text_trim(absent).data == NULL, "an absent text stays absent");
}

static void
test_characters(void)
{
	uint32_t character;
	struct text_view text = text_of("a\u00E9\u20AC\U0001F600");

	is_int(text_character_count(text), 4, "characters of 1 to 4 bytes are counted");
	is_int(text_character_count(text_of("")), 0, "no text has no characters");
	is_int(text_decode(text, 0, &character), 1, "an ASCII character has 1 byte");
	is_int(character, 'a', "and is itself");
	is_int(text_decode(text, 1, &character), 2, "U+00E9 has 2 bytes");
	is_int(character, 0xE9, "and is decoded");
	is_int(text_decode(text, 3, &character), 3, "U+20AC has 3 bytes");
	is_int(character, 0x20AC, "and is decoded");
	is_int(text_decode(text, 6, &character), 4, "U+1F600 has 4 bytes");
	is_int(character, 0x1F600, "and is decoded");
	text.length--;
	is_int(text_decode(text, 6, &character), 1, "what is cut off is one bad byte");
	is_int(character, REPLACEMENT_CHARACTER, "and is read as U+FFFD");
	is_int(text_decode(text_of("\xC3q"), 0, &character), 1, "so is a lead byte alone");

	is_int(fold_ascii('Z'), 'z', "Z is folded");
	is_int(fold_ascii('['), '[', "[ is not");
	is_int(fold_ascii(0xC9), 0xC9, "nor is U+00C9");
}

static void
test_cut(void)
{
	struct text_view text = text_of("a\u20ACb");

	is_int(text_cut(text, 9), 5, "a short text is not cut");
	is_int(text_cut(text, 5), 5, "nor one that just fits");
	is_int(text_cut(text, 4), 4, "a cut between characters is exact");
	is_int(text_cut(text, 3), 1, "a cut inside a character is before it");
	is_int(text_cut(text, 2), 1, "wherever inside it is");
	is_int(text_cut(text, 0), 0, "a cut to nothing leaves nothing");
}

/* Count and look for U+FFFD the slow way. */
static void
test_against_reference(void)
{
	int with_replacement = 0;
	int wrong_counts = 0;
	int wrong_finds = 0;

	for (int i = 0; i < RANDOM_TEXTS; i++)
	{
		struct text_view text = make_text(WHOLE_PIECES);
		size_t characters = 0;
		bool found = false;

		for (size_t offset = 0; offset < text.length; characters++)
		{
			uint32_t character;

			offset += text_decode(text, offset, &character);
			if (character == REPLACEMENT_CHARACTER)
				found = true;
		}
		with_replacement += found;
		wrong_counts += text_character_count(text) != characters;
		wrong_finds += text_has_replacement(text) != found;
		free_text(text);
	}
	is_int(wrong_counts, 0, "characters of %d random texts are counted", RANDOM_TEXTS);
	is_int(wrong_finds, 0, "and U+FFFD is found in them, or not");
	ok(with_replacement > RANDOM_TEXTS / 10 && with_replacement < RANDOM_TEXTS * 9 / 10,
	   "and some have it");
}

static void
test_long_count(void)
{
	size_t size = 3 * 22000 + 5;
	char *data = malloc(size);
	struct text_view text = {data, size};

	for (size_t i = 0; i < 22000; i++)
		memcpy(data + 3 * i, "\u20AC", 3);
	memset(data + 3 * 22000, 'x', 5);
	is_int(text_character_count(text), 22005, "64 KiB of characters are counted");
	memset(data, 0xA0, size);
	is_int(text_character_count(text), 0, "and of bytes that only continue one");
	ok(!text_has_replacement(text), "and there is no U+FFFD");
	memcpy(data + size - 3, "\uFFFD", 3);
	ok(text_has_replacement(text), "and there is one at the very end");
	free(data);
}

static const char *
quote(const char *value, char *buffer, size_t size)
{
	struct text_builder builder;

	text_start(&builder, buffer, size);
	text_add_quoted(&builder, text_of(value));
	text_finish(&builder);
	return buffer;
}

static void
test_quoted(void)
{
	char buffer[512];

	is_text(quote("abc", buffer, 512), "\"abc\"", "a value is quoted");
	is_text(quote("", buffer, 512), "\"\"", "so is an empty one");
	is_text(quote(EIGHTY, buffer, 512), "\"" EIGHTY "\"", "80 characters stay");
	is_text(quote(EIGHTY "x", buffer, 512), "\"" EIGHTY "...\"", "81 are cut to 80");
	is_text(quote("\u20AC" EIGHTY, buffer, 512),
			"\"\u20AC" TEN TEN TEN TEN TEN TEN TEN "012345678...\"", "characters count, not bytes");
	is_text(quote("\u20AC" TEN TEN TEN TEN TEN TEN TEN "012345678", buffer, 512),
			"\"\u20AC" TEN TEN TEN TEN TEN TEN TEN "012345678\"",
			"80 characters in more bytes stay");
	is_text(quote("a\nb\x7F"
				  "c\xC2\x85"
				  "d\u00A0e",
				  buffer, 512),
			"\"a b c d\u00A0e\"", "control characters become blanks");
	is_text(quote("\n", buffer, 512), "\" \"", "also when there is nothing else");
	is_text(quote("1234567\x1F", buffer, 512), "\"1234567 \"", "in whole words");
	is_text(quote("12345678\x1F", buffer, 512), "\"12345678 \"", "and behind them");
	is_text(quote("abc", buffer, 4), "\"ab", "what does not fit is dropped");
	is_text(quote("a\u20AC", buffer, 5), "\"a", "whole characters at a time");
}

static void
test_numbers(void)
{
	static const int64_t numbers[] = {0, 7, -7, 100, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
	{
		struct text_builder builder;
		char buffer[32];
		char expected[32];
		char text[INTEGER_TEXT_SIZE];

		text_start(&builder, buffer, sizeof(buffer));
		text_add_integer(&builder, numbers[i]);
		text_finish(&builder);
		snprintf(expected, sizeof(expected), "%" PRId64, numbers[i]);
		is_text(buffer, expected, "%s is written", expected);
		is_text(integer_text(text, numbers[i]), expected, "%s fits into its own size", expected);
	}
}

static void
test_hundredths(void)
{
	static const struct
	{
		int64_t number;
		const char *expected;
	} cases[] = {
		{0, "0.00"},     {1, "0.01"},
		{1000, "10.00"}, {99999999, "999999.99"},
		{-5, "-0.05"},   {INT64_MIN, "-92233720368547758.08"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct text_builder builder;
		char buffer[32];

		text_start(&builder, buffer, sizeof(buffer));
		text_add_hundredths(&builder, cases[i].number);
		text_finish(&builder);
		is_text(buffer, cases[i].expected, "%s is written", cases[i].expected);
	}
}

/* Whether every character of a text is whole, and none is a control one. */
static bool
is_clean(const char *string)
{
	struct text_view text = text_of(string);
	size_t offset = 0;

	while (offset < text.length)
	{
		uint32_t character;
		size_t size = text_decode(text, offset, &character);

		if ((character == REPLACEMENT_CHARACTER && size == 1) || is_control_character(character))
			return false;
		offset += size;
	}
	return true;
}

/* Random values into buffers of every size; the sanitizer watches the ends. */
static void
test_builder_bounds(void)
{
	int unclean = 0;
	int too_long = 0;

	for (int i = 0; i < RANDOM_TEXTS; i++)
	{
		struct text_view text = make_text(WHOLE_PIECES);
		size_t size = 1 + unit_random(120);
		char *buffer = malloc(size);
		struct text_builder builder;

		text_start(&builder, buffer, size);
		text_add_quoted(&builder, text);
		text_add_quoted(&builder, text);
		text_finish(&builder);
		too_long += strlen(buffer) >= size;
		unclean += !is_clean(buffer);
		free(buffer);
		free_text(text);
	}
	is_int(too_long, 0, "%d random messages fit their buffers", RANDOM_TEXTS);
	is_int(unclean, 0, "and have whole, visible characters only");
}

/* Bytes that are not UTF-8 may give anything but a read out of bounds. */
static void
test_broken_text(void)
{
	int longer = 0;

	for (int i = 0; i < RANDOM_TEXTS; i++)
	{
		struct text_view text = make_text(sizeof(pieces) / sizeof(pieces[0]));
		struct text_builder builder;
		char buffer[512];

		text_start(&builder, buffer, sizeof(buffer));
		text_add_quoted(&builder, text);
		text_finish(&builder);
		longer += text_trim(text).length > text.length ||
				  text_character_count(text) > text.length || text_cut(text, 20) > 20;
		text_has_replacement(text);
		free_text(text);
	}
	is_int(longer, 0, "no text gets longer, also when it is not UTF-8");
}

int
main(void)
{
	unit_seed();
	test_trim();
	test_characters();
	test_cut();
	test_against_reference();
	test_long_count();
	test_quoted();
	test_numbers();
	test_hundredths();
	test_builder_bounds();
	test_broken_text();
	return unit_done();
}
