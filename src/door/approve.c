/*-------------------------------------------------------------------------
 *
 * approve.c
 *	  Approving and declining rows that a guard held.
 *
 * Fewer roles may decide than may load, so that the program that reads a
 * vendor's file cannot also confirm it: deciding requires EXECUTE on these
 * functions, which onboard_grant_operator() grants, and the right to act for
 * all vendors.
 *
 * A decision is made once: upload and vendor are locked first, then the row is
 * read.  Approving applies the row as if it arrived now, without the guard.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/owner.h"
#include "load/loader.h"
#include "upload/account.h"
#include "upload/held.h"
#include "upload/replace_end.h"
#include "upload/upload.h"
#include "upload/vendor_lock.h"

/* The numbers of the rows to decide on; NULL for all that wait. */
static ArrayType *
rows_argument(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
}

/* Check the caller, lock upload and vendor, and check that the upload has ended. */
static void
open_decision(const char *upload_id, OwnerSection *section, UploadRow *upload)
{
	owner_check_all_vendors("to decide on held rows");
	upload_open(upload_id, section, upload);
	if (upload->processing)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("upload \"%s\" has not ended", upload_id),
						errhint("Decide on its held rows once it has ended.")));
	vendor_lock(upload->vendor_id);
}

/*
 * Apply a row of the upload; returns its outcome, and the reason if it is refused.
 * The loader checks the caller, so this leaves the owner section.
 */
static const char *
apply_row(const UploadRow *upload, const HeldRow *row, OwnerSection *section, const char **reason)
{
	enum row_action action;

	if (held_is_superseded(upload->upload_id, row->product_id))
		return "superseded";
	owner_leave(section);
	action =
		loader_apply_held(upload->upload_id, row->row_number, row->line_number, row->input, reason);
	owner_enter(section);
	switch (action)
	{
		case ACTION_STALE:
			return "superseded";
		case ACTION_REJECT:
			return "refused";
		default:
			return "applied";
	}
}

/* Approve a held row unless it was decided on before, and update its outcome. */
static void
approve_row(const UploadRow *upload, HeldRow *row, OwnerSection *section)
{
	const char *reason = NULL;

	if (strcmp(row->outcome, "waiting") != 0)
		return;
	if (row->row_number == HELD_LAST_STEP)
	{
		replace_end_approved(upload->upload_id, upload->vendor_id);
		row->outcome = "applied";
	}
	else
		row->outcome = apply_row(upload, row, section, &reason);
	row->reason = reason;
	held_decide(row->held_id, row->outcome, row->reason);
}

/* Return a row and its outcome to the caller of onboard_approve_rows(). */
static void
return_row(ReturnSetInfo *result, const HeldRow *row)
{
	Datum values[3] = {
		Int64GetDatum(row->row_number),
		CStringGetTextDatum(row->outcome),
	};
	bool nulls[3] = {false, false, row->reason == NULL};

	if (row->reason != NULL)
		values[2] = CStringGetTextDatum(row->reason);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(onboard_approve_rows);

/* Apply held rows of an upload, and return what became of each. */
Datum
onboard_approve_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *upload_id = upload_id_argument(fcinfo);
	ArrayType *rows = rows_argument(fcinfo);
	OwnerSection section;
	UploadRow upload;
	int64 *held_ids;
	int count;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	open_decision(upload_id, &section, &upload);
	held_ids = held_find(upload_id, rows, &count);
	for (i = 0; i < count; i++)
	{
		HeldRow row;

		CHECK_FOR_INTERRUPTS();
		/* All memory of a row is freed with the connection. */
		SPI_connect();
		held_read(held_ids[i], &row);
		approve_row(&upload, &row, &section);
		return_row(result, &row);
		SPI_finish();
	}
	upload_close(&section);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(onboard_decline_rows);

/* Decline held rows of an upload; returns how many of them waited. */
Datum
onboard_decline_rows(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	OwnerSection section;
	UploadRow upload;
	int64 declined;

	open_decision(upload_id, &section, &upload);
	declined = held_decline(upload_id, rows_argument(fcinfo));
	upload_close(&section);
	PG_RETURN_INT64(declined);
}
