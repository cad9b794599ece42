/*-------------------------------------------------------------------------
 *
 * item_check.c
 *	  Uploads whose rows are also kept outside the database, as items with a
 *	  status of their own: which of them may be out of date.
 *
 * An item's status is written after the verdict was committed, so it may be
 * missed.  A check is noted before the first item is written, and removed once
 * a reader of the items has found all of them up to date after the upload's
 * end, so it exists no matter what was lost or killed in between.  Verdicts
 * known to be missed are counted, and then need not wait for the end.
 *
 * A claim returns the version of the check, and every change of the check
 * increments it.  So a verdict that is missed while the items are read is not
 * forgotten, and the first of two claimants cannot end the check.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "upload/account.h"
#include "upload/upload.h"

/* Did the upload, u, end longer than $1 ago?  Then its items no longer change. */
#define ENDED_LONG_AGO \
	"u.status <> 'processing' AND u.processing_completed_at <= clock_timestamp() - $1"

/* For the array, see outbox.c. */
#define CLAIM_CHECKS(which)                                                                            \
	"UPDATE onboard.item_checks c SET "                                                                \
	"  version = c.version + 1, due_at = clock_timestamp() + $1 "                                      \
	"FROM onboard.upload_history u "                                                                   \
	"WHERE u.upload_id = c.upload_id AND c.upload_id = ANY (ARRAY("                                    \
	"  SELECT d.upload_id FROM onboard.item_checks d JOIN onboard.upload_history u USING (upload_id) " \
	"  WHERE " which "  ORDER BY d.due_at LIMIT $2 FOR UPDATE OF d SKIP LOCKED)) "                     \
	"RETURNING c.upload_id, c.version, " ENDED_LONG_AGO

static int64
version_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument) || PG_GETARG_INT64(argument) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("version must be 0 or more")));
	return PG_GETARG_INT64(argument);
}

/* Return a number of verdicts.  The bound keeps the sum of all calls within a bigint. */
static int64
missed_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument) || PG_GETARG_INT64(argument) < 0 ||
		PG_GETARG_INT64(argument) > PG_INT32_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("missed must be 0 to %d", PG_INT32_MAX)));
	return PG_GETARG_INT64(argument);
}

/* Run a statement about one upload as the owner; returns how many rows it changed. */
static uint64
change(Statement *statement, Datum *values, int expected_result)
{
	OwnerSection section;
	uint64 count;

	owner_enter(&section);
	SPI_connect();
	count = statement_run(statement, values, NULL, false, expected_result);
	SPI_finish();
	owner_leave(&section);
	return count;
}

PG_FUNCTION_INFO_V1(onboard_note_items);

/* Note that an upload has items, and that some of them missed their verdict. */
Datum
onboard_note_items(PG_FUNCTION_ARGS)
{
	static Statement note = {
		"INSERT INTO onboard.item_checks AS c (upload_id, missed) VALUES ($1, $2) "
		"ON CONFLICT (upload_id) DO UPDATE SET "
		"  missed = c.missed + excluded.missed, version = c.version + 1, "
		"  due_at = CASE WHEN excluded.missed > 0 THEN clock_timestamp() ELSE c.due_at END",
		2,
		{TEXTOID, INT8OID},
	};
	const char *upload_id = upload_id_argument(fcinfo);
	Datum values[2] = {
		CStringGetTextDatum(upload_id),
		Int64GetDatum(missed_argument(fcinfo, 1)),
	};

	if (account_vendor(upload_id) == NULL)
		PG_RETURN_BOOL(false);
	(void) change(&note, values, SPI_OK_INSERT);
	PG_RETURN_BOOL(true);
}

/*
 * Lease checks that are due or, if upload_id is not NULL, the one of that upload;
 * the rows are in SPI_tuptable.
 */
static void
lease_checks(Datum older_than, int32 max, const char *upload_id)
{
	static Statement claim = {
		CLAIM_CHECKS("d.due_at <= clock_timestamp() AND (d.missed > 0 OR " ENDED_LONG_AGO ")"),
		2,
		{INTERVALOID, INT4OID},
	};
	static Statement claim_of_upload = {
		CLAIM_CHECKS("d.upload_id = $3"),
		3,
		{INTERVALOID, INT4OID, TEXTOID},
	};
	Datum values[3] = {older_than, Int32GetDatum(max), (Datum) 0};

	if (upload_id != NULL)
		values[2] = CStringGetTextDatum(upload_id);
	statement_run(upload_id != NULL ? &claim_of_upload : &claim, values, NULL, false,
				  SPI_OK_UPDATE_RETURNING);
}

PG_FUNCTION_INFO_V1(onboard_claim_item_checks);

/* Lease checks to a reader of the items, which repairs them. */
Datum
onboard_claim_item_checks(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *upload_id = NULL;
	OwnerSection section;
	int32 max;

	upload_check_older_than(fcinfo);
	max = upload_count_argument(fcinfo, 1, "max");
	if (!PG_ARGISNULL(2))
		upload_id = text_to_cstring(PG_GETARG_TEXT_PP(2));
	owner_check_all_vendors("to check items");
	InitMaterializedSRF(fcinfo, 0);

	owner_enter(&section);
	SPI_connect();
	lease_checks(PG_GETARG_DATUM(0), max, upload_id);
	statement_return_rows(result);
	SPI_finish();
	owner_leave(&section);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(onboard_end_item_check);

/* End a claimed check: remove it, or record how many items are still out of date. */
Datum
onboard_end_item_check(PG_FUNCTION_ARGS)
{
	static Statement remove_check = {
		"DELETE FROM onboard.item_checks c WHERE c.upload_id = $1 AND c.version = $2",
		2,
		{TEXTOID, INT8OID},
	};
	static Statement keep = {
		"UPDATE onboard.item_checks c SET missed = $3 WHERE c.upload_id = $1 AND c.version = $2",
		3,
		{TEXTOID, INT8OID, INT8OID},
	};
	Datum values[3] = {
		CStringGetTextDatum(upload_id_argument(fcinfo)),
		Int64GetDatum(version_argument(fcinfo, 1)),
		Int64GetDatum(missed_argument(fcinfo, 2)),
	};

	owner_check_all_vendors("to check items");
	if (!PG_ARGISNULL(3) && PG_GETARG_BOOL(3) && DatumGetInt64(values[2]) == 0)
		PG_RETURN_BOOL(change(&remove_check, values, SPI_OK_DELETE) > 0);
	PG_RETURN_BOOL(change(&keep, values, SPI_OK_UPDATE) > 0);
}
