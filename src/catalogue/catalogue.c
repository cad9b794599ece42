/*-------------------------------------------------------------------------
 *
 * catalogue.c
 *	  The table onboard.products: opening it and finding keys in it.
 *
 * Keys are looked up in the unique indexes themselves, never through a query:
 * a plan made while the table was small reads all of a vendor's rows.
 *
 * Two snapshots are used.  SnapshotSelf sees what is committed and what this
 * transaction did, the current command included, and passes over what other
 * running transactions did: right for a row that is invalid anyway, which must
 * not wait.  SnapshotDirty also sees what running transactions did: right for
 * a row that is about to be stored, which has to wait for them to end.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/skey.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "catalog/catalog.h"
#include "catalog/index.h"
#include "catalog/pg_collation.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "rewrite/prs2lock.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/settings.h"
#include "catalogue/catalogue_internal.h"
#include "catalogue/index_shape.h"
#include "catalogue/table_shape.h"

const enum onboard_column catalogue_key_column[KEY_COUNT] = {
	COLUMN_SKU,
	COLUMN_VENDOR_PRODUCT_ID,
};

static AttrNumber
column_number(Relation products, const char *name)
{
	AttrNumber number = get_attnum(RelationGetRelid(products), name);

	if (number == InvalidAttrNumber)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("column \"%s\" of onboard.products does not exist", name),
						errdetail("It comes with the extension and is needed to load rows.")));
	return number;
}

static void
find_key_indexes(Catalogue *catalogue)
{
	AttrNumber sku[1];
	AttrNumber vendor_product_id[2];
	int i;

	sku[0] = column_number(catalogue->products, "sku");
	vendor_product_id[0] = column_number(catalogue->products, "vendor_id");
	vendor_product_id[1] = column_number(catalogue->products, "vendor_product_id");
	catalogue->key_index[KEY_SKU] = -1;
	catalogue->key_index[KEY_VENDOR_PRODUCT_ID] = -1;
	for (i = 0; i < catalogue->index_count; i++)
	{
		if (index_is_unique_on(catalogue->indexes[i], sku, 1))
			catalogue->key_index[KEY_SKU] = i;
		else if (index_is_unique_on(catalogue->indexes[i], vendor_product_id, 2))
			catalogue->key_index[KEY_VENDOR_PRODUCT_ID] = i;
	}
	if (catalogue->key_index[KEY_SKU] < 0 || catalogue->key_index[KEY_VENDOR_PRODUCT_ID] < 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("onboard.products lacks the unique constraint on %s",
					catalogue->key_index[KEY_SKU] < 0 ? "sku" : "vendor_id and vendor_product_id"),
			 errhint(
				 "Add it again with ALTER TABLE ... ADD UNIQUE; no row can be loaded without it.")));
}

static void
open_indexes(Catalogue *catalogue, LOCKMODE lock)
{
	List *oids = RelationGetIndexList(catalogue->products);
	ListCell *cell;

	catalogue->indexes = palloc(Max(list_length(oids), 1) * sizeof(Relation));
	catalogue->index_infos = palloc(Max(list_length(oids), 1) * sizeof(IndexInfo *));
	foreach(cell, oids)
	{
		Relation index = index_open(lfirst_oid(cell), lock);

		catalogue->indexes[catalogue->index_count] = index;
		catalogue->index_infos[catalogue->index_count] = BuildIndexInfo(index);
		catalogue->index_count++;
	}
	list_free(oids);
}

/* With an INSTEAD rule, INSERT may do anything, and says nothing of its row. */
static void
refuse_instead_rules(Relation products)
{
	int i;

	for (i = 0; products->rd_rules != NULL && i < products->rd_rules->numLocks; i++)
	{
		if (products->rd_rules->rules[i]->event == CMD_INSERT &&
			products->rd_rules->rules[i]->isInstead)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("onboard.products has an INSTEAD rule on INSERT"),
							errhint("Use a trigger in place of the rule.")));
	}
}

/* How rows will be stored. */
static CataloguePath
choose_path(Catalogue *catalogue)
{
	const char *departure;

	catalogue->changed_defaults =
		table_shape_changed_defaults(catalogue->products, &products_shape);
	departure = table_shape_departure(catalogue->products, &products_shape);
	refuse_instead_rules(catalogue->products);
	catalogue->as_shipped = departure == NULL;
	if (departure != NULL)
		ereport(DEBUG1,
				(errmsg_internal("onboard stores rows by INSERT because of onboard.products: %s",
								 departure)));
	if (departure != NULL || onboard_load_path == LOAD_PATH_PLAIN)
		return CATALOGUE_PLAIN;
	if (RelationIsLogicallyLogged(catalogue->products))
		return CATALOGUE_DECODED;
	return CATALOGUE_DIRECT;
}

