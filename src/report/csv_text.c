/*-------------------------------------------------------------------------
 *
 * csv_text.c
 *	  Writing CSV records (RFC 4180), cell by cell.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "report/csv_text.h"

static inline bool
starts_with(struct text_view text, const char *prefix, size_t length)
{
	return text.length >= length && memcmp(text.data, prefix, length) == 0;
}

void
csv_init(CsvRecord *record, struct text_view delimiter)
{
	initStringInfo(&record->text);
	record->delimiter = delimiter;
	record->cell_count = 0;
}

void
csv_reset(CsvRecord *record)
{
	resetStringInfo(&record->text);
	record->cell_count = 0;
}

static void
begin_cell(CsvRecord *record)
{
	if (record->cell_count++ > 0)
		appendBinaryStringInfo(&record->text, record->delimiter.data, record->delimiter.length);
}

/*
 * Blanks at an end are quoted too, because some readers take them off
 * otherwise.  The first byte of the delimiter is enough: quotes too many do no
 * harm.
 */
static bool
needs_quotes(const CsvRecord *record, struct text_view cell)
{
	char delimiter = record->delimiter.data[0];
	size_t i;

	if (cell.length == 0)
		return false;
	if (cell.data[0] == ' ' || cell.data[0] == '\t' || cell.data[cell.length - 1] == ' ' ||
		cell.data[cell.length - 1] == '\t')
		return true;
	for (i = 0; i < cell.length; i++)
	{
		char c = cell.data[i];

		if (c == '"' || c == '\n' || c == '\r' || c == delimiter)
			return true;
	}
	return false;
}

/* The cell's text with each quote written twice. */
static void
add_doubling_quotes(StringInfo text, struct text_view cell)
{
	const char *next = cell.data;
	size_t left = cell.length;

	while (left > 0)
	{
		const char *quote = memchr(next, '"', left);
		size_t length = quote == NULL ? left : (size_t) (quote - next) + 1;

		appendBinaryStringInfo(text, next, length);
		if (quote != NULL)
			appendStringInfoChar(text, '"');
		next += length;
		left -= length;
	}
}

void
csv_add_quoted(CsvRecord *record, struct text_view cell)
{
	begin_cell(record);
	appendStringInfoChar(&record->text, '"');
	add_doubling_quotes(&record->text, cell);
	appendStringInfoChar(&record->text, '"');
}

void
csv_add(CsvRecord *record, struct text_view cell)
{
	if (needs_quotes(record, cell))
	{
		csv_add_quoted(record, cell);
		return;
	}
	begin_cell(record);
	if (cell.length > 0)
		appendBinaryStringInfo(&record->text, cell.data, cell.length);
}

/* "-5" or "-3.25": a minus, digits, one point at most, and nothing else. */
static bool
is_negative_number(struct text_view cell)
{
	bool has_digit = false;
	bool has_point = false;
	size_t i;

	if (cell.length == 0 || cell.data[0] != '-')
		return false;
	for (i = 1; i < cell.length; i++)
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

/* Without what a spreadsheet passes over: blanks, U+00A0, U+FEFF. */
static struct text_view
without_leading_blanks(struct text_view cell)
{
	for (;;)
	{
		size_t skip = 0;

		if (starts_with(cell, " ", 1))
			skip = 1;
		else if (starts_with(cell, "\xC2\xA0", 2))
			skip = 2;
		else if (starts_with(cell, "\xEF\xBB\xBF", 3))
			skip = 3;
		if (skip == 0)
			return cell;
		cell.data += skip;
		cell.length -= skip;
	}
}

bool
csv_is_formula(struct text_view cell)
{
	struct text_view rest = without_leading_blanks(cell);

	if (rest.length == 0)
		return false;
	switch (rest.data[0])
	{
		case '=':
		case '+':
		case '-':
		case '@':
		case '\t':
		case '\r':
		case '\n':
		case '\0':
			return !is_negative_number(cell);
		case '\xEF':
			/* Fullwidth = + - @ */
			return starts_with(rest, "\xEF\xBC\x9D", 3) || starts_with(rest, "\xEF\xBC\x8B", 3) ||
				   starts_with(rest, "\xEF\xBC\x8D", 3) || starts_with(rest, "\xEF\xBC\xA0", 3);
		default:
			return false;
	}
}

void
csv_add_safe(CsvRecord *record, struct text_view cell)
{
	if (!csv_is_formula(cell))
	{
		csv_add(record, cell);
		return;
	}
	begin_cell(record);
	appendStringInfoString(&record->text, "\"'");
	add_doubling_quotes(&record->text, cell);
	appendStringInfoChar(&record->text, '"');
}
