/*-------------------------------------------------------------------------
 *
 * workbook.h
 *	  Write a workbook (.xlsx) in which every cell is text.
 *
 * A spreadsheet that opens a CSV file converts cells to numbers, dates and
 * formulas, and saves them differently.  Here each cell is a string with the number
 * format "text", so a spreadsheet changes nothing, runs nothing and makes no links.
 * A column whose width is set is formatted as a whole, so this holds for cells that
 * a person adds below, too.
 *
 * Rows are written in order and kept in temporary files in TMPDIR, or /tmp by
 * default, which have no name, so a killed program leaves nothing.  Memory does
 * not depend on the number of rows.  The same calls yield the same bytes.
 *
 * Rows and columns count from 0.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_WORKBOOK_H
#define GLUE_WORKBOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "shared/text.h"

/* The limits of a sheet, header included. */
#define WORKBOOK_MAX_ROWS 1048576
#define WORKBOOK_MAX_COLUMNS 16384

/* Longest text of a cell, in the spreadsheets' units: UTF-16. */
#define WORKBOOK_MAX_CELL 32767

/*
 * Bytes of all cells as XML.  Two copies of it and two of the file must fit into
 * the 512 MB of temporary files that a Lambda function may have.
 */
#define WORKBOOK_MAX_BYTES ((int64_t) 100 * 1024 * 1024)

/* Notes are kept in memory, and thousands of them slow down a spreadsheet.  */
#define WORKBOOK_MAX_NOTES 10000

/* The code of the error that a workbook is full; its class is usage. */
#define WORKBOOK_TOO_LARGE "WORKBOOK_TOO_LARGE"

/* How a cell looks. */
enum workbook_style
{
	WORKBOOK_PLAIN,
	WORKBOOK_HEADING,
	WORKBOOK_REMARK_HEADING, /* of a column that we add to the vendor's */
	WORKBOOK_REMARK,
	WORKBOOK_BAD, /* what must be corrected */
	WORKBOOK_STYLE_COUNT
};

struct workbook;

/*
 * Start a workbook whose time of creation is this one, in epoch seconds.  The
 * caller ends it with workbook_finish() or workbook_discard().  NULL on error.
 */
extern struct workbook *workbook_open(int64_t created, struct glue_error *error);

/*
 * Add a sheet, into which the following calls write.  The name has at most 31
 * characters, which may not be any of []:*?/\.
 */
extern bool workbook_sheet(struct workbook *workbook, const char *name, struct glue_error *error);

/* Set a column's width in characters, and whether it is hidden. */
extern bool workbook_column(struct workbook *workbook, int column, double width, bool hidden,
							struct glue_error *error);

/* Keep the first rows and columns visible while scrolling. */
extern void workbook_freeze(struct workbook *workbook, int64_t rows, int columns);

/* Let a person filter and sort the rows from row 0, the header, to the last. */
extern bool
workbook_filter(struct workbook *workbook, int64_t last_row, int columns, struct glue_error *error);

/*
 * Offer a drop-down list in a column, below the header.  The choices are cells,
 * such as "=Choices!$A$1:$A$9".  If the list is closed, nothing else may be typed.
 */
extern bool workbook_choices(struct workbook *workbook, int column, const char *choices,
							 bool is_closed, struct glue_error *error);

/* Can a cell hold this text? */
extern bool workbook_cell_fits(struct text_view text);

/*
 * Write a cell: rows in ascending order, any order within a row.  The text must
 * fit.  An error has the code WORKBOOK_TOO_LARGE if the workbook is full.
 */
extern bool workbook_cell(struct workbook *workbook, int64_t row, int column, struct text_view text,
						  enum workbook_style style, struct glue_error *error);

/*
 * Attach a note to a cell of the current row.  Notes after the first
 * WORKBOOK_MAX_NOTES are left out.  Text that a cell could not hold is left out,
 * too.
 */
extern bool workbook_note(struct workbook *workbook, int64_t row, int column, struct text_view text,
						  struct glue_error *error);

/*
 * Complete and free the workbook.  Returns the descriptor of a file without a
 * name, positioned at its beginning, which the caller closes; -1 on error.
 */
extern int workbook_finish(struct workbook *workbook, struct glue_error *error);

/* Free an unfinished workbook; accepts NULL.  */
extern void workbook_discard(struct workbook *workbook);

#endif /* GLUE_WORKBOOK_H */
