/*-------------------------------------------------------------------------
 *
 * ledger.c
 *	  The rows of an upload that already have a verdict and are not sent again.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "database/postgres_value.h"
#include "import/ledger.h"

/*
 * Fill the ledger from a query result.
 */
static bool
fill_ledger(struct ledger *ledger, const PGresult *result, struct glue_error *error)
{
	int count = PQntuples(result);

	if (count == 0)
		return true;
	ledger->ranges = glue_allocate(sizeof(*ledger->ranges) * count);
	if (ledger->ranges == NULL)
		return glue_error_memory(error);
	for (int i = 0; i < count; i++)
	{
		ledger->ranges[i].first = postgres_integer(result, i, 0);
		ledger->ranges[i].last = postgres_integer(result, i, 1);
		ledger->rows += ledger->ranges[i].last - ledger->ranges[i].first + 1;
	}
	ledger->count = count;
	return true;
}

bool
ledger_read(struct ledger *ledger, struct database *database, const char *upload_id,
			struct glue_error *error)
{
	const char *const values[] = {upload_id};
	PGresult *result = NULL;
	bool done;

	ledger_clean_up(ledger);
	if (!database_query(
			database, RUN_AGAIN,
			"SELECT first_row, last_row FROM onboard_judged_ranges($1::text) ORDER BY 1", 1, values,
			&result, error))
		return false;
	done = fill_ledger(ledger, result, error);
	PQclear(result);
	return done;
}

void
ledger_clean_up(struct ledger *ledger)
{
	glue_release(ledger->ranges);
	memset(ledger, 0, sizeof(*ledger));
}
