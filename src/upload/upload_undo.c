/*-------------------------------------------------------------------------
 *
 * upload_undo.c
 *	  Undoing an upload, or reporting what undoing it would do.
 *
 * A dry run undoes the upload in a subtransaction and rolls it back: only the
 * catalogue itself can tell what it refuses.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/statement.h"
#include "base/subtransaction.h"
#include "upload/held.h"
#include "upload/metadata_keys.h"
#include "upload/undo_walk.h"
#include "upload/upload.h"
#include "upload/upload_undo.h"
#include "upload/vendor_lock.h"

/* UndoReport */
static void
count_line(void *context, const UndoLine *line)
{
	Undone *undone = context;

	switch (line->step)
	{
		case UNDO_REMOVE:
			undone->removed++;
			break;
		case UNDO_RESTORE:
			undone->restored++;
			break;
		case UNDO_KEEP:
			undone->kept++;
			break;
	}
}

void
undo_upload(const UploadRow *upload, bool everything, Undone *undone)
{
	memset(undone, 0, sizeof(*undone));
	undo_walk(upload, everything, count_line, undone);
	held_decline(upload->upload_id, NULL);
}

/* Open an upload that can be undone; the upload and then its vendor are locked. */
static void
open_undoable(const char *upload_id, OwnerSection *section, UploadRow *row)
{
	upload_open(upload_id, section, row);
	/* An abandoned upload has failed, but kept its good rows. */
	if (row->processing || (row->failed && row->valid_records == 0))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("upload \"%s\" %s", upload_id,
							   row->failed ? "has failed" : "has not ended"),
						row->failed ? 0 : errhint("Cancel it with onboard_cancel_upload().")));
	vendor_lock(row->vendor_id);
}

/* Record what was undone, adding to the counts of earlier calls. */
static void
note_undo(const char *upload_id, const Undone *undone)
{
	static Statement note = {
		"UPDATE onboard.upload_history u SET metadata = u.metadata || jsonb_build_object("
		"  '" UPLOAD_UNDONE_AT "', clock_timestamp(), "
		"  '" UPLOAD_UNDONE_REMOVED "', $2 + coalesce((u.metadata ->> '" UPLOAD_UNDONE_REMOVED
		"')::bigint, 0), "
		"  '" UPLOAD_UNDONE_RESTORED "', $3 + coalesce((u.metadata ->> '" UPLOAD_UNDONE_RESTORED
		"')::bigint, 0), "
		"  '" UPLOAD_UNDONE_KEPT "', $4) "
		"WHERE u.upload_id = $1",
		4,
		{TEXTOID, INT8OID, INT8OID, INT8OID},
	};
	Datum values[4] = {
		CStringGetTextDatum(upload_id),
		Int64GetDatum(undone->removed),
		Int64GetDatum(undone->restored),
		Int64GetDatum(undone->kept),
	};

	statement_run(&note, values, NULL, false, SPI_OK_UPDATE);
}

/* Arguments of run_and_roll_back(). */
typedef struct DryRun
{
	const UploadRow *upload;
	UndoReport report;
	void *context;
} DryRun;

/* SubtransactionWork */
static bool
run_and_roll_back(void *argument)
{
	DryRun *run = argument;

	undo_walk(run->upload, false, run->report, run->context);
	return false;
}

static void
dry_run(const UploadRow *upload, UndoReport report, void *context)
{
	DryRun run = {upload, report, context};

	subtransaction_run(run_and_roll_back, &run, NULL);
}

PG_FUNCTION_INFO_V1(onboard_undo_upload);

/* Take back what an ended upload did to products that were not changed since. */
Datum
onboard_undo_upload(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	OwnerSection section;
	UploadRow row;
	TupleDesc descriptor;
	Datum values[3];
	bool nulls[3] = {false, false, false};
	Undone undone = {0};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("dry_run must not be null")));
	open_undoable(upload_id, &section, &row);
	if (PG_GETARG_BOOL(1))
		dry_run(&row, count_line, &undone);
	else
	{
		undo_upload(&row, false, &undone);
		note_undo(upload_id, &undone);
	}
	upload_close(&section);

	values[0] = Int64GetDatum(undone.removed);
	values[1] = Int64GetDatum(undone.restored);
	values[2] = Int64GetDatum(undone.kept);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

/* UndoReport: return a line to the caller of onboard_undo_plan(). */
static void
return_line(void *context, const UndoLine *line)
{
	static const char *const steps[] = {
		[UNDO_REMOVE] = "remove",
		[UNDO_RESTORE] = "restore",
		[UNDO_KEEP] = "keep",
	};
	ReturnSetInfo *result = context;
	Datum values[4] = {
		Int64GetDatum(line->product_id),
		CStringGetTextDatum(line->sku),
		CStringGetTextDatum(steps[line->step]),
	};
	bool nulls[4] = {false, false, false, line->reason == NULL};

	if (line->reason != NULL)
		values[3] = CStringGetTextDatum(line->reason);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(onboard_undo_plan);

/* Return what onboard_undo_upload() would do to each product. */
Datum
onboard_undo_plan(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	OwnerSection section;
	UploadRow row;

	InitMaterializedSRF(fcinfo, 0);
	open_undoable(upload_id, &section, &row);
	dry_run(&row, return_line, fcinfo->resultinfo);
	upload_close(&section);
	return (Datum) 0;
}
