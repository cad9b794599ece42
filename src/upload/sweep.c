/*-------------------------------------------------------------------------
 *
 * sweep.c
 *	  Stalled uploads: lease them for another reading, and finally abandon
 *	  them; and uploads whose end was never reported: renew their event.
 *
 * An upload makes progress when one of its rows is judged, when a reader begins
 * its file, and when it is leased here; updated_at tells when it last did.  An
 * upload that is locked is being worked on, and is skipped.
 *
 * Abandoning keeps the verdicts: they were committed and may have been seen, and
 * their counts are true.  Nothing is invented about rows that never arrived.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "shared/upload_failure.h"
#include "upload/account.h"
#include "upload/failure_code.h"
#include "upload/pending.h"
#include "upload/upload.h"

/*
 * The sweeper's advisory lock: "onboard" cut to four bytes, and a class of its
 * own.  pg_advisory_lock() and the like use classes 1 and 2, so only callers of
 * onboard_lock_sweeper() can hold off the sweeper.
 */
#define SWEEPER_LOCK_KEY 0x6f6e626f
#define SWEEPER_LOCK_CLASS 3

static void
check_may_sweep(void)
{
	owner_check_all_vendors("to sweep uploads");
}

PG_FUNCTION_INFO_V1(onboard_lock_sweeper);

/*
 * Become the only sweeper until the transaction ends; returns false if there is
 * another.
 */
Datum
onboard_lock_sweeper(PG_FUNCTION_ARGS)
{
	LOCKTAG tag;

	check_may_sweep();
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, SWEEPER_LOCK_KEY, 0, SWEEPER_LOCK_CLASS);
	PG_RETURN_BOOL(LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL);
}

/* ---------------------------------------------------------------------
 * Leasing stalled uploads
 * ---------------------------------------------------------------------
 */

/* Lease stalled uploads; the rows are in SPI_tuptable.  For the array, see outbox.c. */
static void
revive_uploads(Datum older_than, int32 max_revivals, int32 max)
{
	static Statement revive = {
		"UPDATE onboard.upload_history u SET revivals = u.revivals + 1, updated_at = clock_timestamp() "
		"WHERE u.upload_id = ANY (ARRAY("
		"  SELECT s.upload_id FROM onboard.upload_history s "
		"  WHERE s.status = 'processing' AND s.updated_at < clock_timestamp() - $1 "
		"    AND s.parse_attempts > 0 AND s.revivals < $2 "
		"  ORDER BY s.updated_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)) "
		"RETURNING u.upload_id, u.vendor_id, u.file_name, u.s3_key, u.content_id, u.metadata, u.revivals",
		3,
		{INTERVALOID, INT4OID, INT4OID},
	};
	Datum values[3] = {older_than, Int32GetDatum(max_revivals), Int32GetDatum(max)};

	statement_run(&revive, values, NULL, false, SPI_OK_UPDATE_RETURNING);
}

PG_FUNCTION_INFO_V1(onboard_claim_stalled);

/*
 * Return stalled uploads that a parser had begun, so that a parser can be run on
 * them again.
 */
Datum
onboard_claim_stalled(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	OwnerSection section;
	int32 max_revivals;
	int32 max;

	upload_check_older_than(fcinfo);
	max_revivals = upload_count_argument(fcinfo, 1, "max_revivals");
	max = upload_count_argument(fcinfo, 2, "max");
	check_may_sweep();
	InitMaterializedSRF(fcinfo, 0);

	owner_enter(&section);
	SPI_connect();
	revive_uploads(PG_GETARG_DATUM(0), max_revivals, max);
	statement_return_rows(result);
	SPI_finish();
	owner_leave(&section);
	return (Datum) 0;
}

/* ---------------------------------------------------------------------
 * Abandoning uploads
 * ---------------------------------------------------------------------
 */

