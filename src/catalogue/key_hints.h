/*-------------------------------------------------------------------------
 *
 * key_hints.h
 *	  Where the products of keys probably are, as read from the unique index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_KEY_HINTS_H
#define ONBOARD_KEY_HINTS_H

#include "postgres.h"

#include "catalogue/catalogue_internal.h"

typedef struct KeyHints KeyHints;

/* Create a set without hints, in the catalogue's memory context. */
extern KeyHints *key_hints_create(Catalogue *catalogue, CatalogueKey key);
extern void key_hints_destroy(KeyHints *hints);

/*
 * Fetch the product of a key into the slot, which pins its page until it is
 * cleared.  vendor_id is compared as a pointer: see CatalogueOwner.
 * Returns false if there is no hint, which says nothing about the index;
 * otherwise, the caller must check that the product has the key.  Sets
 * *skipped if the hint led to a dead version.  Must be called in the catalogue's
 * memory context.
 */
extern bool key_hints_find(KeyHints *hints, Datum vendor_id, struct text_view value,
						   TupleTableSlot *slot, bool *skipped);

/*
 * Note that the key was found by a search of the index, which may read hints
 * for the keys after it.  Must be called in the catalogue's memory context, too.
 */
extern void key_hints_note_search(KeyHints *hints, Datum vendor_id, Datum key);

#endif /* ONBOARD_KEY_HINTS_H */
