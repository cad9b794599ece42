/*-------------------------------------------------------------------------
 *
 * upload_begin.c
 *	  Beginning an upload, or finding the one with the same content.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "map/map_document.h"
#include "shared/rules.h"
#include "upload/account.h"
#include "upload/failure_code.h"
#include "upload/upload.h"
#include "upload/upload_apply.h"

/* Characters of a vendor's id, as in the CHECK constraint on vendors. */
#define VENDOR_ID_MAX 50

/* Bytes of the hash in an upload's id, written as two digits each. */
#define UPLOAD_ID_HASH_BYTES 8

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

/* Arguments of onboard_begin_upload(), by position. */
enum
{
	ARGUMENT_VENDOR_ID,
	ARGUMENT_FILE_NAME,
	ARGUMENT_SOURCE,
	ARGUMENT_CONTENT_ID,
	ARGUMENT_TOTAL_RECORDS,
	ARGUMENT_METADATA,
	ARGUMENT_AGAIN,
	ARGUMENT_MODE,
	ARGUMENT_MATCH,
	ARGUMENT_BLANK,
	ARGUMENT_SOURCE_TIME,
	ARGUMENT_COLUMNS,
	ARGUMENT_MAP_NAME,
	ARGUMENT_MAP_HASH,
	ARGUMENT_COUNT
};

/* A source_time may be this far in the future, in microseconds: clocks differ. */
#define SOURCE_TIME_TOLERANCE (5 * USECS_PER_MINUTE)

/* Bytes shown of a mode that does not exist. */
#define SHOWN_MODE_BYTES 40

