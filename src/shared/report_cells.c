/*-------------------------------------------------------------------------
 *
 * report_cells.c
 *	  The cells of the error report, in their order.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/report_cells.h"

/*
 * What a person needs to correct a value comes first.  Vendors' programs read the cells
 * by position: add new ones at the end.
 */
const struct report_cell report_cells[] = {
	{.source = REPORT_SHEET_ROW, .heading = "Spreadsheet Row"},
	{.source = REPORT_ERROR_FIELD, .heading = "Error Field"},
	{.source = REPORT_REJECTED_VALUE, .heading = "Rejected Value"},
	{.source = REPORT_ERROR_MESSAGE, .heading = "Error Message"},
	{.source = REPORT_SUGGESTION, .heading = "Suggestion"},
	{.source = REPORT_ROW_NUMBER, .heading = "Row Number"},
	{.column = COLUMN_VENDOR_PRODUCT_ID},
	{.column = COLUMN_SKU},
	{.column = COLUMN_PRODUCT_NAME},
	{.column = COLUMN_CATEGORY},
	{.source = REPORT_ERROR_TYPE, .heading = "Error Type"},
	{.column = COLUMN_PRICE},
	{.column = COLUMN_STOCK_QUANTITY},
	{.column = COLUMN_BRAND},
	{.column = COLUMN_DESCRIPTION, .max_characters = 100},
	{.source = REPORT_LINE_NUMBER, .heading = "Line Number"},
};

_Static_assert(sizeof(report_cells) / sizeof(report_cells[0]) == REPORT_CELL_COUNT,
			   "the error report does not show exactly the columns that have a heading");

const char *
report_cell_heading(const struct report_cell *cell)
{
	return cell->source == REPORT_COLUMN ? onboard_columns[cell->column].heading : cell->heading;
}
