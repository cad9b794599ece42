/*-------------------------------------------------------------------------
 *
 * sheet_steps.c
 *	  The row of a spreadsheet that shows a record of a file.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/sheet_steps.h"

int64_t
sheet_steps_find(const struct sheet_step *steps, int count, int64_t row_number)
{
	int64_t above = SHEET_STEP_UNKNOWN;

	for (int i = 0; i < count && steps[i].row_number <= row_number; i++)
		above = steps[i].above;
	return above == SHEET_STEP_UNKNOWN ? 0 : row_number + above;
}
