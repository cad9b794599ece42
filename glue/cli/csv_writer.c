/*-------------------------------------------------------------------------
 *
 * csv_writer.c
 *	  Write CSV files for spreadsheets.
 *
 * Follows the rules of onboard_error_csv(), so the error file of a dry run
 * looks like that of a load.
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