CataloguePath
catalogue_inspect(char **departure)
{
	Catalogue *catalogue = catalogue_open(false);
	CataloguePath path = choose_path(catalogue);
	const char *reason = table_shape_departure(catalogue->products, &products_shape);

	*departure = reason != NULL ? pstrdup(reason) : NULL;
	catalogue_close(catalogue);
	return path;
}

/* Does an INSERT of the owner's ask the policies? */
static bool
owner_is_asked(Relation products)
{
	Form_pg_class form = products->rd_rel;

	return form->relrowsecurity && form->relforcerowsecurity &&
		   !has_bypassrls_privilege(form->relowner);
}

Catalogue *
catalogue_open(bool for_writing)
{
	Catalogue *catalogue = palloc0(sizeof(Catalogue));
	LOCKMODE lock = for_writing ? RowExclusiveLock : AccessShareLock;

	catalogue->context = CurrentMemoryContext;
	catalogue->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard product row", ALLOCSET_DEFAULT_SIZES);
	catalogue->products = table_open(onboard_relation("products"), lock);
	open_indexes(catalogue, lock);
	find_key_indexes(catalogue);
	catalogue->upload_id_column = column_number(catalogue->products, "upload_id");
	catalogue->row_number_column = column_number(catalogue->products, "row_number");
	catalogue->line_number_column = column_number(catalogue->products, "line_number");
	catalogue->found_slot = table_slot_create(catalogue->products, NULL);
	if (for_writing)
		catalogue->path = choose_path(catalogue);
	/* What the shipped policy asks does not depend on the row, so once is enough. */
	if (for_writing && catalogue->as_shipped && owner_is_asked(catalogue->products))
		owner_check_operator();
	return catalogue;
}

void
catalogue_close(Catalogue *catalogue)
{
	int i;

	for (i = 0; i < KEY_COUNT; i++)
	{
		if (catalogue->scans[i] != NULL)
			index_endscan(catalogue->scans[i]);
	}
	catalogue_insert_close(catalogue);
	ExecDropSingleTupleTableSlot(catalogue->found_slot);
	for (i = 0; i < catalogue->index_count; i++)
		index_close(catalogue->indexes[i], NoLock);
	table_close(catalogue->products, NoLock);
	MemoryContextDelete(catalogue->row_context);
}

CataloguePath
catalogue_path(const Catalogue *catalogue)
{
	return catalogue->path;
}

void
catalogue_store_row_by_row(Catalogue *catalogue, const char *why)
{
	ereport(DEBUG1, (errmsg_internal("onboard stores rows by INSERT because %s", why)));
	catalogue->path = CATALOGUE_PLAIN;
}

bool
catalogue_keys_in_order(const Catalogue *catalogue)
{
	return catalogue->keys_in_order;
}

/* One key to look for. */
typedef struct KeyLook
{
	CatalogueKey key;
	ScanKeyData scan_keys[2];
	int scan_key_count;
	struct text_view other; /* the row's other key, where that is wanted too */
} KeyLook;

/* Fill what a scan needs; value must stay valid while the scan runs. */
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
 * Does the product that holds the SKU hold the row's other key as well?  So it is
 * for every row of a file that comes again, and a second look is saved.
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
 * Look without waiting, through a scan that is kept for the next look, and in
 * its memory context: the scan itself allocates while it runs.
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
	/* Let go of the pages: the next look may be a long time off. */
	index_rescan(scan, look->scan_keys, look->scan_key_count, NULL, 0);
	MemoryContextSwitchTo(caller);
	return found;
}

/* Wait for the transaction that a tuple's fate depends on; see execIndexing.c. */
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
 * One look that also sees running transactions.  Returns false when it had to
 * wait for one and the caller must look again.
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
			   CatalogueLook how, bool taken[KEY_COUNT], KeyHolder holder[KEY_COUNT])
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
			taken[key] = true;
			holder[key] = holder[KEY_SKU];
			continue;
		}
		prepare_look(&look, key, owner->vendor_id_text,
					 PointerGetDatum(cstring_to_text_with_len(value[key].data, value[key].length)));
		if (key == KEY_SKU && wanted[KEY_VENDOR_PRODUCT_ID])
			look.other = value[KEY_VENDOR_PRODUCT_ID];
		taken[key] = find_key(catalogue, owner, &look, how == LOOK_WAITING, &holder[key]);
		if (how == LOOK_BRIEFLY && !taken[key])
			break;
		any = any || taken[key];
		other_found = key == KEY_SKU && taken[key] && holder[key].holds_both;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(catalogue->row_context);
	return any;
}
