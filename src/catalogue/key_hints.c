/*-------------------------------------------------------------------------
 *
 * key_hints.c
 *	  Where the products of keys probably are, as read from the unique index.
 *
 * Searching the index for the key of each row takes as long as all other work on
 * a row that changes nothing, but reading the next entry takes a small fraction
 * of that.  A file that changes products normally names most of its vendor's,
 * often in the order of a key.  So each search reads the entries after the key
 * as well, and later rows find their products through them.  If the file is in
 * another order, a search stops at the first entry that was read before, so all
 * searches together read each entry about once.
 *
 * How much is read is in proportion to the number of keys looked up: a short
 * file of a vendor with many products gains nothing from hints, but loses little.
 *
 * They are only hints: an entry may have been removed since, its TID may belong
 * to another product, and two keys may have the same hash, so callers must
 * compare the product's key.  A key without a hint must be looked up in the
 * index, so entries added to the index since do not matter either.  No page
 * stays pinned.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "catalogue/key_hints.h"

/* Entries to read at a time: about as many as a page of the index has. */
#define ENTRIES_AT_ONCE 128

/*
 * Reading is paid for with credit: an entry costs 1, a search of the index as much
 * as reading this number of entries.
 */
#define SEARCH_COST 64
#define CREDIT_OF_LOOKUP 16
#define MAX_CREDIT (CREDIT_OF_LOOKUP * 1000)

/* After a search that read fewer entries, most keys have hints: pause for some lookups. */
#define USEFUL_ENTRIES 8
#define PAUSE_CREDIT (-CREDIT_OF_LOOKUP * 500)

/* Hints to keep: as many as a table of 2^20 elements, which takes 12 MB, holds without growing. */
#define MAX_HINTS 700000

typedef struct Hint
{
	uint32 hash; /* of the key */
	ItemPointerData tid;
	char status; /* for simplehash */
} Hint;

#define SH_PREFIX hint
#define SH_ELEMENT_TYPE Hint
#define SH_KEY_TYPE uint32
#define SH_KEY hash
#define SH_HASH_KEY(table, key) (key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct KeyHints
{
	CatalogueKey key;
	IndexScanDesc scan;
	IndexFetchTableData *fetch;
	Datum vendor_id; /* whose keys the hints are for */
	int credit;
	hint_hash *hints;
};

KeyHints *
key_hints_create(Catalogue *catalogue, CatalogueKey key)
{
	MemoryContext caller = MemoryContextSwitchTo(catalogue->context);
	KeyHints *hints = palloc0(sizeof(KeyHints));

	hints->key = key;
	hints->scan =
		begin_index_scan(catalogue->products, catalogue->indexes[catalogue->key_index[key]],
						 SnapshotSelf, key == KEY_VENDOR_PRODUCT_ID ? 2 : 1);
	hints->scan->xs_want_itup = true;
	hints->fetch = table_index_fetch_begin(catalogue->products);
	hints->credit = SEARCH_COST;
	hints->hints = hint_create(catalogue->context, 2 * ENTRIES_AT_ONCE, NULL);
	MemoryContextSwitchTo(caller);
	return hints;
}

void
key_hints_destroy(KeyHints *hints)
{
	index_endscan(hints->scan);
	table_index_fetch_end(hints->fetch);
	hint_destroy(hints->hints);
	pfree(hints);
}

static uint32
hash_key(const char *data, Size length)
{
	return hash_bytes((const unsigned char *) data, (int) length);
}

bool
key_hints_find(KeyHints *hints, Datum vendor_id, struct text_view value, TupleTableSlot *slot,
			   bool *skipped)
{
	bool call_again = false;
	ItemPointerData tid;
	bool found;
	Hint *hint;

	if (hints->vendor_id != vendor_id)
	{
		hint_reset(hints->hints);
		hints->vendor_id = vendor_id;
	}
	hints->credit = Min(hints->credit + CREDIT_OF_LOOKUP, MAX_CREDIT);
	hint = hint_lookup(hints->hints, hash_key(value.data, value.length));
	if (hint == NULL)
		return false;
	tid = hint->tid; /* the fetch moves it along the HOT chain */
	found = table_index_fetch_tuple(hints->fetch, &tid, SnapshotSelf, slot, &call_again, NULL);
	table_index_fetch_reset(hints->fetch);
	if (!found)
		*skipped = true;
	return found;
}

/* Begin a scan of the entries after a key. */
static void
begin_scan(KeyHints *hints, Datum vendor_id, Datum key)
{
	ScanKeyData keys[2];
	int count = 0;

	if (hints->key == KEY_VENDOR_PRODUCT_ID)
	{
		ScanKeyEntryInitialize(&keys[count], 0, count + 1, BTEqualStrategyNumber, InvalidOid,
							   C_COLLATION_OID, F_TEXTEQ, vendor_id);
		count++;
	}
	ScanKeyEntryInitialize(&keys[count], 0, count + 1, BTGreaterStrategyNumber, InvalidOid,
						   C_COLLATION_OID, F_TEXT_GT, key);
	index_rescan(hints->scan, keys, count + 1, NULL, 0);
}

/* Return the hash of the key of the entry that the scan is at. */
static uint32
hash_entry(IndexScanDesc scan)
{
	bool is_null;
	Datum datum = index_getattr(scan->xs_itup, scan->numberOfKeys, scan->xs_itupdesc, &is_null);
	struct varlena *text = (struct varlena *) DatumGetPointer(datum);

	/* A compressed key is not found through its hash. */
	return is_null ? 0 : hash_key(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
}

/*
 * Read the entries after the key up to one that was read before; returns their
 * number.  Of a key with several entries, the last one counts, which has the highest
 * TID and so is often that of the newest version.
 */
static int
read_entries(KeyHints *hints, Datum vendor_id, Datum key)
{
	uint32 previous = 0;
	int count;

	if (hints->hints->members > MAX_HINTS - ENTRIES_AT_ONCE)
		hint_reset(hints->hints);
	begin_scan(hints, vendor_id, key);
	for (count = 0; count < ENTRIES_AT_ONCE; count++)
	{
		ItemPointer tid = index_getnext_tid(hints->scan, ForwardScanDirection);
		bool is_known;
		uint32 hash;
		Hint *hint;

		if (tid == NULL)
			break;
		hash = hash_entry(hints->scan);
		hint = hint_insert(hints->hints, hash, &is_known);
		if (is_known && hash != previous)
			break;
		hint->tid = *tid;
		previous = hash;
	}
	/* Release the pages. */
	begin_scan(hints, vendor_id, key);
	return count;
}

void
key_hints_note_search(KeyHints *hints, Datum vendor_id, Datum key)
{
	int count;

	if (hints->credit < SEARCH_COST)
		return;
	count = read_entries(hints, vendor_id, key);
	hints->credit -= SEARCH_COST + count;
	if (count < USEFUL_ENTRIES)
		hints->credit = PAUSE_CREDIT;
}
