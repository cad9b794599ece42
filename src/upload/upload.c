/*-------------------------------------------------------------------------
 *
 * upload.c
 *	  Life of an upload: begin, describe, finish, reject, cancel, undo.
 *
 * Every call locks the upload's row first (account_lock()), so calls on one
 * upload, rows coming in included, run one after another; then it looks at the
 * status, so a call that comes twice or too late finds the upload ended.  What
 * ends an upload and writes the event is in account.c alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "base/statement.h"
#include "catalogue/removal.h"
#include "shared/rules.h"
#include "upload/account.h"
#include "upload/pending.h"
#include "shared/upload_failure.h"
#include "upload/upload.h"

/* Characters of a vendor's id, as in the CHECK constraint on vendors. */
#define VENDOR_ID_MAX 50

/* Bytes of the hash in an upload's id, written as two digits each. */
#define UPLOAD_ID_HASH_BYTES 8

/* ---------------------------------------------------------------------
 * Arguments
 * ---------------------------------------------------------------------
 */

char *
upload_text_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

char *
upload_id_argument(FunctionCallInfo fcinfo)
{
	return upload_text_argument(fcinfo, 0, "upload_id");
}

/* -1 for null, an error for less than nothing. */
static int64
total_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return -1;
	if (PG_GETARG_INT64(argument) < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("total_records must not be negative")));
	return PG_GETARG_INT64(argument);
}

static void
check_vendor_id(const char *vendor_id)
{
	size_t length = strlen(vendor_id);

	if (length < 1 || length > VENDOR_ID_MAX ||
		strspn(vendor_id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") !=
			length)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid vendor_id"),
				 errdetail("A vendor_id is 1 to %d letters, digits and hyphens.", VENDOR_ID_MAX)));
}

static void
check_file_name(const char *file_name)
{
	if (file_name[strspn(file_name, " \t\r\n\v\f")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("file_name must not be blank")));
}

/* An object, and none of the keys that we set. */
void
upload_check_metadata(Jsonb *metadata)
{
	static const char *const reserved[] = {
		UPLOAD_REPORTED_AT,    UPLOAD_PRODUCTS_KEPT, UPLOAD_UNDONE_AT,
		UPLOAD_UNDONE_REMOVED, UPLOAD_UNDONE_KEPT,
	};
	int i;

	if (!JB_ROOT_IS_OBJECT(metadata))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("metadata must be a JSON object")));
	for (i = 0; i < lengthof(reserved); i++)
	{
		if (getKeyJsonValueFromContainer(&metadata->root, reserved[i], strlen(reserved[i]), NULL) !=
			NULL)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("metadata must not have the key \"%s\"", reserved[i]),
							errdetail("The extension sets this key itself.")));
	}
}

/* The failure that has a code; an error when there is no such code. */
static const struct upload_failure *
find_failure(const char *code)
{
	const struct upload_failure *failure = upload_failure_find(code);
	StringInfoData codes;
	int i;

	if (failure != NULL)
		return failure;
	initStringInfo(&codes);
	for (i = 0; i < UPLOAD_FAILURE_COUNT; i++)
		appendStringInfo(&codes, "%s%s", i > 0 ? ", " : "", upload_failures[i].code);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("unrecognized failure code \"%s\"", code),
					errhint("The failure codes are %s.", codes.data)));
	return NULL; /* not reached */
}

/* Does the reason lie outside the file?  Not for NULL: no row was good. */
static bool
may_retry(const char *code)
{
	const struct upload_failure *failure = code != NULL ? upload_failure_find(code) : NULL;

	return failure != NULL && failure->outside_file;
}

PG_FUNCTION_INFO_V1(onboard_may_retry);

/* Whether content whose upload failed with this code may be tried again. */
Datum
onboard_may_retry(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!PG_ARGISNULL(0) && may_retry(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

/* ---------------------------------------------------------------------
 * Opening
 * ---------------------------------------------------------------------
 */

void
upload_open(const char *upload_id, OwnerSection *section, UploadRow *row)
{
	bool found = account_vendor(upload_id) != NULL;

	owner_enter(section);
	SPI_connect();
	if (found)
	{
		pending_check_not_loading(upload_id);
		pending_write(upload_id);
	}
	if (!found || !account_lock(upload_id, row))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("upload \"%s\" does not exist", upload_id)));
}

void
upload_close(OwnerSection *section)
{
	SPI_finish();
	owner_leave(section);
}

