/*-------------------------------------------------------------------------
 *
 * catalogue_open.c
 *	  Opening onboard.products and its indexes, and choosing the path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "catalog/catalog.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "rewrite/prs2lock.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/settings.h"
#include "catalogue/direct_write.h"
#include "catalogue/index_entries.h"
#include "catalogue/key_hints.h"
#include "catalogue/product_reader.h"
#include "catalogue/update_shape.h"
#include "history/change_log.h"
#include "table/index_shape.h"
#include "table/table_shape.h"

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

/* With an INSTEAD rule, INSERT may do anything, and reports nothing about its row. */
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
							errhint("Use a trigger instead of the rule.")));
	}
}

/* Choose how rows will be stored. */
static CataloguePath
choose_path(Catalogue *catalogue)
{
	const char *departure;

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

/* Return a copy; reason may be NULL. */
static char *
copy_of_departure(const char *reason)
{
	return reason != NULL ? pstrdup(reason) : NULL;
}

CataloguePath
catalogue_inspect(char **departure, char **update_departure)
{
	Catalogue *catalogue = catalogue_open(false);
	CataloguePath path = choose_path(catalogue);

	*departure = copy_of_departure(table_shape_departure(catalogue->products, &products_shape));
	*update_departure = copy_of_departure(update_shape_departure(catalogue->products));
	catalogue_close(catalogue);
	return path;
}

/* Do policies apply to an INSERT by the owner? */
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
	InitDirtySnapshot(catalogue->dirty);
	product_constants_init(&catalogue->constants);
	catalogue->changed_defaults =
		table_shape_changed_defaults(catalogue->products, &products_shape);
	if (for_writing)
		catalogue->path = choose_path(catalogue);
	/* The shipped policy does not depend on the row, so checking it once is enough. */
	if (for_writing && catalogue->as_shipped && owner_is_asked(catalogue->products))
		owner_check_operator();
	return catalogue;
}

void
catalogue_finish_changes(Catalogue *catalogue)
{
	OwnerSection section;

	catalogue_index_changes(catalogue);
	if (catalogue->log == NULL)
		return;
	owner_enter(&section);
	change_log_flush(catalogue->log);
	owner_leave(&section);
}

/* scan may be NULL. */
static void
end_scan(IndexScanDesc scan)
{
	if (scan != NULL)
		index_endscan(scan);
}

void
catalogue_close(Catalogue *catalogue)
{
	int i;

	for (i = 0; i < KEY_COUNT; i++)
	{
		end_scan(catalogue->scans[i][false]);
		end_scan(catalogue->scans[i][true]);
		if (catalogue->hints[i] != NULL)
			key_hints_destroy(catalogue->hints[i]);
	}
	if (catalogue->reader != NULL)
		product_reader_destroy(catalogue->reader);
	catalogue_finish_changes(catalogue);
	if (catalogue->log != NULL)
		change_log_close(catalogue->log);
	direct_write_close(catalogue);
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

/* Did users add columns or indexes, whose types and expressions may call functions? */
static bool
has_additions(const Catalogue *catalogue)
{
	int position;

	for (position = 0; position < catalogue->index_count; position++)
	{
		const IndexInfo *info = catalogue->index_infos[position];

		if (position != catalogue->key_index[KEY_SKU] &&
			position != catalogue->key_index[KEY_VENDOR_PRODUCT_ID] &&
			!index_entries_need_no_tuple(info))
			return true;
	}
	return RelationGetDescr(catalogue->products)->natts > PRODUCT_COLUMN_COUNT;
}

void
catalogue_expect_changes(Catalogue *catalogue)
{
	MemoryContext caller;
	const char *departure;

	if (catalogue->log != NULL)
		return;
	CheckCmdReplicaIdentity(catalogue->products, CMD_UPDATE);
	departure = update_shape_departure(catalogue->products);
	if (departure != NULL && catalogue->path != CATALOGUE_PLAIN)
		catalogue_store_row_by_row(catalogue, departure);
	catalogue->keys_are_referenced = update_shape_references_keys(catalogue->products);
	catalogue->may_run_users_code = has_additions(catalogue);
	caller = MemoryContextSwitchTo(catalogue->context);
	catalogue->log = change_log_open(catalogue->products);
	MemoryContextSwitchTo(caller);
}