/* What the caller of onboard_begin_upload() wants. */
typedef struct NewUpload
{
	char *vendor_id;
	char *content_id;    /* NULL: differs from all others */
	int64 total_records; /* -1: not known yet */
	bool again;          /* begin another if the existing one may be retried */
	char *asked_mode;    /* as given, or the vendor's default */
	enum upload_mode mode;
	char *match; /* NULL if not given */
	char *blank;
	char *map_name; /* NULL: the file is read without a map */
	char *map_hash; /* of the map with which it was read, or NULL */
	Datum arguments[ARGUMENT_COUNT];
	bool nulls[ARGUMENT_COUNT];
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
 * Append how the content is applied, which distinguishes uploads of the same
 * content that change products.  Prices A, then B, then A again are three uploads,
 * because the third has another source_time.
 */
static void
append_apply(StringInfo content, const NewUpload *upload)
{
	appendStringInfo(content, "\nmode=%s,match=%s,blank=%s,source_time=", upload->asked_mode,
					 upload->match != NULL ? upload->match : "", upload->blank);
	if (!upload->nulls[ARGUMENT_SOURCE_TIME])
		appendStringInfo(content, INT64_FORMAT,
						 DatumGetTimestampTz(upload->arguments[ARGUMENT_SOURCE_TIME]));
}

/*
 * Return the id of an upload: the vendor's id and 16 digits of sha256 over
 * vendor_id, a newline and content_id; for an upload that may change products,
 * the hash also covers how it is applied.  If the upload with that id failed
 * and may be retried, the next attempt also hashes another newline and its
 * number, 2 and up.
 */
static char *
content_upload_id(const NewUpload *upload, int attempt)
{
	StringInfoData content;
	bytea *hash;

	initStringInfo(&content);
	appendStringInfo(&content, "%s\n%s", upload->vendor_id, upload->content_id);
	if (strcmp(upload->asked_mode, upload_mode_name(MODE_INSERT)) != 0)
		append_apply(&content, upload);
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

/* What a vendor may do; strings live in the current context. */
typedef struct VendorTerms
{
	char *status;
	char *mode;  /* the requested one, or the vendor's default */
	char *modes; /* all that are allowed, as a list for messages */
	bool mode_allowed;
} VendorTerms;

/* Read what a vendor may do; asked is the requested mode, or NULL for the default. */
static void
read_terms(const char *vendor_id, const char *asked, bool read_only, VendorTerms *terms)
{
	static Statement read = {
		"SELECT v.status, m.mode, array_to_string(v.modes, ', '), m.mode = ANY (v.modes) "
		"FROM onboard.vendors v, LATERAL (SELECT coalesce($2, v.default_mode)) m (mode) "
		"WHERE v.vendor_id = $1",
		2,
		{TEXTOID, TEXTOID},
	};
	Datum values[2] = {CStringGetTextDatum(vendor_id), (Datum) 0};

	if (asked != NULL)
		values[1] = CStringGetTextDatum(asked);
	if (statement_run(&read, values, asked != NULL ? NULL : " n", read_only, SPI_OK_SELECT) == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("vendor \"%s\" does not exist", vendor_id),
						errhint("Insert the vendor into onboard.vendors first.")));
	terms->status = TextDatumGetCString(statement_value(1, NULL));
	terms->mode = TextDatumGetCString(statement_value(2, NULL));
	terms->modes = TextDatumGetCString(statement_value(3, NULL));
	terms->mode_allowed = DatumGetBool(statement_value(4, NULL));
}

/*
 * Return the mode with a name.  An upload with an unknown one fails at once; it
 * is stored with the mode that changes nothing.
 */
static enum upload_mode
known_mode(const char *name)
{
	enum upload_mode mode;

	return upload_mode_by_name(name, &mode) ? mode : MODE_INSERT;
}

/* Is the source_time infinite, or in the future? */
static bool
source_time_is_wrong(const NewUpload *upload)
{
	TimestampTz source_time;

	if (upload->nulls[ARGUMENT_SOURCE_TIME])
		return false;
	source_time = DatumGetTimestampTz(upload->arguments[ARGUMENT_SOURCE_TIME]);
	return TIMESTAMP_NOT_FINITE(source_time) ||
		   source_time > GetCurrentTimestamp() + SOURCE_TIME_TOLERANCE;
}

/* Return the message for an invalid source_time. */
static char *
source_time_message(TimestampTz source_time)
{
	static Statement show = {"SELECT onboard.utc_text($1)", 1, {TIMESTAMPTZOID}};
	Datum values[1] = {TimestampTzGetDatum(source_time)};

	if (TIMESTAMP_NOT_FINITE(source_time))
		return pstrdup("The time of the file is not valid.");
	statement_run(&show, values, NULL, true, SPI_OK_SELECT);
	return psprintf("The time of the file, %s, is in the future.",
					TextDatumGetCString(statement_value(1, NULL)));
}

/* Decide in which mode the upload is applied, and whether it fails before it begins. */
static void
decide(NewUpload *upload)
{
	VendorTerms terms;

	read_terms(upload->vendor_id, upload->asked_mode, false, &terms);
	upload->asked_mode = terms.mode;
	upload->mode = upload_apply_mode(known_mode(terms.mode),
									 upload->nulls[ARGUMENT_METADATA]
										 ? NULL
										 : DatumGetJsonbP(upload->arguments[ARGUMENT_METADATA]));
	if (strcmp(terms.status, "active") != 0)
	{
		upload->failure_code = "VENDOR_NOT_ACTIVE";
		upload->failure_message =
			psprintf("The status of vendor \"%s\" is %s.", upload->vendor_id, terms.status);
	}
	else if (!terms.mode_allowed)
	{
		upload->failure_code = "MODE_NOT_ALLOWED";
		upload->failure_message = psprintf(
			"Vendor \"%s\" may not use mode \"%.*s\"; its modes are: %s.", upload->vendor_id,
			pg_mbcliplen(terms.mode, strlen(terms.mode), SHOWN_MODE_BYTES), terms.mode,
			terms.modes);
	}
	else if (source_time_is_wrong(upload))
	{
		upload->failure_code = "INVALID_SOURCE_TIME";
		upload->failure_message =
			source_time_message(DatumGetTimestampTz(upload->arguments[ARGUMENT_SOURCE_TIME]));
	}
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

/* Keep the map of a new upload as it is now; returns its document. */
static Datum
freeze_map(const NewUpload *upload)
{
	Jsonb *document = map_document_read(upload->vendor_id, upload->map_name, false);

	map_document_freeze(upload->vendor_id, document, upload->map_hash);
	return JsonbPGetDatum(document);
}

/* Insert the upload; returns false if its id is taken. */
static bool
insert_upload(const NewUpload *upload, const char *upload_id)
{
	static Statement insert = {
		"INSERT INTO onboard.upload_history "
		"  (vendor_id, file_name, s3_key, content_id, total_records, metadata, "
		"   mode, match, blank, source_time, columns, upload_id, ruleset_version, "
		"   map_name, map_version, map_hash) "
		"VALUES ($1, $2, $3, $4, $5, coalesce($6, '{}'), $7, $8, $9, coalesce($10, now()), $11, $12, $13, "
		"  $14 ->> 'name', ($14 ->> 'version')::integer, $14 ->> 'hash') "
		"ON CONFLICT (upload_id) DO NOTHING",
		14,
		{TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, JSONBOID, TEXTOID, TEXTOID, TEXTOID,
		 TIMESTAMPTZOID, TEXTARRAYOID, TEXTOID, INT4OID, JSONBOID},
	};
	Datum values[14];
	char nulls[14];
	int count = 0;
	int i;

	for (i = 0; i < ARGUMENT_MAP_NAME; i++)
	{
		if (i == ARGUMENT_AGAIN)
			continue;
		values[count] = upload->arguments[i];
		nulls[count++] = upload->nulls[i] ? 'n' : ' ';
	}
	values[6] = CStringGetTextDatum(upload_mode_name(upload->mode));
	values[count] = CStringGetTextDatum(upload_id);
	values[count + 1] = Int32GetDatum(ONBOARD_RULESET_VERSION);
	nulls[6] = nulls[count] = nulls[count + 1] = ' ';
	nulls[count + 2] = upload->map_name == NULL ? 'n' : ' ';
	if (upload->map_name != NULL)
	{
		/* It was read with the map that it was begun with. */
		if (upload_exists(upload_id))
			return false;
		values[count + 2] = freeze_map(upload);
	}
	if (statement_run(&insert, values, nulls, false, SPI_OK_INSERT) == 0)
		return false;
	if (upload->failure_code != NULL)
		account_fail(upload_id, upload->failure_code, upload->failure_message);
	else if (upload->total_records == 0)
		account_end_if_complete(upload_id);
	return true;
}

/* How the existing upload with an id relates to the one that the caller wants. */
typedef enum Likeness
{
	OTHER_CONTENT, /* the 64 bits of the hash collide */
	FAILED_BEFORE, /* and another attempt may succeed */
	SAME_UPLOAD
} Likeness;

/*
 * Compare with an existing upload.  One that would fail again for the same reason
 * is the same, so that a file sent twice is not reported to the vendor twice.
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
	if (is_null || !failure_code_may_retry(TextDatumGetCString(code)))
		return SAME_UPLOAD;
	if (upload->failure_code != NULL &&
		strcmp(upload->failure_code, TextDatumGetCString(code)) == 0)
		return SAME_UPLOAD;
	return FAILED_BEFORE;
}

/* Find or begin the upload; returns its id. */
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
		/* No retry requested: the latest attempt stands, although it failed. */
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

/* Return the id of the latest upload of this content, whatever its mode, or NULL. */
static char *
find_latest(const char *vendor_id, const char *content_id)
{
	/* Sorted separately, so that the index on content_id is used, not one on created_at. */
	static Statement look = {
		"WITH same AS MATERIALIZED ("
		"  SELECT u.upload_id, u.vendor_id, u.created_at FROM onboard.upload_history u WHERE u.content_id = $2) "
		"SELECT s.upload_id FROM same s WHERE s.vendor_id = $1 "
		"ORDER BY s.created_at DESC, s.upload_id LIMIT 1",
		2,
		{TEXTOID, TEXTOID},
	};
	Datum values[2] = {CStringGetTextDatum(vendor_id), CStringGetTextDatum(content_id)};

	if (statement_run(&look, values, NULL, true, SPI_OK_SELECT) == 0)
		return NULL;
	return TextDatumGetCString(statement_value(1, NULL));
}

/* Read and check how the rows are to be applied. */
static void
read_apply(FunctionCallInfo fcinfo, NewUpload *upload)
{
	enum upload_match match;
	enum upload_blank blank;

	upload->asked_mode = text_argument_or_null(fcinfo, ARGUMENT_MODE);
	upload->match = text_argument_or_null(fcinfo, ARGUMENT_MATCH);
	if (upload->match != NULL && !upload_match_by_name(upload->match, &match))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("unrecognized match \"%s\"", upload->match),
						errhint("A match is vendor_product_id or sku.")));
	upload->blank = text_argument(fcinfo, ARGUMENT_BLANK, "blank");
	if (!upload_blank_by_name(upload->blank, &blank))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("unrecognized blank policy \"%s\"", upload->blank),
						errhint("A blank policy is clear or keep.")));
	if (!PG_ARGISNULL(ARGUMENT_COLUMNS))
		upload_apply_check_columns(PG_GETARG_ARRAYTYPE_P(ARGUMENT_COLUMNS));
	upload->map_name = text_argument_or_null(fcinfo, ARGUMENT_MAP_NAME);
	upload->map_hash = text_argument_or_null(fcinfo, ARGUMENT_MAP_HASH);
	if (upload->map_name == NULL && upload->map_hash != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("map_hash requires map_name")));
}