Datum
upload_row(const char *upload_id)
{
	static Statement get = {
		"SELECT u FROM onboard.upload_history u WHERE u.upload_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};

	statement_run(&get, values, NULL, false, SPI_OK_SELECT);
	return SPI_datumTransfer(statement_value(1, NULL), false, -1);
}

/* ---------------------------------------------------------------------
 * Begin
 * ---------------------------------------------------------------------
 */

/* What the caller of onboard_begin_upload() wants. */
typedef struct NewUpload
{
	char *vendor_id;
	char *content_id;    /* NULL: unlike any other */
	int64 total_records; /* -1: not known yet */
	bool again;          /* open another if the existing one may be retried */
	Datum arguments[6];
	bool nulls[6];
	const char *failure_code; /* why it fails at once, or NULL */
	char *failure_message;
} NewUpload;

static char *
hexadecimal(const uint8 *bytes)
{
	char *digits = palloc(UPLOAD_ID_HASH_BYTES * 2 + 1);

	digits[hex_encode((const char *) bytes, UPLOAD_ID_HASH_BYTES, digits)] = '\0';
	return digits;
}

/*
 * Id of an upload: the vendor's id and 16 digits of sha256 over vendor_id, a
 * newline and content_id.  When the upload with that id failed and may be
 * retried, the next attempt hashes another newline and its number, 2 and up, in
 * as well.
 */
static char *
content_upload_id(const NewUpload *upload, int attempt)
{
	StringInfoData content;
	bytea *hash;

	initStringInfo(&content);
	appendStringInfo(&content, "%s\n%s", upload->vendor_id, upload->content_id);
	if (attempt > 1)
		appendStringInfo(&content, "\n%d", attempt);
	hash = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, CStringGetTextDatum(content.data)));
	return psprintf("%s-%s", upload->vendor_id, hexadecimal((uint8 *) VARDATA_ANY(hash)));
}

static char *
random_upload_id(const NewUpload *upload)
{
	uint8 bytes[UPLOAD_ID_HASH_BYTES];

	if (!pg_strong_random(bytes, sizeof(bytes)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
	return psprintf("%s-%s", upload->vendor_id, hexadecimal(bytes));
}

/* Does the upload fail before it begins? */
static void
decide_failure(NewUpload *upload)
{
	static Statement vendor = {
		"SELECT v.status FROM onboard.vendors v WHERE v.vendor_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload->vendor_id)};
	char *status;

	if (statement_run(&vendor, values, NULL, false, SPI_OK_SELECT) == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("vendor \"%s\" does not exist", upload->vendor_id),
						errhint("Insert the vendor into onboard.vendors first.")));
	status = TextDatumGetCString(statement_value(1, NULL));
	if (strcmp(status, "active") != 0)
	{
		upload->failure_code = "VENDOR_NOT_ACTIVE";
		upload->failure_message =
			psprintf("The status of vendor \"%s\" is %s.", upload->vendor_id, status);
	}
}

/* Insert the upload; false when its id is taken. */
static bool
insert_upload(const NewUpload *upload, const char *upload_id)
{
	static Statement insert = {
		"INSERT INTO onboard.upload_history "
		"  (vendor_id, file_name, s3_key, content_id, total_records, metadata, "
		"   upload_id, ruleset_version) "
		"VALUES ($1, $2, $3, $4, $5, coalesce($6, '{}'), $7, $8) "
		"ON CONFLICT (upload_id) DO NOTHING",
		8,
		{TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, JSONBOID, TEXTOID, INT4OID},
	};
	Datum values[8];
	char nulls[8];
	int i;

	for (i = 0; i < 6; i++)
	{
		values[i] = upload->arguments[i];
		nulls[i] = upload->nulls[i] ? 'n' : ' ';
	}
	values[6] = CStringGetTextDatum(upload_id);
	values[7] = Int32GetDatum(ONBOARD_RULESET_VERSION);
	nulls[6] = nulls[7] = ' ';
	if (statement_run(&insert, values, nulls, false, SPI_OK_INSERT) == 0)
		return false;
	if (upload->failure_code != NULL)
		account_fail(upload_id, upload->failure_code, upload->failure_message);
	else if (upload->total_records == 0)
		account_end_if_complete(upload_id);
	return true;
}

/* What the upload that has an id is to the one that the caller wants. */
typedef enum Likeness
{
	OTHER_CONTENT, /* the 64 bits of the hash are the same */
	FAILED_BEFORE, /* and another attempt may succeed */
	SAME_UPLOAD
} Likeness;

/*
 * An upload that would fail again for the same reason is the same: then a file
 * that comes twice is not reported to the vendor twice.
 */
static Likeness
compare_upload(const NewUpload *upload, const char *upload_id)
{
	static Statement look = {
		"SELECT CASE WHEN u.status = 'failed' THEN u.failure_code END FROM onboard.upload_history u "
		"WHERE u.upload_id = $1 AND u.vendor_id = $2 AND u.content_id = $3",
		3,
		{TEXTOID, TEXTOID, TEXTOID},
	};
	Datum values[3] = {
		CStringGetTextDatum(upload_id),
		CStringGetTextDatum(upload->vendor_id),
		CStringGetTextDatum(upload->content_id),
	};
	Datum code;
	bool is_null;

	if (statement_run(&look, values, NULL, false, SPI_OK_SELECT) == 0)
		return OTHER_CONTENT;
	code = statement_value(1, &is_null);
	if (is_null || !may_retry(TextDatumGetCString(code)))
		return SAME_UPLOAD;
	if (upload->failure_code != NULL &&
		strcmp(upload->failure_code, TextDatumGetCString(code)) == 0)
		return SAME_UPLOAD;
	return FAILED_BEFORE;
}

static bool
upload_exists(const char *upload_id)
{
	static Statement look = {
		"SELECT 1 FROM onboard.upload_history u WHERE u.upload_id = $1",
		1,
		{TEXTOID},
	};
	Datum values[1] = {CStringGetTextDatum(upload_id)};

	return statement_run(&look, values, NULL, false, SPI_OK_SELECT) > 0;
}

/* Find or make the upload; returns its id. */
static char *
begin_upload(const NewUpload *upload)
{
	char *failed = NULL;
	char *upload_id;
	int attempt;

	if (upload->content_id == NULL)
	{
		do
			upload_id = random_upload_id(upload);
		while (!insert_upload(upload, upload_id));
		return upload_id;
	}
	for (attempt = 1;; attempt++)
	{
		CHECK_FOR_INTERRUPTS();
		upload_id = content_upload_id(upload, attempt);
		/* Not asked for again: the latest attempt stands, failed as it is. */
		if (failed != NULL && !upload->again && !upload_exists(upload_id))
			return failed;
		if (insert_upload(upload, upload_id))
			return upload_id;
		switch (compare_upload(upload, upload_id))
		{
			case SAME_UPLOAD:
				return upload_id;
			case FAILED_BEFORE:
				failed = upload_id;
				break;
			case OTHER_CONTENT:
				break;
		}
	}
}

/* Arguments of onboard_begin_upload(), checked. */
static void
read_new_upload(FunctionCallInfo fcinfo, NewUpload *upload)
{
	int i;

	memset(upload, 0, sizeof(*upload));
	upload->again = true;
	upload->vendor_id = upload_text_argument(fcinfo, 0, "vendor_id");
	check_vendor_id(upload->vendor_id);
	check_file_name(upload_text_argument(fcinfo, 1, "file_name"));
	if (!PG_ARGISNULL(3))
		upload->content_id = text_to_cstring(PG_GETARG_TEXT_PP(3));
	upload->total_records = total_argument(fcinfo, 4);
	if (!PG_ARGISNULL(5))
		upload_check_metadata(PG_GETARG_JSONB_P(5));
	if (PG_NARGS() > 6)
	{
		if (PG_ARGISNULL(6))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("again must not be null")));
		upload->again = PG_GETARG_BOOL(6);
	}
	for (i = 0; i < 6; i++)
	{
		upload->arguments[i] = fcinfo->args[i].value;
		upload->nulls[i] = fcinfo->args[i].isnull;
	}
}

