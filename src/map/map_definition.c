/*-------------------------------------------------------------------------
 *
 * map_definition.c
 *	  The statements of a column map: whether they are valid, and what they refer to.
 *
 * Only clients apply maps to files; see glue/reader/file_map.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/text_datum.h"
#include "shared/map_syntax.h"

/* What a map refers to. */
typedef struct MapUses
{
	ArrayBuildState *value_lists;    /* texts */
	ArrayBuildState *currency_pairs; /* texts such as EUR/USD */
	bool categories;
} MapUses;

static void
add_name(ArrayBuildState *names, Datum name)
{
	(void) accumArrayResult(names, name, false, TEXTOID, CurrentMemoryContext);
}

static Datum
currency_pair(const struct map_step *step)
{
	return CStringGetTextDatum(psprintf("%.*s/%.*s", (int) step->arguments[0].length,
										step->arguments[0].data, (int) step->arguments[1].length,
										step->arguments[1].data));
}

static void
note_step(MapUses *uses, const struct map_step *step)
{
	if (step->transformation == TRANSFORMATION_VALUES)
		add_name(uses->value_lists, text_datum(step->arguments[0]));
	else if (step->transformation == TRANSFORMATION_EXCHANGE)
		add_name(uses->currency_pairs, currency_pair(step));
	else if (step->transformation == TRANSFORMATION_CATEGORY_PATH)
		uses->categories = true;
}

static void
raise_fault(const struct map_fault *fault)
{
	if (fault->line > 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("line %d of the map: %s", fault->line, fault->message)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the map: %s", fault->message)));
}

/*
 * Read a whole map, and return how many statements it has; raises an error if it has a
 * fault.
 */
static int
read_definition(const char *definition, MapUses *uses)
{
	struct map_statement *statement = palloc(sizeof(*statement));
	struct map_syntax syntax;
	int count = 0;
	int i;

	uses->value_lists = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	uses->currency_pairs = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	uses->categories = false;
	map_syntax_start(&syntax, text_of(definition));
	while (map_syntax_next(&syntax, statement))
	{
		count++;
		for (i = 0; i < statement->step_count; i++)
			note_step(uses, &statement->steps[i]);
	}
	if (map_syntax_failed(&syntax))
		raise_fault(&syntax.fault);
	pfree(statement);
	return count;
}

PG_FUNCTION_INFO_V1(onboard_check_map);

/*
 * Raise an error unless this may be stored as a map.  A text without statements is probably
 * the wrong one.  Settings are enough: they say how to read a file.
 */
Datum
onboard_check_map(PG_FUNCTION_ARGS)
{
	MapUses uses;

	if (read_definition(text_argument(fcinfo, 0, "definition"), &uses) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the map has no statements"),
				 errhint("Write at least one, such as price = \"Heading\" or mode upsert; "
						 "what follows # is a comment.")));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(onboard_map_uses);

/* Return the value lists and pairs of currencies of a map, and whether it needs the categories. */
Datum
onboard_map_uses(PG_FUNCTION_ARGS)
{
	MapUses uses;
	bool nulls[3] = {false};
	TupleDesc descriptor;
	Datum values[3];

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	(void) read_definition(text_argument(fcinfo, 0, "definition"), &uses);
	values[0] = makeArrayResult(uses.value_lists, CurrentMemoryContext);
	values[1] = makeArrayResult(uses.currency_pairs, CurrentMemoryContext);
	values[2] = BoolGetDatum(uses.categories);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
