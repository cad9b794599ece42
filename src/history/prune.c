/*-------------------------------------------------------------------------
 *
 * prune.c
 *	  Removing old changes from onboard.product_changes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "base/statement.h"

/* Return the time before which changes are removed. */
static Datum
horizon_before(Datum older_than)
{
	static Statement horizon = {
		"SELECT now() - $1 WHERE $1 >= '0'::interval AND isfinite(now() - $1)",
		1,
		{INTERVALOID},
	};

	if (statement_run(&horizon, &older_than, NULL, true, SPI_OK_SELECT) == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("older_than must not be negative")));
	return statement_value(1, NULL);
}

/* Store the horizon before anything is removed; it never moves back. */
static void
move_horizon(Datum horizon)
{
	static Statement move = {
		"INSERT INTO onboard.history_horizon AS h (horizon) VALUES ($1) "
		"ON CONFLICT ((true)) DO UPDATE SET horizon = greatest(h.horizon, excluded.horizon)",
		1,
		{TIMESTAMPTZOID},
	};

	statement_run(&move, &horizon, NULL, false, SPI_OK_INSERT);
}

/* This statement runs users' triggers, so its names are fully qualified. */
static uint64
remove_changes(Datum horizon)
{
	static Statement delete = {
		"DELETE FROM onboard.product_changes c WHERE c.changed_at OPERATOR(pg_catalog.<) $1",
		1,
		{TIMESTAMPTZOID},
	};

	return statement_run(&delete, &horizon, NULL, false, SPI_OK_DELETE);
}

PG_FUNCTION_INFO_V1(onboard_prune_history);

/* Remove the changes that are older than an interval; returns how many. */
Datum
onboard_prune_history(PG_FUNCTION_ARGS)
{
	OwnerSection section;
	OwnerSection plain;
	Datum horizon;
	uint64 removed;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("older_than must not be null")));
	owner_check_all_vendors("to prune the history");
	owner_enter(&section);
	SPI_connect();
	horizon = horizon_before(PG_GETARG_DATUM(0));
	move_horizon(horizon);
	owner_leave(&section);
	owner_enter_plain(&plain);
	removed = remove_changes(horizon);
	owner_leave(&plain);
	SPI_finish();
	PG_RETURN_INT64((int64) removed);
}
