/*-------------------------------------------------------------------------
 *
 * tally.c
 *	  How many rows of an upload had which action, in one statement or in
 *	  many.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "upload/tally.h"

/* Widen the range of the rows with errors; 0 if none. */
static void
add_error_rows(Tally *tally, int64 first, int64 last)
{
	if (tally->first_error_row == 0 || (first > 0 && first < tally->first_error_row))
		tally->first_error_row = first;
	tally->last_error_row = Max(tally->last_error_row, last);
}

void
tally_count(Tally *tally, enum row_action action, int64 row_number)
{
	tally->rows[action]++;
	if (!action_is_valid(action))
		add_error_rows(tally, row_number, row_number);
}

void
tally_add(Tally *sum, const Tally *tally)
{
	int action;

	for (action = 0; action < ACTION_COUNT; action++)
		sum->rows[action] += tally->rows[action];
	sum->unnamed += tally->unnamed;
	add_error_rows(sum, tally->first_error_row, tally->last_error_row);
}

/* Count the rows whose action is valid, or not. */
static int64
count_rows(const Tally *tally, bool valid)
{
	int64 count = 0;
	int action;

	for (action = 0; action < ACTION_COUNT; action++)
	{
		if (action_is_valid(action) == valid)
			count += tally->rows[action];
	}
	return count;
}

int64
tally_valid(const Tally *tally)
{
	return count_rows(tally, true);
}

int64
tally_errors(const Tally *tally)
{
	return count_rows(tally, false);
}