PG_FUNCTION_INFO_V1(onboard_begin_upload);

/* Open an upload, or find the one of the same content; returns its id. */
Datum
onboard_begin_upload(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	OwnerSection section;
	NewUpload upload;
	char *upload_id;

	read_new_upload(fcinfo, &upload);
	owner_check_caller(upload.vendor_id);
	owner_enter(&section);
	SPI_connect();
	decide_failure(&upload);
	upload_id = MemoryContextStrdup(caller, begin_upload(&upload));
	upload_close(&section);
	PG_RETURN_TEXT_P(cstring_to_text(upload_id));
}

/* ---------------------------------------------------------------------
 * Failing
 * ---------------------------------------------------------------------
 */

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

	statement_run(&errors, values, NULL, false, SPI_OK_DELETE);
	statement_run(&judged, values, NULL, false, SPI_OK_DELETE);
}

/* Fail an upload that is processing and locked; nothing of it stays. */
static void
fail_upload(const char *upload_id, const char *code, const char *message, OwnerSection *section)
{
	const struct upload_failure *failure = find_failure(code);
	int64 kept;

	removal_run(upload_id, false, section);
	remove_verdicts(upload_id);
	kept = removal_count_left(upload_id);
	if (kept > 0)
		add_metadata(upload_id, UPLOAD_PRODUCTS_KEPT, kept);
	account_fail(upload_id, code, message != NULL ? message : failure->sentence);
}

