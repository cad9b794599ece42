/*-------------------------------------------------------------------------
 *
 * error_report.c
 *	  The columns of the error report, in their order.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/error_report.h"

const struct report_column error_report_columns[ERROR_REPORT_COLUMNS] = {
	{"Row Number", REPORT_ROW_NUMBER, COLUMN_NONE, 0},
	{"Vendor Product ID", REPORT_PRODUCT, COLUMN_VENDOR_PRODUCT_ID, 0},
	{"SKU", REPORT_PRODUCT, COLUMN_SKU, 0},
	{"Product Name", REPORT_PRODUCT, COLUMN_PRODUCT_NAME, 0},
	{"Category", REPORT_PRODUCT, COLUMN_CATEGORY, 0},
	{"Error Type", REPORT_ERROR_TYPE, COLUMN_NONE, 0},
	{"Error Message", REPORT_ERROR_MESSAGE, COLUMN_NONE, 0},
	{"Price", REPORT_PRODUCT, COLUMN_PRICE, 0},
	{"Stock Quantity", REPORT_PRODUCT, COLUMN_STOCK_QUANTITY, 0},
	{"Brand", REPORT_PRODUCT, COLUMN_BRAND, 0},
	{"Description", REPORT_PRODUCT, COLUMN_DESCRIPTION, 100},
	{"Line Number", REPORT_LINE_NUMBER, COLUMN_NONE, 0},
	{"Error Field", REPORT_ERROR_FIELD, COLUMN_NONE, 0},
	{"Rejected Value", REPORT_REJECTED_VALUE, COLUMN_NONE, 0},
	{"Suggestion", REPORT_SUGGESTION, COLUMN_NONE, 0},
};
