/*-------------------------------------------------------------------------
 *
 * sheet_steps.h
 *	  The row of a spreadsheet that shows a record of a file.
 *
 * It is the number of the record plus that of the other rows above it, the header
 * and blank lines, of which a short list of steps has the counts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SHEET_STEPS_H
#define ONBOARD_SHEET_STEPS_H

#include <stdint.h>

/*
 * From this row on, the number of rows above that are not records, or
 * SHEET_STEP_UNKNOWN.
 */
struct sheet_step
{
	int64_t row_number;
	int64_t above;
};

#define SHEET_STEP_UNKNOWN (-1)

/* Return the row of a record by steps in ascending order; 0 if not known. */
extern int64_t sheet_steps_find(const struct sheet_step *steps, int count, int64_t row_number);

#endif /* ONBOARD_SHEET_STEPS_H */
