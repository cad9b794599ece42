/*-------------------------------------------------------------------------
 *
 * listing.c
 *	  How far the files of a bucket have been compared with upload_history.
 *
 * A notification can be lost; then no upload begins, and the database does not
 * know the file.  A sweeper therefore lists the bucket, pass after pass, a few
 * pages in each run.  onboard.listings records where it continues, under a
 * lease, so that two sweepers do not read the same files.  A claim commits with
 * the caller, which then works without a lock; a caller that dies leaves a
 * lease that expires.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "upload/upload.h"

/* Raise an error if an argument is null, or the caller may not list files. */
static void
check_call(FunctionCallInfo fcinfo, const char *const *names)
{
	int i;

	for (i = 0; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("%s must not be null", names[i])));
	}
	owner_check_all_vendors("to list files");
}

/* Create the listing of a bucket that has none. */
static void
create_listing(Datum source)
{
	static Statement create = {
		"INSERT INTO onboard.listings (source) VALUES ($1) ON CONFLICT (source) DO NOTHING",
		1,
		{TEXTOID},
	};

	statement_run(&create, &source, NULL, false, SPI_OK_INSERT);
}

/*
 * Lease a listing that is not leased: the pass that is running, or a new one if
 * one is due; the row is in SPI_tuptable.
 */
static void
lease_listing(Datum source, Datum pause, Datum lease)
{
	static Statement claim = {
		"UPDATE onboard.listings l SET is_running = true, lease_until = clock_timestamp() + $3, "
		"  started_at = CASE WHEN l.is_running THEN l.started_at ELSE clock_timestamp() END, "
		"  advanced_at = CASE WHEN l.is_running THEN l.advanced_at ELSE clock_timestamp() END "
		"WHERE l.source = $1 AND (l.lease_until IS NULL OR l.lease_until < clock_timestamp()) "
		"  AND (l.is_running OR l.started_at <= clock_timestamp() - $2) "
		"RETURNING l.watched_since, l.key_marker, l.version_marker, onboard.seconds_since(l.advanced_at)",
		3,
		{TEXTOID, INTERVALOID, INTERVALOID},
	};
	Datum values[3] = {source, pause, lease};

	statement_run(&claim, values, NULL, false, SPI_OK_UPDATE_RETURNING);
}

PG_FUNCTION_INFO_V1(onboard_claim_listing);

/* Lease the listing of a bucket, and return where it continues. */
Datum
onboard_claim_listing(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"source", "pause", "lease"};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Interval *pause;
	Interval *lease;
	OwnerSection section;

	check_call(fcinfo, names);
	pause = upload_duration_argument(fcinfo, 1, names[1]);
	lease = upload_duration_argument(fcinfo, 2, names[2]);
	InitMaterializedSRF(fcinfo, 0);
	owner_enter(&section);
	SPI_connect();
	create_listing(PG_GETARG_DATUM(0));
	lease_listing(PG_GETARG_DATUM(0), IntervalPGetDatum(pause), IntervalPGetDatum(lease));
	statement_return_rows(result);
	SPI_finish();
	owner_leave(&section);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(onboard_save_listing);

/* Record how far a listing has advanced. */
Datum
onboard_save_listing(PG_FUNCTION_ARGS)
{
	static Statement save = {
		"UPDATE onboard.listings l SET key_marker = $2, version_marker = $3, is_running = $4, "
		"  lease_until = CASE WHEN $5 THEN NULL ELSE l.lease_until END, "
		"  advanced_at = CASE WHEN (l.key_marker, l.version_marker, l.is_running) = ($2, $3, $4) "
		"    THEN l.advanced_at ELSE clock_timestamp() END "
		"WHERE l.source = $1",
		5,
		{TEXTOID, TEXTOID, TEXTOID, BOOLOID, BOOLOID},
	};
	static const char *const names[] = {"source", "key_marker", "version_marker", "is_running",
										"release"};
	Datum values[5];
	OwnerSection section;
	int i;

	check_call(fcinfo, names);
	for (i = 0; i < PG_NARGS(); i++)
		values[i] = PG_GETARG_DATUM(i);
	owner_enter(&section);
	SPI_connect();
	statement_run(&save, values, NULL, false, SPI_OK_UPDATE);
	SPI_finish();
	owner_leave(&section);
	PG_RETURN_VOID();
}
