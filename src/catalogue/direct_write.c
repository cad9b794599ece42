/*-------------------------------------------------------------------------
 *
 * direct_write.c
 *	  Writing rows to onboard.products directly, without the executor.
 *
 * Rows are written to the heap in batches, as in COPY.  Three differences from
 * COPY account for the speed:
 *
 * - The foreign key to vendors is not checked row by row.  All rows of an upload
 *   have one vendor, whose row the loader has locked FOR KEY SHARE: the very lock
 *   that the foreign-key trigger would take for each row.
 *
 * - Uniqueness is not checked before a row is stored.  Index entries are made
 *   with UNIQUE_CHECK_PARTIAL, as for deferred constraints: this never waits or
 *   raises an error, and reports whether there may be a conflict.  Only the rows
 *   in doubt pay for a closer look.
 *
 * - Index entries are made later, for a whole window of rows; see key_claim.c.
 *   Until then the rows are in the heap without entries, which no other session
 *   can observe: the rows belong to a running command, and an error before the
 *   entries are made aborts it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/counters.h"
#include "base/subtransaction.h"
#include "catalogue/direct_write.h"
#include "catalogue/index_entries.h"

void
direct_write_prepare(Catalogue *catalogue)
{
	MemoryContext caller;

	if (catalogue->estate != NULL)
		return;
	caller = MemoryContextSwitchTo(catalogue->context);
	catalogue->estate = CreateExecutorState();
	catalogue->single_slot = table_slot_create(catalogue->products, NULL);
	catalogue->sequence = identity_sequence(catalogue->products, PRODUCT_ID);
	index_entries_choose(catalogue);
	MemoryContextSwitchTo(caller);
}

void
direct_write_close(Catalogue *catalogue)
{
	int i;

	if (catalogue->estate == NULL)
		return;
	for (i = 0; i < CATALOGUE_BATCH_ROWS && catalogue->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(catalogue->slots[i]);
	ExecDropSingleTupleTableSlot(catalogue->single_slot);
	if (catalogue->bulk_insert != NULL)
		FreeBulkInsertState(catalogue->bulk_insert);
	for (i = 0; i < catalogue->index_count; i++)
		end_index_entries(catalogue->indexes[i], catalogue->index_infos[i]);
	FreeExecutorState(catalogue->estate);
	catalogue->estate = NULL;
}

/* Form the tuple in the slot, all but the product's ID. */
static void
fill_slot(Catalogue *catalogue, const CatalogueOwner *owner, const IncomingRow *row,
		  TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(catalogue->row_context);
	int column;

	ExecClearTuple(slot);
	product_values(&catalogue->constants, owner, row, slot->tts_values, slot->tts_isnull);
	slot->tts_values[PRODUCT_ID - 1] = Int64GetDatum(0);
	for (column = PRODUCT_COLUMN_COUNT; column < slot->tts_tupleDescriptor->natts; column++)
		slot->tts_isnull[column] = true;
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	slot->tts_tableOid = RelationGetRelid(catalogue->products);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(catalogue->row_context);
}

/* Assign the product ID, the tuple's first column; returns it. */
static int64
set_product_id(Catalogue *catalogue, TupleTableSlot *slot)
{
	HeapTupleHeader tuple = ((HeapTupleTableSlot *) slot)->tuple->t_data;
	int64 product_id = nextval_internal(catalogue->sequence, false);

	StaticAssertStmt(PRODUCT_ID == 1, "the ID of a product is not where it is written to");
	memcpy((char *) tuple + tuple->t_hoff, &product_id, sizeof(product_id));
	return product_id;
}

bool
catalogue_batch_add(Catalogue *catalogue, const CatalogueOwner *owner, const IncomingRow *row,
					StoredRow *stored)
{
	int position = catalogue->batch_count;

	direct_write_prepare(catalogue);
	if (catalogue->slots[position] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(catalogue->context);

		catalogue->slots[position] = table_slot_create(catalogue->products, NULL);
		MemoryContextSwitchTo(caller);
	}
	fill_slot(catalogue, owner, row, catalogue->slots[position]);
	stored->in_doubt = false;
	catalogue->rows[position] = stored;
	catalogue->batch_count++;
	catalogue->batch_bytes += ((HeapTupleTableSlot *) catalogue->slots[position])->tuple->t_len;
	return catalogue->batch_count == CATALOGUE_BATCH_ROWS ||
		   catalogue->batch_bytes > CATALOGUE_BATCH_BYTES;
}

/* Make the entries of indexes that users added. */
static void
insert_batch_entries(Catalogue *catalogue)
{
	int position;
	int i;

	for (position = 0; position < catalogue->index_count; position++)
	{
		if (catalogue->entry_ways[position] != ENTRY_OF_TUPLE)
			continue;
		for (i = 0; i < catalogue->batch_count; i++)
		{
			MemoryContext caller =
				MemoryContextSwitchTo(GetPerTupleMemoryContext(catalogue->estate));

			index_entry_of_tuple(catalogue, position, catalogue->slots[i]);
			MemoryContextSwitchTo(caller);
			ResetPerTupleExprContext(catalogue->estate);
		}
		CHECK_FOR_INTERRUPTS();
	}
}

