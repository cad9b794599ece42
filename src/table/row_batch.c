/*-------------------------------------------------------------------------
 *
 * row_batch.c
 *	  Rows that are stored in a table directly, in batches.
 *
 * A batch is inserted into the heap at once, as in COPY, and then into one
 * index after another.  If rows do not arrive in the order of an index, its entries
 * wait for those of later batches (entry_batch.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/settings.h"
#include "table/entry_batch.h"
#include "table/index_entry.h"
#include "table/row_batch.h"
#include "table/table_shape.h"

#define BATCH_ROWS 1000
#define BATCH_BYTES (64 * 1024)

struct RowBatch
{
	MemoryContext context;
	SubTransactionId opened_in;
	Relation table;
	Oid sequence;
	AttrNumber identity;
	EState *estate; /* for predicates and expressions of indexes */
	ResultRelInfo *indexes;
	bool *waits;                 /* for each index: its entries wait */
	EntryBatch *waiting;         /* NULL if none do */
	BulkInsertState bulk_insert; /* NULL until the first flush */
	TupleTableSlot *slots[BATCH_ROWS];
	int count;
	Size bytes;
};

/* Is the column one of the first two of the index? */
static bool
is_ordered_by(const IndexInfo *info, AttrNumber column)
{
	return info->ii_IndexAttrNumbers[0] == column ||
		   (info->ii_NumIndexKeyAttrs > 1 && info->ii_IndexAttrNumbers[1] == column);
}

/* Choose the indexes whose entries wait. */
static void
choose_waiting(RowBatch *batch, AttrNumber order)
{
	ResultRelInfo *all = batch->indexes;
	Relation *indexes = palloc(Max(all->ri_NumIndices, 1) * sizeof(Relation));
	IndexInfo **infos = palloc(Max(all->ri_NumIndices, 1) * sizeof(IndexInfo *));
	int count = 0;
	int i;

	batch->waits = palloc0(Max(all->ri_NumIndices, 1) * sizeof(bool));
	for (i = 0; i < all->ri_NumIndices; i++)
	{
		IndexInfo *info = all->ri_IndexRelationInfo[i];

		batch->waits[i] =
			order != 0 && entry_batch_accepts(batch->table, info) && is_ordered_by(info, order);
		if (!batch->waits[i])
			continue;
		indexes[count] = all->ri_IndexRelationDescs[i];
		infos[count++] = info;
	}
	if (count > 0)
		batch->waiting = entry_batch_create(batch->table, indexes, infos, count);
}

RowBatch *
row_batch_open(Relation table, const TableShape *shape, AttrNumber identity, AttrNumber order)
{
	RowBatch *batch;

	if (onboard_load_path == LOAD_PATH_PLAIN || table_shape_departure(table, shape) != NULL)
		return NULL;
	batch = palloc0(sizeof(RowBatch));
	batch->context = CurrentMemoryContext;
	batch->opened_in = GetCurrentSubTransactionId();
	batch->table = table;
	batch->identity = identity;
	if (identity != 0)
		batch->sequence = identity_sequence(table, identity);
	batch->estate = CreateExecutorState();
	batch->indexes = makeNode(ResultRelInfo);
	InitResultRelInfo(batch->indexes, table, 0, NULL, 0);
	ExecOpenIndices(batch->indexes, false);
	choose_waiting(batch, order);
	return batch;
}

static void
end_bulk_insert(RowBatch *batch)
{
	if (batch->bulk_insert != NULL)
		FreeBulkInsertState(batch->bulk_insert);
	batch->bulk_insert = NULL;
}

