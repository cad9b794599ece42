/*-------------------------------------------------------------------------
 *
 * ingest.c
 *	  The JSON door: onboard_ingest().
 *
 * One call takes records of one upload, in one transaction, from clients that
 * want each row's verdict back.  The rows go through the same pipeline as those
 * of COPY; a call holds only its records and its results in memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "load/loader.h"
#include "row/json_row.h"

typedef struct IngestResult
{
	int64 row_number;
	LoaderAnswer answer;
	enum row_action action; /* of a row that has a verdict */
	int64 product_id;       /* 0 if none */
	Jsonb *errors;
} IngestResult;

/* State of one call. */
typedef struct Ingest
{
	MemoryContext context;
	IngestResult *results;
	Jsonb *no_errors;
} Ingest;

/* LoaderVerdict: note the verdict on the record at this position. */
static void
note_verdict(void *argument, int64 position, const RowOutcome *outcome)
{
	Ingest *ingest = argument;
	IngestResult *result = &ingest->results[position];
	MemoryContext caller = MemoryContextSwitchTo(ingest->context);

	result->action = outcome->action;
	result->product_id = outcome->product_id;
	result->errors =
		outcome->findings->count > 0 ? findings_to_jsonb(outcome->findings) : ingest->no_errors;
	MemoryContextSwitchTo(caller);
}

static void
push_records(Ingest *ingest, Loader *loader, const char *upload_id, const JsonRecords *records)
{
	Size length = strlen(upload_id);
	int count = json_records_count(records);
	MemoryContext row_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard ingest row", ALLOCSET_DEFAULT_SIZES);
	int i;

	for (i = 0; i < count; i++)
	{
		IngestResult *result = &ingest->results[i];
		MemoryContext caller = MemoryContextSwitchTo(row_context);
		IncomingRow row;

		CHECK_FOR_INTERRUPTS();
		json_records_read(records, i, &row);
		result->row_number = row.row_number;
		result->errors = ingest->no_errors;
		result->answer = loader_push(loader, upload_id, length, &row);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row_context);
	}
	MemoryContextDelete(row_context);
}

/* Return the errors stored for a row, or NULL if there are none. */
static Jsonb *
stored_errors(Ingest *ingest, Datum *key, bool *has_error)
{
	static Statement errors = {
		"SELECT jsonb_agg(jsonb_build_object('error_type', e.error_type, "
		"         'error_field', e.error_field, 'error_message', e.error_message, "
		"         'severity', e.severity, 'rejected_value', e.rejected_value, "
		"         'suggestion', e.suggestion) ORDER BY e.error_id), "
		"       coalesce(bool_or(e.severity = 'error'), false) "
		"FROM onboard.validation_errors e WHERE e.upload_id = $1 AND e.row_number = $2",
		2,
		{TEXTOID, INT8OID},
	};
	Datum value;
	bool is_null;
	Jsonb *result = NULL;

	statement_run(&errors, key, NULL, false, SPI_OK_SELECT);
	*has_error = DatumGetBool(statement_value(2, NULL));
	value = statement_value(1, &is_null);
	if (!is_null)
	{
		MemoryContext caller = MemoryContextSwitchTo(ingest->context);

		result = DatumGetJsonbPCopy(value);
		MemoryContextSwitchTo(caller);
	}
	return result;
}

/* Find the product that the row inserted; returns whether it is still there. */
static bool
find_inserted(Datum *key, IngestResult *result)
{
	static Statement product = {
		"SELECT p.product_id FROM onboard.products p WHERE p.upload_id = $1 AND p.row_number = $2",
		2,
		{TEXTOID, INT8OID},
	};

	if (statement_run(&product, key, NULL, false, SPI_OK_SELECT) == 0)
		return false;
	result->product_id = DatumGetInt64(statement_value(1, NULL));
	return true;
}

