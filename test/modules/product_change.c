/*-------------------------------------------------------------------------
 *
 * product_change.c
 *	  Changing products as a loader does, for tests
 *
 * change_products() opens the catalogue once and, for each key of an array, finds
 * the product, computes what the row of the same position changes, and writes it.
 * Between computing and writing it waits for an advisory lock, if one is given, so
 * that another session can change the product. Columns and attributes that the row
 * has are set; the intent is follow, restore or discontinue.  It returns one text
 * per key: the result of the change, and the columns that differ.
 *
 * The functions that it calls are hidden outside the extension's library, so the test
 * library contains all of the extension, and a test loads it in place of that library.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

#include "base/owner.h"
#include "catalogue/catalogue.h"
#include "catalogue/product_change.h"
#include "row/json_row.h"
#include "shared/rule_standard.h"

PG_FUNCTION_INFO_V1(change_products);

extern PGDLLEXPORT Datum change_products(PG_FUNCTION_ARGS);

static column_set
columns_of(const IncomingRow *row)
{
	column_set columns = 0;
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
	{
		if (row->product.raw[i].data != NULL)
			columns |= column_bit(i);
	}
	return columns;
}

static void
read_row(Jsonb *product, IncomingRow *row)
{
	static struct findings findings;

	memset(row, 0, sizeof(*row));
	row->row_number = 7;
	json_row_read(&product->root, VARSIZE(product) - VARHDRSZ, row);
	row_trim(&row->product);
	incoming_row_judge(row, &rule_settings_standard, &findings);
}

static enum status_intent
intent_by_name(const char *name)
{
	if (strcmp(name, "restore") == 0)
		return STATUS_RESTORE;
	return strcmp(name, "discontinue") == 0 ? STATUS_DISCONTINUE : STATUS_FOLLOWS_STOCK;
}

static char *
describe(const char *what, const ProductChange *change)
{
	StringInfoData text;
	int i;

	initStringInfo(&text);
	appendStringInfoString(&text, what);
	for (i = 0; i < COLUMN_COUNT; i++)
	{
		if (product_change_has(change, product_column(i)))
			appendStringInfo(&text, " %s", onboard_columns[i].name);
	}
	if (product_change_has(change, PRODUCT_ATTRIBUTES))
		appendStringInfoString(&text, " attributes");
	if (product_change_has(change, PRODUCT_STATUS))
		appendStringInfoString(&text, " status");
	return text.data;
}

static char *
write_change(Catalogue *catalogue, RowWrite *write)
{
	switch (catalogue_write(catalogue, write))
	{
		case WRITE_DONE:
			return describe(write->change->history_action, write->change);
		case WRITE_CONFLICT:
			return pstrdup("conflict");
		case WRITE_REFUSED:
			return pstrdup(write->refusal);
	}
	return NULL;
}

/* Wait for another session, without the time limit of the catalogue's waits. */
static void
wait_for_lock(Datum lock)
{
	int nest_level = NewGUCNestLevel();

	(void) set_config_option("lock_timeout", "0", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
							 0, false);
	DirectFunctionCall1(pg_advisory_xact_lock_int8, lock);
	AtEOXact_GUC(true, nest_level);
}

/* Change one product. */
static char *
change_product(Catalogue *catalogue, const CatalogueOwner *owner, CatalogueKey key, text *value,
			   Jsonb *product, enum status_intent intent, Datum pause)
{
	struct text_view view = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
	IncomingRow row;
	FoundProduct found;
	ProductChange change;
	RowWrite write = {.owner = owner, .row = &row, .product = &found, .change = &change};

	read_row(product, &row);
	if (!catalogue_find_product(catalogue, owner, key, view, LOOK_WAITING, &found))
		return pstrdup("not found");
	if (!found.same_vendor)
		return pstrdup("another vendor's");
	product_change_compute(catalogue, &found, &row, columns_of(&row), row.attributes, intent,
						   &change);
	if (change.action == ACTION_UNCHANGED)
		return pstrdup("unchanged");
	if (pause != (Datum) 0)
		wait_for_lock(pause);
	write.action = change.action;
	return write_change(catalogue, &write);
}

/* change_products(vendor_id, key, keys text[], rows jsonb[], intent, pause) RETURNS text[] */
Datum
change_products(PG_FUNCTION_ARGS)
{
	CatalogueOwner owner = {"test", CStringGetTextDatum("test"), PG_GETARG_DATUM(0)};
	bool by_sku = strcmp(text_to_cstring(PG_GETARG_TEXT_PP(1)), "sku") == 0;
	enum status_intent intent = intent_by_name(text_to_cstring(PG_GETARG_TEXT_PP(4)));
	OwnerSection section;
	Catalogue *catalogue;
	Datum *keys;
	Datum *rows;
	int key_count;
	int row_count;
	int i;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &keys, NULL,
					  &key_count);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(3), JSONBOID, -1, false, TYPALIGN_INT, &rows, NULL,
					  &row_count);
	owner_enter(&section);
	catalogue = catalogue_open(true);
	catalogue_expect_changes(catalogue);
	for (i = 0; i < key_count && i < row_count; i++)
		keys[i] = CStringGetTextDatum(change_product(
			catalogue, &owner, by_sku ? KEY_SKU : KEY_VENDOR_PRODUCT_ID, DatumGetTextPP(keys[i]),
			DatumGetJsonbP(rows[i]), intent, PG_GETARG_DATUM(5)));
	catalogue_close(catalogue);
	owner_leave(&section);
	PG_RETURN_ARRAYTYPE_P(construct_array(keys, key_count, TEXTOID, -1, false, TYPALIGN_INT));
}
