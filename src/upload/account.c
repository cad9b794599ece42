/*-------------------------------------------------------------------------
 *
 * account.c
 *	  Counters of an upload, its end, and the outbox events of both.
 *
 * valid_records and error_records are only ever raised, by the transaction that
 * stores the rows, under the lock that account_lock() takes; so they are exact
 * at every commit.  The statement that ends an upload also writes the
 * upload_ended event, and applies only to an upload whose status is processing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/owner.h"
#include "base/statement.h"
#include "shared/upload_failure.h"
#include "upload/account.h"
#include "upload/replace_end.h"

#define UPLOAD_COLUMNS                                                         \
	"u.upload_id, u.vendor_id, u.status = 'processing', u.status = 'failed', " \
	"coalesce(u.total_records, -1), u.valid_records, u.error_records, u.mode "

/* Fill row from the single result row of a statement that read UPLOAD_COLUMNS. */
static void
fill_upload_row(UploadRow *row)
{
	row->upload_id = TextDatumGetCString(statement_value(1, NULL));
	row->vendor_id = TextDatumGetCString(statement_value(2, NULL));
	row->processing = DatumGetBool(statement_value(3, NULL));
	row->failed = DatumGetBool(statement_value(4, NULL));
	row->total_records = DatumGetInt64(statement_value(5, NULL));
	row->valid_records = DatumGetInt64(statement_value(6, NULL));
	row->error_records = DatumGetInt64(statement_value(7, NULL));
	if (!upload_mode_by_name(TextDatumGetCString(statement_value(8, NULL)), &row->mode))
		row->mode = MODE_COUNT;
}

bool
account_lock(const char *upload_id, UploadRow *row)
{
	static Statement lock = {
		"SELECT " UPLOAD_COLUMNS "FROM onboard.upload_history u "
		"WHERE u.upload_id = $1 FOR NO KEY UPDATE",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};

	if (statement_run(&lock, values, NULL, false, SPI_OK_SELECT) == 0)
		return false;
	fill_upload_row(row);
	return true;
}

bool
account_read(const char *upload_id, UploadRow *row)
{
	static Statement read = {
		"SELECT " UPLOAD_COLUMNS "FROM onboard.upload_history u WHERE u.upload_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};

	/* Not read-only: the current statement may have begun the upload. */
	if (statement_run(&read, values, NULL, false, SPI_OK_SELECT) == 0)
		return false;
	fill_upload_row(row);
	return true;
}

char *
account_vendor(const char *upload_id)
{
	MemoryContext caller = CurrentMemoryContext;
	OwnerSection section;
	UploadRow row;
	char *vendor_id = NULL;

	owner_enter(&section);
	SPI_connect();
	if (account_read(upload_id, &row))
		vendor_id = MemoryContextStrdup(caller, row.vendor_id);
	SPI_finish();
	owner_leave(&section);
	return vendor_id != NULL && owner_caller_may_load(vendor_id) ? vendor_id : NULL;
}

static void
record_errors_event(const UploadRow *row, const Tally *tally)
{
	static Statement event = {
		"INSERT INTO onboard.outbox (kind, upload_id, vendor_id, payload) "
		"VALUES ('errors_recorded', $1, $2, "
		"        jsonb_build_object('errors', $3, 'first_row', $4, 'last_row', $5))",
		5,
		{TEXTOID, TEXTOID, INT8OID, INT8OID, INT8OID},
	};
	Datum values[5] = {
		CStringGetTextDatum(row->upload_id),  CStringGetTextDatum(row->vendor_id),
		Int64GetDatum(tally_errors(tally)),   Int64GetDatum(tally->first_error_row),
		Int64GetDatum(tally->last_error_row),
	};

	statement_run(&event, values, NULL, false, SPI_OK_INSERT);
}

void
account_add(const UploadRow *row, const Tally *tally)
{
	static Statement add = {
		"UPDATE onboard.upload_history u SET "
		"  valid_records = valid_records + $2, error_records = error_records + $3, "
		"  inserted = inserted + $4, updated = updated + $5, unchanged = unchanged + $6, "
		"  stale = stale + $7, held = held + $8, discontinued = discontinued + $9, "
		"  unnamed_records = unnamed_records + $10, "
		"  revivals = 0, updated_at = clock_timestamp() "
		"WHERE u.upload_id = $1 AND u.status = 'processing'",
		10,
		{TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID},
	};
	Datum values[10] = {
		CStringGetTextDatum(row->upload_id),
		Int64GetDatum(tally_valid(tally)),
		Int64GetDatum(tally_errors(tally)),
		Int64GetDatum(tally->rows[ACTION_INSERT]),
		Int64GetDatum(tally->rows[ACTION_UPDATE]),
		Int64GetDatum(tally->rows[ACTION_UNCHANGED]),
		Int64GetDatum(tally->rows[ACTION_STALE]),
		Int64GetDatum(tally->rows[ACTION_HOLD]),
		Int64GetDatum(tally->rows[ACTION_DISCONTINUE]),
		Int64GetDatum(tally->unnamed),
	};

	if (tally_errors(tally) > 0)
		record_errors_event(row, tally);
	if (statement_run(&add, values, NULL, false, SPI_OK_UPDATE) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("upload \"%s\" ended while its rows were being judged", row->upload_id)));
	account_end_if_complete(row->upload_id);
}

