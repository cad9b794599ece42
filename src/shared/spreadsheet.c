/*-------------------------------------------------------------------------
 *
 * spreadsheet.c
 *	  What spreadsheets write in place of the text of a cell.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/spreadsheet.h"

/* Return the offset after the digits at this one. */
static size_t
skip_digits(struct text_view text, size_t offset)
{
	while (offset < text.length && is_ascii_digit((unsigned char) text.data[offset]))
		offset++;
	return offset;
}

/*
 * Digits, a point or comma with digits, "E+" and digits; most keys end at the
 * first test.
 */
bool
spreadsheet_shortened(struct text_view text)
{
	size_t offset = skip_digits(text, 0);
	size_t next;

	if (offset == 0 || offset == text.length)
		return false;
	if (text.data[offset] == '.' || text.data[offset] == ',')
	{
		next = skip_digits(text, offset + 1);
		if (next == offset + 1)
			return false;
		offset = next;
	}
	if (text.length - offset < 3 || fold_ascii((unsigned char) text.data[offset]) != 'e' ||
		text.data[offset + 1] != '+')
		return false;
	return skip_digits(text, offset + 2) == text.length;
}

bool
spreadsheet_formula_text(struct text_view text, struct text_view *content)
{
	if (text.length < 3 || text.data[0] != '=' || text.data[1] != '"' ||
		text.data[text.length - 1] != '"')
		return false;
	*content = (struct text_view){text.data + 2, text.length - 3};
	*content = text_trim(*content);
	return content->length > 0 && memchr(content->data, '"', content->length) == NULL;
}