/* Lock uploads without progress that are not locked otherwise; returns their ids. */
static char **
lock_abandoned(Datum older_than, int32 revivals, uint64 *count)
{
	static Statement find = {
		"SELECT u.upload_id FROM onboard.upload_history u "
		"WHERE u.status = 'processing' AND u.updated_at < clock_timestamp() - $1 AND u.revivals >= $2 "
		"ORDER BY u.updated_at FOR NO KEY UPDATE SKIP LOCKED",
		2,
		{INTERVALOID, INT4OID},
	};
	Datum values[2] = {older_than, Int32GetDatum(revivals)};
	char **upload_ids;
	uint64 i;

	*count = statement_run(&find, values, NULL, false, SPI_OK_SELECT);
	upload_ids = palloc(sizeof(char *) * (*count + 1));
	for (i = 0; i < *count; i++)
		upload_ids[i] = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
	return upload_ids;
}

static void
abandon_upload(const char *upload_id)
{
	static const char code[] = "PROCESSING_ABANDONED";

	pending_check_not_loading(upload_id);
	pending_write(upload_id);
	account_abandon(upload_id, code, upload_failure_find(code)->sentence);
}

PG_FUNCTION_INFO_V1(onboard_sweep_uploads);

/*
 * Fail stalled uploads that were leased at least the given number of times, with
 * PROCESSING_ABANDONED; returns how many.
 */
Datum
onboard_sweep_uploads(PG_FUNCTION_ARGS)
{
	OwnerSection section;
	int32 revivals = 0;
	char **upload_ids;
	uint64 count;
	uint64 i;

	upload_check_older_than(fcinfo);
	if (PG_NARGS() > 1)
		revivals = upload_count_argument(fcinfo, 1, "revivals");
	check_may_sweep();
	owner_enter(&section);
	SPI_connect();
	upload_ids = lock_abandoned(PG_GETARG_DATUM(0), revivals, &count);
	for (i = 0; i < count; i++)
		abandon_upload(upload_ids[i]);
	upload_close(&section);
	PG_RETURN_INT64((int64) count);
}

/* ---------------------------------------------------------------------
 * Renewing events
 * ---------------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(onboard_renew_events);

/*
 * Write upload_ended again for uploads that were never reported although the
 * event is gone: acknowledged, then lost by the receiver.  One that a reporter is
 * working on is skipped.  Each then waits as long again; after seven days it is
 * left alone.  Returns how many.
 */
Datum
onboard_renew_events(PG_FUNCTION_ARGS)
{
	static Statement renew = {
		"WITH lost AS ("
		"  UPDATE onboard.upload_history u SET updated_at = clock_timestamp() "
		"  WHERE u.upload_id = ANY (ARRAY("
		"    SELECT s.upload_id FROM onboard.upload_history s "
		"    WHERE s.status <> 'processing' AND NOT s.metadata ? 'reported_at' "
		"      AND s.updated_at < clock_timestamp() - $1 "
		"      AND (s.report_lease_until IS NULL OR s.report_lease_until < clock_timestamp()) "
		"      AND s.processing_completed_at > clock_timestamp() - '7 days'::interval "
		"      AND NOT EXISTS (SELECT FROM onboard.outbox o "
		"        WHERE o.upload_id = s.upload_id AND o.kind = 'upload_ended') "
		"    ORDER BY s.updated_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)) "
		"  RETURNING u.upload_id, u.vendor_id, u.status, u.failure_code) "
		"INSERT INTO onboard.outbox (kind, upload_id, vendor_id, payload) "
		"SELECT 'upload_ended', upload_id, vendor_id, "
		"       jsonb_strip_nulls(jsonb_build_object('status', status, 'failure_code', failure_code)) FROM lost",
		2,
		{INTERVALOID, INT4OID},
	};
	OwnerSection section;
	Datum values[2];
	uint64 count;

	upload_check_older_than(fcinfo);
	values[0] = PG_GETARG_DATUM(0);
	values[1] = Int32GetDatum(upload_count_argument(fcinfo, 1, "max"));
	check_may_sweep();
	owner_enter(&section);
	SPI_connect();
	count = statement_run(&renew, values, NULL, false, SPI_OK_INSERT);
	SPI_finish();
	owner_leave(&section);
	PG_RETURN_INT64((int64) count);
}
