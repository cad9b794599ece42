/*-------------------------------------------------------------------------
 *
 * change_log.c
 *	  The table onboard.product_changes: recording changes of products.
 *
 * A file that changes every price leaves as many rows here as the vendor has
 * products, so they are written directly, in batches, with their jsonb values
 * built from the datums.  If users have put a trigger, policy or constraint on the
 * table, rows are stored by INSERT statements.
 *
 * Columns of products are found by name, and all of them are recorded,
 * including those that users added.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/others_code.h"
#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "history/change_log.h"
#include "history/changed_values.h"
#include "table/row_batch.h"

/* Columns of product_changes (see shipped_shape.c). */
enum
{
	CHANGE_ID = 1,
	CHANGE_PRODUCT_ID,
	CHANGE_VENDOR_ID,
	CHANGE_CHANGED_AT,
	CHANGE_PREVIOUS_AT,
	CHANGE_ACTION,
	CHANGE_UPLOAD_ID,
	CHANGE_ROW_NUMBER,
	CHANGE_CHANGED_BY,
	CHANGE_REVERTS,
	CHANGE_OLD_VALUES,
	CHANGE_NEW_VALUES
};
#define CHANGE_COLUMN_COUNT CHANGE_NEW_VALUES

struct ChangeLog
{
	MemoryContext context;
	MemoryContext row_context; /* reset after each row */
	bool is_on;
	TupleDesc descriptor; /* of products */
	AttrNumber product_id;
	AttrNumber vendor_id;
	AttrNumber status;
	AttrNumber updated_at;
	ChangedValues *values;
	bool *changed; /* of the current row, by column of products */
	Relation relation;
	RowBatch *batch; /* NULL if rows are stored by INSERT */
	Datum changed_by;
};

static AttrNumber
column_number(Relation products, const char *name)
{
	AttrNumber number = SPI_fnumber(RelationGetDescr(products), name);

	if (number <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("column \"%s\" of relation \"%s\" does not exist", name,
							   RelationGetRelationName(products)),
						errdetail("It is needed to record changes of products.")));
	return number;
}

bool
change_log_owns_trigger(const Trigger *trigger)
{
	FmgrInfo info;

	/* A function in another language is not examined, because that would load the language. */
	if (trigger->tgqual != NULL || !function_is_compiled(trigger->tgfoid))
		return false;
	fmgr_info(trigger->tgfoid, &info);
	return info.fn_addr == onboard_record_product_changes;
}

/* Would the trigger run in this session? */
static bool
is_enabled(const Trigger *trigger)
{
	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		return trigger->tgenabled == TRIGGER_FIRES_ON_REPLICA ||
			   trigger->tgenabled == TRIGGER_FIRES_ALWAYS;
	return trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN ||
		   trigger->tgenabled == TRIGGER_FIRES_ALWAYS;
}

bool
change_log_records(Relation products)
{
	TriggerDesc *triggers = products->trigdesc;
	int i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (TRIGGER_FOR_UPDATE(trigger->tgtype) && trigger->tgoldtable != NULL &&
			trigger->tgnewtable != NULL && is_enabled(trigger) && change_log_owns_trigger(trigger))
			return true;
	}
	return false;
}

ChangeLog *
change_log_open(Relation products)
{
	ChangeLog *log = palloc0(sizeof(ChangeLog));

	log->context = CurrentMemoryContext;
	log->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard change", ALLOCSET_DEFAULT_SIZES);
	log->is_on = change_log_records(products);
	log->descriptor = RelationGetDescr(products);
	log->product_id = column_number(products, "product_id");
	log->vendor_id = column_number(products, "vendor_id");
	log->status = column_number(products, "status");
	log->updated_at = column_number(products, "updated_at");
	log->changed = palloc(log->descriptor->natts * sizeof(bool));
	log->values = changed_values_open(log->descriptor);
	log->relation = table_open(onboard_relation("product_changes"), RowExclusiveLock);
	log->batch =
		row_batch_open(log->relation, &product_changes_shape, CHANGE_ID, CHANGE_PRODUCT_ID);
	log->changed_by = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	return log;
}

