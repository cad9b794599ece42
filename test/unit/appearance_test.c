/*-------------------------------------------------------------------------
 *
 * appearance_test.c
 *	  What texts look like, what in them is hidden, and what spreadsheets
 *	  write in place of them.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/appearance.h"
#include "shared/spreadsheet.h"
#include "shared/text.h"

static void
test_as_seen(void)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"Kitchen", "Kitchen"},
		{" a  b ", "a b"},
		{"a\u00A0\t\r\nb", "a b"},
		{"a\u200B \u200Eb\u00AD", "a b"},
		{"\u041A\u0456t\uFF01", "Kit!"},
		{"Men`s \u201Ca\u201D \u2013", "Men's \"a\" -"},
		{"\u200B\u3000", ""},
		{"\u00E4\u4E2D", "\u00E4\u4E2D"},
	};
	char buffer[40];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct text_view seen = text_as_seen(text_of(cases[i][0]), buffer, sizeof(buffer));

		ok(text_equal(seen, text_of(cases[i][1])), "\"%s\" looks like \"%s\"", cases[i][0],
		   cases[i][1]);
		is_int(text_is_as_seen(text_of(cases[i][0])),
			   strcmp(cases[i][0], cases[i][1]) == 0 && (cases[i][0][0] & 0x80) == 0,
			   "and is recognized or not");
	}
	ok(text_as_seen(text_of("\u00E4bcd"), buffer, 4).data == NULL, "what does not fit is not cut");
	is_int((int64_t) text_as_seen(text_of("\u00E4bc"), buffer, 4).length, 4, "what fits is whole");
}

static void
test_found(void)
{
	struct found_character found = {0, 0, 0};
	struct text_builder builder;
	char text[80];
	char buffer[20];

	ok(!text_find_character(text_of("a b\u00E4"), is_hidden_character, &found),
	   "nothing is hidden");
	ok(text_find_character(text_of("\u00E4\u200Bb\tc\u00A0"), is_hidden_character, &found),
	   "hidden characters are found");
	is_int(found.character, 0x200B, "the first one");
	is_int(found.position, 2, "at its place, in characters");
	is_int(found.others, 2, "and the others are counted");
	text_start(&builder, text, sizeof(text));
	text_add_found(&builder, &found);
	text_finish(&builder);
	is_text(text, "U+200B (zero-width space) at character 2 and 2 more", "as a message says");

	is_int(text_find_lookalike(text_of("B\u043Eok\u0455"), &found), 'o', "a look-alike is found");
	is_int(found.position, 2, "at its place");
	is_int(text_find_lookalike(text_of("B\u00F6ok"), &found), 0, "other letters are not");

	ok(text_equal(text_without(text_of(" a\x07"
									   "b\vc "),
							   is_control_character, true, buffer, sizeof(buffer)),
				  text_of("ab c")),
	   "words stay apart");
	ok(text_equal(
		   text_without(text_of("a\vb"), is_control_character, false, buffer, sizeof(buffer)),
		   text_of("ab")),
	   "or come together");
	is_int(
		(int64_t) text_without(text_of("\u00E4bcd"), is_control_character, true, buffer, 4).length,
		0, "what does not fit is not cut");
}

static void
test_spreadsheet(void)
{
	static const char *const shortened[] = {"4.00639E+12", "1E+16", "1,5e+7", "12.0E+003"};
	static const char *const whole[] = {
		"",     "4",   "4.00639", "4.00639E12", "4.00639E-12", "4.E+12", ".5E+12",
		"E+12", "4E+", "4E+1x",   "-4.0E+12",   " 4E+12",      "4E+12 "};
	struct text_view content;

	for (size_t i = 0; i < sizeof(shortened) / sizeof(shortened[0]); i++)
		ok(spreadsheet_shortened(text_of(shortened[i])), "\"%s\" was shortened", shortened[i]);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		ok(!spreadsheet_shortened(text_of(whole[i])), "\"%s\" was not", whole[i]);

	ok(spreadsheet_formula_text(text_of("=\" 00125 \""), &content), "a formula with a text");
	ok(text_equal(content, text_of("00125")), "has that text");
	ok(!spreadsheet_formula_text(text_of("=\"\""), &content) &&
		   !spreadsheet_formula_text(text_of("=\" \u200B\""), &content) &&
		   !spreadsheet_formula_text(text_of("=\"a\"&\"b\""), &content) &&
		   !spreadsheet_formula_text(text_of("=\""), &content) &&
		   !spreadsheet_formula_text(text_of("=A1"), &content),
	   "other formulas have none");
}

int
main(void)
{
	test_as_seen();
	test_found();
	test_spreadsheet();
	return unit_done();
}
