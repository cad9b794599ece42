/*-------------------------------------------------------------------------
 *
 * upload.c
 *	  How every call on one upload begins and ends.
 *
 * Every call locks the upload's row first (account_lock()), which serializes the
 * calls on it, including incoming rows.  Then it checks the status, so a call
 * that is repeated or late finds the upload ended.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "upload/account.h"
#include "upload/metadata_keys.h"
#include "upload/pending.h"
#include "upload/upload.h"

char *
upload_id_argument(FunctionCallInfo fcinfo)
{
	return text_argument(fcinfo, 0, "upload_id");
}

int64
upload_total_argument(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return -1;
	if (PG_GETARG_INT64(argument) < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("total_records must not be negative")));
	return PG_GETARG_INT64(argument);
}

Interval *
upload_duration_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	Interval zero = {0, 0, 0};

	if (PG_ARGISNULL(argument) ||
		!DatumGetBool(
			DirectFunctionCall2(interval_gt, PG_GETARG_DATUM(argument), IntervalPGetDatum(&zero))))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be greater than 0", name)));
	return PG_GETARG_INTERVAL_P(argument);
}

void
upload_check_older_than(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("older_than must not be null")));
}

int32
upload_count_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument) || PG_GETARG_INT32(argument) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be 0 or more", name)));
	return PG_GETARG_INT32(argument);
}

void
upload_check_metadata(Jsonb *metadata)
{
	static const char *const reserved[] = {
		UPLOAD_REPORTED_AT,     UPLOAD_PRODUCTS_KEPT, UPLOAD_UNDONE_AT,    UPLOAD_UNDONE_REMOVED,
		UPLOAD_UNDONE_RESTORED, UPLOAD_UNDONE_KEPT,   UPLOAD_MISSING_KEPT,
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
