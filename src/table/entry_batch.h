/*-------------------------------------------------------------------------
 *
 * entry_batch.h
 *	  Index entries of rows that are in the heap, inserted many at a time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ENTRY_BATCH_H
#define ONBOARD_ENTRY_BATCH_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"

typedef struct EntryBatch EntryBatch;

/* The columns that changed, of a row without a previous version. */
#define ALL_COLUMNS_CHANGED PG_UINT64_MAX

/* Can entries of the index be made from column values alone, so that they may wait? */
extern bool entry_batch_accepts(Relation table, const IndexInfo *info);

/*
 * Create a batch for some indexes of a table, which must all be accepted and stay
 * open.  Allocates in the current memory context, which frees it.
 */
extern EntryBatch *
entry_batch_create(Relation table, Relation *indexes, IndexInfo **infos, int index_count);

/*
 * Add the entries of a row, given all columns of the table.  changed has bit
 * number - 1 of each column that differs from the previous version of the row.
 * has_gone_entries: see index_entry_insert_values().  Copies what it needs.  The
 * batch must not be full.
 */
extern void entry_batch_add(EntryBatch *batch, const Datum *values, const bool *nulls,
							const ItemPointerData *tid, uint64 changed, bool has_gone_entries);

/* Must the entries be inserted before others are added? */
extern bool entry_batch_is_full(const EntryBatch *batch);

/*
 * Insert the entries, index by index, in key order; returns whether there were
 * any.  Only the uniqueness of keys that changed is checked, as by INSERT.
 */
extern bool entry_batch_insert(EntryBatch *batch);

extern bool entry_batch_is_empty(const EntryBatch *batch);

#endif /* ONBOARD_ENTRY_BATCH_H */
