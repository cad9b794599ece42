/*-------------------------------------------------------------------------
 *
 * resume.c
 *	  Resuming to read a file after its reader died: attempts and
 *	  checkpoints.
 *
 * A checkpoint tells where in the file a reader can resume without missing a
 * row.  It is written in the transaction of the rows before it, and only if all
 * of these have a verdict, so resuming from a checkpoint never skips a row,
 * whatever the reader believes.  It lives in the upload's row until the upload
 * ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/owner.h"
#include "base/statement.h"
#include "upload/account.h"
#include "upload/upload.h"

static void
count_parse(const char *upload_id)
{
	static Statement count = {
		"UPDATE onboard.upload_history u SET "
		"  parse_attempts = u.parse_attempts + 1, updated_at = clock_timestamp() "
		"WHERE u.upload_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};

	statement_run(&count, values, NULL, false, SPI_OK_UPDATE);
}

PG_FUNCTION_INFO_V1(onboard_begin_parse);

/* Count an attempt to read the file, unless the upload has ended; returns its row. */
Datum
onboard_begin_parse(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	OwnerSection section;
	UploadRow row;
	Datum result;

	upload_open(upload_id, &section, &row);
	if (row.processing)
		count_parse(upload_id);
	result = upload_row(upload_id);
	upload_close(&section);
	PG_RETURN_DATUM(result);
}

/* Where a reader can resume; all counted from the beginning of the file. */
typedef struct Checkpoint
{
	int64 byte_offset; /* of the first byte of the next record */
	int64 row_number;  /* of the last record before it */
	int64 line_number; /* of the next record */
} Checkpoint;

static int64
position_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument) || PG_GETARG_INT64(argument) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be 1 or more", name)));
	return PG_GETARG_INT64(argument);
}

/* Read the stored checkpoint; all 0 if there is none. */
static void
read_checkpoint(const char *upload_id, Checkpoint *stored)
{
	static Statement read = {
		"SELECT coalesce((u.checkpoint ->> 'byte_offset')::bigint, 0), "
		"       coalesce((u.checkpoint ->> 'row_number')::bigint, 0), "
		"       coalesce((u.checkpoint ->> 'line_number')::bigint, 0) "
		"FROM onboard.upload_history u WHERE u.upload_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};

	statement_run(&read, values, NULL, false, SPI_OK_SELECT);
	stored->byte_offset = DatumGetInt64(statement_value(1, NULL));
	stored->row_number = DatumGetInt64(statement_value(2, NULL));
	stored->line_number = DatumGetInt64(statement_value(3, NULL));
}

/* Do all rows up to this one have a verdict? */
static bool
all_judged(const char *upload_id, int64 row_number)
{
	static Statement judged = {
		"SELECT 1 FROM onboard.judged_rows j "
		"WHERE j.upload_id = $1 AND j.first_row = 1 AND j.last_row >= $2",
		2,
		{TEXTOID, INT8OID},
	};
	Datum values[2] = {CStringGetTextDatum(upload_id), Int64GetDatum(row_number)};

	return statement_run(&judged, values, NULL, false, SPI_OK_SELECT) > 0;
}

/* Leave updated_at alone: rows are progress, and they have set it. */
static void
write_checkpoint(const char *upload_id, const Checkpoint *checkpoint, Datum state)
{
	static Statement write = {
		"UPDATE onboard.upload_history u SET checkpoint = jsonb_build_object("
		"  'byte_offset', $2, 'row_number', $3, 'line_number', $4, 'state', $5) "
		"WHERE u.upload_id = $1",
		5,
		{TEXTOID, INT8OID, INT8OID, INT8OID, JSONBOID},
	};
	Datum values[5] = {
		CStringGetTextDatum(upload_id),
		Int64GetDatum(checkpoint->byte_offset),
		Int64GetDatum(checkpoint->row_number),
		Int64GetDatum(checkpoint->line_number),
		state,
	};

	statement_run(&write, values, NULL, false, SPI_OK_UPDATE);
}

/* Advance the checkpoint; returns false if a reader got as far before. */
static bool
move_checkpoint(const char *upload_id, const Checkpoint *checkpoint, Datum state)
{
	Checkpoint stored;

	read_checkpoint(upload_id, &stored);
	if (checkpoint->row_number <= stored.row_number)
		return false;
	if (checkpoint->byte_offset <= stored.byte_offset ||
		checkpoint->line_number <= stored.line_number)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("checkpoint of upload \"%s\" advances in rows but not in the file", upload_id),
			 errdetail("Row " INT64_FORMAT " ends at byte " INT64_FORMAT ", line " INT64_FORMAT
					   ", but row " INT64_FORMAT " at byte " INT64_FORMAT ", line " INT64_FORMAT
					   ".",
					   stored.row_number, stored.byte_offset, stored.line_number,
					   checkpoint->row_number, checkpoint->byte_offset, checkpoint->line_number)));
	if (!all_judged(upload_id, checkpoint->row_number))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("not all rows up to " INT64_FORMAT " of upload \"%s\" have a verdict",
						checkpoint->row_number, upload_id),
				 errhint("Save a checkpoint after its rows, in the same transaction.")));
	write_checkpoint(upload_id, checkpoint, state);
	return true;
}

PG_FUNCTION_INFO_V1(onboard_save_checkpoint);

/*
 * Record how far the file was read; returns false if that was known, or the
 * upload has ended.
 */
Datum
onboard_save_checkpoint(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	Checkpoint checkpoint;
	OwnerSection section;
	UploadRow row;
	bool moved;

	checkpoint.byte_offset = position_argument(fcinfo, 1, "byte_offset");
	checkpoint.row_number = position_argument(fcinfo, 2, "row_number");
	checkpoint.line_number = position_argument(fcinfo, 3, "line_number");
	if (PG_ARGISNULL(4))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("state must not be null")));
	upload_open(upload_id, &section, &row);
	moved = row.processing && move_checkpoint(upload_id, &checkpoint, PG_GETARG_DATUM(4));
	upload_close(&section);
	PG_RETURN_BOOL(moved);
}
