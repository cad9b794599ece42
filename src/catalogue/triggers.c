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
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalogue/product_change.h"
#include "catalogue/triggers.h"

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

PG_FUNCTION_INFO_V1(onboard_touch_updated_at);

/* Set updated_at to the time of the change; see updated_at_after(). */
Datum
onboard_touch_updated_at(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = before_update(fcinfo, "touch_updated_at");
	TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
	int column = column_number(trigger, "updated_at");
	bool is_null;
	TimestampTz created_at = DatumGetTimestampTz(heap_getattr(
		trigger->tg_newtuple, column_number(trigger, "created_at"), descriptor, &is_null));
	TimestampTz before =
		DatumGetTimestampTz(heap_getattr(trigger->tg_trigtuple, column, descriptor, &is_null));

	PG_RETURN_POINTER(
		with_value(trigger, column, TimestampTzGetDatum(updated_at_after(created_at, before))));
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

PG_FUNCTION_INFO_V1(onboard_flip_stock_status);

/*
 * Let the status follow the stock, as status_after_stock_change() says, unless
 * the same UPDATE sets it.
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

	if (strcmp(old_status, new_status) == 0)
		status = status_after_stock_change(new_status, old_stock, new_stock);
	if (status == NULL)
		PG_RETURN_POINTER(trigger->tg_newtuple);
	PG_RETURN_POINTER(
		with_value(trigger, column_number(trigger, "status"), CStringGetTextDatum(status)));
}
