/*-------------------------------------------------------------------------
 *
 * table.c
 *	  A query's result as a table for people.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "summary.h"
#include "table.h"
#include "terminal.h"

#define MOST_COLUMNS	16

/* Types of PostgreSQL that are shown at the right. */
#define BOOLOID			16
#define INT8OID			20
#define INT4OID			23
#define NUMERICOID		1700

static bool
is_integer(const PGresult *result, int column)
{
	return PQftype(result, column) == INT8OID || PQftype(result, column) == INT4OID;
}

static bool
is_time(const PGresult *result, int column)
{
	const char *name = PQfname(result, column);
	size_t		length = strlen(name);

	return length > 3 && strcmp(name + length - 3, "_at") == 0;
}

static bool
is_right(const PGresult *result, int column)
{
	return (is_integer(result, column) || PQftype(result, column) == NUMERICOID) &&
		!is_time(result, column);
}

/*
 * The text of a cell; buffer (SUMMARY_TIME_SIZE) is for those that are not
 * shown as they came.
 */
static const char *
cell_text(const PGresult *result, int row, int column, char *buffer)
{
	const char *value = PQgetvalue(result, row, column);

	if (PQgetisnull(result, row, column))
		return "-";
	if (is_time(result, column))
		return summary_time(buffer, strtoll(value, NULL, 10));
	if (is_integer(result, column))
		return terminal_count(buffer, strtoll(value, NULL, 10));
	if (PQftype(result, column) == BOOLOID)
		return value[0] == 't' ? "yes" : "no";
	return value;
}

/*
 * The name of a column as a heading.
 */
static const char *
heading(const PGresult *result, int column, char *buffer)
{
	snprintf(buffer, SUMMARY_TIME_SIZE, "%s", PQfname(result, column));
	if (is_time(result, column))
		buffer[strlen(buffer) - 3] = '\0';
	for (char *next = buffer; *next != '\0'; next++)
	{
		if (*next == '_')
			*next = ' ';
	}
	return buffer;
}

static void
print_cell(const char *text, int width, bool right, bool last)
{
	if (right)
		printf("%*s", width - terminal_text_columns(text), "");
	terminal_cell(stdout, text, last || right ? 0 : width);
	fputs(last ? "\n" : "  ", stdout);
}

void
table_print(const PGresult *result)
{
	char		buffer[SUMMARY_TIME_SIZE];
	int			widths[MOST_COLUMNS] = {0};
	int			columns = PQnfields(result) < MOST_COLUMNS ? PQnfields(result) : MOST_COLUMNS;

	for (int column = 0; column < columns; column++)
	{
		widths[column] = terminal_text_columns(heading(result, column, buffer));
		for (int row = 0; row < PQntuples(result); row++)
		{
			int			width = terminal_text_columns(cell_text(result, row, column, buffer));

			if (width > widths[column])
				widths[column] = width;
		}
	}
	fputs(terminal_style(stdout, STYLE_BOLD), stdout);
	for (int column = 0; column < columns; column++)
		print_cell(heading(result, column, buffer), widths[column],
				   is_right(result, column), column == columns - 1);
	fputs(terminal_style(stdout, STYLE_PLAIN), stdout);
	for (int row = 0; row < PQntuples(result); row++)
	{
		for (int column = 0; column < columns; column++)
			print_cell(cell_text(result, row, column, buffer), widths[column],
					   is_right(result, column), column == columns - 1);
	}
}
