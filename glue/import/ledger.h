/*-------------------------------------------------------------------------
 *
 * ledger.h
 *	  Which rows of an upload have a verdict, so that only the others are sent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LEDGER_H
#define GLUE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "database/database.h"

struct ledger_range
{
	int64_t first;
	int64_t last;
};

/* Owns ranges: ledger_clean_up().  All zero: no row has a verdict. */
struct ledger
{
	struct ledger_range *ranges; /* ascending */
	int count;
	int64_t rows; /* in all of them */
	int next;     /* the first range that may hold the row asked for next */
};

/* Read the ledger; replaces what *ledger held.  Errors of database.h. */
extern bool ledger_read(struct ledger *ledger, struct database *database, const char *upload_id,
						struct glue_error *error);

extern void ledger_clean_up(struct ledger *ledger);

/* Whether a row has a verdict.  Ask for rows in ascending order. */
static inline bool
ledger_has(struct ledger *ledger, int64_t row_number)
{
	while (ledger->next < ledger->count && ledger->ranges[ledger->next].last < row_number)
		ledger->next++;
	return ledger->next < ledger->count && ledger->ranges[ledger->next].first <= row_number;
}

#endif /* GLUE_LEDGER_H */
