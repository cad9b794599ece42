/*-------------------------------------------------------------------------
 *
 * counters.c
 *	  Counters of this session, shown by onboard_statistics().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/counters.h"

OnboardCounters onboard_counters;

PG_FUNCTION_INFO_V1(onboard_statistics);

/* Return the counters of this session, one row each. */
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
		{"changes_direct", onboard_counters.changes_direct},
		{"changes_hot", onboard_counters.changes_hot},
		{"changes_plain", onboard_counters.changes_plain},
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
