/*-------------------------------------------------------------------------
 *
 * outbox.c
 *	  Leasing events, and removing them when done.
 *
 * A claim writes a token and the end of the lease into the rows and commits with
 * the caller, so no lock is held while the caller works, and a caller that dies
 * leaves only a lease that expires.  Rows are found by their lease, never by "id
 * after the last one": an event of a long transaction appears after events with
 * higher ids.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "upload/upload.h"

/*
 * Lease at most $1 events that are not leased; which ends in AND or is "".  An
 * array is evaluated once; a subquery could be run again for each row, and lock
 * more.
 */
#define CLAIM_EVENTS(which)                                                          \
	"UPDATE onboard.outbox o SET "                                                   \
	"  attempt = o.attempt + 1, token = $3, lease_until = clock_timestamp() + $2 "   \
	"WHERE o.event_id = ANY (ARRAY("                                                 \
	"  SELECT c.event_id FROM onboard.outbox c "                                     \
	"  WHERE " which "(c.lease_until IS NULL OR c.lease_until < clock_timestamp()) " \
	"  ORDER BY c.event_id LIMIT $1 FOR UPDATE SKIP LOCKED)) "                       \
	"RETURNING o.event_id, o.kind, o.upload_id, o.vendor_id, o.payload, o.attempt, o.token"

/* Events concern all vendors, so a confined role may not touch them. */
static void
check_not_confined(void)
{
	owner_check_all_vendors("for the outbox");
}

/* Return a random UUID of version 4. */
static pg_uuid_t *
new_token(void)
{
	pg_uuid_t *token = palloc(sizeof(pg_uuid_t));

	if (!pg_strong_random(token->data, UUID_LEN))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
	token->data[6] = (token->data[6] & 0x0f) | 0x40;
	token->data[8] = (token->data[8] & 0x3f) | 0x80;
	return token;
}

/*
 * Lease events, of one upload or, if upload_id is NULL, of all; the rows are in
 * SPI_tuptable.
 */
static void
lease_events(int32 max, Interval *lease, const char *upload_id)
{
	static Statement claim = {
		CLAIM_EVENTS(""),
		3,
		{INT4OID, INTERVALOID, UUIDOID},
	};
	static Statement claim_of_upload = {
		CLAIM_EVENTS("c.upload_id = $4 AND "),
		4,
		{INT4OID, INTERVALOID, UUIDOID, TEXTOID},
	};
	Datum values[4] = {
		Int32GetDatum(max),
		IntervalPGetDatum(lease),
		UUIDPGetDatum(new_token()),
		(Datum) 0,
	};

	if (upload_id != NULL)
		values[3] = CStringGetTextDatum(upload_id);
	statement_run(upload_id != NULL ? &claim_of_upload : &claim, values, NULL, false,
				  SPI_OK_UPDATE_RETURNING);
}

PG_FUNCTION_INFO_V1(onboard_claim_events);

/* Lease at most max events to the caller, of all uploads or of the one named. */
Datum
onboard_claim_events(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *upload_id = NULL;
	Interval *lease;
	OwnerSection section;
	int32 max;

	max = upload_count_argument(fcinfo, 0, "max");
	lease = upload_duration_argument(fcinfo, 1, "lease");
	if (PG_NARGS() > 2)
		upload_id = text_argument(fcinfo, 2, "upload_id");
	check_not_confined();
	InitMaterializedSRF(fcinfo, 0);

	owner_enter(&section);
	SPI_connect();
	lease_events(max, lease, upload_id);
	statement_return_rows(result);
	SPI_finish();
	owner_leave(&section);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(onboard_ack_events);

/* Remove events that are still leased under the token; returns how many. */
Datum
onboard_ack_events(PG_FUNCTION_ARGS)
{
	static Statement ack = {
		"DELETE FROM onboard.outbox o WHERE o.event_id = ANY ($1) AND o.token = $2",
		2,
		{INT8ARRAYOID, UUIDOID},
	};
	OwnerSection section;
	Datum values[2];
	uint64 count;

	check_not_confined();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_INT64(0);
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	owner_enter(&section);
	SPI_connect();
	count = statement_run(&ack, values, NULL, false, SPI_OK_DELETE);
	SPI_finish();
	owner_leave(&section);
	PG_RETURN_INT64((int64) count);
}
