/*-------------------------------------------------------------------------
 *
 * xlsx_text.c
 *	  Collects the text of a string in a workbook: a shared or an inline one.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/hex.h"
#include "reader/xlsx_text.h"
#include "reader/xml_reader.h"

/* _xHHHH_ */
#define ESCAPE_BYTES 7

void
xlsx_text_clear(struct xlsx_text *text)
{
	text->length = 0;
	text->is_open = false;
	text->is_phonetic = false;
}

void
xlsx_text_append(struct xlsx_text *text, const char *piece, size_t length)
{
	size_t room = sizeof(text->data) - text->length;

	if (length > room)
		length = room;
	memcpy(text->data + text->length, piece, length);
	text->length += length;
}

/* ----- escapes ----- */

/* Read the escape that begins at data; returns false if none does. */
static bool
read_escape(const char *data, size_t available, uint32_t *unit)
{
	*unit = 0;
	if (available < ESCAPE_BYTES || data[0] != '_' || data[1] != 'x' || data[6] != '_')
		return false;
	for (int i = 2; i < 6; i++)
	{
		int digit = hex_value(data[i]);

		if (digit < 0)
			return false;
		*unit = *unit * 16 + (uint32_t) digit;
	}
	return true;
}

/*
 * Read one character, which may be written as two escapes, one for each
 * surrogate.  NUL, which no text may contain, becomes U+FFFD.  Returns the number
 * of bytes read, 0 if there is no escape.
 */
static size_t
read_character(const char *data, size_t available, uint32_t *character)
{
	uint32_t low;

	if (!read_escape(data, available, character))
		return 0;
	if (*character == 0)
		*character = REPLACEMENT_CHARACTER;
	if (*character - 0xD800 >= 0x400 ||
		!read_escape(data + ESCAPE_BYTES, available - ESCAPE_BYTES, &low) || low - 0xDC00 >= 0x400)
		return ESCAPE_BYTES;
	*character = 0x10000 + ((*character - 0xD800) << 10) + (low - 0xDC00);
	return 2 * ESCAPE_BYTES;
}

void
xlsx_text_unescape(struct xlsx_text *text, size_t offset)
{
	const char *next = memchr(text->data + offset, '_', text->length - offset);
	const char *end = text->data + text->length;
	char *to;

	if (next == NULL)
		return;
	/* A character is never longer than its escape. */
	to = text->data + (next - text->data);
	while (next < end)
	{
		uint32_t character;
		size_t read = *next == '_' ? read_character(next, (size_t) (end - next), &character) : 0;

		if (read > 0)
			to += text_encode(character, to);
		else
			*to++ = *next;
		next += read > 0 ? read : 1;
	}
	text->length = (size_t) (to - text->data);
}

/* ----- elements ----- */

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Strip the blanks at both ends of the current section. */
static void
strip(struct xlsx_text *text)
{
	size_t first = text->section;

	while (text->length > first && is_blank(text->data[text->length - 1]))
		text->length--;
	while (first < text->length && is_blank(text->data[first]))
		first++;
	memmove(text->data + text->section, text->data + first, text->length - first);
	text->length -= first - text->section;
}

void
xlsx_text_begin(struct xlsx_text *text, const char *name, const char **attributes)
{
	const char *space;

	if (strcmp(name, "rPh") == 0)
		text->is_phonetic = true;
	if (strcmp(name, "t") != 0 || text->is_phonetic)
		return;
	space = xml_attribute(attributes, "space");
	text->is_open = true;
	text->section = text->length;
	text->keeps_blanks = space != NULL && strcmp(space, "preserve") == 0;
}

void
xlsx_text_add(struct xlsx_text *text, const char *piece, size_t length)
{
	if (text->is_open)
		xlsx_text_append(text, piece, length);
}

void
xlsx_text_end(struct xlsx_text *text, const char *name)
{
	if (strcmp(name, "rPh") == 0)
		text->is_phonetic = false;
	if (strcmp(name, "t") != 0 || !text->is_open)
		return;
	text->is_open = false;
	if (!text->keeps_blanks)
		strip(text);
	xlsx_text_unescape(text, text->section);
}

struct text_view
xlsx_text_view(const struct xlsx_text *text)
{
	return (struct text_view){text->data, text->length};
}
