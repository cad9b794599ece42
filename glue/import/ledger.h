/*-------------------------------------------------------------------------
 *
 * ledger.h
 *	  The rows of an upload that already have a verdict and are not sent again.
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

/* Owns ranges; free with ledger_clean_up().  All zero: no row has a verdict. */
struct ledger
{
	struct ledger_range *ranges; /* ascending */
	int count;
	int64_t rows; /* total in all ranges */
	int next;     /* first range that may contain the next row */
};

/*
 * Read the ledger, replacing the contents of *ledger.  Errors are those of
 * database.h.
 */
extern bool ledger_read(struct ledger *ledger, struct database *database, const char *upload_id,
						struct glue_error *error);

extern void ledger_clean_up(struct ledger *ledger);

/*
 * Return whether a row has a verdict.  Rows must be queried in ascending order.
 */
static inline bool
ledger_has(struct ledger *ledger, int64_t row_number)
{
	while (ledger->next < ledger->count && ledger->ranges[ledger->next].last < row_number)
		ledger->next++;
	return ledger->next < ledger->count && ledger->ranges[ledger->next].first <= row_number;
}

#endif /* GLUE_LEDGER_H */
