/*-------------------------------------------------------------------------
 *
 * key_neighbours.c
 *	  The entries that follow a key in its unique index.
 *
 * A vendor's system lists its products in the same order every day, most often
 * in that of a key.  Searching the index for each row would then take as long
 * as all other work on a row that changes nothing.  So the entries after a key
 * are read together with it, and the following rows find their products through
 * them.
 *
 * They are only hints: an entry may have been removed since, and its TID may
 * belong to another product, so callers must compare the product's key.  A key
 * without an entry here must be looked up in the index, so entries added to the
 * index since do not matter either.  No page stays pinned.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "catalogue/key_neighbours.h"

/* About as many entries as a page of the index has. */
#define MAX_NEIGHBOURS 128
#define MAX_TEXT_BYTES BLCKSZ

/* Reading entries costs as much as this number of searches. */
#define USEFUL_HITS 8

/* Number of keys to look up before reading entries is tried again. */
#define PAUSE 500

typedef struct Neighbour
{
	ItemPointerData tid;
	struct text_view value;
} Neighbour;

struct KeyNeighbours
{
	CatalogueKey key;
	IndexScanDesc scan;
	IndexFetchTableData *fetch;
	Datum vendor_id;
	int next;    /* entry to be looked at next */
	int hits;    /* since the entries were read */
	int to_rest; /* keys left to be looked up without reading entries */
	int count;
	Neighbour entries[MAX_NEIGHBOURS];
	Size text_used;
	char text[MAX_TEXT_BYTES];
};

KeyNeighbours *
key_neighbours_create(Catalogue *catalogue, CatalogueKey key)
{
	KeyNeighbours *neighbours = MemoryContextAllocZero(catalogue->context, sizeof(KeyNeighbours));
	MemoryContext caller = MemoryContextSwitchTo(catalogue->context);

	neighbours->key = key;
	neighbours->scan =
		begin_index_scan(catalogue->products, catalogue->indexes[catalogue->key_index[key]],
						 SnapshotSelf, key == KEY_VENDOR_PRODUCT_ID ? 2 : 1);
	neighbours->scan->xs_want_itup = true;
	neighbours->fetch = table_index_fetch_begin(catalogue->products);
	neighbours->hits = USEFUL_HITS;
	MemoryContextSwitchTo(caller);
	return neighbours;
}

void
key_neighbours_destroy(KeyNeighbours *neighbours)
{
	index_endscan(neighbours->scan);
	table_index_fetch_end(neighbours->fetch);
	pfree(neighbours);
}