void
change_log_close(ChangeLog *log)
{
	row_batch_close(log->batch);
	table_close(log->relation, NoLock);
	MemoryContextDelete(log->row_context);
}

bool
change_log_is_on(const ChangeLog *log)
{
	return log->is_on;
}

bool
change_log_is_direct(const ChangeLog *log)
{
	return !log->is_on || log->batch != NULL;
}

TimestampTz
change_time(TimestampTz before)
{
	TimestampTz now = GetCurrentTimestamp();

	return now <= before && !TIMESTAMP_NOT_FINITE(before) ? before + 1 : now;
}

static bool
is_discontinued(const ChangeLog *log, const Datum *values, const bool *nulls)
{
	return !nulls[log->status - 1] &&
		   text_equal(text_of("discontinued"), text_datum_view(values[log->status - 1]));
}

/* Derive the action of an update. */
static const char *
action_of_update(const ChangeLog *log, const Datum *old_values, const bool *old_nulls,
				 const Datum *new_values, const bool *new_nulls)
{
	bool was_discontinued = is_discontinued(log, old_values, old_nulls);

	if (was_discontinued == is_discontinued(log, new_values, new_nulls))
		return CHANGE_UPDATED;
	return was_discontinued ? CHANGE_RESTORED : CHANGE_DISCONTINUED;
}

/* Store by an INSERT statement, which obeys whatever users added to the table. */
static void
insert_plain(const Datum *values, const bool *nulls)
{
	static Statement insert = {
		"INSERT INTO onboard.product_changes (product_id, vendor_id, changed_at, previous_at, action, "
		"  upload_id, row_number, changed_by, reverts, old_values, new_values) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		CHANGE_COLUMN_COUNT - 1,
		{INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, INT8OID, TEXTOID,
		 INT8OID, JSONBOID, JSONBOID},
	};
	char null_flags[CHANGE_COLUMN_COUNT];
	OwnerSection section;
	int i;

	for (i = 1; i < CHANGE_COLUMN_COUNT; i++)
		null_flags[i - 1] = nulls[i] ? 'n' : ' ';
	owner_enter_plain(&section);
	SPI_connect();
	statement_run(&insert, unconstify(Datum *, values) + 1, null_flags, false, SPI_OK_INSERT);
	SPI_finish();
	owner_leave(&section);
}

/* Not every caller is in a section, and users' indexes may call functions. */
static void
store_as_owner(RowBatch *batch)
{
	OwnerSection section;

	owner_enter(&section);
	row_batch_store(batch);
	owner_leave(&section);
}

/*
 * Store a change of the columns in log->changed; new_values is NULL for a
 * deletion.
 */
