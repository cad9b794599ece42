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
#include <errno.h>
#include <string.h>

#include "cli/csv_writer.h"
#include "shared/csv_cell.h"

FILE *
csv_open(const char *path, struct glue_error *error)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR", "cannot write %s: %s", path,
					   strerror(errno));
	else
		fputs("\xEF\xBB\xBF", file);
	return file;
}

bool
csv_close(FILE **file, const char *path, struct glue_error *error)
{
	bool failed = ferror(*file) != 0;

	failed = fclose(*file) != 0 || failed;
	*file = NULL;
	return !failed ||
		   glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR", "cannot write %s", path);
}

/* Write a text with each quote doubled. */
static void
put_doubling_quotes(FILE *file, const char *text)
{
	struct csv_cell_parts parts = {.rest = text_of(text)};
	struct text_view part;

	while (csv_cell_next_part(&parts, &part))
		fwrite(part.data, 1, part.length, file);
}

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
	put_doubling_quotes(file, text);
	fputc('"', file);
}

void
csv_write_verbatim(FILE *file, const char *text, bool first)
{
	fputs(first ? "\"" : ",\"", file);
	put_doubling_quotes(file, text);
	fputc('"', file);
}
