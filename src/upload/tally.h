/*-------------------------------------------------------------------------
 *
 * tally.h
 *	  How many rows of an upload had which action, in one statement or in
 *	  many.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_TALLY_H
#define ONBOARD_TALLY_H

#include "postgres.h"

#include "shared/action.h"

/* All zero for no rows. */
typedef struct Tally
{
	int64 rows[ACTION_COUNT];
	int64 first_error_row; /* 0 if there is none */
	int64 last_error_row;
	int64 unnamed; /* rows whose key could not be read, in modes that change products */
} Tally;

/* Count one row. */
extern void tally_count(Tally *tally, enum row_action action, int64 row_number);

/* Add a tally to a sum. */
extern void tally_add(Tally *sum, const Tally *tally);

/* Return the counts for valid_records and error_records. */
extern int64 tally_valid(const Tally *tally);
extern int64 tally_errors(const Tally *tally);

#endif /* ONBOARD_TALLY_H */
