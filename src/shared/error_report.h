/*-------------------------------------------------------------------------
 *
 * error_report.h
 *	  The columns of the error report, in their order.
 *
 * The extension writes it for an upload, the command line for a dry run; both
 * expand this table, so that the two files look the same.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ERROR_REPORT_H
#define ONBOARD_ERROR_REPORT_H

#include "shared/columns.h"

/* What a column of the report shows of a finding. */
enum report_value
{
	REPORT_ROW_NUMBER,
	REPORT_LINE_NUMBER,
	REPORT_ERROR_TYPE,
	REPORT_ERROR_FIELD,
	REPORT_ERROR_MESSAGE,
	REPORT_REJECTED_VALUE,
	REPORT_SUGGESTION,
	REPORT_PRODUCT /* a column of the product, as the vendor sent it */
};

struct report_column
{
	const char *heading;
	enum report_value value;
	enum onboard_column column; /* of REPORT_PRODUCT, else COLUMN_NONE */
	int max_characters;         /* shown, 0 for all */
};

#define ERROR_REPORT_COLUMNS 15

extern const struct report_column error_report_columns[ERROR_REPORT_COLUMNS];

#endif /* ONBOARD_ERROR_REPORT_H */
