/*-------------------------------------------------------------------------
 *
 * catalogue.h
 *	  The table onboard.products: finding keys in it and writing rows.
 *
 * "Key" is always one of the two things that must be unique: the SKU on the
 * whole platform, the vendor's product ID per vendor.  All conflict detection
 * stands behind catalogue_find(), catalogue_claim() and catalogue_write(), so
 * that another way to keep keys unique has one place to go.
 *
 * catalogue_open() and the calls that write or wait run inside an owner section,
 * except on the plain path, where catalogue_write() makes its own.
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
 * Bytes of the longest key: 100 characters of at most 4 bytes.  A longer one breaks
 * a rule and is in no catalogue.
 */
#define KEY_MAX_BYTES 400

/* The column a key is made of. */
extern const enum onboard_column catalogue_key_column[KEY_COUNT];

typedef enum CataloguePath
{
	CATALOGUE_DIRECT,  /* tuples and index entries, optimistically */
	CATALOGUE_DECODED, /* the same, but nothing is ever taken back:
								 * logical decoding would show it */
	CATALOGUE_PLAIN    /* one INSERT statement per row */
} CataloguePath;

/* Whose row it is, as datums that stay valid while rows are stored. */
typedef struct CatalogueOwner
{
	const char *upload_id;
	Datum upload_id_text;
	Datum vendor_id_text;
} CatalogueOwner;

/* Who holds a key. */
typedef struct KeyHolder
{
	bool same_upload;
	int64 line_number; /* of that product's row; 0 when not known */
	bool holds_both;   /* it holds the other key of the row as well */
} KeyHolder;

/* What the catalogue has under the keys of a row. */
typedef struct FoundKeys
{
	bool taken[KEY_COUNT];
	KeyHolder holder[KEY_COUNT]; /* of the keys that are taken */
} FoundKeys;

/* A row stored, or about to be stored, by direct insertion. */
typedef struct StoredRow
{
	ItemPointerData tid; /* set when the batch reaches the heap */
	bool in_doubt;       /* a unique index saw a possible conflict */
	int64 product_id;    /* set when the batch reaches the heap */
	int64 row_number;

	/* Trimmed; they live until catalogue_claim(). */
	struct text_view key[KEY_COUNT];
	struct text_view category;
	int category_number; /* see struct product_row */
} StoredRow;

typedef struct Catalogue Catalogue;

/*
 * Open the table and its indexes for reading, or for writing as well.  What it
 * allocates lives in the current memory context, which must outlive it.
 */
extern Catalogue *catalogue_open(bool for_writing);
extern void catalogue_close(Catalogue *catalogue);
extern CataloguePath catalogue_path(const Catalogue *catalogue);

/*
 * How would rows be stored now?  Sets *departure to what keeps them from being
 * stored directly (see table_shape_departure()), or NULL.  Raises an error when
 * no row could be loaded, as opening the table does.
 */
extern CataloguePath catalogue_inspect(char **departure);

/*
 * Store by an INSERT statement per row whatever the table is like, because user
 * code runs between the rows.  To be called before the first row is stored.  why
 * is for the log.
 */
extern void catalogue_store_row_by_row(Catalogue *catalogue, const char *why);

/* How to look for keys. */
typedef enum CatalogueLook
{
	LOOK_NOW,     /* at what is committed or this transaction's own */
	LOOK_WAITING, /* and wait for running transactions that hold a
								 * key to end (up to the lock timeout; then an error) */
	LOOK_BRIEFLY  /* as LOOK_NOW; stop at the first key that is free */
} CatalogueLook;

/*
 * Which of the wanted keys are taken by a committed row, or by one this
 * transaction stored?  Sets found for each wanted key that is looked for, and
 * leaves the others alone.  Returns whether any is taken.
 */
extern bool catalogue_find(Catalogue *catalogue, const CatalogueOwner *owner,
						   const struct text_view value[KEY_COUNT], const bool wanted[KEY_COUNT],
						   CatalogueLook how, FoundKeys *found);

/*
 * Add a valid row to the batch for direct insertion.  stored is filled by
 * catalogue_batch_flush() at the latest, and must stay where it is until
 * catalogue_claim().  Returns true when the batch is full and has to be flushed.
 */
extern bool catalogue_batch_add(Catalogue *catalogue, const CatalogueOwner *owner,
								const IncomingRow *row, StoredRow *stored);

/* Send the batch to the heap; the rest of its indexes waits for catalogue_claim(). */
extern void catalogue_batch_flush(Catalogue *catalogue);

/*
 * Enter the keys of rows that are in the heap into the two unique indexes, in
 * key order, and set in_doubt where an index saw a possible conflict; then enter
 * the rows that are not in doubt into the other indexes.  Never waits.  Returns
 * how many are in doubt.
 */
extern int
catalogue_claim(Catalogue *catalogue, const CatalogueOwner *owner, StoredRow **rows, int count);

/* Did the rows of the last catalogue_claim() come in the order of both keys? */
extern bool catalogue_keys_in_order(const Catalogue *catalogue);

/*
 * Remove a row of this transaction from the heap again.  The command counter
 * must have advanced since it was stored.
 */
extern void catalogue_take_back(Catalogue *catalogue, StoredRow *row);

/* What is to be written of one row, and what came of it. */
typedef struct RowWrite
{
	const CatalogueOwner *owner;
	enum row_action action;
	const IncomingRow *row;

	/* Set by catalogue_write(). */
	int64 product_id;    /* with WRITE_DONE; 0 when it is not known */
	const char *refusal; /* with WRITE_REFUSED: why, in the current context */
} RowWrite;

typedef enum WriteResult
{
	WRITE_DONE,
	WRITE_CONFLICT, /* a key was taken in the meantime: look again */
	WRITE_REFUSED   /* by somebody's constraint or trigger; plain path only */
} WriteResult;

/*
 * Carry out the action that was decided for one valid row, whose keys are as
 * catalogue_find() found them.  Nothing is written unless the result is WRITE_DONE.
 */
extern WriteResult catalogue_write(Catalogue *catalogue, RowWrite *write);

#endif /* ONBOARD_CATALOGUE_H */
