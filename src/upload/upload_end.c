/*-------------------------------------------------------------------------
 *
 * upload_end.c
 *	  An upload's total and its end: describe, finish, reject, cancel.
 *
 * Only account.c ends an upload and writes the event.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "upload/account.h"
#include "upload/failure_code.h"
#include "upload/metadata_keys.h"
#include "upload/upload.h"
#include "upload/upload_apply.h"
#include "upload/upload_undo.h"
#include "upload/vendor_lock.h"

static void
add_metadata(const char *upload_id, const char *key, int64 value)
{
	static Statement add = {
		"UPDATE onboard.upload_history u SET metadata = u.metadata || jsonb_build_object($2, $3) "
		"WHERE u.upload_id = $1",
		3,
		{TEXTOID, TEXTOID, INT8OID},
	};
	Datum values[3] = {
		CStringGetTextDatum(upload_id),
		CStringGetTextDatum(key),
		Int64GetDatum(value),
	};

	statement_run(&add, values, NULL, false, SPI_OK_UPDATE);
}

static void
remove_verdicts(const char *upload_id)
{
	static Statement actions = {
		"DELETE FROM onboard.row_actions a USING onboard.upload_history u "
		"WHERE u.upload_id = $1 AND a.upload_number = u.upload_number",
		1,
		{TEXTOID},
	};
	static Statement errors = {
		"DELETE FROM onboard.validation_errors e WHERE e.upload_id = $1",
		1,
		{TEXTOID},
	};
	static Statement judged = {
		"DELETE FROM onboard.judged_rows j WHERE j.upload_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};

	statement_run(&actions, values, NULL, false, SPI_OK_DELETE);
	statement_run(&errors, values, NULL, false, SPI_OK_DELETE);
	statement_run(&judged, values, NULL, false, SPI_OK_DELETE);
}

/*
 * Fail an upload that is processing and locked, and take back what it did.
 * Products that it changed, or that another upload may have changed since, are
 * treated as by undo.
 */
static void
fail_upload(const UploadRow *row, const char *code, const char *message)
{
	const char *upload_id = row->upload_id;
	const char *sentence = failure_code_sentence(code);
	Undone undone;

	if (upload_mode_changes(row->mode))
		vendor_lock(row->vendor_id);
	undo_upload(row, !upload_mode_changes(row->mode), &undone);
	remove_verdicts(upload_id);
	if (undone.kept > 0)
		add_metadata(upload_id, UPLOAD_PRODUCTS_KEPT, undone.kept);
	account_fail(upload_id, code, message != NULL ? message : sentence);
}

static Datum
reject_upload(const char *upload_id, const char *code, const char *message)
{
	OwnerSection section;
	UploadRow row;
	Datum result;

	upload_open(upload_id, &section, &row);
	if (row.processing)
		fail_upload(&row, code, message);
	else if (!row.failed)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("upload \"%s\" has already ended", upload_id),
						errhint("Undo it with onboard_undo_upload().")));
	result = upload_row(upload_id);
	upload_close(&section);
	return result;
}

PG_FUNCTION_INFO_V1(onboard_reject_upload);

/* Fail the whole upload with a code; an upload that failed before is left alone. */
Datum
onboard_reject_upload(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	char *code = text_argument(fcinfo, 1, "code");
	char *message = text_argument_or_null(fcinfo, 2);

	failure_code_check(code);
	PG_RETURN_DATUM(reject_upload(upload_id, code, message));
}

PG_FUNCTION_INFO_V1(onboard_cancel_upload);

/* Fail an upload that has not ended with CANCELLED. */
Datum
onboard_cancel_upload(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(reject_upload(upload_id_argument(fcinfo), "CANCELLED", NULL));
}

/* Return the new total of the upload, or -1 if it need not change. */
static int64
decide_total(const UploadRow *row, int64 total)
{
	int64 judged = row->valid_records + row->error_records;

	if (row->total_records >= 0)
	{
		if (total >= 0 && total != row->total_records)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("upload \"%s\" already has a total of " INT64_FORMAT
								   " rows, not " INT64_FORMAT,
								   row->upload_id, row->total_records, total)));
		return -1;
	}
	if (total < 0)
		return judged;
	if (total < judged)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("total of " INT64_FORMAT " rows is less than the " INT64_FORMAT
							   " judged rows of upload \"%s\"",
							   total, judged, row->upload_id)));
	return total;
}