/* Read and check the arguments of onboard_begin_upload(). */
static void
read_new_upload(FunctionCallInfo fcinfo, NewUpload *upload)
{
	int i;

	memset(upload, 0, sizeof(*upload));
	upload->vendor_id = text_argument(fcinfo, ARGUMENT_VENDOR_ID, "vendor_id");
	check_vendor_id(upload->vendor_id);
	check_file_name(text_argument(fcinfo, ARGUMENT_FILE_NAME, "file_name"));
	upload->content_id = text_argument_or_null(fcinfo, ARGUMENT_CONTENT_ID);
	upload->total_records = upload_total_argument(fcinfo, ARGUMENT_TOTAL_RECORDS);
	if (!PG_ARGISNULL(ARGUMENT_METADATA))
		upload_check_metadata(PG_GETARG_JSONB_P(ARGUMENT_METADATA));
	if (PG_ARGISNULL(ARGUMENT_AGAIN))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("again must not be null")));
	upload->again = PG_GETARG_BOOL(ARGUMENT_AGAIN);
	read_apply(fcinfo, upload);
	for (i = 0; i < ARGUMENT_COUNT; i++)
	{
		upload->arguments[i] = fcinfo->args[i].value;
		upload->nulls[i] = fcinfo->args[i].isnull;
	}
}

