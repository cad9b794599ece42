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

#include "nodes/execnodes.h"
#include "utils/relcache.h"

/*
 * Insert the entry of a slot's tuple, if the index has one for it; a duplicate
 * key raises an error.  Leaks into the current memory context and into the
 * per-tuple context of the estate.
 */
extern void index_entry_insert(Relation table, Relation index, IndexInfo *info,
							   TupleTableSlot *slot, EState *estate);

#endif /* ONBOARD_INDEX_ENTRY_H */
