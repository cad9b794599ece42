/*-------------------------------------------------------------------------
 *
 * seen_keys.h
 *	  Keys of earlier rows of a dry run.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SEEN_KEYS_H
#define ONBOARD_SEEN_KEYS_H

#include "postgres.h"

#include "catalogue/catalogue.h"
#include "shared/text.h"

/* A third kind of key: a product's ID, as its bytes. */
#define SEEN_PRODUCT KEY_COUNT

typedef struct SeenKeys SeenKeys;

/*
 * Return an empty set of keys, in the current memory context.  If carried is given,
 * return *carried, which is created on first use, lives until the transaction ends,
 * and is then set to NULL.
 */
extern SeenKeys *seen_keys_open(SeenKeys **carried);

/*
 * Find a key; sets *line to that of its row.  SKUs are unique on the
 * whole platform, the other keys per vendor.
 */
extern bool
seen_keys_find(SeenKeys *seen, Datum vendor_id_text, int key, struct text_view value, int64 *line);

/* Add a key, or replace its line. */
extern void
seen_keys_note(SeenKeys *seen, Datum vendor_id_text, int key, struct text_view value, int64 line);

#endif /* ONBOARD_SEEN_KEYS_H */
