/*-------------------------------------------------------------------------
 *
 * template_command.c
 *	  onboard template: print a CSV file to start from, with a valid row.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/csv_writer.h"
#include "shared/columns.h"

int
command_template(const struct options *options)
{
	char delimiter = options->delimiter != 0 ? options->delimiter : ',';

	for (int column = 0; column < COLUMN_COUNT; column++)
		csv_write_cell(stdout, onboard_columns[column].name, column == 0, delimiter);
	putchar('\n');
	for (int column = 0; column < COLUMN_COUNT; column++)
		csv_write_cell(stdout, onboard_columns[column].example, column == 0, delimiter);
	putchar('\n');
	return EXIT_ALL_GOOD;
}
