/*-------------------------------------------------------------------------
 *
 * upload_undo.c
 *	  Undoing what the rows of an upload did to the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "catalogue/removal.h"
#include "shared/action.h"
#include "upload/account.h"
#include "upload/upload.h"
#include "upload/upload_undo.h"

/* Undo the rows of one action. */
static void
undo_action(enum row_action action, const char *upload_id, bool unchanged_only,
			OwnerSection *section, Undone *undone)
{
	switch (action)
	{
		case ACTION_INSERT:
			undone->removed += (int64) removal_run(upload_id, unchanged_only, section);
			undone->kept += removal_count_left(upload_id);
			break;
		case ACTION_UPDATE:
		case ACTION_HOLD:
		case ACTION_DISCONTINUE:
			/* No mode uses these actions. */
			break;
		case ACTION_UNCHANGED:
		case ACTION_STALE:
		case ACTION_REJECT:
		case ACTION_COUNT:
			/* Nothing was done. */
			break;
	}
}

void
undo_rows(const char *upload_id, bool unchanged_only, OwnerSection *section, Undone *undone)
{
	int action;

	memset(undone, 0, sizeof(*undone));
	for (action = 0; action < ACTION_COUNT; action++)
		undo_action(action, upload_id, unchanged_only, section, undone);
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
		"  '" UPLOAD_UNDONE_KEPT "', $3) "
		"WHERE u.upload_id = $1",
		3,
		{TEXTOID, INT8OID, INT8OID},
	};
	Datum values[3] = {
		CStringGetTextDatum(upload_id),
		Int64GetDatum(undone->removed),
		Int64GetDatum(undone->kept),
	};

	statement_run(&note, values, NULL, false, SPI_OK_UPDATE);
}

PG_FUNCTION_INFO_V1(onboard_undo_upload);

/* Remove the products of an ended upload that were not changed since. */
Datum
onboard_undo_upload(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	OwnerSection section;
	UploadRow row;
	TupleDesc descriptor;
	Datum values[2];
	bool nulls[2] = {false, false};
	Undone undone;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	upload_open(upload_id, &section, &row);
	/* An abandoned upload has failed, but kept its good rows. */
	if (row.processing || (row.failed && row.valid_records == 0))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("upload \"%s\" %s", upload_id, row.failed ? "has failed" : "has not ended"),
				 row.failed ? 0 : errhint("Cancel it with onboard_cancel_upload().")));
	undo_rows(upload_id, true, &section, &undone);
	note_undo(upload_id, &undone);
	upload_close(&section);

	values[0] = Int64GetDatum(undone.removed);
	values[1] = Int64GetDatum(undone.kept);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
