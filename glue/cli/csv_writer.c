/*-------------------------------------------------------------------------
 *
 * csv_writer.c
 *	  Writing CSV files for spreadsheets.
 *
 * The rules are those of onboard_error_csv(), so that the errors of a dry run
 * look like those of a load.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "cli/csv_writer.h"

/*
 * Without what a spreadsheet passes over: blanks, U+00A0, U+FEFF.
 */
static const char *
skip_blanks(const char *text)
{
	for (;;)
	{
		if (text[0] == ' ')
			text++;
		else if (strncmp(text, "\xC2\xA0", 2) == 0)
			text += 2;
		else if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
			text += 3;
		else
			return text;
	}
}

/* "-5" or "-3.25". */
static bool
is_negative_number(const char *text)
{
	size_t digits;
	size_t decimals = 0;

	if (*text++ != '-')
		return false;
	digits = strspn(text, "0123456789");
	text += digits;
	if (*text == '.')
	{
		decimals = strspn(++text, "0123456789");
		text += decimals;
	}
	return *text == '\0' && digits + decimals > 0;
}

static bool
is_formula(const char *text)
{
	/* = + - @ and their fullwidth forms, and what can hide one. */
	static const char *const starts[] = {
		"=",
		"+",
		"-",
		"@",
		"\t",
		"\r",
		"\n",
		"\xEF\xBC\x9D",
		"\xEF\xBC\x8B",
		"\xEF\xBC\x8D",
		"\xEF\xBC\xA0",
	};
	const char *rest = skip_blanks(text);

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
	{
		if (strncmp(rest, starts[i], strlen(starts[i])) == 0)
			return !is_negative_number(text);
	}
	return false;
}

static bool
needs_quotes(const char *text, char delimiter)
{
	const char special[] = {delimiter, '"', '\r', '\n', '\0'};
	size_t length = strlen(text);

	if (length == 0)
		return false;
	return strpbrk(text, special) != NULL || strchr(" \t", text[0]) != NULL ||
		   strchr(" \t", text[length - 1]) != NULL;
}

void
csv_write_cell(FILE *file, const char *text, bool first, char delimiter)
{
	bool formula = text != NULL && is_formula(text);

	if (!first)
		fputc(delimiter, file);
	if (text == NULL)
		return;
	if (!formula && !needs_quotes(text, delimiter))
	{
		fputs(text, file);
		return;
	}
	fputs(formula ? "\"'" : "\"", file);
	for (; *text != '\0'; text++)
	{
		if (*text == '"')
			fputc('"', file);
		fputc(*text, file);
	}
	fputc('"', file);
}
