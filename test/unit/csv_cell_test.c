/*-------------------------------------------------------------------------
 *
 * csv_cell_test.c
 *	  Which cells a spreadsheet could run, for every first character; which
 *	  need quotes, and what is written between them.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/csv_cell.h"
#include "shared/text.h"

/* All characters that make a formula of what follows them. */
static const uint32_t dangerous[] = {
	'\0', '\t', '\n', '\r', '+', '-', '=', '@', 0xFF0B, 0xFF0D, 0xFF1D, 0xFF20,
};

/* What a spreadsheet skips before a formula. */
static const uint32_t skipped[] = {' ', 0xA0, 0xFEFF};

static bool
is_among(uint32_t character, const uint32_t *characters, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (characters[i] == character)
			return true;
	}
	return false;
}

#define IS_AMONG(character, characters) \
	is_among((character), (characters), sizeof(characters) / sizeof((characters)[0]))

/* Append a character as UTF-8. */
static void
add_character(struct text_builder *builder, uint32_t character)
{
	char bytes[MAX_CHARACTER_BYTES];
	size_t length = text_encode(character, bytes);

	text_add(builder, (struct text_view){bytes, length});
}

/* Whether a cell of these characters and "SUM(A1)" is a formula. */
static bool
is_formula_after(const uint32_t *characters, size_t count)
{
	char cell[64];
	struct text_builder builder;

	text_start(&builder, cell, sizeof(cell));
	for (size_t i = 0; i < count; i++)
		add_character(&builder, characters[i]);
	text_add(&builder, text_of("SUM(A1)"));
	return csv_cell_is_formula((struct text_view){cell, (size_t) (builder.next - cell)});
}

/* Every character of Unicode as the first, and after what is skipped. */
static void
test_first_characters(void)
{
	int wrong = 0;

	for (uint32_t character = 0; character <= 0x10FFFF; character++)
	{
		bool expected = IS_AMONG(character, dangerous);
		uint32_t after[] = {' ', 0xFEFF, 0xA0, character};

		if (character >= 0xD800 && character <= 0xDFFF)
			continue;
		if (is_formula_after(&character, 1) != expected || is_formula_after(after, 4) != expected)
		{
			wrong++;
			printf("# wrong for U+%04" PRIX32 "\n", character);
		}
	}
	is_int(wrong, 0, "every character of Unicode at the start");
}

/* Every pair of dangerous or skipped character before, and dangerous one inside. */
static void
test_pairs(void)
{
	for (size_t i = 0; i < sizeof(dangerous) / sizeof(dangerous[0]); i++)
	{
		for (size_t j = 0; j < sizeof(skipped) / sizeof(skipped[0]); j++)
		{
			uint32_t pair[] = {skipped[j], dangerous[i]};

			ok(is_formula_after(pair, 2), "U+%04" PRIX32 " after U+%04" PRIX32, dangerous[i],
			   skipped[j]);
		}
		ok(!is_formula_after((uint32_t[]){'a', dangerous[i]}, 2), "U+%04" PRIX32 " after a letter",
		   dangerous[i]);
	}
}

static void
test_texts(void)
{
	static const struct
	{
		const char *cell;
		bool formula;
	} cases[] = {
		{"", false},     {" ", false},        {"\xC2\xA0\xEF\xBB\xBF ", false},
		{"-5", false},   {"-3.25", false},    {"-.5", false},
		{"-5.", false},  {"-", true},         {"-.", true},
		{"--5", true},   {"-5-", true},       {"-1.2.3", true},
		{"-1,5", true},  {"-5+1", true},      {"-1e5", true},
		{" -5", true},   {"-5 ", true},       {"+5", true},
		{"=", true},     {"\xEF\xBC", false}, {"\xEF", false},
		{"\xC2", false}, {"plain", false},    {"'=1", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(csv_cell_is_formula(text_of(cases[i].cell)) == cases[i].formula, "\"%s\" is %sa formula",
		   cases[i].cell, cases[i].formula ? "" : "not ");
}

/* Every byte in the middle and at both ends. */
static void
test_quotes(void)
{
	for (int delimiter = 0; delimiter < 3; delimiter++)
	{
		char between = ",;\t"[delimiter];
		int wrong = 0;

		for (int byte = 0; byte < 256; byte++)
		{
			char middle[] = {'a', (char) byte, 'a'};
			char first[] = {(char) byte, 'a'};
			char last[] = {'a', (char) byte};
			bool anywhere = byte == '"' || byte == '\r' || byte == '\n' || byte == between;
			bool at_end = anywhere || byte == ' ' || byte == '\t';

			wrong += csv_cell_needs_quotes((struct text_view){middle, 3}, between) != anywhere;
			wrong += csv_cell_needs_quotes((struct text_view){first, 2}, between) != at_end;
			wrong += csv_cell_needs_quotes((struct text_view){last, 2}, between) != at_end;
		}
		is_int(wrong, 0, "which bytes need quotes, delimiter 0x%02x", between);
	}
	ok(!csv_cell_needs_quotes(text_of(""), ','), "nothing needs none");
}

/* The text of a cell between its quotes, from every kind of part. */
static void
test_doubled(void)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"plain", "plain"},
		{"\"", "\"\""},
		{"\"\"", "\"\"\"\""},
		{"27\" screen", "27\"\" screen"},
		{"\"a\"\"b\"", "\"\"a\"\"\"\"b\"\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct csv_cell_parts parts = {.rest = text_of(cases[i][0])};
		struct text_view part;
		char whole[64];
		struct text_builder builder;

		text_start(&builder, whole, sizeof(whole));
		while (csv_cell_next_part(&parts, &part))
			text_add(&builder, part);
		text_finish(&builder);
		is_text(whole, cases[i][1], "quotes are doubled");
	}
}

int
main(void)
{
	test_first_characters();
	test_pairs();
	test_texts();
	test_quotes();
	test_doubled();
	return unit_done();
}
