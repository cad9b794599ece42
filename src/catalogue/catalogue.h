/*-------------------------------------------------------------------------
 *
 * catalogue.h
 *	  The table onboard.products: finding keys in it and writing rows.
 *
 * A "key" is always one of the two things that must be unique: the SKU on the
 * whole platform, the vendor's product ID per vendor.  All conflict detection is
 * behind catalogue_find(), catalogue_claim() and catalogue_write(), so another
 * way to keep keys unique would be implemented there.
 *
 * catalogue_open() and the calls that write or wait run inside an owner section,
 * except on the plain path, where catalogue_write() enters its own, and for an
 * immediate change (see RowWrite), because entering a section costs a tenth of
 * such a change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CATALOGUE_H
#define ONBOARD_CATALOGUE_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "row/incoming_row.h"
#include "shared/action.h"

typedef enum CatalogueKey
{
	KEY_SKU,
	KEY_VENDOR_PRODUCT_ID,
	KEY_COUNT
} CatalogueKey;

/*
 * Size of the longest key: 100 characters of at most 4 bytes.  A longer one
 * breaks a rule and is in no catalogue.
 */
#define KEY_MAX_BYTES 400

/* The column that holds each key. */
extern const enum onboard_column catalogue_key_column[KEY_COUNT];

typedef enum CataloguePath
{
	CATALOGUE_DIRECT,  /* tuples and index entries, optimistically */
	CATALOGUE_DECODED, /* the same, but never removing a row: logical decoding would show it */
	CATALOGUE_PLAIN    /* one SQL statement per row */
} CataloguePath;

/* The upload and vendor of a row, as datums that stay valid while rows are stored. */
typedef struct CatalogueOwner
{
	const char *upload_id;
	Datum upload_id_text;
	Datum vendor_id_text;
	bool is_replaced; /* what it inserts is discontinued, because a later replace lacks it */
} CatalogueOwner;

/* The product that holds a key. */
typedef struct KeyHolder
{
	bool same_upload;
	int64 line_number; /* of that product's row; 0 if not known */
	bool holds_both;   /* it also holds the row's other key */
} KeyHolder;

/* What the catalogue has under the keys of a row. */
typedef struct FoundKeys
{
	bool taken[KEY_COUNT];
	KeyHolder holder[KEY_COUNT]; /* of each key that is taken */
} FoundKeys;

/* A row stored, or about to be stored, by direct insertion. */
typedef struct StoredRow
{
	ItemPointerData tid; /* set when the batch reaches the heap */
	bool in_doubt;       /* a unique index reported a possible conflict */
	int64 product_id;    /* set when the batch reaches the heap */
	int64 row_number;

	/* Trimmed; valid until catalogue_claim(). */
	struct text_view key[KEY_COUNT];
	struct text_view category;
	int category_number; /* see struct product_row */
} StoredRow;

typedef struct Catalogue Catalogue;

/*
 * Open the table and its indexes, for reading or for writing as well.  Allocates
 * in the current memory context, which must outlive the result.
 */
extern Catalogue *catalogue_open(bool for_writing);
extern void catalogue_close(Catalogue *catalogue);
extern CataloguePath catalogue_path(const Catalogue *catalogue);

/*
 * Return how rows would be stored now.  Sets *departure to the reason why they
 * cannot be stored directly (see table_shape_departure()), and *update_departure
 * to the reason why products cannot be changed directly (update_shape_departure()),
 * or to NULL.  Raises an error if no row could be loaded, as opening the table
 * does.
 */
extern CataloguePath catalogue_inspect(char **departure, char **update_departure);

/*
 * Store each row by an INSERT statement, whatever the table's shape, because user
 * code runs between the rows.  Must be called before the first row is stored.
 * why goes to the log.
 */
extern void catalogue_store_row_by_row(Catalogue *catalogue, const char *why);

/* How to look for keys. */
typedef enum CatalogueLook
{
	LOOK_NOW,     /* see rows that are committed or this transaction's own */
	LOOK_WAITING, /* also wait for running transactions that hold a key, up to the lock timeout */
	LOOK_BRIEFLY  /* as LOOK_NOW, but stop at the first free key */
} CatalogueLook;

/*
 * Find which of the wanted keys are held by a committed row, or by one that this
 * transaction stored.  Sets found for each wanted key that is looked up, and
 * leaves the others alone.  Returns whether any is held.
 */
extern bool catalogue_find(Catalogue *catalogue, const CatalogueOwner *owner,
						   const struct text_view value[KEY_COUNT], const bool wanted[KEY_COUNT],
						   CatalogueLook how, FoundKeys *found);

