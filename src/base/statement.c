/*-------------------------------------------------------------------------
 *
 * statement.c
 *	  The extension's own SQL statements, prepared once per session.
 *
 * The plans survive changes of user and search_path: the plan cache tracks both
 * and replans when they differ.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/plancache.h"

#include "base/lookup_plans.h"
#include "base/statement.h"

static void
prepare(Statement *statement)
{
	SPIPlanPtr plan =
		SPI_prepare_cursor(statement->sql, statement->parameter_count, statement->parameter_types,
						   (statement->replanned ? CURSOR_OPT_CUSTOM_PLAN : 0) |
							   (statement->looks_up ? CURSOR_OPT_GENERIC_PLAN : 0) |
							   (statement->rewinds ? CURSOR_OPT_SCROLL : 0));

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", statement->sql,
			 SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	statement->plan = plan;
}

/*
 * Make the generic plan, which the run then finds in the cache.  The settings
 * that it needs must not be in force during the run, because users' triggers and
 * policies may plan statements of their own.
 */
static void
plan_lookups(Statement *statement)
{
	int nest_level = lookup_plans_begin();
	CachedPlan *plan = SPI_plan_get_cached_plan(statement->plan);

	/* Other statements of a SQL text would be planned by the run, without the settings. */
	Assert(plan != NULL);
	ReleaseCachedPlan(plan, CurrentResourceOwner);
	lookup_plans_end(nest_level);
}

uint64
statement_run(Statement *statement, Datum *values, const char *nulls, bool read_only,
			  int expected_result)
{
	int result;

	if (statement->plan == NULL)
		prepare(statement);
	if (statement->looks_up)
		plan_lookups(statement);
	result = SPI_execute_plan(statement->plan, values, nulls, read_only, 0);
	if (result != expected_result)
	{
		/*
		 * A rule rewrote the statement; the plan would not be invalidated when
		 * the rule is dropped.
		 */
		SPI_freeplan(statement->plan);
		statement->plan = NULL;
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a rule on a table of schema onboard changes what is stored"),
						errdetail("The result of \"%s\" is %s.", statement->sql,
								  SPI_result_code_string(result)),
						errhint("Use a trigger instead of the rule.")));
	}
	return SPI_processed;
}

Portal
statement_open(Statement *statement, Datum *values)
{
	Portal cursor;

	Assert(statement->replanned);
	if (statement->plan == NULL)
		prepare(statement);
	cursor = SPI_cursor_open(NULL, statement->plan, values, NULL, false);
	if (cursor == NULL)
		elog(ERROR, "could not open a cursor for \"%s\": %s", statement->sql,
			 SPI_result_code_string(SPI_result));
	return cursor;
}

Datum
statement_value(int column, bool *is_null)
{
	bool column_is_null;
	Datum value =
		SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &column_is_null);

	if (is_null != NULL)
		*is_null = column_is_null;
	else if (column_is_null)
		elog(ERROR, "unexpected null in column %d", column);
	return value;
}

void
statement_return_rows(ReturnSetInfo *set)
{
	uint64 i;

	for (i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(set->setResult, SPI_tuptable->vals[i]);
}
