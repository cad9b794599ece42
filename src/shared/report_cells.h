/*-------------------------------------------------------------------------
 *
 * report_cells.h
 *	  The cells of the error report, in their order.
 *
 * The server writes the report of an upload; the command line writes that of a
 * check, of which the server keeps nothing.  Both follow this table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_REPORT_CELLS_H
#define ONBOARD_REPORT_CELLS_H

#include "shared/columns.h"

/* Where a cell comes from. */
enum report_source
{
	REPORT_COLUMN,    /* a column of the vendor's row that has a heading */
	REPORT_SHEET_ROW, /* the row that a spreadsheet shows; blank if not known */
	REPORT_ROW_NUMBER,
	REPORT_LINE_NUMBER,
	REPORT_ERROR_TYPE,
	REPORT_ERROR_FIELD,
	REPORT_ERROR_MESSAGE,
	REPORT_REJECTED_VALUE,
	REPORT_SUGGESTION,
	REPORT_SOURCE_COUNT
};

struct report_cell
{
	enum report_source source;
	const char *heading; /* NULL for a column, which has its own */
	enum onboard_column column;
	int max_characters; /* of the column, to be shown; 0 for all */
};

/* Each source once, and each column that has a heading. */
#define HAS_HEADING(symbol, name, kind, required, minimum, maximum, rule, blank, heading, ...) \
	+(sizeof(heading) > 1)
#define REPORT_CELL_COUNT ((int) (REPORT_SOURCE_COUNT - 1 ONBOARD_COLUMNS(HAS_HEADING)))

extern const struct report_cell report_cells[];

/* Return the heading of a cell; never NULL. */
extern const char *report_cell_heading(const struct report_cell *cell);

#endif /* ONBOARD_REPORT_CELLS_H */
