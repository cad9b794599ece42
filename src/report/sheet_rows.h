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
 * Read what the client noted in the upload's metadata: sheet_rows, an array of pairs
 * in ascending order.  A pair is the number of a row, and how many rows of the sheet
 * other than records, such as the header and blank lines, are above it and those after
 * it; null if that is not known.  Without such an array, there was no file.
 */
extern SheetRows *sheet_rows_read(Jsonb *metadata);

/* Return the row of the sheet, 0 if not known. */
extern int64 sheet_row(const SheetRows *rows, int64 row_number);

#endif /* ONBOARD_SHEET_ROWS_H */
