/*-------------------------------------------------------------------------
 *
 * report_record.c
 *	  Claim the report of an ended upload, and record that it was made.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "database/postgres_value.h"
#include "report/report_record.h"
#include "shared/text.h"

bool
report_claim(struct database *database, const char *upload_id, int64_t seconds,
			 char token[REPORT_TOKEN_SIZE], struct glue_error *error)
{
	char number[INTEGER_TEXT_SIZE];
	const char *const values[] = {upload_id, integer_text(number, seconds)};
	PGresult *result = NULL;

	/*
	 * Not RUN_AGAIN: if the answer to a claim is lost, another attempt finds the
	 * report leased.
	 */
	if (!database_query(database, RUN_ONCE,
						"SELECT onboard_claim_report($1::text, " POSTGRES_SECONDS("$2") ")", 2,
						values, &result, error))
		return false;
	snprintf(token, REPORT_TOKEN_SIZE, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return true;
}

bool
report_release(struct database *database, const char *upload_id, const char *token,
			   struct glue_error *error)
{
	const char *const values[] = {upload_id, token};

	return database_query(database, RUN_AGAIN, "SELECT onboard_release_report($1::text, $2::uuid)",
						  2, values, NULL, error);
}

bool
report_record(struct database *database, const char *upload_id, const char *errors, const char *fix,
			  const char *workbook, bool *recorded, struct glue_error *error)
{
	const char *const values[] = {upload_id, errors, fix, workbook};
	PGresult *result = NULL;

	if (!database_query(database, RUN_AGAIN,
						"SELECT onboard_record_report($1::text, $2::text, $3::text, $4::text)", 4,
						values, &result, error))
		return false;
	*recorded = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	return true;
}