/* Compare as the index does if its collation is "C"; otherwise fewer entries are found. */
static int
compare_values(struct text_view a, struct text_view b)
{
	int order = memcmp(a.data, b.data, Min(a.length, b.length));

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* Return the position of the first entry that is not less than the value. */
static int
lower_bound(const KeyNeighbours *neighbours, struct text_view value)
{
	int low = 0;
	int high = neighbours->count;

	/* It is usually the next one. */
	if (neighbours->next < high && text_equal(neighbours->entries[neighbours->next].value, value) &&
		(neighbours->next == 0 ||
		 !text_equal(neighbours->entries[neighbours->next - 1].value, value)))
		return neighbours->next;
	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (compare_values(neighbours->entries[middle].value, value) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_at(const KeyNeighbours *neighbours, struct text_view value)
{
	return neighbours->next < neighbours->count &&
		   text_equal(neighbours->entries[neighbours->next].value, value);
}

/* Fetch the product of the next entries that have the value; returns false if there is none. */
static bool
fetch(KeyNeighbours *neighbours, struct text_view value, TupleTableSlot *slot, bool *skipped)
{
	for (; is_at(neighbours, value); *skipped = true)
	{
		ItemPointerData tid = neighbours->entries[neighbours->next++].tid;
		bool call_again = false;

		if (table_index_fetch_tuple(neighbours->fetch, &tid, SnapshotSelf, slot, &call_again, NULL))
			return true;
	}
	return false;
}

bool
key_neighbours_find(KeyNeighbours *neighbours, Datum vendor_id, struct text_view value,
					TupleTableSlot *slot, bool *skipped)
{
	bool found;

	if (neighbours->count == 0 || neighbours->vendor_id != vendor_id)
		return false;
	neighbours->next = lower_bound(neighbours, value);
	found = fetch(neighbours, value, slot, skipped);
	neighbours->hits += found;
	table_index_fetch_reset(neighbours->fetch);
	return found;
}

/* Begin a scan of the entries after a key. */
static void
begin_scan(KeyNeighbours *neighbours, Datum vendor_id, Datum key)
{
	ScanKeyData keys[2];
	int count = 0;

	if (neighbours->key == KEY_VENDOR_PRODUCT_ID)
	{
		ScanKeyEntryInitialize(&keys[count], 0, count + 1, BTEqualStrategyNumber, InvalidOid,
							   C_COLLATION_OID, F_TEXTEQ, vendor_id);
		count++;
	}
	ScanKeyEntryInitialize(&keys[count], 0, count + 1, BTGreaterStrategyNumber, InvalidOid,
						   C_COLLATION_OID, F_TEXT_GT, key);
	index_rescan(neighbours->scan, keys, count + 1, NULL, 0);
}

/* Add the entry that the scan is at; returns false if there is no space. */
static bool
add_entry(KeyNeighbours *neighbours, const ItemPointerData *tid)
{
	IndexScanDesc scan = neighbours->scan;
	Neighbour *entry = &neighbours->entries[neighbours->count];
	bool is_null;
	Datum datum = index_getattr(scan->xs_itup, scan->numberOfKeys, scan->xs_itupdesc, &is_null);
	struct varlena *text = (struct varlena *) DatumGetPointer(datum);
	Size length;

	if (is_null || VARATT_IS_COMPRESSED(text))
		return false;
	length = VARSIZE_ANY_EXHDR(text);
	if (neighbours->text_used + length > MAX_TEXT_BYTES)
		return false;
	entry->tid = *tid;
	entry->value.data = memcpy(neighbours->text + neighbours->text_used, VARDATA_ANY(text), length);
	entry->value.length = length;
	neighbours->text_used += length;
	neighbours->count++;
	return true;
}

static void
read_entries(KeyNeighbours *neighbours, Datum vendor_id, Datum key)
{
	ItemPointer tid;

	neighbours->vendor_id = vendor_id;
	neighbours->count = 0;
	neighbours->next = 0;
	neighbours->hits = 0;
	neighbours->text_used = 0;
	begin_scan(neighbours, vendor_id, key);
	while (neighbours->count < MAX_NEIGHBOURS)
	{
		tid = index_getnext_tid(neighbours->scan, ForwardScanDirection);
		if (tid == NULL || !add_entry(neighbours, tid))
			break;
	}
	/* Release the pages. */
	begin_scan(neighbours, vendor_id, key);
}

/* Is the value within the range that was read, so that only a new entry can have it? */
static bool
is_in_range(const KeyNeighbours *neighbours, Datum vendor_id, struct text_view value)
{
	return neighbours->count > 0 && neighbours->vendor_id == vendor_id &&
		   compare_values(value, neighbours->entries[0].value) >= 0 &&
		   compare_values(value, neighbours->entries[neighbours->count - 1].value) <= 0;
}

void
key_neighbours_note_miss(KeyNeighbours *neighbours, Datum vendor_id, struct text_view value,
						 Datum key)
{
	if (neighbours->to_rest > 0)
	{
		neighbours->to_rest--;
		return;
	}
	if (is_in_range(neighbours, vendor_id, value))
		return;
	if (neighbours->hits >= USEFUL_HITS)
	{
		read_entries(neighbours, vendor_id, key);
		return;
	}
	/* Try again after a while, as if they had been of use. */
	neighbours->count = 0;
	neighbours->hits = USEFUL_HITS;
	neighbours->to_rest = PAUSE;
}