void
row_batch_close(RowBatch *batch)
{
	int i;

	if (batch == NULL)
		return;
	Assert(batch->count == 0 && (batch->waiting == NULL || entry_batch_is_empty(batch->waiting)));
	for (i = 0; i < BATCH_ROWS && batch->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(batch->slots[i]);
	end_bulk_insert(batch);
	ExecCloseIndices(batch->indexes);
	FreeExecutorState(batch->estate);
}

bool
row_batch_is_full(const RowBatch *batch, int further)
{
	return batch->count + further > BATCH_ROWS || batch->bytes > BATCH_BYTES;
}

static TupleTableSlot *
next_slot(RowBatch *batch)
{
	if (batch->slots[batch->count] == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(batch->context);

		batch->slots[batch->count] = table_slot_create(batch->table, NULL);
		MemoryContextSwitchTo(caller);
	}
	return batch->slots[batch->count];
}

void
row_batch_add(RowBatch *batch, const Datum *values, const bool *nulls, int columns)
{
	TupleTableSlot *slot = next_slot(batch);

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, columns * sizeof(Datum));
	memcpy(slot->tts_isnull, nulls, columns * sizeof(bool));
	memset(slot->tts_isnull + columns, true,
		   (slot->tts_tupleDescriptor->natts - columns) * sizeof(bool));
	if (batch->identity != 0)
	{
		slot->tts_values[batch->identity - 1] =
			Int64GetDatum(nextval_internal(batch->sequence, false));
		slot->tts_isnull[batch->identity - 1] = false;
	}
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	slot->tts_tableOid = RelationGetRelid(batch->table);
	batch->bytes += ((HeapTupleTableSlot *) slot)->tuple->t_len;
	batch->count++;
}

static void
insert_entries(RowBatch *batch, Relation index, IndexInfo *info)
{
	int i;

	for (i = 0; i < batch->count; i++)
	{
		ResetPerTupleExprContext(batch->estate);
		(void) index_entry_insert(batch->table, index, info, batch->slots[i], batch->estate,
								  index_entry_usual_check(index), false);
	}
	CHECK_FOR_INTERRUPTS();
}

/* Let the entries of the rows in the slots wait. */
static void
add_waiting(RowBatch *batch)
{
	int i;

	for (i = 0; i < batch->count; i++)
	{
		TupleTableSlot *slot = batch->slots[i];

		if (entry_batch_is_full(batch->waiting))
			(void) entry_batch_insert(batch->waiting);
		slot_getallattrs(slot);
		entry_batch_add(batch->waiting, slot->tts_values, slot->tts_isnull, &slot->tts_tid,
						ALL_COLUMNS_CHANGED, false);
	}
}

void
row_batch_store(RowBatch *batch)
{
	MemoryContext caller;
	int i;

	if (batch->count == 0)
		return;
	caller = MemoryContextSwitchTo(batch->context);
	if (batch->bulk_insert == NULL)
		batch->bulk_insert = GetBulkInsertState();
	/* table_multi_insert() and the indexes leak into the current context. */
	MemoryContextSwitchTo(GetPerTupleMemoryContext(batch->estate));
	table_multi_insert(batch->table, batch->slots, batch->count, GetCurrentCommandId(true), 0,
					   batch->bulk_insert);
	for (i = 0; i < batch->indexes->ri_NumIndices; i++)
	{
		if (!batch->waits[i])
			insert_entries(batch, batch->indexes->ri_IndexRelationDescs[i],
						   batch->indexes->ri_IndexRelationInfo[i]);
	}
	if (batch->waiting != NULL)
		add_waiting(batch);
	for (i = 0; i < batch->count; i++)
		ExecClearTuple(batch->slots[i]);
	MemoryContextSwitchTo(caller);
	ResetPerTupleExprContext(batch->estate);
	/* A pinned page must not outlive a subtransaction. */
	if (GetCurrentSubTransactionId() != batch->opened_in)
		end_bulk_insert(batch);
	batch->count = 0;
	batch->bytes = 0;
}

void
row_batch_flush(RowBatch *batch)
{
	row_batch_store(batch);
	if (batch->waiting != NULL)
		(void) entry_batch_insert(batch->waiting);
}
