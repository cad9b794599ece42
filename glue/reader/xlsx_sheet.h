/*-------------------------------------------------------------------------
 *
 * xlsx_sheet.h
 *	  Reads the rows of one sheet of a workbook.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_XLSX_SHEET_H
#define GLUE_XLSX_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/xlsx_workbook.h"
#include "shared/text.h"

/* A row with at least one value, or with a defect.  Borrowed for the call. */
struct xlsx_row
{
	int64_t number; /* as a spreadsheet shows it, from 1 */

	/*
	 * The cells up to the last one with a value, and after them empty ones, up to
	 * ONBOARD_MAX_COLUMNS.
	 */
	int cell_count;
	const struct text_view *cells;

	/* As in struct record; of several defects the first. */
	const char *defect_type;
	int defect_field;
	const char *defect_message;
};

/* Receive a row.  Returning false stops the caller. */
typedef bool (*xlsx_row_fn)(void *context, const struct xlsx_row *row);

/*
 * Read the rows from the first to the last.  Returns false on the errors of
 * xlsx_part_read() and xlsx_strings_get(); if the function returned false, with the
 * error that it has set, if any.
 */
extern bool xlsx_sheet_read(struct xlsx_workbook *workbook, const struct xlsx_sheet *sheet,
							xlsx_row_fn take_row, void *context, struct glue_error *error);

#endif /* GLUE_XLSX_SHEET_H */
