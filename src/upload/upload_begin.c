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
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "base/owner.h"
#include "base/statement.h"
#include "shared/rules.h"
#include "upload/account.h"
#include "upload/failure_code.h"
#include "upload/upload.h"

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

/* What the caller of onboard_begin_upload() wants. */
typedef struct NewUpload
{
	char *vendor_id;
	char *content_id;    /* NULL: differs from all others */
	int64 total_records; /* -1: not known yet */
	bool again;          /* begin another if the existing one may be retried */
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
 * Return the id of an upload: the vendor's id and 16 digits of sha256 over
 * vendor_id, a newline and content_id.  If the upload with that id failed and may
 * be retried, the next attempt also hashes another newline and its number, 2 and
 * up.
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

/* Decide whether the upload fails before it begins. */
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

/* Insert the upload; returns false if its id is taken. */
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

/* Return the id of the first attempt at this content, or NULL. */
static char *
find_first_attempt(const NewUpload *upload)
{
	static Statement look = {
		"SELECT u.vendor_id = $2 AND u.content_id = $3 FROM onboard.upload_history u WHERE u.upload_id = $1",
		3,
		{TEXTOID, TEXTOID, TEXTOID},
	};
	int attempt;

	for (attempt = 1;; attempt++)
	{
		char *upload_id = content_upload_id(upload, attempt);
		Datum values[3] = {
			CStringGetTextDatum(upload_id),
			CStringGetTextDatum(upload->vendor_id),
			CStringGetTextDatum(upload->content_id),
		};
		bool is_null;

		CHECK_FOR_INTERRUPTS();
		if (statement_run(&look, values, NULL, true, SPI_OK_SELECT) == 0)
			return NULL;
		if (DatumGetBool(statement_value(1, &is_null)) && !is_null)
			return upload_id;
	}
}

/* Read and check the arguments of onboard_begin_upload(). */
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
	upload->total_records = upload_total_argument(fcinfo, 4);
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
	decide_failure(&upload);
	upload_id = MemoryContextStrdup(caller, begin_upload(&upload));
	upload_close(&section);
	PG_RETURN_TEXT_P(cstring_to_text(upload_id));
}

PG_FUNCTION_INFO_V1(onboard_find_upload);

/*
 * Return the id of the first upload that was begun for this content, or null.
 * Searching for the content_id itself would read the whole table; the id of an
 * upload has an index.
 */
Datum
onboard_find_upload(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	OwnerSection section;
	NewUpload upload = {0};
	char *upload_id;

	upload.vendor_id = upload_text_argument(fcinfo, 0, "vendor_id");
	upload.content_id = upload_text_argument(fcinfo, 1, "content_id");
	owner_check_caller(upload.vendor_id);
	owner_enter(&section);
	SPI_connect();
	upload_id = find_first_attempt(&upload);
	if (upload_id != NULL)
		upload_id = MemoryContextStrdup(caller, upload_id);
	SPI_finish();
	owner_leave(&section);
	if (upload_id == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(upload_id));
}
