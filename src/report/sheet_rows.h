/*-------------------------------------------------------------------------
 *
 * sheet_rows.h
 *	  The row in which a spreadsheet shows a record of the vendor's file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SHEET_ROWS_H
#define ONBOARD_SHEET_ROWS_H

#include "postgres.h"

#include "utils/jsonb.h"

typedef struct SheetRows SheetRows;

/*
 * Read sheet_rows of the upload's metadata, an array of pairs in ascending order.  A
 * pair is the number of a row, and the number of rows of the sheet above it, and
 * above those after it, that are not records, such as the header and blank lines;
 * null if that is not known.  Without such an array, there was no file.
 */
extern SheetRows *sheet_rows_read(Jsonb *metadata);

/* Return the row of the sheet, 0 if not known. */
extern int64 sheet_row(const SheetRows *rows, int64 row_number);

#endif /* ONBOARD_SHEET_ROWS_H */
