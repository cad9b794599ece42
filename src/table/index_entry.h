/*-------------------------------------------------------------------------
 *
 * index_entry.h
 *	  Index entries of one tuple, made without the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_INDEX_ENTRY_H
#define ONBOARD_INDEX_ENTRY_H

#include "postgres.h"

#include "access/genam.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

/* Return how an INSERT statement checks the index: a duplicate key raises an error. */
extern IndexUniqueCheck index_entry_usual_check(Relation index);

/*
 * Does a key column of the index differ between two versions of a row?  changed has
 * bit number - 1 of each column that does.
 */
extern bool index_entry_has_changed_key(const IndexInfo *info, uint64 changed);

/*
 * Insert the entry of a slot's tuple, if the index has one for it.  is_unchanged is
 * a hint that an update left the columns of the index alone.  Returns false if
 * UNIQUE_CHECK_PARTIAL reported a possible conflict.  Leaks into the current memory
 * context and into the per-tuple context of the estate.
 */
extern bool
index_entry_insert(Relation table, Relation index, IndexInfo *info, TupleTableSlot *slot,
				   EState *estate, IndexUniqueCheck check, bool is_unchanged);

/*
 * Insert an entry with these values.  A key that did not change is not checked: the
 * previous version holds it.  Otherwise a duplicate key raises an error.
 * has_gone_entries: the index may have entries of dead versions of the row, so a full
 * page is worth searching for them.  Leaks into the current context.
 */
extern void
index_entry_insert_values(Relation table, Relation index, IndexInfo *info, Datum *values,
						  bool *nulls, ItemPointer tid, uint64 changed, bool has_gone_entries);

#endif /* ONBOARD_INDEX_ENTRY_H */
