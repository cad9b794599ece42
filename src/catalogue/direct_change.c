/*-------------------------------------------------------------------------
 *
 * direct_change.c
 *	  Replacing products directly, without the executor.
 *
 * The new version is stored by table_tuple_update(), which waits for other
 * transactions that change the product and reports whether they did: the caller
 * must then look it up again, so no change is ever lost.  As in an UPDATE, indexes
 * need no entry for the new version if no indexed column changed and the page has
 * room (HOT).  Otherwise, its entries normally wait for those of other products
 * (version_entries.c).
 *
 * A changed key is inserted into its index like that of a new row, without
 * waiting and without an error.  If it may be taken, the new version must be
 * removed, which only the rollback of a subtransaction can do.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/counters.h"
#include "base/subtransaction.h"
#include "catalogue/direct_write.h"
#include "catalogue/index_entries.h"
#include "catalogue/product_change.h"
#include "catalogue/product_reader.h"
#include "catalogue/product_version.h"
#include "catalogue/version_entries.h"
#include "history/change_log.h"

/* Form the new version; columns that users added keep their values. */
static void
fill_slot(Catalogue *catalogue, const ProductChange *change, TupleTableSlot *slot)
{
	TupleTableSlot *old = product_reader_tuple(catalogue->reader);
	int column;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, change->values, sizeof(change->values));
	memcpy(slot->tts_isnull, change->nulls, sizeof(change->nulls));
	for (column = PRODUCT_COLUMN_COUNT; column < slot->tts_tupleDescriptor->natts; column++)
	{
		slot->tts_values[column] = old->tts_values[column];
		slot->tts_isnull[column] = old->tts_isnull[column];
	}
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(catalogue->products);
}

/* Insert the index entries of the new version; returns false if a key may be taken. */
static bool
insert_entries(Catalogue *catalogue, const RowWrite *write, TU_UpdateIndexes entries)
{
	TupleTableSlot *slot = catalogue->single_slot;
	uint64 changed = write->change->changed | UINT64CONST(1) << (PRODUCT_UPDATED_AT - 1);
	int position;

	if (entries == TU_None)
		return true;
	for (position = 0; position < catalogue->index_count; position++)
	{
		if (entries == TU_Summarizing && !index_is_summarizing(catalogue->index_infos[position]))
			continue;
		if (!index_entry_of_version(catalogue, position, slot, changed,
									write->product->has_gone_entries))
			return false;
	}
	return true;
}

/*
 * Replace the product.  If this returns a conflict, something may have been
 * written only if a key changes.
 */
static WriteResult
replace_product(Catalogue *catalogue, const RowWrite *write, TU_UpdateIndexes *entries)
{
	TupleTableSlot *slot = catalogue->single_slot;
	ItemPointerData tid = write->product->tid;
	TM_FailureData failure;
	MemoryContext caller;
	TM_Result result;
	bool is_free;

	product_version_make_visible(catalogue);
	if (write->at_once && product_version_is_in_use(catalogue, write->product))
		return WRITE_LATER;
	fill_slot(catalogue, write->change, slot);
	result = update_tuple(catalogue->products, &tid, slot, product_version_snapshot(), &failure,
						  entries);
	if (!product_version_is_current(result))
		return WRITE_CONFLICT;
	if (*entries == TU_All && version_entries_may_wait(catalogue, write))
	{
		version_entries_add(catalogue, write, &slot->tts_tid);
		return WRITE_DONE;
	}
	caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(catalogue->estate));
	is_free = insert_entries(catalogue, write, *entries);
	MemoryContextSwitchTo(caller);
	ResetPerTupleExprContext(catalogue->estate);
	return is_free ? WRITE_DONE : WRITE_CONFLICT;
}

/* Arguments and result of replace_in_subtransaction(). */
typedef struct KeyChange
{
	Catalogue *catalogue;
	const RowWrite *write;
	TU_UpdateIndexes entries;
} KeyChange;

/* SubtransactionWork */
static bool
replace_in_subtransaction(void *argument)
{
	KeyChange *work = argument;

	return replace_product(work->catalogue, work->write, &work->entries) == WRITE_DONE;
}

static void
record_change(Catalogue *catalogue, const RowWrite *write)
{
	ChangeOrigin origin = product_version_origin(write);

	if (!change_log_is_on(catalogue->log))
		return;
	change_log_add(catalogue->log, &origin, write->product->values, write->product->nulls,
				   write->change->values, write->change->nulls, write->change->changed);
}

WriteResult
direct_change(Catalogue *catalogue, RowWrite *write)
{
	KeyChange work = {catalogue, write};
	WriteResult result;

	direct_write_prepare(catalogue);
	if (!write->change->changes_key)
		result = replace_product(catalogue, write, &work.entries);
	else if (subtransaction_run(replace_in_subtransaction, &work, NULL))
		result = WRITE_DONE;
	else
		result = WRITE_CONFLICT;
	ExecClearTuple(catalogue->single_slot);
	if (result != WRITE_DONE)
		return result;
	record_change(catalogue, write);
	onboard_counters.changes_direct++;
	if (work.entries != TU_All)
		onboard_counters.changes_hot++;
	return WRITE_DONE;
}
