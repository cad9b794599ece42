/*-------------------------------------------------------------------------
 *
 * failure_code.c
 *	  Why an upload can fail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "shared/upload_failure.h"
#include "upload/failure_code.h"

/*
 * Find the failure with a code; raise an error that lists the codes if there is
 * none.
 */
static const struct upload_failure *
find_or_raise(const char *code)
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

bool
failure_code_may_retry(const char *code)
{
	const struct upload_failure *failure = code != NULL ? upload_failure_find(code) : NULL;

	return failure != NULL && failure->outside_file;
}

void
failure_code_check(const char *code)
{
	(void) find_or_raise(code);
}

PG_FUNCTION_INFO_V1(onboard_may_retry);

/* May content whose upload failed with this code be tried again? */
Datum
onboard_may_retry(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!PG_ARGISNULL(0) &&
				   failure_code_may_retry(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

const char *
failure_code_sentence(const char *code)
{
	return find_or_raise(code)->sentence;
}
