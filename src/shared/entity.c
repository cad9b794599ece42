/*-------------------------------------------------------------------------
 *
 * entity.c
 *	  Character references of HTML, such as &amp; and &#38;, in a text.
 *
 * The known names are those that shops export in product names: the characters of
 * markup, of Latin-1, and of typography.  They are case-sensitive: &Auml; and &auml;
 * differ.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/entity.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Longest reference that is read, without "&" and ";". */
#define MAX_NAME 10

#define FIRST_LATIN 0xA0

/* U+00A0 to U+00FF. */
static const char *const latin_names[] = {
	"nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
	"copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
	"sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
	"raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
	"Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
	"Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
	"Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
	"szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
	"egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
	"ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
	"uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml",
};

static const struct
{
	const char *name;
	uint32_t character;
} other_names[] = {
	{"amp", '&'},      {"lt", '<'},       {"gt", '>'},        {"quot", '"'},     {"apos", '\''},
	{"ndash", 0x2013}, {"mdash", 0x2014}, {"lsquo", 0x2018},  {"rsquo", 0x2019}, {"ldquo", 0x201C},
	{"rdquo", 0x201D}, {"bull", 0x2022},  {"hellip", 0x2026}, {"euro", 0x20AC},  {"trade", 0x2122},
	{"ensp", 0x2002},  {"emsp", 0x2003},  {"thinsp", 0x2009}, {"zwnj", 0x200C},  {"zwj", 0x200D},
};

/* Return the character of a name, or 0. */
static uint32_t
named_character(struct text_view name)
{
	for (size_t i = 0; i < COUNT_OF(latin_names); i++)
	{
		if (text_equal(name, text_of(latin_names[i])))
			return FIRST_LATIN + (uint32_t) i;
	}
	for (size_t i = 0; i < COUNT_OF(other_names); i++)
	{
		if (text_equal(name, text_of(other_names[i].name)))
			return other_names[i].character;
	}
	return 0;
}

/* Return the value of a digit in this base, or the base if it is none. */
static uint32_t
digit_value(char digit, uint32_t base)
{
	uint32_t folded = fold_ascii((unsigned char) digit);
	uint32_t value = base;

	if (folded >= '0' && folded <= '9')
		value = folded - '0';
	else if (folded >= 'a' && folded <= 'f')
		value = folded - 'a' + 10;
	return value < base ? value : base;
}

/* Return the character of a number, as in #38 and #x26, or 0. */
static uint32_t
numbered_character(struct text_view name)
{
	bool is_hex = name.length > 1 && fold_ascii((unsigned char) name.data[1]) == 'x';
	uint32_t base = is_hex ? 16 : 10;
	uint32_t character = 0;

	for (size_t i = is_hex ? 2 : 1; i < name.length; i++)
	{
		uint32_t value = digit_value(name.data[i], base);

		if (value == base)
			return 0;
		character = character * base + value;
		if (character > 0x10FFFF)
			return 0;
	}
	return character >= 0xD800 && character <= 0xDFFF ? 0 : character;
}

/* Read the reference at offset, which has an "&"; returns its size, or 0. */
static size_t
read_reference(struct text_view text, size_t offset, uint32_t *character)
{
	size_t room = text.length - offset - 1;
	struct text_view name = {text.data + offset + 1, 0};
	const char *end = memchr(name.data, ';', room < MAX_NAME + 1 ? room : MAX_NAME + 1);

	if (end == NULL || end == name.data)
		return 0;
	name.length = (size_t) (end - name.data);
	*character = name.data[0] == '#' ? numbered_character(name) : named_character(name);
	return *character == 0 ? 0 : name.length + 2;
}

struct text_view
entities_decode(struct text_view text, char *buffer, size_t size)
{
	struct text_view decoded = {buffer, 0};
	struct text_view nothing = {NULL, 0};

	if (text.length == 0 || memchr(text.data, '&', text.length) == NULL ||
		memchr(text.data, ';', text.length) == NULL)
		return text;
	for (size_t offset = 0; offset < text.length;)
	{
		uint32_t character;
		char bytes[MAX_CHARACTER_BYTES] = {text.data[offset]};
		size_t consumed = 0;
		size_t written = 1;

		if (text.data[offset] == '&')
			consumed = read_reference(text, offset, &character);
		if (consumed > 0)
			written = text_encode(character, bytes);
		if (decoded.length + written > size)
			return nothing;
		memcpy(buffer + decoded.length, bytes, written);
		decoded.length += written;
		offset += consumed > 0 ? consumed : 1;
	}
	return decoded;
}
