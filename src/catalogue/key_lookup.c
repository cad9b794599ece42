/*-------------------------------------------------------------------------
 *
 * key_lookup.c
 *	  Finding keys in onboard.products.
 *
 * Keys are looked up in the unique indexes themselves, never through a query: a
 * plan made while the table was small would read all of a vendor's rows.
 *
 * Two snapshots are used.  SnapshotSelf sees what is committed and what this
 * transaction did, the current command included, and ignores other running
 * transactions: right for a row that is invalid anyway, which must not wait.
 * SnapshotDirty also sees what running transactions did: right for a row that is
 * about to be stored, which must wait for them to end.
 *
 * Neither sees a single moment: if another transaction replaces a product
 * during the lookup, the entry of the new version may be read before that
 * transaction commits, and the old version after.  For a new row this costs no
 * more than a conflict, but an existing product would appear unknown; so a
 * product that is not found although there are entries with its key is looked
 * up once more, in the latest snapshot.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/skey.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/text_datum.h"
#include "catalogue/catalogue_internal.h"
#include "catalogue/key_hints.h"
#include "catalogue/product_reader.h"
#include "catalogue/version_entries.h"

/* One key to look up. */
typedef struct KeyLook
{
	CatalogueKey key;
	bool waits;
	bool skipped; /* set if there was an entry of a dead version */
	ScanKeyData scan_keys[2];
	int scan_key_count;
} KeyLook;

/* Fill what a scan needs; value must stay valid during the scan. */
static void
prepare_look(KeyLook *look, CatalogueKey key, CatalogueLook how, Datum vendor_id, Datum value)
{
	int count = 0;

	look->key = key;
	look->waits = how == LOOK_WAITING;
	look->skipped = false;
	if (key == KEY_VENDOR_PRODUCT_ID)
	{
		ScanKeyEntryInitialize(&look->scan_keys[count], 0, count + 1, BTEqualStrategyNumber,
							   InvalidOid, C_COLLATION_OID, F_TEXTEQ, vendor_id);
		count++;
	}
	ScanKeyEntryInitialize(&look->scan_keys[count], 0, count + 1, BTEqualStrategyNumber, InvalidOid,
						   C_COLLATION_OID, F_TEXTEQ, value);
	look->scan_key_count = count + 1;
}

/*
 * Return the scan for a look, begun at its key.  A scan is kept for the next
 * lookup, because beginning one costs more than the lookup.
 */
static IndexScanDesc
begin_look(Catalogue *catalogue, KeyLook *look)
{
	IndexScanDesc *scan = &catalogue->scans[look->key][look->waits];

	if (*scan == NULL)
		*scan = begin_index_scan(
			catalogue->products, catalogue->indexes[catalogue->key_index[look->key]],
			look->waits ? &catalogue->dirty : SnapshotSelf, look->scan_key_count);
	index_rescan(*scan, look->scan_keys, look->scan_key_count, NULL, 0);
	return *scan;
}

/* Release the pages: the next lookup may be a long time off. */
static void
end_look(Catalogue *catalogue, KeyLook *look)
{
	ExecClearTuple(catalogue->found_slot);
	(void) begin_look(catalogue, look);
}

/* Wait for the transaction that decides on a tuple; see execIndexing.c. */
static void
wait_for_transaction(Catalogue *catalogue, ItemPointer tid)
{
	const SnapshotData *dirty = &catalogue->dirty;
	TransactionId transaction = TransactionIdIsValid(dirty->xmin) ? dirty->xmin : dirty->xmax;

	if (dirty->speculativeToken != 0)
		SpeculativeInsertionWait(dirty->xmin, dirty->speculativeToken);
	else
		XactLockTableWait(transaction, catalogue->products, tid, XLTW_InsertIndex);
}

/* Does a running transaction decide whether the tuple found exists? */
static bool
is_undecided(const Catalogue *catalogue, const KeyLook *look)
{
	return look->waits && (TransactionIdIsValid(catalogue->dirty.xmin) ||
						   TransactionIdIsValid(catalogue->dirty.xmax));
}

/* Fetch the next visible tuple that the scan finds; see index_getnext_slot(). */
static bool
fetch_next(Catalogue *catalogue, KeyLook *look, IndexScanDesc scan)
{
	for (;; look->skipped = true)
	{
		if (!scan->xs_heap_continue && index_getnext_tid(scan, ForwardScanDirection) == NULL)
			return false;
		if (index_fetch_heap(scan, catalogue->found_slot))
			return true;
	}
}

