/*-------------------------------------------------------------------------
 *
 * heading.c
 *	  Headings of files: comparing them, and which of ours they are.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/heading.h"

#include "shared/apply.h"

#define BYTE_ORDER_MARK 0xFEFF

/* Headings that the fix file adds. */
static const char *const added[] = {
	ONBOARD_ERRORS_HEADING,
	ONBOARD_SUGGESTION_HEADING,
	ONBOARD_LINE_HEADING,
	ONBOARD_KEY_COLUMN,
};

/*
 * Return a letter in lower case: those of Latin-1, Latin Extended-A, Greek and
 * Cyrillic.  Characters without case stay, and letters of other scripts do, too.
 */
static uint32_t
fold_letter(uint32_t character)
{
	if (character < 0xC0)
		return fold_ascii(character);
	if (character <= 0xDE)
		return character == 0xD7 ? character : character + 0x20;
	if (character >= 0x100 && character <= 0x17F)
	{
		/* Capitals have even codes, except in two ranges; three have no partner here. */
		bool odd = (character >= 0x139 && character <= 0x148) ||
				   (character >= 0x179 && character <= 0x17E);

		if (character == 0x130 || character == 0x131 || character == 0x138 || character == 0x149 ||
			character == 0x178 || character == 0x17F)
			return character;
		return (character & 1) == odd ? character + 1 : character;
	}
	if ((character >= 0x391 && character <= 0x3A9) || (character >= 0x410 && character <= 0x42F))
		return character + 0x20;
	return character >= 0x400 && character <= 0x40F ? character + 0x50 : character;
}

/*
 * Return the next character that matters, in lower case, and move offset after
 * it; 0 at the end.
 */
static uint32_t
next_significant(struct text_view heading, size_t *offset)
{
	while (*offset < heading.length)
	{
		uint32_t character = (unsigned char) heading.data[*offset];

		/* Each first cell of a row comes here, so letters are not decoded. */
		if (is_ascii_letter(character))
		{
			++*offset;
			return fold_ascii(character);
		}
		*offset += text_decode(heading, *offset, &character);
		if (character != '_' && character != '-' && character != '*' &&
			character != BYTE_ORDER_MARK && !is_white_space(character))
			return fold_letter(character);
	}
	return 0;
}

bool
heading_matches(struct text_view heading, const char *known)
{
	size_t at = 0;
	uint32_t character;

	do
	{
		character = next_significant(heading, &at);
		while (*known == '_')
			known++;
		if (character != (unsigned char) *known++)
			return false;
	} while (character != 0);
	return true;
}

bool
heading_same(struct text_view a, struct text_view b)
{
	size_t at[2] = {0, 0};
	uint32_t character;

	do
	{
		character = next_significant(a, &at[0]);
		if (character != next_significant(b, &at[1]))
			return false;
	} while (character != 0);
	return true;
}

bool
heading_is_blank(struct text_view heading)
{
	size_t at = 0;

	return next_significant(heading, &at) == 0;
}

bool
heading_is_added(struct text_view heading)
{
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++)
	{
		if (heading_matches(heading, added[i]))
			return true;
	}
	return false;
}

bool
heading_is_ours(struct text_view heading)
{
	return heading_is_added(heading) || heading_matches(heading, ONBOARD_ACTION_COLUMN);
}

enum onboard_column
heading_column(struct text_view heading)
{
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (heading_matches(heading, onboard_columns[column].name))
			return (enum onboard_column) column;
	}
	return COLUMN_NONE;
}