bool
account_end_if_complete(const char *upload_id)
{
	static Statement end = {
		"WITH ended AS ("
		"  UPDATE onboard.upload_history u SET "
		"    updated_at = clock_timestamp(), processing_completed_at = clock_timestamp(), "
		"    processing_duration_seconds = extract(epoch FROM clock_timestamp() - processing_started_at), "
		"    checkpoint = NULL, "
		"    failure_code = CASE WHEN total_records = 0 THEN $2 END, "
		"    failure_message = CASE WHEN total_records = 0 THEN $3 END, "
		"    status = CASE WHEN total_records = 0 THEN 'failed' WHEN error_records = 0 AND held = 0 AND NOT $4 THEN 'completed' "
		"                  WHEN valid_records = 0 THEN 'failed' ELSE 'partial' END "
		"  WHERE u.upload_id = $1 AND u.status = 'processing' "
		"    AND u.valid_records + u.error_records = u.total_records "
		"  RETURNING u.upload_id, u.vendor_id, u.status, u.failure_code, u.held) "
		"INSERT INTO onboard.outbox (kind, upload_id, vendor_id, payload) "
		"SELECT 'upload_ended', upload_id, vendor_id, "
		"       jsonb_strip_nulls(jsonb_build_object('status', status, 'failure_code', failure_code, "
		"         'held', nullif(held + $4::integer, 0))) "
		"FROM ended",
		4,
		{TEXTOID, TEXTOID, TEXTOID, BOOLOID},
	};
	const struct upload_failure *no_rows = upload_failure_find("NO_ROWS");
	bool last_step_waits = replace_end_if_complete(upload_id);
	Datum values[4] = {
		CStringGetTextDatum(upload_id),
		CStringGetTextDatum(no_rows->code),
		CStringGetTextDatum(no_rows->sentence),
		BoolGetDatum(last_step_waits),
	};

	return statement_run(&end, values, NULL, false, SPI_OK_INSERT) > 0;
}

/* End an upload as failed, with its counters unchanged or reset to 0. */
static bool
end_as_failed(const char *upload_id, const char *code, const char *message, bool keep_counters)
{
	static Statement end = {
		"WITH ended AS ("
		"  UPDATE onboard.upload_history u SET "
		"    updated_at = clock_timestamp(), processing_completed_at = clock_timestamp(), "
		"    processing_duration_seconds = extract(epoch FROM clock_timestamp() - processing_started_at), "
		"    status = 'failed', failure_code = $2, failure_message = $3, checkpoint = NULL, "
		"    valid_records = CASE WHEN $4 THEN valid_records ELSE 0 END, "
		"    error_records = CASE WHEN $4 THEN error_records ELSE 0 END, "
		"    inserted = CASE WHEN $4 THEN inserted ELSE 0 END, "
		"    updated = CASE WHEN $4 THEN updated ELSE 0 END, "
		"    unchanged = CASE WHEN $4 THEN unchanged ELSE 0 END, "
		"    stale = CASE WHEN $4 THEN stale ELSE 0 END, "
		"    held = CASE WHEN $4 THEN held ELSE 0 END, "
		"    unnamed_records = CASE WHEN $4 THEN unnamed_records ELSE 0 END, "
		"    sold_out = CASE WHEN $4 THEN sold_out ELSE 0 END, "
		"    discontinued = CASE WHEN $4 THEN discontinued ELSE 0 END "
		"  WHERE u.upload_id = $1 AND u.status = 'processing' "
		"  RETURNING u.upload_id, u.vendor_id) "
		"INSERT INTO onboard.outbox (kind, upload_id, vendor_id, payload) "
		"SELECT 'upload_ended', upload_id, vendor_id, "
		"       jsonb_build_object('status', 'failed', 'failure_code', $2) FROM ended",
		4,
		{TEXTOID, TEXTOID, TEXTOID, BOOLOID},
	};
	Datum values[4] = {
		CStringGetTextDatum(upload_id),
		CStringGetTextDatum(code),
		CStringGetTextDatum(message),
		BoolGetDatum(keep_counters),
	};

	return statement_run(&end, values, NULL, false, SPI_OK_INSERT) > 0;
}

bool
account_fail(const char *upload_id, const char *code, const char *message)
{
	return end_as_failed(upload_id, code, message, false);
}

bool
account_abandon(const char *upload_id, const char *code, const char *message)
{
	return end_as_failed(upload_id, code, message, true);
}
