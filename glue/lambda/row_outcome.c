/*-------------------------------------------------------------------------
 *
 * row_outcome.c
 *	  Read what onboard_ingest() returns for a row.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "database/postgres_value.h"
#include "lambda/row_outcome.h"

enum outcome_column
{
	OUTCOME_ROW_NUMBER,
	OUTCOME_STATUS,
	OUTCOME_ACTION,
	OUTCOME_REASON,
	OUTCOME_DETAILS
};

struct row_outcome
row_outcome_read(const PGresult *result, int tuple)
{
	const char *status = PQgetvalue(result, tuple, OUTCOME_STATUS);
	struct row_outcome outcome = {
		.row_number = postgres_integer(result, tuple, OUTCOME_ROW_NUMBER),
		.is_judged = true,
		.action = ACTION_INSERT,
	};

	if (strcmp(status, action_status(ACTION_REJECT)) == 0)
	{
		outcome.action = ACTION_REJECT;
		outcome.reason = PQgetvalue(result, tuple, OUTCOME_REASON);
		outcome.details = PQgetvalue(result, tuple, OUTCOME_DETAILS);
	}
	else if (!PQgetisnull(result, tuple, OUTCOME_ACTION))
		(void) action_by_name(PQgetvalue(result, tuple, OUTCOME_ACTION), &outcome.action);
	else
	{
		outcome.is_judged = false;
		outcome.reason = status;
	}
	return outcome;
}
