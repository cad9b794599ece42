/*-------------------------------------------------------------------------
 *
 * index_entries.h
 *	  Entries in the indexes of onboard.products, made without the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_INDEX_ENTRIES_H
#define ONBOARD_INDEX_ENTRIES_H

#include "postgres.h"

#include "catalogue/catalogue_internal.h"

/* Choose how the entries of each index are made. */
extern void index_entries_choose(Catalogue *catalogue);

/*
 * Make the entry of one key.  Never waits.  Returns false when the index saw a
 * possible conflict; the entry is there all the same.
 */
extern bool index_entry_of_key(Catalogue *catalogue, const CatalogueOwner *owner, CatalogueKey key,
							   struct text_view value, ItemPointer tid);

/* Make the entry of a stored row in the index at a position: ENTRY_OF_STORED_ROW. */
extern void index_entry_of_stored_row(Catalogue *catalogue, const CatalogueOwner *owner,
									  int position, StoredRow *row);

/*
 * Make the entry of a slot's tuple in the index at a position, which is not that of
 * a key.  Leaks into the current memory context.
 */
extern void index_entry_of_tuple(Catalogue *catalogue, int position, TupleTableSlot *slot);

#endif /* ONBOARD_INDEX_ENTRIES_H */
