/*-------------------------------------------------------------------------
 *
 * record_trigger.c
 *	  The triggers that record changes made by SQL statements.
 *
 * They run once per statement and read its transition tables, which spill to
 * disk, so a statement that changes all products needs no more memory than one
 * that changes a few.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "base/owner.h"
#include "history/change_log.h"

/* A transition table that is being read from its beginning. */
typedef struct TransitionTable
{
	Tuplestorestate *rows;
	int pointer;
	TupleTableSlot *slot;
} TransitionTable;

static void
begin_reading(TransitionTable *table, Tuplestorestate *rows, TupleDesc descriptor)
{
	table->rows = rows;
	table->pointer = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(rows, table->pointer);
	tuplestore_rescan(rows);
	table->slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
}

/* Read the next row; returns false at the end. */
static bool
read_row(TransitionTable *table)
{
	tuplestore_select_read_pointer(table->rows, table->pointer);
	return tuplestore_gettupleslot(table->rows, true, false, table->slot);
}

/* The server adds the old and the new version of a row at the same time. */
static void
record_updates(const TriggerData *trigger, ChangeLog *log, const ChangeOrigin *origin)
{
	TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
	TransitionTable old;
	TransitionTable new;

	begin_reading(&old, trigger->tg_oldtable, descriptor);
	begin_reading(&new, trigger->tg_newtable, descriptor);
	while (read_row(&old) && read_row(&new))
	{
		CHECK_FOR_INTERRUPTS();
		change_log_add_update(log, origin, old.slot, new.slot);
	}
	ExecDropSingleTupleTableSlot(old.slot);
	ExecDropSingleTupleTableSlot(new.slot);
}

static void
record_deletions(const TriggerData *trigger, ChangeLog *log, const ChangeOrigin *origin)
{
	TransitionTable old;

	begin_reading(&old, trigger->tg_oldtable, RelationGetDescr(trigger->tg_relation));
	while (read_row(&old))
	{
		CHECK_FOR_INTERRUPTS();
		change_log_add_deletion(log, origin, old.slot);
	}
	ExecDropSingleTupleTableSlot(old.slot);
}

static void
record(const TriggerData *trigger)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard changes", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	const ChangeOrigin *origin = change_origin_of_trigger();
	OwnerSection section;
	ChangeLog *log;

	owner_enter(&section);
	log = change_log_open(trigger->tg_relation);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		record_updates(trigger, log, origin);
	else
		record_deletions(trigger, log, origin);
	change_log_flush(log);
	change_log_close(log);
	owner_leave(&section);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* Return the trigger data of a call with the transition tables, or raise an error. */
static const TriggerData *
after_statement(FunctionCallInfo fcinfo)
{
	const TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) || trigger->tg_oldtable == NULL ||
		(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtable == NULL
													: !TRIGGER_FIRED_BY_DELETE(trigger->tg_event)))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("function record_product_changes() must be called by a statement "
							   "trigger after update or delete with transition tables")));
	return trigger;
}

PG_FUNCTION_INFO_V1(onboard_record_product_changes);

/*
 * Record what a statement changed in the products, as the owner of the tables:
 * a role that may change products needs no privilege on the history.
 */
Datum
onboard_record_product_changes(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = after_statement(fcinfo);

	if (tuplestore_tuple_count(trigger->tg_oldtable) > 0)
		record(trigger);
	PG_RETURN_POINTER(NULL);
}
