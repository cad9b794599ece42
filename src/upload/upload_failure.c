/*-------------------------------------------------------------------------
 *
 * upload_failure.c
 *	  Why an upload can fail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "upload/upload_failure.h"

/*
 * Why an upload can fail, and the default message.  If the reason lies outside the
 * file, the same file may succeed another time; otherwise it fails however often
 * it comes.
 */
static const struct failure
{
	const char *code;
	bool outside_file;
	const char *sentence;
} failures[] = {
	{"EMPTY_FILE", false, "The file is empty."},
	{"NO_ROWS", false, "The file has no rows after its header."},
	{"NO_HEADER", false, "The first line of the file is not a header."},
	{"MISSING_COLUMN", false, "A required column is missing."},
	{"DUPLICATE_COLUMN", false, "A column appears twice."},
	{"FILE_TOO_LARGE", true, "The file is too large."},
	{"TOO_MANY_ROWS", true, "The file has too many rows."},
	{"NOT_TEXT", false, "The file is not a text file."},
	{"UNSUPPORTED_ENCODING", false, "The file is in an encoding that is not supported."},
	{"OTHER_VENDOR", true, "The file is named after another vendor."},
	{"VENDOR_NOT_ACTIVE", true, "The vendor is not active."},
	{"OBJECT_REPLACED", true, "The file was replaced while it was read."},
	{"PROCESSING_ABANDONED", true, "Processing stopped before all rows were judged."},
	{"CANCELLED", true, "The upload was cancelled."},
};

/* NULL when there is no such code. */
static const struct failure *
look_up(const char *code)
{
	int i;

	for (i = 0; i < lengthof(failures); i++)
	{
		if (strcmp(failures[i].code, code) == 0)
			return &failures[i];
	}
	return NULL;
}

static const struct failure *
find_or_raise(const char *code)
{
	const struct failure *failure = look_up(code);
	StringInfoData codes;
	int i;

	if (failure != NULL)
		return failure;
	initStringInfo(&codes);
	for (i = 0; i < lengthof(failures); i++)
		appendStringInfo(&codes, "%s%s", i > 0 ? ", " : "", failures[i].code);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("unrecognized failure code \"%s\"", code),
					errhint("The failure codes are %s.", codes.data)));
	return NULL; /* not reached */
}

bool
upload_failure_may_retry(const char *code)
{
	const struct failure *failure = code != NULL ? look_up(code) : NULL;

	return failure != NULL && failure->outside_file;
}

void
upload_failure_check_code(const char *code)
{
	(void) find_or_raise(code);
}

PG_FUNCTION_INFO_V1(onboard_may_retry);

/* Whether content whose upload failed with this code may be tried again. */
Datum
onboard_may_retry(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!PG_ARGISNULL(0) &&
				   upload_failure_may_retry(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

const char *
upload_failure_sentence(const char *code)
{
	return find_or_raise(code)->sentence;
}
