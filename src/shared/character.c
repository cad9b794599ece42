/*-------------------------------------------------------------------------
 *
 * character.c
 *	  What single characters are: white space, invisible, look-alikes, and
 *	  how messages name them.
 *
 * The ranges are from DerivedGeneralCategory.txt and PropList.txt of the Unicode
 * Character Database, version 17.0.  A test compares them with Perl's.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/character.h"

#include <stddef.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct character_range
{
	uint32_t first;
	uint32_t last;
};

/* Category Cf, sorted. */
static const struct character_range format_characters[] = {
	{0x00AD, 0x00AD},   {0x0600, 0x0605},   {0x061C, 0x061C},   {0x06DD, 0x06DD},
	{0x070F, 0x070F},   {0x0890, 0x0891},   {0x08E2, 0x08E2},   {0x180E, 0x180E},
	{0x200B, 0x200F},   {0x202A, 0x202E},   {0x2060, 0x2064},   {0x2066, 0x206F},
	{0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
	{0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0001, 0xE0001},
	{0xE0020, 0xE007F},
};

/* Category Sc, sorted. */
static const struct character_range currency_signs[] = {
	{0x0024, 0x0024},   {0x00A2, 0x00A5}, {0x058F, 0x058F}, {0x060B, 0x060B},   {0x07FE, 0x07FF},
	{0x09F2, 0x09F3},   {0x09FB, 0x09FB}, {0x0AF1, 0x0AF1}, {0x0BF9, 0x0BF9},   {0x0E3F, 0x0E3F},
	{0x17DB, 0x17DB},   {0x20A0, 0x20C1}, {0xA838, 0xA838}, {0xFDFC, 0xFDFC},   {0xFE69, 0xFE69},
	{0xFF04, 0xFF04},   {0xFFE0, 0xFFE1}, {0xFFE5, 0xFFE6}, {0x11FDD, 0x11FE0}, {0x1E2FF, 0x1E2FF},
	{0x1ECB0, 0x1ECB0},
};

/*
 * Letters and signs that most fonts draw like an ASCII character, sorted.
 * Full-width characters are computed.
 */
static const struct
{
	uint16_t character;
	char looks_like;
} lookalikes[] = {
	{0x0060, '\''},
	{0x00B4, '\''},
	{0x02B9, '\''},
	{0x02BB, '\''},
	{0x02BC, '\''},
	/* Greek */
	{0x0391, 'A'},
	{0x0392, 'B'},
	{0x0395, 'E'},
	{0x0396, 'Z'},
	{0x0397, 'H'},
	{0x0399, 'I'},
	{0x039A, 'K'},
	{0x039C, 'M'},
	{0x039D, 'N'},
	{0x039F, 'O'},
	{0x03A1, 'P'},
	{0x03A4, 'T'},
	{0x03A5, 'Y'},
	{0x03A7, 'X'},
	{0x03BD, 'v'},
	{0x03BF, 'o'},
	/* Cyrillic */
	{0x0405, 'S'},
	{0x0406, 'I'},
	{0x0408, 'J'},
	{0x0410, 'A'},
	{0x0412, 'B'},
	{0x0415, 'E'},
	{0x041A, 'K'},
	{0x041C, 'M'},
	{0x041D, 'H'},
	{0x041E, 'O'},
	{0x0420, 'P'},
	{0x0421, 'C'},
	{0x0422, 'T'},
	{0x0423, 'Y'},
	{0x0425, 'X'},
	{0x0430, 'a'},
	{0x0435, 'e'},
	{0x043E, 'o'},
	{0x0440, 'p'},
	{0x0441, 'c'},
	{0x0443, 'y'},
	{0x0445, 'x'},
	{0x0455, 's'},
	{0x0456, 'i'},
	{0x0458, 'j'},
	{0x04BB, 'h'},
	/* Dashes and quotes */
	{0x2010, '-'},
	{0x2011, '-'},
	{0x2012, '-'},
	{0x2013, '-'},
	{0x2014, '-'},
	{0x2015, '-'},
	{0x2018, '\''},
	{0x2019, '\''},
	{0x201B, '\''},
	{0x201C, '"'},
	{0x201D, '"'},
	{0x2032, '\''},
	{0x2033, '"'},
	{0x2044, '/'},
	{0x2212, '-'},
	{0x2215, '/'},
	{0xFE63, '-'},
};

/* Full-width forms of "!" to "~". */
#define FIRST_FULL_WIDTH 0xFF01
#define LAST_FULL_WIDTH 0xFF5E

/* Common names; the first range that contains a character counts.  */
static const struct
{
	struct character_range range;
	const char *name;
} names[] = {
	{{0x00, 0x00}, "NUL"},
	{{0x07, 0x07}, "bell"},
	{{0x08, 0x08}, "backspace"},
	{{0x09, 0x09}, "tab"},
	{{0x0A, 0x0A}, "line feed"},
	{{0x0B, 0x0B}, "vertical tab"},
	{{0x0C, 0x0C}, "form feed"},
	{{0x0D, 0x0D}, "carriage return"},
	{{0x1A, 0x1A}, "Ctrl-Z"},
	{{0x1B, 0x1B}, "escape"},
	{{0x1C, 0x1C}, "file separator"},
	{{0x1D, 0x1D}, "group separator"},
	{{0x1E, 0x1E}, "record separator"},
	{{0x1F, 0x1F}, "unit separator"},
	{{0x00, 0x1F}, "control character"},
	{{0x60, 0x60}, "grave accent"},
	{{0x7F, 0x7F}, "delete"},
	{{0x85, 0x85}, "next line"},
	{{0x80, 0x9F}, "control character"},
	{{0xA0, 0xA0}, "no-break space"},
	{{0xAD, 0xAD}, "soft hyphen"},
	{{0xB4, 0xB4}, "acute accent"},
	{{0x02B9, 0x02BC}, "modifier letter"},
	{{0x0370, 0x03FF}, "Greek letter"},
	{{0x0400, 0x04FF}, "Cyrillic letter"},
	{{0x061C, 0x061C}, "Arabic letter mark"},
	{{0x1680, 0x1680}, "Ogham space mark"},
	{{0x180E, 0x180E}, "Mongolian vowel separator"},
	{{0x2000, 0x2000}, "en quad"},
	{{0x2001, 0x2001}, "em quad"},
	{{0x2002, 0x2002}, "en space"},
	{{0x2003, 0x2003}, "em space"},
	{{0x2004, 0x2006}, "fraction of an em space"},
	{{0x2007, 0x2007}, "figure space"},
	{{0x2008, 0x2008}, "punctuation space"},
	{{0x2009, 0x2009}, "thin space"},
	{{0x200A, 0x200A}, "hair space"},
	{{0x200B, 0x200B}, "zero-width space"},
	{{0x200C, 0x200C}, "zero-width non-joiner"},
	{{0x200D, 0x200D}, "zero-width joiner"},
	{{0x200E, 0x200E}, "left-to-right mark"},
	{{0x200F, 0x200F}, "right-to-left mark"},
	{{0x2010, 0x2010}, "hyphen"},
	{{0x2011, 0x2011}, "non-breaking hyphen"},
	{{0x2012, 0x2012}, "figure dash"},
	{{0x2013, 0x2013}, "en dash"},
	{{0x2014, 0x2014}, "em dash"},
	{{0x2015, 0x2015}, "horizontal bar"},
	{{0x2018, 0x2018}, "left single quotation mark"},
	{{0x2019, 0x2019}, "right single quotation mark"},
	{{0x201B, 0x201B}, "reversed quotation mark"},
	{{0x201C, 0x201C}, "left double quotation mark"},
	{{0x201D, 0x201D}, "right double quotation mark"},
	{{0x2028, 0x2028}, "line separator"},
	{{0x2029, 0x2029}, "paragraph separator"},
	{{0x202A, 0x202A}, "left-to-right embedding"},
	{{0x202B, 0x202B}, "right-to-left embedding"},
	{{0x202C, 0x202C}, "end of embedding"},
	{{0x202D, 0x202D}, "left-to-right override"},
	{{0x202E, 0x202E}, "right-to-left override"},
	{{0x202F, 0x202F}, "narrow no-break space"},
	{{0x2032, 0x2032}, "prime"},
	{{0x2033, 0x2033}, "double prime"},
	{{0x2044, 0x2044}, "fraction slash"},
	{{0x205F, 0x205F}, "mathematical space"},
	{{0x2060, 0x2060}, "word joiner"},
	{{0x2061, 0x2064}, "invisible operator"},
	{{0x2066, 0x2066}, "left-to-right isolate"},
	{{0x2067, 0x2067}, "right-to-left isolate"},
	{{0x2068, 0x2068}, "first strong isolate"},
	{{0x2069, 0x2069}, "end of isolate"},
	{{0x2212, 0x2212}, "minus sign"},
	{{0x2215, 0x2215}, "division slash"},
	{{0x3000, 0x3000}, "ideographic space"},
	{{0xFE63, 0xFE63}, "small hyphen-minus"},
	{{0xFEFF, 0xFEFF}, "byte order mark"},
	{{FIRST_FULL_WIDTH, LAST_FULL_WIDTH}, "full-width character"},
	{{0xFFF9, 0xFFFB}, "annotation mark"},
	{{0xE0020, 0xE007F}, "tag character"},
};

/* Is the character in one of these sorted ranges? */
static bool
is_in_ranges(uint32_t character, const struct character_range *ranges, size_t count)
{
	size_t low = 0;
	size_t high = count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (character > ranges[middle].last)
			low = middle + 1;
		else if (character < ranges[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}

bool
is_control_character(uint32_t character)
{
	return character < 0x20 || (character >= 0x7F && character <= 0x9F);
}

bool
is_format_character(uint32_t character)
{
	return character >= format_characters[0].first &&
		   is_in_ranges(character, format_characters, COUNT_OF(format_characters));
}

bool
is_white_space(uint32_t character)
{
	switch (character)
	{
		case 0x20:
		case 0x85:
		case 0xA0:
		case 0x1680:
		case 0x2028:
		case 0x2029:
		case 0x202F:
		case 0x205F:
		case 0x3000:
			return true;
		default:
			return (character >= 0x09 && character <= 0x0D) ||
				   (character >= 0x2000 && character <= 0x200A);
	}
}

bool
is_blank_character(uint32_t character)
{
	return is_white_space(character) || character == 0x200B || character == 0x2060 ||
		   character == 0xFEFF;
}

bool
is_currency_sign(uint32_t character)
{
	return is_in_ranges(character, currency_signs, COUNT_OF(currency_signs));
}

uint32_t
character_lookalike(uint32_t character)
{
	size_t low = 0;
	size_t high = COUNT_OF(lookalikes);

	if (character >= FIRST_FULL_WIDTH && character <= LAST_FULL_WIDTH)
		return character - FIRST_FULL_WIDTH + '!';
	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (character == lookalikes[middle].character)
			return (unsigned char) lookalikes[middle].looks_like;
		if (character > lookalikes[middle].character)
			low = middle + 1;
		else
			high = middle;
	}
	return character;
}

const char *
character_name(uint32_t character)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
	{
		if (character >= names[i].range.first && character <= names[i].range.last)
			return names[i].name;
	}
	return NULL;
}