static void
add(ChangeLog *log, const ChangeOrigin *origin, const char *action, const Datum *old_values,
	const bool *old_nulls, const Datum *new_values, const bool *new_nulls)
{
	Datum product_id = old_values[log->product_id - 1];
	const ChangeReversal *reversal =
		origin != NULL ? change_origin_reversal(origin, DatumGetInt64(product_id)) : NULL;
	int64 row_number =
		reversal != NULL ? reversal->row_number : (origin != NULL ? origin->row_number : 0);
	Datum values[CHANGE_COLUMN_COUNT];
	bool nulls[CHANGE_COLUMN_COUNT] = {false};

#define SET(column, datum) (values[(column) -1] = (datum))
#define SET_OPTIONAL(column, is_known, datum) \
	(nulls[(column) -1] = !(is_known), values[(column) -1] = (is_known) ? (datum) : (Datum) 0)

	if (origin != NULL && origin->action != NULL && new_values != NULL)
		action = origin->action;
	SET(CHANGE_PRODUCT_ID, product_id);
	SET(CHANGE_VENDOR_ID, old_values[log->vendor_id - 1]);
	SET(CHANGE_CHANGED_AT, new_values != NULL ? new_values[log->updated_at - 1]
											  : TimestampTzGetDatum(change_time(DatumGetTimestampTz(
													old_values[log->updated_at - 1]))));
	SET(CHANGE_PREVIOUS_AT, old_values[log->updated_at - 1]);
	SET(CHANGE_ACTION, CStringGetTextDatum(action));
	SET_OPTIONAL(CHANGE_UPLOAD_ID, origin != NULL && origin->upload_id_text != (Datum) 0,
				 origin->upload_id_text);
	SET_OPTIONAL(CHANGE_ROW_NUMBER, row_number != 0, Int64GetDatum(row_number));
	SET(CHANGE_CHANGED_BY, log->changed_by);
	SET_OPTIONAL(CHANGE_REVERTS, reversal != NULL && reversal->change_id != 0,
				 Int64GetDatum(reversal->change_id));
	SET(CHANGE_OLD_VALUES,
		changed_values_to_jsonb(log->values, old_values, old_nulls, log->changed));
	SET_OPTIONAL(CHANGE_NEW_VALUES, new_values != NULL,
				 changed_values_to_jsonb(log->values, new_values, new_nulls, log->changed));
#undef SET
#undef SET_OPTIONAL
	if (log->batch == NULL)
	{
		insert_plain(values, nulls);
		return;
	}
	row_batch_add(log->batch, values, nulls, CHANGE_COLUMN_COUNT);
	if (row_batch_is_full(log->batch, 1))
		store_as_owner(log->batch);
}

void
change_log_add(ChangeLog *log, const ChangeOrigin *origin, const Datum *old_values,
			   const bool *old_nulls, const Datum *new_values, const bool *new_nulls,
			   uint64 changed)
{
	MemoryContext caller = MemoryContextSwitchTo(log->row_context);
	int i;

	for (i = 0; i < log->descriptor->natts; i++)
		log->changed[i] = i < 64 && i != log->updated_at - 1 && (changed >> i & 1) != 0;
	add(log, origin, action_of_update(log, old_values, old_nulls, new_values, new_nulls),
		old_values, old_nulls, new_values, new_nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(log->row_context);
}

/* Find the columns that differ; returns false if there are none. */
static bool
find_changed(ChangeLog *log, TupleTableSlot *old, TupleTableSlot *new)
{
	bool found = false;
	int i;

	for (i = 0; i < log->descriptor->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(log->descriptor, i);

		log->changed[i] =
			!column->attisdropped && i != log->updated_at - 1 &&
			(old->tts_isnull[i] != new->tts_isnull[i] ||
			 (!old->tts_isnull[i] && !datum_image_eq(old->tts_values[i], new->tts_values[i],
													 column->attbyval, column->attlen)));
		found = found || log->changed[i];
	}
	return found;
}

void
change_log_add_update(ChangeLog *log, const ChangeOrigin *origin, TupleTableSlot *old,
					  TupleTableSlot *new)
{
	MemoryContext caller = MemoryContextSwitchTo(log->row_context);

	slot_getallattrs(old);
	slot_getallattrs(new);
	if (find_changed(log, old, new))
		add(log, origin,
			action_of_update(log, old->tts_values, old->tts_isnull, new->tts_values,
							 new->tts_isnull),
			old->tts_values, old->tts_isnull, new->tts_values, new->tts_isnull);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(log->row_context);
}

void
change_log_add_deletion(ChangeLog *log, const ChangeOrigin *origin, TupleTableSlot *old)
{
	MemoryContext caller = MemoryContextSwitchTo(log->row_context);

	slot_getallattrs(old);
	memset(log->changed, true, log->descriptor->natts * sizeof(bool));
	add(log, origin, CHANGE_DELETED, old->tts_values, old->tts_isnull, NULL, NULL);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(log->row_context);
}

void
change_log_flush(ChangeLog *log)
{
	if (log->batch != NULL)
		row_batch_flush(log->batch);
}
