/*-------------------------------------------------------------------------
 *
 * product_version.c
 *	  The version of a product that was found, and whether it is still the
 *	  current one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalogue/product_change.h"
#include "catalogue/product_reader.h"
#include "catalogue/product_version.h"

void
product_version_make_visible(Catalogue *catalogue)
{
	HeapTuple tuple = ((HeapTupleTableSlot *) product_reader_tuple(catalogue->reader))->tuple;

	if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data)))
		CommandCounterIncrement();
}

Snapshot
product_version_snapshot(void)
{
	return IsolationUsesXactSnapshot() ? GetTransactionSnapshot() : InvalidSnapshot;
}

bool
product_version_is_current(TM_Result result)
{
	switch (result)
	{
		case TM_Ok:
			return true;
		case TM_Updated:
		case TM_Deleted:
		case TM_SelfModified:
			if (IsolationUsesXactSnapshot())
				ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
								errmsg("could not serialize access due to concurrent update")));
			return false;
		default:
			elog(ERROR, "unexpected result for a product: %d", (int) result);
	}
	return false; /* not reached */
}

/*
 * table_tuple_update() can be told not to wait, but no caller in PostgreSQL does, and
 * builds with assertions refuse it.
 */
bool
product_version_is_in_use(Catalogue *catalogue, const FoundProduct *product)
{
	BlockNumber block = ItemPointerGetBlockNumber(&product->tid);
	OffsetNumber offset = ItemPointerGetOffsetNumber(&product->tid);
	Buffer buffer = ReadBuffer(catalogue->products, block);
	HeapTupleData tuple = {
		.t_self = product->tid,
		.t_tableOid = RelationGetRelid(catalogue->products),
	};
	bool is_in_use = true;
	ItemId item;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	item = PageGetItemId(BufferGetPage(buffer), offset);
	if (ItemIdIsNormal(item))
	{
		tuple.t_data = (HeapTupleHeader) PageGetItem(BufferGetPage(buffer), item);
		tuple.t_len = ItemIdGetLength(item);
		is_in_use =
			HeapTupleSatisfiesUpdate(&tuple, GetCurrentCommandId(true), buffer) == TM_BeingModified;
	}
	UnlockReleaseBuffer(buffer);
	return is_in_use;
}

bool
product_version_lock(Catalogue *catalogue, const FoundProduct *product)
{
	Snapshot snapshot = product_version_snapshot();
	ItemPointerData tid = product->tid;
	TM_FailureData failure;
	TM_Result result;

	product_version_make_visible(catalogue);
	result = table_tuple_lock(catalogue->products, &tid, SnapshotSelf, catalogue->found_slot,
							  GetCurrentCommandId(true), LockTupleNoKeyExclusive, LockWaitBlock, 0,
							  &failure);
	if (result == TM_Ok && snapshot != InvalidSnapshot &&
		!table_tuple_satisfies_snapshot(catalogue->products, catalogue->found_slot, snapshot))
		result = TM_Updated;
	ExecClearTuple(catalogue->found_slot);
	return product_version_is_current(result);
}

ChangeOrigin
product_version_origin(const RowWrite *write)
{
	ChangeOrigin origin = {
		.action = write->change->history_action,
		.upload_id_text = write->owner->upload_id_text,
		.row_number = write->row != NULL ? write->row->row_number : 0,
	};

	return origin;
}
