/*-------------------------------------------------------------------------
 *
 * onboard.c
 *	  Module entry, versions, and the counters of the session.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/counters.h"
#include "onboard.h"
#include "base/settings.h"
#include "base/statement.h"
#include "shared/rules.h"
#include "upload/pending.h"

PG_MODULE_MAGIC;

OnboardCounters onboard_counters;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	pending_init();
	settings_init();
}

PG_FUNCTION_INFO_V1(onboard_require_utf8);

/* Raises an error unless the database encoding is UTF8. */
Datum
onboard_require_utf8(PG_FUNCTION_ARGS)
{
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("onboard requires a database with encoding UTF8"),
				 errdetail("The encoding of this database is %s.", GetDatabaseEncodingName()),
				 errhint("Create the database with ENCODING 'UTF8' TEMPLATE template0.")));
	PG_RETURN_VOID();
}

char *
onboard_script_version(void)
{
	static Statement version = {
		"SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'onboard'",
	};
	char *result;

	SPI_connect();
	if (statement_run(&version, NULL, NULL, true, SPI_OK_SELECT) == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("extension \"onboard\" does not exist in this database")));
	result = SPI_palloc(64);
	strlcpy(result, TextDatumGetCString(statement_value(1, NULL)), 64);
	SPI_finish();
	return result;
}

PG_FUNCTION_INFO_V1(onboard_version);

/* Versions of library, script and ruleset; an error when the first two differ. */
Datum
onboard_version(PG_FUNCTION_ARGS)
{
	char *script = onboard_script_version();
	TupleDesc descriptor;
	Datum values[3];
	bool nulls[3] = {false, false, false};

	if (strcmp(script, ONBOARD_VERSION) != 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("library version %s does not match script version %s of extension \"onboard\"",
					ONBOARD_VERSION, script),
			 errhint(
				 "Run ALTER EXTENSION onboard UPDATE, or install the library of version %s and reconnect.",
				 script)));
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = CStringGetTextDatum(ONBOARD_VERSION);
	values[1] = CStringGetTextDatum(script);
	values[2] = Int32GetDatum(ONBOARD_RULESET_VERSION);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

PG_FUNCTION_INFO_V1(onboard_statistics);

/* Counters of this session, one row each. */
Datum
onboard_statistics(PG_FUNCTION_ARGS)
{
	const struct
	{
		const char *name;
		int64 value;
	} rows[] = {
		{"rows_direct", onboard_counters.rows_direct},
		{"rows_probed", onboard_counters.rows_probed},
		{"rows_plain", onboard_counters.rows_plain},
		{"rows_rejected", onboard_counters.rows_rejected},
		{"rows_replayed", onboard_counters.rows_replayed},
		{"conflicts", onboard_counters.conflicts},
		{"windows", onboard_counters.windows},
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; i < lengthof(rows); i++)
	{
		Datum values[2] = {CStringGetTextDatum(rows[i].name), Int64GetDatum(rows[i].value)};
		bool nulls[2] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
