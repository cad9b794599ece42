/*-------------------------------------------------------------------------
 *
 * columns.c
 *	  The column table of columns.h as data.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/columns.h"

const struct onboard_column_info onboard_columns[COLUMN_COUNT] = {
#define ONBOARD_COLUMN_ROW(symbol, name, required, max_characters) \
	[COLUMN_##symbol] = {#name, required, max_characters},
	ONBOARD_COLUMNS(ONBOARD_COLUMN_ROW)
#undef ONBOARD_COLUMN_ROW
};
