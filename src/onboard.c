/*-------------------------------------------------------------------------
 *
 * onboard.c
 *	  Module entry and versions.
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

#include "base/settings.h"
#include "base/statement.h"
#include "onboard.h"
#include "shared/rules.h"
#include "upload/pending.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	pending_init();
	settings_init();
}

PG_FUNCTION_INFO_V1(onboard_require_utf8);

/* Raise an error unless the database encoding is UTF8. */
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

/*
 * Return the versions of library, script and ruleset; raise an error if the first
 * two differ.
 */
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
