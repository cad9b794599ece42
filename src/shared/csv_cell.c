/*-------------------------------------------------------------------------
 *
 * csv_cell.c
 *	  Preparing the cells of a CSV file so that readers and spreadsheets
 *	  take them for plain text.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/csv_cell.h"

/*
 * If the text begins with one of these, which end with NULL, return that one's
 * length.
 */
static size_t
matching_start(struct text_view text, const char *const *starts)
{
	for (; *starts != NULL; starts++)
	{
		size_t length = strlen(*starts);

		if (text.length >= length && memcmp(text.data, *starts, length) == 0)
			return length;
	}
	return 0;
}

/* "-5" or "-3.25": a minus, digits, one point at most, and nothing else. */
static bool
is_negative_number(struct text_view cell)
{
	bool has_digit = false;
	bool has_point = false;

	if (cell.length == 0 || cell.data[0] != '-')
		return false;
	for (size_t i = 1; i < cell.length; i++)
	{
		if (cell.data[i] >= '0' && cell.data[i] <= '9')
			has_digit = true;
		else if (cell.data[i] == '.' && !has_point)
			has_point = true;
		else
			return false;
	}
	return has_digit;
}

/* Skip what a spreadsheet skips: blanks, U+00A0, U+FEFF. */
static struct text_view
without_leading_blanks(struct text_view cell)
{
	static const char *const blanks[] = {" ", "\xC2\xA0", "\xEF\xBB\xBF", NULL};
	size_t skipped;

	while ((skipped = matching_start(cell, blanks)) > 0)
	{
		cell.data += skipped;
		cell.length -= skipped;
	}
	return cell;
}

bool
csv_cell_is_formula(struct text_view cell)
{
	/* Fullwidth = + - @ */
	static const char *const fullwidth[] = {
		"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0", NULL,
	};
	struct text_view rest = without_leading_blanks(cell);

	if (rest.length == 0)
		return false;
	switch (rest.data[0])
	{
		case '=':
		case '+':
		case '-':
		case '@':
			/* These can hide a formula. */
		case '\t':
		case '\r':
		case '\n':
		case '\0':
			return !is_negative_number(cell);
		default:
			return matching_start(rest, fullwidth) > 0;
	}
}

static bool
is_trimmed_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

bool
csv_cell_needs_quotes(struct text_view cell, char delimiter)
{
	if (cell.length == 0)
		return false;
	if (is_trimmed_blank(cell.data[0]) || is_trimmed_blank(cell.data[cell.length - 1]))
		return true;
	for (size_t i = 0; i < cell.length; i++)
	{
		char byte = cell.data[i];

		if (byte == '"' || byte == '\n' || byte == '\r' || byte == delimiter)
			return true;
	}
	return false;
}

bool
csv_cell_next_part(struct csv_cell_parts *parts, struct text_view *part)
{
	struct text_view *rest = &parts->rest;
	size_t written = parts->repeats_quote ? 1 : 0;
	const char *quote;

	if (rest->length == 0)
		return false;
	quote = memchr(rest->data + written, '"', rest->length - written);
	*part = *rest;
	if (quote != NULL)
		part->length = (size_t) (quote - rest->data) + 1;
	parts->repeats_quote = quote != NULL;
	/* A quote that ends this part also begins the next one. */
	rest->data += part->length - parts->repeats_quote;
	rest->length -= part->length - parts->repeats_quote;
	return true;
}

bool
csv_delimiter_is_acceptable(char delimiter)
{
	unsigned char c = (unsigned char) delimiter;

	return c != 0 && c < 0x80 && !is_ascii_letter(c) && !is_ascii_digit(c) && c != '"' &&
		   c != '\r' && c != '\n';
}
