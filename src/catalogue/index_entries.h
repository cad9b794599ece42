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

/* Does StoredRow have everything that an entry of this index needs? */
extern bool index_entries_need_no_tuple(const IndexInfo *info);

/* Choose how the entries of each index are made. */
extern void index_entries_choose(Catalogue *catalogue);

/*
 * Insert the entry of one key.  Never waits.  Returns false if the index reported
 * a possible conflict; the entry is made all the same.
 */
extern bool index_entry_of_key(Catalogue *catalogue, const CatalogueOwner *owner, CatalogueKey key,
							   struct text_view value, ItemPointer tid);

/*
 * Insert the entry of a stored row into the index at a position:
 * ENTRY_OF_STORED_ROW.
 */
extern void index_entry_of_stored_row(Catalogue *catalogue, const CatalogueOwner *owner,
									  int position, StoredRow *row);

/*
 * Insert the entry of a slot's tuple into the index at a position, which must not
 * be one of a key.  Leaks into the current memory context.
 */
extern void index_entry_of_tuple(Catalogue *catalogue, int position, TupleTableSlot *slot);

/*
 * Insert the entry of a new version of a product, whose columns changed differ,
 * into the index at a position.  has_gone_entries: see FoundProduct.  Returns false,
 * with the entry made all the same, if a key that changed may be taken.  Never waits
 * for that.  Leaks likewise.
 */
extern bool index_entry_of_version(Catalogue *catalogue, int position, TupleTableSlot *slot,
								   uint64 changed, bool has_gone_entries);

#endif /* ONBOARD_INDEX_ENTRIES_H */