static void
set_total(const char *upload_id, int64 total)
{
	static Statement set = {
		"UPDATE onboard.upload_history u SET total_records = $2, updated_at = clock_timestamp() "
		"WHERE u.upload_id = $1",
		2,
		{TEXTOID, INT8OID},
	};
	Datum values[2] = {CStringGetTextDatum(upload_id), Int64GetDatum(total)};

	statement_run(&set, values, NULL, false, SPI_OK_UPDATE);
}

/* Set the total, which may be all that is missing for the upload to end. */
static void
take_total(const UploadRow *row, int64 given)
{
	int64 total = decide_total(row, given);

	if (total >= 0)
		set_total(row->upload_id, total);
	account_end_if_complete(row->upload_id);
}

/* What onboard_describe_upload() is to record about a file. */
typedef struct Description
{
	Jsonb *metadata;    /* NULL for nothing */
	ArrayType *columns; /* likewise */
} Description;

/*
 * Store a description.  Once a row has been judged, it no longer changes how
 * the rows are applied.
 */
static void
describe_upload(const UploadRow *row, const Description *description)
{
	static Statement describe = {
		"UPDATE onboard.upload_history u SET metadata = u.metadata || coalesce($2, '{}'), "
		"  columns = coalesce($3, u.columns), mode = coalesce($4, u.mode), updated_at = clock_timestamp() "
		"WHERE u.upload_id = $1",
		4,
		{TEXTOID, JSONBOID, TEXTARRAYOID, TEXTOID},
	};
	bool may_change = row->valid_records + row->error_records == 0;
	enum upload_mode mode = upload_apply_mode(row->mode, description->metadata);
	Datum values[4] = {
		CStringGetTextDatum(row->upload_id),
		JsonbPGetDatum(description->metadata),
		PointerGetDatum(description->columns),
		(Datum) 0,
	};
	char nulls[4] = {
		' ',
		description->metadata != NULL ? ' ' : 'n',
		description->columns != NULL && may_change ? ' ' : 'n',
		mode != row->mode && may_change ? ' ' : 'n',
	};

	if (nulls[3] == ' ')
		values[3] = CStringGetTextDatum(upload_mode_name(mode));
	statement_run(&describe, values, nulls, false, SPI_OK_UPDATE);
}

/* Read and check the arguments of onboard_describe_upload() that describe a file. */
static void
read_description(FunctionCallInfo fcinfo, Description *description)
{
	description->metadata = PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2);
	description->columns = PG_ARGISNULL(3) ? NULL : PG_GETARG_ARRAYTYPE_P(3);
	if (description->metadata != NULL)
		upload_check_metadata(description->metadata);
	if (description->columns != NULL)
		upload_apply_check_columns(description->columns);
}

PG_FUNCTION_INFO_V1(onboard_describe_upload);

/*
 * Store what was found out about the file after the upload began: its total,
 * metadata and columns.  An upload that has ended is left alone; returns its row.
 */
Datum
onboard_describe_upload(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	int64 given = upload_total_argument(fcinfo, 1);
	Description description;
	OwnerSection section;
	UploadRow row;
	Datum result;

	read_description(fcinfo, &description);
	upload_open(upload_id, &section, &row);
	if (row.processing)
	{
		if (description.metadata != NULL || description.columns != NULL)
			describe_upload(&row, &description);
		if (given >= 0)
			take_total(&row, given);
	}
	result = upload_row(upload_id);
	upload_close(&section);
	PG_RETURN_DATUM(result);
}

PG_FUNCTION_INFO_V1(onboard_finish_upload);

/* Set the total, and end the upload if all its rows are judged; returns its row. */
Datum
onboard_finish_upload(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	int64 given = upload_total_argument(fcinfo, 1);
	OwnerSection section;
	UploadRow row;
	Datum result;

	upload_open(upload_id, &section, &row);
	if (row.processing)
		take_total(&row, given);
	result = upload_row(upload_id);
	upload_close(&section);
	PG_RETURN_DATUM(result);
}
