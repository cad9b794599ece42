/*-------------------------------------------------------------------------
 *
 * template_command.c
 *	  onboard template: a file to start from, with a valid row; a page for vendors.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/csv_writer.h"
#include "cli/explain.h"
#include "cli/template_workbook.h"
#include "shared/columns.h"

#define FORMAT_WORKBOOK "xlsx"

static void
print_csv(const struct options *options)
{
	char delimiter = options->delimiter != 0 ? options->delimiter : ',';

	for (int column = 0; column < COLUMN_COUNT; column++)
		csv_write_cell(stdout, onboard_columns[column].name, column == 0, delimiter);
	putchar('\n');
	for (int column = 0; column < COLUMN_COUNT; column++)
		csv_write_cell(stdout, onboard_columns[column].example, column == 0, delimiter);
	putchar('\n');
}

/*
 * Check which options may be combined, which the option table cannot express.
 */
static bool
check_options(const struct options *options, bool is_workbook, struct glue_error *error)
{
	if (options->explain && (options->format != NULL || options->delimiter != 0))
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "--explain cannot be combined with --format and --delimiter");
	if (is_workbook && options->delimiter != 0)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "--delimiter is for --format csv only");
	if (is_workbook && isatty(STDOUT_FILENO))
		return glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"a workbook cannot be shown on a terminal; write it to a file: onboard template --format xlsx > products.xlsx");
	return true;
}

int
command_template(const struct options *options)
{
	bool is_workbook = options->format != NULL && strcmp(options->format, FORMAT_WORKBOOK) == 0;
	const char *language = options->language != NULL ? options->language : "en";
	struct glue_error error = {0};
	struct database *database;
	bool done;

	if (!check_options(options, is_workbook, &error))
		return command_fail(options, &error);
	/* The CSV file is the same for every database. */
	if (!options->explain && !is_workbook)
	{
		print_csv(options);
		return EXIT_ALL_GOOD;
	}
	database = chosen_database_open(options, &error);
	if (database == NULL)
		done = false;
	else if (options->explain)
		done = explain_print(database, language, &error);
	else
		done = template_workbook_write(database, language, stdout, &error);
	database_close(database);
	return done ? EXIT_ALL_GOOD : command_fail(options, &error);
}