/* A product that exists, as catalogue_find_product() found it. */
typedef struct FoundProduct
{
	ItemPointerData tid;
	int64 product_id;
	bool same_vendor; /* as the owner of the row */
	bool same_upload; /* which inserted it */
	int64 row_number; /* of the row that it was inserted from; 0 if not known */
	int64 line_number;
	bool has_gone_entries; /* the lookup met index entries of dead versions */

	/*
	 * Its values, by PRODUCT_x - 1 (see product_values.h), perhaps compressed or
	 * out of line.  Borrowed from the catalogue until the next find.
	 */
	const Datum *values;
	const bool *nulls;
} FoundProduct;

/*
 * Find the product that holds one key, whatever its vendor if the key is the SKU.
 * LOOK_BRIEFLY is the same as LOOK_NOW.  Returns false if no product holds it.
 */
extern bool
catalogue_find_product(Catalogue *catalogue, const CatalogueOwner *owner, CatalogueKey key,
					   struct text_view value, CatalogueLook how, FoundProduct *found);

/*
 * Add a valid row to the batch for direct insertion.  stored is filled by
 * catalogue_batch_flush() at the latest, and must not move until
 * catalogue_claim().  Returns true if the batch is full and must be flushed.
 */
extern bool catalogue_batch_add(Catalogue *catalogue, const CatalogueOwner *owner,
								const IncomingRow *row, StoredRow *stored);

/*
 * Write the batch to the heap; the deferred index entries wait for
 * catalogue_claim().
 */
extern void catalogue_batch_flush(Catalogue *catalogue);

/*
 * Insert the keys of rows that are in the heap into the two unique indexes, in
 * key order, and set in_doubt where an index reports a possible conflict; then
 * insert the rows that are not in doubt into the other indexes.  Never waits.
 * Returns how many rows are in doubt.
 */
extern int
catalogue_claim(Catalogue *catalogue, const CatalogueOwner *owner, StoredRow **rows, int count);

/* Were the rows of the last catalogue_claim() in the order of both keys? */
extern bool catalogue_keys_in_order(const Catalogue *catalogue);

/*
 * Delete a row of this transaction from the heap again.  The command counter must
 * have advanced since it was stored.
 */
extern void catalogue_take_back(Catalogue *catalogue, StoredRow *row);

/*
 * Announce that rows may change existing products, so that the path also obeys what
 * users added that affects UPDATE.  Cheap after the first call.  Must not be called
 * while a window has rows that are not settled.
 */
extern void catalogue_expect_changes(Catalogue *catalogue);

/*
 * Insert the index entries of changed products that wait; see version_entries.c.
 * Must be called before a query reads products.
 */
extern void catalogue_index_changes(Catalogue *catalogue);

/*
 * Likewise, and store the history of the changes.  Must be called before users' code
 * runs, and before the statement ends.
 */
extern void catalogue_finish_changes(Catalogue *catalogue);

/*
 * What to write for one row, and the result.
 *
 * ACTION_INSERT stores the row.  ACTION_UPDATE and ACTION_DISCONTINUE replace a
 * product by the result of product_change_compute(); the row then only
 * identifies the origin of the change, and may be NULL for a change that no row
 * requested.
 */
typedef struct RowWrite
{
	const CatalogueOwner *owner;
	enum row_action action;
	const IncomingRow *row;

	/* For a change. */
	const FoundProduct *product;
	const struct ProductChange *change;
	bool at_once; /* outside an owner section, so leave what may wait or run user code */

	/* Set by catalogue_write(). */
	int64 product_id;    /* with WRITE_DONE; 0 if not known */
	const char *refusal; /* with WRITE_REFUSED: the reason, in the current context */
} RowWrite;

typedef enum WriteResult
{
	WRITE_DONE,
	WRITE_CONFLICT, /* a key was taken, or the product changed, in the meantime: look again */
	WRITE_REFUSED,  /* by a user's constraint or trigger; plain path only */
	WRITE_LATER     /* impossible with at_once: write it in an owner section */
} WriteResult;

/*
 * Carry out the action decided for one valid row, whose keys are as
 * catalogue_find() found them.  Nothing is written unless the result is
 * WRITE_DONE.  For a change, catalogue_expect_changes() must have been called; it
 * waits for other transactions that change the product, up to the lock timeout.
 */
extern WriteResult catalogue_write(Catalogue *catalogue, RowWrite *write);

#endif /* ONBOARD_CATALOGUE_H */