/* Find the tuple that an entry of the key leads to. */
static bool
scan_for_key(Catalogue *catalogue, KeyLook *look)
{
	while (fetch_next(catalogue, look, begin_look(catalogue, look)))
	{
		ItemPointerData tid = catalogue->found_slot->tts_tid;

		if (!is_undecided(catalogue, look))
			return true;
		end_look(catalogue, look);
		wait_for_transaction(catalogue, &tid);
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

/*
 * Find the tuple that holds the key, in found_slot until end_look().  Must be
 * called in the catalogue's memory context, because the scan itself allocates.
 */
static bool
look_up(Catalogue *catalogue, KeyLook *look)
{
	if (scan_for_key(catalogue, look))
		return true;
	/* The entry of the version that replaced a dead one may wait. */
	return look->skipped && version_entries_insert(catalogue) && scan_for_key(catalogue, look);
}

/* Did the owner's upload insert the product that was found? */
static bool
is_of_upload(Catalogue *catalogue, const CatalogueOwner *owner)
{
	bool is_null;
	Datum upload_id = slot_getattr(catalogue->found_slot, catalogue->upload_id_column, &is_null);

	return !is_null && owner->upload_id != NULL &&
		   text_datums_equal(upload_id, owner->upload_id_text);
}

/* Does the tuple in found_slot have the key? */
static bool
has_key(Catalogue *catalogue, const CatalogueOwner *owner, CatalogueKey key, struct text_view value)
{
	TupleTableSlot *slot = catalogue->found_slot;
	AttrNumber column = key == KEY_SKU ? PRODUCT_SKU : PRODUCT_VENDOR_PRODUCT_ID;
	bool is_null;
	Datum held = slot_getattr(slot, column, &is_null);

	if (is_null || !text_datum_is(held, value.data, value.length))
		return false;
	return key == KEY_SKU || text_datums_equal(slot_getattr(slot, PRODUCT_VENDOR_ID, &is_null),
											   owner->vendor_id_text);
}

/*
 * Does the product that holds the SKU hold the row's other key as well?  It does
 * for every row of a file that is sent again, and a second look is saved.
 */
static bool
holds_other_key(Catalogue *catalogue, const CatalogueOwner *owner, struct text_view other)
{
	return catalogue->as_shipped && other.length > 0 &&
		   has_key(catalogue, owner, KEY_VENDOR_PRODUCT_ID, other);
}

/* other is the row's other key, if that is wanted too. */
static void
fill_holder(Catalogue *catalogue, const CatalogueOwner *owner, struct text_view other,
			KeyHolder *holder)
{
	TupleTableSlot *slot = catalogue->found_slot;
	bool is_null;
	Datum line_number;

	holder->same_upload = is_of_upload(catalogue, owner);
	line_number = slot_getattr(slot, catalogue->line_number_column, &is_null);
	if (is_null)
		line_number = slot_getattr(slot, catalogue->row_number_column, &is_null);
	holder->line_number = is_null ? 0 : DatumGetInt64(line_number);
	holder->holds_both = holds_other_key(catalogue, owner, other);
}

static bool
find_holder(Catalogue *catalogue, const CatalogueOwner *owner, KeyLook *look,
			struct text_view other, KeyHolder *holder)
{
	MemoryContext caller = MemoryContextSwitchTo(catalogue->context);
	bool found = look_up(catalogue, look);

	if (found)
		fill_holder(catalogue, owner, other, holder);
	end_look(catalogue, look);
	MemoryContextSwitchTo(caller);
	return found;
}

bool
catalogue_find(Catalogue *catalogue, const CatalogueOwner *owner,
			   const struct text_view value[KEY_COUNT], const bool wanted[KEY_COUNT],
			   CatalogueLook how, FoundKeys *found)
{
	MemoryContext caller = MemoryContextSwitchTo(catalogue->row_context);
	bool any = false;
	bool other_found = false;
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		struct text_view other = {NULL, 0};
		KeyLook look;

		if (!wanted[key])
			continue;
		if (key == KEY_VENDOR_PRODUCT_ID && other_found)
		{
			found->taken[key] = true;
			found->holder[key] = found->holder[KEY_SKU];
			continue;
		}
		prepare_look(&look, key, how, owner->vendor_id_text, text_datum(value[key]));
		if (key == KEY_SKU && wanted[KEY_VENDOR_PRODUCT_ID])
			other = value[KEY_VENDOR_PRODUCT_ID];
		found->taken[key] = find_holder(catalogue, owner, &look, other, &found->holder[key]);
		if (how == LOOK_BRIEFLY && !found->taken[key])
			break;
		any = any || found->taken[key];
		other_found = key == KEY_SKU && found->taken[key] && found->holder[key].holds_both;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(catalogue->row_context);
	return any;
}

static int64
number_or_zero(const FoundProduct *found, AttrNumber column)
{
	return found->nulls[column - 1] ? 0 : DatumGetInt64(found->values[column - 1]);
}

static void
fill_product(Catalogue *catalogue, const CatalogueOwner *owner, FoundProduct *found)
{
	if (catalogue->reader == NULL)
		catalogue->reader = product_reader_create(catalogue->products);
	product_reader_read(catalogue->reader, catalogue->found_slot, &found->values, &found->nulls);
	found->tid = catalogue->found_slot->tts_tid;
	found->product_id = number_or_zero(found, PRODUCT_ID);
	found->same_vendor =
		!found->nulls[PRODUCT_VENDOR_ID - 1] &&
		text_datums_equal(found->values[PRODUCT_VENDOR_ID - 1], owner->vendor_id_text);
	found->same_upload = is_of_upload(catalogue, owner);
	found->row_number = number_or_zero(found, PRODUCT_ROW_NUMBER);
	found->line_number = number_or_zero(found, PRODUCT_LINE_NUMBER);
}

/* Find the product by an index entry that was read after that of an earlier key. */
static bool
find_by_hint(Catalogue *catalogue, const CatalogueOwner *owner, KeyLook *look,
			 struct text_view value)
{
	KeyHints **hints = &catalogue->hints[look->key];

	if (!catalogue->as_shipped || look->waits)
		return false;
	if (*hints == NULL)
		*hints = key_hints_create(catalogue, look->key);
	if (key_hints_find(*hints, owner->vendor_id_text, value, catalogue->found_slot,
					   &look->skipped) &&
		has_key(catalogue, owner, look->key, value))
		return true;
	ExecClearTuple(catalogue->found_slot);
	return false;
}

/*
 * Find the tuple that holds the key in the latest snapshot, likewise.  It does
 * not see what the current command did, so that command must be complete: this
 * transaction may have removed a row.
 */
static bool
look_up_in_snapshot(Catalogue *catalogue, KeyLook *look)
{
	Relation index = catalogue->indexes[catalogue->key_index[look->key]];
	IndexScanDesc scan;
	Snapshot snapshot;
	bool found;

	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = begin_index_scan(catalogue->products, index, snapshot, look->scan_key_count);
	index_rescan(scan, look->scan_keys, look->scan_key_count, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, catalogue->found_slot);
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
	return found;
}

/* Find the product by a search of the index. */
static bool
find_in_index(Catalogue *catalogue, const CatalogueOwner *owner, KeyLook *look)
{
	bool found =
		look_up(catalogue, look) || (look->skipped && look_up_in_snapshot(catalogue, look));
	Datum key = look->scan_keys[look->scan_key_count - 1].sk_argument;

	if (found && catalogue->hints[look->key] != NULL && !look->waits)
		key_hints_note_search(catalogue->hints[look->key], owner->vendor_id_text, key);
	return found;
}

bool
catalogue_find_product(Catalogue *catalogue, const CatalogueOwner *owner, CatalogueKey key,
					   struct text_view value, CatalogueLook how, FoundProduct *found)
{
	MemoryContext caller = MemoryContextSwitchTo(catalogue->row_context);
	KeyLook look;
	bool is_found;

	prepare_look(&look, key, how, owner->vendor_id_text, text_datum(value));
	MemoryContextSwitchTo(catalogue->context);
	if (find_by_hint(catalogue, owner, &look, value))
	{
		fill_product(catalogue, owner, found);
		ExecClearTuple(catalogue->found_slot);
		is_found = true;
	}
	else
	{
		is_found = find_in_index(catalogue, owner, &look);
		if (is_found)
			fill_product(catalogue, owner, found);
		end_look(catalogue, &look);
	}
	found->has_gone_entries = look.skipped;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(catalogue->row_context);
	return is_found;
}
