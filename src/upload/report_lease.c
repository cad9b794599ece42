/*-------------------------------------------------------------------------
 *
 * report_lease.c
 *	  Leasing the report of an ended upload, and recording that it was made.
 *
 * Reporting reaches outside the database, where a mail cannot be recalled, and
 * may take long.  So a reporter claims the report, commits, writes and
 * publishes without a transaction, and then records it.  Meanwhile no other
 * reporter can claim it; one that dies leaves only a lease that expires.  A
 * report that was made is recorded no matter who holds the lease, because it is
 * a fact.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/owner.h"
#include "base/statement.h"
#include "upload/account.h"
#include "upload/metadata_keys.h"
#include "upload/upload.h"

/* Lock the upload whose id is the first argument; an error unless it has ended. */
static void
open_ended(FunctionCallInfo fcinfo, OwnerSection *section)
{
	UploadRow row;

	upload_open(upload_id_argument(fcinfo), section, &row);
	if (row.processing)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("upload \"%s\" has not ended", row.upload_id)));
}

PG_FUNCTION_INFO_V1(onboard_claim_report);

/*
 * Lease the report to the caller; returns the lease's token, or null if the
 * upload is reported or another reporter holds an unexpired lease.
 */
Datum
onboard_claim_report(PG_FUNCTION_ARGS)
{
	static Statement claim = {
		"UPDATE onboard.upload_history u SET "
		"  report_token = gen_random_uuid(), report_lease_until = clock_timestamp() + $2 "
		"WHERE u.upload_id = $1 AND NOT u.metadata ? '" UPLOAD_REPORTED_AT "' "
		"  AND (u.report_lease_until IS NULL OR u.report_lease_until < clock_timestamp()) "
		"RETURNING u.report_token",
		2,
		{TEXTOID, INTERVALOID},
	};
	Interval *lease = upload_duration_argument(fcinfo, 1, "lease");
	OwnerSection section;
	Datum values[2];
	Datum token = (Datum) 0;
	bool claimed;

	open_ended(fcinfo, &section);
	values[0] = PG_GETARG_DATUM(0);
	values[1] = IntervalPGetDatum(lease);
	claimed = statement_run(&claim, values, NULL, false, SPI_OK_UPDATE_RETURNING) > 0;
	if (claimed)
		token = SPI_datumTransfer(statement_value(1, NULL), false, UUID_LEN);
	upload_close(&section);
	if (!claimed)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(token);
}

PG_FUNCTION_INFO_V1(onboard_release_report);

/* End the lease with this token; returns false if there is none. */
Datum
onboard_release_report(PG_FUNCTION_ARGS)
{
	static Statement release = {
		"UPDATE onboard.upload_history u SET report_token = NULL, report_lease_until = NULL "
		"WHERE u.upload_id = $1 AND u.report_token = $2",
		2,
		{TEXTOID, UUIDOID},
	};
	OwnerSection section;
	Datum values[2];
	bool released;

	open_ended(fcinfo, &section);
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	released = !PG_ARGISNULL(1) && statement_run(&release, values, NULL, false, SPI_OK_UPDATE) > 0;
	upload_close(&section);
	PG_RETURN_BOOL(released);
}

/* The upload, and the keys of its three files. */
#define REPORT_ARGUMENTS 4

PG_FUNCTION_INFO_V1(onboard_record_report);

/*
 * Record where the reports of an ended upload are, and end any lease; returns
 * false the second time.
 */
Datum
onboard_record_report(PG_FUNCTION_ARGS)
{
	static Statement record = {
		"UPDATE onboard.upload_history u SET "
		"  error_file_s3_key = $2, fix_file_s3_key = $3, workbook_file_s3_key = $4, "
		"  report_token = NULL, report_lease_until = NULL, "
		"  metadata = u.metadata || jsonb_build_object('" UPLOAD_REPORTED_AT
		"', clock_timestamp()) "
		"WHERE u.upload_id = $1 AND NOT u.metadata ? '" UPLOAD_REPORTED_AT "'",
		REPORT_ARGUMENTS,
		{TEXTOID, TEXTOID, TEXTOID, TEXTOID},
	};
	OwnerSection section;
	Datum values[REPORT_ARGUMENTS];
	char nulls[REPORT_ARGUMENTS];
	bool recorded;
	int i;

	open_ended(fcinfo, &section);
	for (i = 0; i < REPORT_ARGUMENTS; i++)
	{
		values[i] = fcinfo->args[i].value;
		nulls[i] = fcinfo->args[i].isnull ? 'n' : ' ';
	}
	recorded = statement_run(&record, values, nulls, false, SPI_OK_UPDATE) > 0;
	upload_close(&section);
	PG_RETURN_BOOL(recorded);
}