/* Find what the row did to an existing product. */
static void
find_changed(Datum *key, IngestResult *result)
{
	static Statement action = {
		"SELECT r.product_id, r.action FROM onboard.row_actions r "
		"WHERE r.upload_number = (SELECT u.upload_number FROM onboard.upload_history u WHERE u.upload_id = $1) "
		"  AND r.row_number = $2",
		2,
		{TEXTOID, INT8OID},
		.looks_up = true,
	};

	if (statement_run(&action, key, NULL, false, SPI_OK_SELECT) == 0)
		return;
	result->product_id = DatumGetInt64(statement_value(1, NULL));
	if (!action_by_name(TextDatumGetCString(statement_value(2, NULL)), &result->action))
		elog(ERROR, "a record of onboard.row_actions has an unrecognized action");
}

/* Look up the outcome of a row that had a verdict before this call. */
static void
look_up_outcome(Ingest *ingest, const char *upload_id, IngestResult *result)
{
	Datum key[2] = {CStringGetTextDatum(upload_id), Int64GetDatum(result->row_number)};
	bool has_error;
	Jsonb *errors = stored_errors(ingest, key, &has_error);

	/* An inserted product may have been deleted since; the verdict stands. */
	result->action = has_error ? ACTION_REJECT : ACTION_INSERT;
	if (errors != NULL)
		result->errors = errors;
	if (!has_error && !find_inserted(key, result))
		find_changed(key, result);
}

/* Give rows that already had a verdict that same verdict. */
static void
look_up_replayed(Ingest *ingest, const char *upload_id, int count)
{
	OwnerSection section;
	int i;

	owner_enter(&section);
	SPI_connect();
	for (i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (ingest->results[i].answer == LOADER_REPLAYED)
			look_up_outcome(ingest, upload_id, &ingest->results[i]);
	}
	SPI_finish();
	owner_leave(&section);
}

/* Return the verdict, or why there is none. */
static const char *
result_status(const IngestResult *result)
{
	switch (result->answer)
	{
		case LOADER_TAKEN:
		case LOADER_REPLAYED:
			return action_status(result->action);
		case LOADER_REFUSED:
			return "refused";
		case LOADER_UNKNOWN_UPLOAD:
			return "unknown_upload";
	}
	pg_unreachable();
}

/* Does the row have an action to report? */
static bool
has_action(const IngestResult *result)
{
	return (result->answer == LOADER_TAKEN || result->answer == LOADER_REPLAYED) &&
		   action_is_valid(result->action);
}

static void
return_results(FunctionCallInfo fcinfo, const Ingest *ingest, int count)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; i < count; i++)
	{
		const IngestResult *result = &ingest->results[i];
		Datum values[5];
		bool nulls[5] = {false};

		values[0] = Int64GetDatum(result->row_number);
		values[1] = CStringGetTextDatum(result_status(result));
		nulls[2] = !has_action(result);
		values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(action_name(result->action));
		nulls[3] = result->product_id == 0;
		values[3] = Int64GetDatum(result->product_id);
		values[4] = JsonbPGetDatum(result->errors);
		tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(onboard_ingest);

/*
 * onboard_ingest(upload_id text, records jsonb): judge records and store products
 * and errors; one result row per record, in order of row_number.
 */
Datum
onboard_ingest(PG_FUNCTION_ARGS)
{
	Ingest ingest;
	Loader *loader;
	JsonRecords *records;
	char *upload_id;
	int count;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s must not be null", PG_ARGISNULL(0) ? "upload_id" : "records")));
	upload_id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	records = json_records_open(PG_GETARG_JSONB_P(1));
	count = json_records_count(records);
	ingest.context = CurrentMemoryContext;
	ingest.no_errors = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("[]")));
	ingest.results =
		MemoryContextAllocExtended(CurrentMemoryContext, Max(count, 1) * sizeof(IngestResult),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	loader = loader_create(note_verdict, &ingest, NULL);
	push_records(&ingest, loader, upload_id, records);
	loader_settle(loader);
	look_up_replayed(&ingest, upload_id, count);
	loader_finish(loader);
	return_results(fcinfo, &ingest, count);
	return (Datum) 0;
}