PG_FUNCTION_INFO_V1(onboard_begin_upload);

/* Begin an upload, or find the one with the same content; returns its id. */
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
	decide(&upload);
	upload_id = MemoryContextStrdup(caller, begin_upload(&upload));
	upload_close(&section);
	PG_RETURN_TEXT_P(cstring_to_text(upload_id));
}

PG_FUNCTION_INFO_V1(onboard_find_upload);

/* Return the id of the latest upload that was begun for this content, or null. */
Datum
onboard_find_upload(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	OwnerSection section;
	char *vendor_id = text_argument(fcinfo, 0, "vendor_id");
	char *content_id = text_argument(fcinfo, 1, "content_id");
	char *upload_id;

	owner_check_caller(vendor_id);
	owner_enter(&section);
	SPI_connect();
	upload_id = find_latest(vendor_id, content_id);
	if (upload_id != NULL)
		upload_id = MemoryContextStrdup(caller, upload_id);
	upload_close(&section);
	if (upload_id == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(upload_id));
}

PG_FUNCTION_INFO_V1(onboard_upload_mode);

/*
 * Return the mode that an upload of this vendor would have, allowed or not: the
 * given one, or the vendor's default.
 */
Datum
onboard_upload_mode(PG_FUNCTION_ARGS)
{
	char *vendor_id = text_argument(fcinfo, 0, "vendor_id");
	char *asked = text_argument_or_null(fcinfo, 1);
	OwnerSection section;
	VendorTerms terms;
	enum upload_mode mode;

	owner_check_caller(vendor_id);
	owner_enter(&section);
	SPI_connect();
	read_terms(vendor_id, asked, true, &terms);
	mode = known_mode(terms.mode);
	upload_close(&section);
	PG_RETURN_TEXT_P(cstring_to_text(upload_mode_name(mode)));
}
