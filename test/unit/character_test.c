/*-------------------------------------------------------------------------
 *
 * character_test.c
 *	  The tables of characters: their ends, their order, their names.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/character.h"
#include "shared/text.h"

#define LAST_CHARACTER 0x10FFFF

typedef bool (*predicate)(uint32_t character);

static int
count_all(predicate is_member)
{
	int count = 0;

	for (uint32_t character = 0; character <= LAST_CHARACTER; character++)
		count += is_member(character);
	return count;
}

/* The numbers of members are those that the Unicode Character Database states. */
static void
test_categories(void)
{
	is_int(count_all(is_control_character), 65, "category Cc has 65 characters");
	is_int(count_all(is_format_character), 170, "category Cf has 170");
	is_int(count_all(is_currency_sign), 64, "category Sc has 64");
	is_int(count_all(is_white_space), 25, "White_Space has 25");
	is_int(count_all(is_blank_character), 28, "and three more are blanks at the ends of a value");

	ok(is_control_character(0) && is_control_character(0x1F) && is_control_character(0x7F) &&
		   is_control_character(0x9F),
	   "control characters are known");
	ok(!is_control_character(' ') && !is_control_character(0x7E) && !is_control_character(0xA0),
	   "other characters are not control characters");
	ok(is_format_character(0xAD) && is_format_character(0x200B) && is_format_character(0xFEFF) &&
		   is_format_character(0x13430) && is_format_character(0x1343F) &&
		   is_format_character(0xE0001) && is_format_character(0xE007F),
	   "format characters are known, of the supplementary planes, too");
	ok(!is_format_character(0x2065) && !is_format_character(0x2028) && !is_format_character(0xAC),
	   "other characters are not format characters");
	ok(is_white_space(0xA0) && is_white_space(0x3000) && is_white_space('\t') &&
		   is_white_space(0x200A) && is_white_space(0x2028),
	   "white space is known");
	ok(!is_white_space('a') && !is_white_space(0x200B) && !is_white_space(0x1FFF),
	   "other characters are not white space");
	ok(is_blank_character(0x200B) && is_blank_character(0x2060) && is_blank_character(0xFEFF) &&
		   !is_blank_character(0x200E) && !is_blank_character(0xAD),
	   "three invisible characters are blanks");
	ok(is_currency_sign('$') && is_currency_sign(0x20AC) && is_currency_sign(0x20B9) &&
		   is_currency_sign(0x1ECB0) && !is_currency_sign('S'),
	   "currency signs are known");
}

static void
test_lookalikes(void)
{
	int others = 0;

	is_int(character_lookalike('a'), 'a', "a letter looks like itself");
	is_int(character_lookalike(0x430), 'a', "the Cyrillic letter a like the Latin one");
	is_int(character_lookalike(0x39F), 'O', "the Greek letter omicron like O");
	is_int(character_lookalike(0xFF11), '1', "a full-width 1 like 1");
	is_int(character_lookalike(0x2019), '\'', "an apostrophe like the ASCII one");
	is_int(character_lookalike(0xFE63), '-', "the last of the table is found");
	is_int(character_lookalike(0x416), 0x416, "a letter without look-alikes is itself");

	for (uint32_t character = 0; character <= LAST_CHARACTER; character++)
	{
		uint32_t seen = character_lookalike(character);

		others +=
			seen != character && (seen <= ' ' || seen > '~' || character_name(character) == NULL);
	}
	is_int(others, 0, "a look-alike has a name, and looks like an ASCII character");
}

/* Return how a message names a character. */
static const char *
named(uint32_t character)
{
	static char name[80];
	struct text_builder builder;

	text_start(&builder, name, sizeof(name));
	text_add_character(&builder, character);
	text_finish(&builder);
	return name;
}

static void
test_names(void)
{
	is_text(named(0x200B), "U+200B (zero-width space)", "a character is named");
	is_text(named(0x07), "U+0007 (bell)", "with four digits at least");
	is_text(named(0x01), "U+0001 (control character)", "or with its kind");
	is_text(named(0x441), "U+0441 (Cyrillic letter)", "or with its script");
	is_text(named(0xE0041), "U+E0041 (tag character)", "with five digits");
	is_text(named(0x10FFFF), "U+10FFFF", "with six, and without a name");
	is_text(named('a'), "U+0061", "a common character has no name");
}

int
main(void)
{
	test_categories();
	test_lookalikes();
	test_names();
	return unit_done();
}
