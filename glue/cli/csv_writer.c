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
#include "cli/csv_writer.h"
#include "shared/csv_cell.h"

void
csv_write_cell(FILE *file, const char *text, bool first, char delimiter)
{
	bool is_formula;

	if (!first)
		fputc(delimiter, file);
	if (text == NULL)
		return;
	is_formula = csv_cell_is_formula(text_of(text));
	if (!is_formula && !csv_cell_needs_quotes(text_of(text), delimiter))
	{
		fputs(text, file);
		return;
	}
	fputc('"', file);
	if (is_formula)
		fputc(CSV_NEUTRALIZER, file);
	for (; *text != '\0'; text++)
	{
		if (*text == '"')
			fputc('"', file);
		fputc(*text, file);
	}
	fputc('"', file);
}
