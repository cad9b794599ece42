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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/skey.h"
#include "access/tableam.h"
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
#include "catalogue/catalogue_internal.h"

/* One key to look up. */
typedef struct KeyLook
{
	CatalogueKey key;
	ScanKeyData scan_keys[2];
	int scan_key_count;
	struct text_view other; /* the row's other key, if that is wanted too */
} KeyLook;

/* Fill what a scan needs; value must stay valid during the scan. */
static void
prepare_look(KeyLook *look, CatalogueKey key, Datum vendor_id, Datum value)
{
	int count = 0;

	look->key = key;
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

static bool
same_text(Datum a, Datum b)
{
	return DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, a, b));
}

/*
 * Does the product that holds the SKU hold the row's other key as well?  It does
 * for every row of a file that is sent again, and a second look is saved.
 */
static bool
holds_other_key(Catalogue *catalogue, const CatalogueOwner *owner, struct text_view other)
{
	TupleTableSlot *slot = catalogue->found_slot;
	bool is_null;
	text *held;

	if (!catalogue->as_shipped || other.length == 0)
		return false;
	held = DatumGetTextPP(slot_getattr(slot, PRODUCT_VENDOR_PRODUCT_ID, &is_null));
	return VARSIZE_ANY_EXHDR(held) == other.length &&
		   memcmp(VARDATA_ANY(held), other.data, other.length) == 0 &&
		   same_text(slot_getattr(slot, PRODUCT_VENDOR_ID, &is_null), owner->vendor_id_text);
}

static void
fill_holder(Catalogue *catalogue, const CatalogueOwner *owner, const KeyLook *look,
			KeyHolder *holder)
{
	TupleTableSlot *slot = catalogue->found_slot;
	bool is_null;
	Datum upload_id = slot_getattr(slot, catalogue->upload_id_column, &is_null);
	Datum line_number;

	holder->same_upload =
		!is_null && owner->upload_id != NULL && same_text(upload_id, owner->upload_id_text);
	line_number = slot_getattr(slot, catalogue->line_number_column, &is_null);
	if (is_null)
		line_number = slot_getattr(slot, catalogue->row_number_column, &is_null);
	holder->line_number = is_null ? 0 : DatumGetInt64(line_number);
	holder->holds_both = look->key == KEY_SKU && holds_other_key(catalogue, owner, look->other);
}

/*
 * Look without waiting, through a scan that is kept for the next look, and in its
 * memory context, because the scan itself allocates.
 */
static bool
find_now(Catalogue *catalogue, const CatalogueOwner *owner, KeyLook *look, KeyHolder *holder)
{
	MemoryContext caller = MemoryContextSwitchTo(catalogue->context);
	IndexScanDesc scan;
	bool found;

	if (catalogue->scans[look->key] == NULL)
		catalogue->scans[look->key] = begin_index_scan(
			catalogue->products, catalogue->indexes[catalogue->key_index[look->key]], SnapshotSelf,
			look->scan_key_count);
	scan = catalogue->scans[look->key];
	index_rescan(scan, look->scan_keys, look->scan_key_count, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, catalogue->found_slot);
	if (found)
		fill_holder(catalogue, owner, look, holder);
	ExecClearTuple(catalogue->found_slot);
	/* Release the pages: the next look may be a long time off. */
	index_rescan(scan, look->scan_keys, look->scan_key_count, NULL, 0);
	MemoryContextSwitchTo(caller);
	return found;
}

/* Wait for the transaction that decides on a tuple; see execIndexing.c. */
static void
wait_for_transaction(Catalogue *catalogue, const SnapshotData *dirty, ItemPointer tid)
{
	TransactionId transaction = TransactionIdIsValid(dirty->xmin) ? dirty->xmin : dirty->xmax;

	if (dirty->speculativeToken != 0)
		SpeculativeInsertionWait(dirty->xmin, dirty->speculativeToken);
	else
		XactLockTableWait(transaction, catalogue->products, tid, XLTW_InsertIndex);
}

/*
 * Look once, seeing running transactions as well.  Returns false if it had to
 * wait for one, so that the caller must look again.
 */
static bool
look_once(Catalogue *catalogue, const CatalogueOwner *owner, KeyLook *look, bool *found,
		  KeyHolder *holder)
{
	SnapshotData dirty;
	IndexScanDesc scan;
	ItemPointerData tid;
	bool must_wait = false;

	InitDirtySnapshot(dirty);
	scan =
		begin_index_scan(catalogue->products, catalogue->indexes[catalogue->key_index[look->key]],
						 &dirty, look->scan_key_count);
	index_rescan(scan, look->scan_keys, look->scan_key_count, NULL, 0);
	*found = index_getnext_slot(scan, ForwardScanDirection, catalogue->found_slot);
	if (*found)
	{
		must_wait = TransactionIdIsValid(dirty.xmin) || TransactionIdIsValid(dirty.xmax);
		tid = catalogue->found_slot->tts_tid;
		if (!must_wait)
			fill_holder(catalogue, owner, look, holder);
	}
	ExecClearTuple(catalogue->found_slot);
	index_endscan(scan);
	if (must_wait)
		wait_for_transaction(catalogue, &dirty, &tid);
	return !must_wait;
}

static bool
find_key(Catalogue *catalogue, const CatalogueOwner *owner, KeyLook *look, bool wait,
		 KeyHolder *holder)
{
	bool found;

	if (!wait)
		return find_now(catalogue, owner, look, holder);
	while (!look_once(catalogue, owner, look, &found, holder))
		CHECK_FOR_INTERRUPTS();
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
		KeyLook look = {0};

		if (!wanted[key])
			continue;
		if (key == KEY_VENDOR_PRODUCT_ID && other_found)
		{
			found->taken[key] = true;
			found->holder[key] = found->holder[KEY_SKU];
			continue;
		}
		prepare_look(&look, key, owner->vendor_id_text,
					 PointerGetDatum(cstring_to_text_with_len(value[key].data, value[key].length)));
		if (key == KEY_SKU && wanted[KEY_VENDOR_PRODUCT_ID])
			look.other = value[KEY_VENDOR_PRODUCT_ID];
		found->taken[key] =
			find_key(catalogue, owner, &look, how == LOOK_WAITING, &found->holder[key]);
		if (how == LOOK_BRIEFLY && !found->taken[key])
			break;
		any = any || found->taken[key];
		other_found = key == KEY_SKU && found->taken[key] && found->holder[key].holds_both;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(catalogue->row_context);
	return any;
}
