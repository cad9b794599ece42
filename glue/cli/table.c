/*-------------------------------------------------------------------------
 *
 * table.c
 *	  Print a query result as a table.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/summary.h"
#include "cli/table.h"
#include "cli/terminal.h"

#define MOST_COLUMNS 16

/* Blanks between columns. */
#define GAP 2

/*
 * Text is not truncated below this width while another column can be dropped.
 */
#define SHORTEST_TEXT 12

/* PostgreSQL types. */
#define BOOLOID 16
#define INT8OID 20
#define INT4OID 23
#define NUMERICOID 1700

static bool
is_integer(const PGresult *result, int column)
{
	return PQftype(result, column) == INT8OID || PQftype(result, column) == INT4OID;
}

static bool
is_time(const PGresult *result, int column)
{
	const char *name = PQfname(result, column);
	size_t length = strlen(name);

	return length > 3 && strcmp(name + length - 3, "_at") == 0;
}

static bool
is_right(const PGresult *result, int column)
{
	return (is_integer(result, column) || PQftype(result, column) == NUMERICOID) &&
		   !is_time(result, column);
}

/*
 * Return the text of a cell. buffer (SUMMARY_TIME_SIZE) holds values that are
 * reformatted.
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
 * Return the name of a column as a heading.
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

/* ----- which columns, and how wide ----- */

/* Layout of a result; columns of width 0 are not shown. */
struct layout
{
	int count;
	int natural[MOST_COLUMNS]; /* width it needs */
	int least[MOST_COLUMNS];   /* width to which it may be truncated */
	int width[MOST_COLUMNS];   /* width it gets */
};

/*
 * Measure the columns.  The first one identifies the row, and truncated numbers
 * and times are meaningless, so these are never truncated.
 */
static void
measure_columns(const PGresult *result, struct layout *layout)
{
	char buffer[SUMMARY_TIME_SIZE];

	layout->count = PQnfields(result) < MOST_COLUMNS ? PQnfields(result) : MOST_COLUMNS;
	for (int column = 0; column < layout->count; column++)
	{
		int widest = terminal_text_columns(heading(result, column, buffer));
		bool whole = column == 0 || is_right(result, column) || is_time(result, column);

		for (int row = 0; row < PQntuples(result); row++)
		{
			int width = terminal_text_columns(cell_text(result, row, column, buffer));

			if (width > widest)
				widest = width;
		}
		layout->natural[column] = widest;
		layout->least[column] = whole || widest < SHORTEST_TEXT ? widest : SHORTEST_TEXT;
		layout->width[column] = layout->least[column];
	}
}

/* Return the width of the shown columns, with the blanks between them. */
static int
total_width(const struct layout *layout)
{
	int total = 0;

	for (int column = 0; column < layout->count; column++)
	{
		if (layout->width[column] > 0)
			total += layout->width[column] + (total > 0 ? GAP : 0);
	}
	return total;
}

/*
 * Drop columns until the rest fit.
 */
static void
drop_columns(const PGresult *result, struct layout *layout, int width, const char *const *droppable)
{
	for (; droppable != NULL && *droppable != NULL && total_width(layout) > width; droppable++)
	{
		int column = PQfnumber(result, *droppable);

		if (column > 0 && column < layout->count)
			layout->width[column] = 0;
	}
	for (int column = layout->count - 1; column > 0 && total_width(layout) > width; column--)
		layout->width[column] = 0;
	if (layout->width[0] > width)
		layout->width[0] = width;
}

/* Return how much wider a column could usefully be. */
static int
wish(const struct layout *layout, int column)
{
	return layout->width[column] > 0 ? layout->natural[column] - layout->width[column] : 0;
}

/*
 * Distribute the remaining room among the truncated columns, starting with
 * those that need the least.
 */
static void
share_room(struct layout *layout, int width)
{
	int room = width - total_width(layout);

	while (room > 0)
	{
		int modest = 0;
		int more;

		for (int column = 1; column < layout->count; column++)
		{
			if (wish(layout, column) > 0 &&
				(wish(layout, modest) == 0 || wish(layout, column) < wish(layout, modest)))
				modest = column;
		}
		more = wish(layout, modest);
		if (more == 0)
			return;
		layout->width[modest] += more < room ? more : room;
		room -= more < room ? more : room;
	}
}

static void
fit(const PGresult *result, struct layout *layout, const char *const *droppable)
{
	int width = terminal_width(stdout);

	measure_columns(result, layout);
	if (width == 0)
		memcpy(layout->width, layout->natural, sizeof(layout->width));
	else
	{
		drop_columns(result, layout, width, droppable);
		share_room(layout, width);
	}
}

/* ----- printing ----- */

static bool
is_last(const struct layout *layout, int column)
{
	for (column++; column < layout->count; column++)
	{
		if (layout->width[column] > 0)
			return false;
	}
	return true;
}

static void
print_cell(const struct layout *layout, int column, const char *text, bool right)
{
	int width = layout->width[column];
	bool last = is_last(layout, column);
	int used = terminal_text_columns(text);
	int blanks = used < width ? width - used : 0;

	if (width == 0)
		return;
	if (right)
		printf("%*s", blanks, "");
	used = terminal_cut(stdout, text, width);
	if (last)
		putchar('\n');
	else
		printf("%*s", GAP + (right ? 0 : width - used), "");
}

void
table_print(const PGresult *result, const char *const *droppable)
{
	char buffer[SUMMARY_TIME_SIZE];
	struct layout layout = {0};

	fit(result, &layout, droppable);
	fputs(terminal_style(stdout, STYLE_BOLD), stdout);
	for (int column = 0; column < layout.count; column++)
		print_cell(&layout, column, heading(result, column, buffer), is_right(result, column));
	fputs(terminal_style(stdout, STYLE_PLAIN), stdout);
	for (int row = 0; row < PQntuples(result); row++)
	{
		for (int column = 0; column < layout.count; column++)
			print_cell(&layout, column, cell_text(result, row, column, buffer),
					   is_right(result, column));
	}
}
