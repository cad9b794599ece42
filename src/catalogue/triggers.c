/*-------------------------------------------------------------------------
 *
 * triggers.c
 *	  The triggers on the tables: updated_at, and stock against status.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalogue/product_change.h"
#include "catalogue/triggers.h"
#include "history/change_log.h"

/* Return the trigger data of a BEFORE UPDATE row trigger, or raise an error. */
static TriggerData *
before_update(FunctionCallInfo fcinfo, const char *function)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function %s() must be called by a row trigger before update", function)));
	return trigger;
}

/* Return the number of a column that the table must have. */
static int
column_number(TriggerData *trigger, const char *name)
{
	int number = SPI_fnumber(RelationGetDescr(trigger->tg_relation), name);

	if (number <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("relation \"%s\" has no column \"%s\"",
							   RelationGetRelationName(trigger->tg_relation), name)));
	return number;
}

/* Return the new row with one column changed. */
static HeapTuple
with_value(TriggerData *trigger, int column, Datum value)
{
	bool is_null = false;

	return heap_modify_tuple_by_cols(trigger->tg_newtuple, RelationGetDescr(trigger->tg_relation),
									 1, &column, &value, &is_null);
}

/* Return a time in a row; null, which the table will refuse, precedes all others. */
static TimestampTz
time_of(TriggerData *trigger, HeapTuple tuple, const char *column)
{
	bool is_null;
	Datum time = heap_getattr(tuple, column_number(trigger, column),
							  RelationGetDescr(trigger->tg_relation), &is_null);

	return is_null ? DT_NOBEGIN : DatumGetTimestampTz(time);
}

/* Does the new row differ in a column other than updated_at? */
static bool
is_change(TriggerData *trigger, int updated_at)
{
	TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
	int i;

	for (i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(descriptor, i);
		bool old_is_null;
		bool new_is_null;
		Datum old = heap_getattr(trigger->tg_trigtuple, i + 1, descriptor, &old_is_null);
		Datum new = heap_getattr(trigger->tg_newtuple, i + 1, descriptor, &new_is_null);

		/* Generated columns have not been computed yet, and change only with others. */
		if (i + 1 == updated_at || column->attgenerated != '\0')
			continue;
		if (old_is_null != new_is_null ||
			(!old_is_null && !datum_image_eq(old, new, column->attbyval, column->attlen)))
			return true;
	}
	return false;
}

PG_FUNCTION_INFO_V1(onboard_touch_updated_at);

/* Set updated_at to the time of the change, if there is one; see updated_at_after(). */
Datum
onboard_touch_updated_at(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = before_update(fcinfo, "touch_updated_at");
	int column = column_number(trigger, "updated_at");
	TimestampTz updated = time_of(trigger, trigger->tg_trigtuple, "updated_at");

	if (is_change(trigger, column))
		updated = updated_at_after(time_of(trigger, trigger->tg_newtuple, "created_at"), updated);
	PG_RETURN_POINTER(with_value(trigger, column, TimestampTzGetDatum(updated)));
}

/* Return the stock of a row, or -1 for null, which the table will refuse. */
static int32
stock_of(TriggerData *trigger, HeapTuple tuple)
{
	bool is_null;
	Datum stock = heap_getattr(tuple, column_number(trigger, "stock_quantity"),
							   RelationGetDescr(trigger->tg_relation), &is_null);

	return is_null ? -1 : DatumGetInt32(stock);
}

static const char *
status_of(TriggerData *trigger, HeapTuple tuple)
{
	bool is_null;
	Datum status = heap_getattr(tuple, column_number(trigger, "status"),
								RelationGetDescr(trigger->tg_relation), &is_null);

	return is_null ? "" : TextDatumGetCString(status);
}

static bool
takes_changes_back(void)
{
	const ChangeOrigin *origin = change_origin_of_trigger();

	return origin != NULL && origin->action != NULL && strcmp(origin->action, CHANGE_REVERTED) == 0;
}

PG_FUNCTION_INFO_V1(onboard_flip_stock_status);

/*
 * Let the status follow the stock, as status_after_stock_change() decides,
 * unless the same UPDATE sets the status, or takes changes back, which restores
 * it.
 */
Datum
onboard_flip_stock_status(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = before_update(fcinfo, "flip_stock_status");
	int32 old_stock = stock_of(trigger, trigger->tg_trigtuple);
	int32 new_stock = stock_of(trigger, trigger->tg_newtuple);
	const char *old_status = status_of(trigger, trigger->tg_trigtuple);
	const char *new_status = status_of(trigger, trigger->tg_newtuple);
	const char *status = NULL;

	if (strcmp(old_status, new_status) == 0 && !takes_changes_back())
		status = status_after_stock_change(new_status, old_stock, new_stock);
	if (status == NULL)
		PG_RETURN_POINTER(trigger->tg_newtuple);
	PG_RETURN_POINTER(
		with_value(trigger, column_number(trigger, "status"), CStringGetTextDatum(status)));
}
