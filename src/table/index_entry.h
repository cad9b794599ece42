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
 * Insert the entry of a slot's tuple, if the index has one for it.  is_unchanged is
 * a hint that an update left the columns of the index alone.  Returns false if
 * UNIQUE_CHECK_PARTIAL reported a possible conflict.  Leaks into the current memory
 * context and into the per-tuple context of the estate.
 */
extern bool
index_entry_insert(Relation table, Relation index, IndexInfo *info, TupleTableSlot *slot,
				   EState *estate, IndexUniqueCheck check, bool is_unchanged);

#endif /* ONBOARD_INDEX_ENTRY_H */