void
catalogue_batch_flush(Catalogue *catalogue)
{
	MemoryContext caller;
	int i;

	if (catalogue->batch_count == 0)
		return;
	caller = MemoryContextSwitchTo(catalogue->context);
	if (catalogue->bulk_insert == NULL)
		catalogue->bulk_insert = GetBulkInsertState();
	/* Draw all IDs in one loop, which keeps the sequence in the processor's cache. */
	for (i = 0; i < catalogue->batch_count; i++)
		catalogue->rows[i]->product_id = set_product_id(catalogue, catalogue->slots[i]);
	/* table_multi_insert() leaks into the current context. */
	MemoryContextSwitchTo(catalogue->row_context);
	table_multi_insert(catalogue->products, catalogue->slots, catalogue->batch_count,
					   GetCurrentCommandId(true), 0, catalogue->bulk_insert);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(catalogue->row_context);
	insert_batch_entries(catalogue);
	for (i = 0; i < catalogue->batch_count; i++)
	{
		catalogue->rows[i]->tid = catalogue->slots[i]->tts_tid;
		ExecClearTuple(catalogue->slots[i]);
	}
	/* A pinned page must not outlive a subtransaction. */
	if (catalogue->path == CATALOGUE_DECODED)
	{
		FreeBulkInsertState(catalogue->bulk_insert);
		catalogue->bulk_insert = NULL;
	}
	onboard_counters.rows_direct += catalogue->batch_count;
	catalogue->batch_count = 0;
	catalogue->batch_bytes = 0;
}

void
catalogue_take_back(Catalogue *catalogue, StoredRow *row)
{
	simple_table_tuple_delete(catalogue->products, &row->tid, SnapshotSelf);
	onboard_counters.rows_direct--;
	onboard_counters.conflicts++;
}

/* Insert one row; on a conflict, return false with nothing visible inserted. */
static bool
insert_row(Catalogue *catalogue, RowWrite *write)
{
	const struct text_view *value = write->row->product.value;
	TupleTableSlot *slot = catalogue->single_slot;
	int position;

	fill_slot(catalogue, write->owner, write->row, slot);
	write->product_id = set_product_id(catalogue, slot);
	table_tuple_insert(catalogue->products, slot, GetCurrentCommandId(true), 0, NULL);
	if (!index_entry_of_key(catalogue, write->owner, KEY_SKU, value[COLUMN_SKU], &slot->tts_tid) ||
		!index_entry_of_key(catalogue, write->owner, KEY_VENDOR_PRODUCT_ID,
							value[COLUMN_VENDOR_PRODUCT_ID], &slot->tts_tid))
		return false;
	for (position = 0; position < catalogue->index_count; position++)
	{
		if (catalogue->entry_ways[position] != ENTRY_OF_KEY)
			index_entry_of_tuple(catalogue, position, slot);
	}
	return true;
}

/*
 * Carry out the action.  Returns false on a conflict; the caller must undo what
 * was written by then.
 */
static bool
carry_out(Catalogue *catalogue, RowWrite *write)
{
	direct_write_prepare(catalogue);
	switch (write->action)
	{
		case ACTION_INSERT:
			return insert_row(catalogue, write);
		default:
			elog(ERROR, "the direct path cannot carry out action \"%s\"",
				 action_name(write->action));
	}
	return false; /* not reached */
}

WriteResult
direct_write(Catalogue *catalogue, RowWrite *write)
{
	bool written = carry_out(catalogue, write);

	if (written)
		onboard_counters.rows_direct++;
	else
	{
		/* A tuple of the current command cannot be deleted. */
		CommandCounterIncrement();
		simple_table_tuple_delete(catalogue->products, &catalogue->single_slot->tts_tid,
								  SnapshotSelf);
		onboard_counters.conflicts++;
	}
	ExecClearTuple(catalogue->single_slot);
	return written ? WRITE_DONE : WRITE_CONFLICT;
}

/* Arguments of carry_out(). */
typedef struct DecodedWrite
{
	Catalogue *catalogue;
	RowWrite *write;
} DecodedWrite;

/* SubtransactionWork */
static bool
carry_out_decoded(void *argument)
{
	DecodedWrite *work = argument;
	bool written = carry_out(work->catalogue, work->write);

	ExecClearTuple(work->catalogue->single_slot);
	return written;
}

WriteResult
decoded_write(Catalogue *catalogue, RowWrite *write)
{
	DecodedWrite work = {catalogue, write};

	if (!subtransaction_run(carry_out_decoded, &work, NULL))
		return WRITE_CONFLICT;
	onboard_counters.rows_direct++;
	return WRITE_DONE;
}
