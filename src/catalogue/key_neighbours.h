/*-------------------------------------------------------------------------
 *
 * key_neighbours.h
 *	  The entries that follow a key in its unique index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_KEY_NEIGHBOURS_H
#define ONBOARD_KEY_NEIGHBOURS_H

#include "postgres.h"

#include "catalogue/catalogue_internal.h"

typedef struct KeyNeighbours KeyNeighbours;

/* Create them, empty, in the catalogue's memory context. */
extern KeyNeighbours *key_neighbours_create(Catalogue *catalogue, CatalogueKey key);
extern void key_neighbours_destroy(KeyNeighbours *neighbours);

/*
 * Fetch the product of a key into the slot, which pins its page until it is
 * cleared.  vendor_id is compared as a pointer: see CatalogueOwner.
 * Returns false if no entry is known, which says nothing about the index;
 * otherwise, the caller must check that the product has the key.  Sets
 * *skipped if there was an entry of a dead version.  Must be called in the
 * catalogue's memory context.
 */
extern bool key_neighbours_find(KeyNeighbours *neighbours, Datum vendor_id, struct text_view value,
								TupleTableSlot *slot, bool *skipped);

/*
 * Note that the key, whose datum is value, had to be looked up in the index:
 * read the entries after it, unless those read earlier were of little use.
 * Likewise.
 */
extern void key_neighbours_note_miss(KeyNeighbours *neighbours, Datum vendor_id,
									 struct text_view value, Datum key);

#endif /* ONBOARD_KEY_NEIGHBOURS_H */