static Datum
reject_upload(const char *upload_id, const char *code, const char *message)
{
	OwnerSection section;
	UploadRow row;
	Datum result;

	upload_open(upload_id, &section, &row);
	if (row.processing)
		fail_upload(upload_id, code, message, &section);
	else if (!row.failed)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("upload \"%s\" has ended already", upload_id),
						errhint("Remove its products with onboard_undo_upload().")));
	result = upload_row(upload_id);
	upload_close(&section);
	return result;
}

PG_FUNCTION_INFO_V1(onboard_reject_upload);

/* Fail the whole upload with a code; an upload that failed before stays as it is. */
Datum
onboard_reject_upload(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	char *code = upload_text_argument(fcinfo, 1, "code");
	char *message = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));

	find_failure(code);
	PG_RETURN_DATUM(reject_upload(upload_id, code, message));
}

PG_FUNCTION_INFO_V1(onboard_cancel_upload);

/* Fail an upload that has not ended with CANCELLED. */
Datum
onboard_cancel_upload(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(reject_upload(upload_id_argument(fcinfo), "CANCELLED", NULL));
}

/* ---------------------------------------------------------------------
 * Describe, finish
 * ---------------------------------------------------------------------
 */

/* The total that the upload is to have, -1 when it needs no change. */
static int64
decide_total(const UploadRow *row, int64 total)
{
	int64 judged = row->valid_records + row->error_records;

	if (row->total_records >= 0)
	{
		if (total >= 0 && total != row->total_records)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("upload \"%s\" has a total of " INT64_FORMAT
								   " rows already, not " INT64_FORMAT,
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

/* Set the total, which may be the last thing that the upload's end waits for. */
static void
take_total(const UploadRow *row, int64 given)
{
	int64 total = decide_total(row, given);

	if (total >= 0)
		set_total(row->upload_id, total);
	account_end_if_complete(row->upload_id);
}

/* Merge metadata into what is there. */
static void
describe_upload(const char *upload_id, Datum metadata)
{
	static Statement describe = {
		"UPDATE onboard.upload_history u SET metadata = u.metadata || $2, updated_at = clock_timestamp() "
		"WHERE u.upload_id = $1",
		2,
		{TEXTOID, JSONBOID},
	};
	Datum values[2] = {CStringGetTextDatum(upload_id), metadata};

	statement_run(&describe, values, NULL, false, SPI_OK_UPDATE);
}

PG_FUNCTION_INFO_V1(onboard_describe_upload);

/*
 * Note what was found out about the file after the upload began: its total, and
 * metadata.  An upload that has ended stays as it is; returns its row.
 */
Datum
onboard_describe_upload(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	int64 given = total_argument(fcinfo, 1);
	OwnerSection section;
	UploadRow row;
	Datum result;

	if (!PG_ARGISNULL(2))
		upload_check_metadata(PG_GETARG_JSONB_P(2));
	upload_open(upload_id, &section, &row);
	if (row.processing)
	{
		if (!PG_ARGISNULL(2))
			describe_upload(upload_id, PG_GETARG_DATUM(2));
		if (given >= 0)
			take_total(&row, given);
	}
	result = upload_row(upload_id);
	upload_close(&section);
	PG_RETURN_DATUM(result);
}

PG_FUNCTION_INFO_V1(onboard_finish_upload);

/* Set the total, end the upload when all its rows are judged; returns its row. */
Datum
onboard_finish_upload(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	int64 given = total_argument(fcinfo, 1);
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

/* ---------------------------------------------------------------------
 * Undo
 * ---------------------------------------------------------------------
 */

/* Note what was undone; what earlier calls removed is added up. */
static void
note_undo(const char *upload_id, int64 removed, int64 kept)
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
		Int64GetDatum(removed),
		Int64GetDatum(kept),
	};

	statement_run(&note, values, NULL, false, SPI_OK_UPDATE);
}

PG_FUNCTION_INFO_V1(onboard_undo_upload);

/* Remove the products of an ended upload that nobody changed since. */
Datum
onboard_undo_upload(PG_FUNCTION_ARGS)
{
	char *upload_id = upload_id_argument(fcinfo);
	OwnerSection section;
	UploadRow row;
	TupleDesc descriptor;
	Datum values[2];
	bool nulls[2] = {false, false};
	int64 removed;
	int64 kept;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	upload_open(upload_id, &section, &row);
	/* One that was abandoned has failed, and kept its good rows. */
	if (row.processing || (row.failed && row.valid_records == 0))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("upload \"%s\" %s", upload_id, row.failed ? "has failed" : "has not ended"),
				 row.failed ? 0 : errhint("Cancel it with onboard_cancel_upload().")));
	removed = (int64) removal_run(upload_id, true, &section);
	kept = removal_count_left(upload_id);
	note_undo(upload_id, removed, kept);
	upload_close(&section);

	values[0] = Int64GetDatum(removed);
	values[1] = Int64GetDatum(kept);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
