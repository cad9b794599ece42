/*-------------------------------------------------------------------------
 *
 * product_change.c
 *	  What a row changes in an existing product.
 *
 * Most rows of a daily file change nothing or little, so values are compared as
 * they are stored, bytes first, and a datum is made only of a value that differs.
 * A value that is equal keeps its stored datum: the server then sees that no
 * indexed column changed, and that a long value need not be written again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/text_datum.h"
#include "catalogue/catalogue_internal.h"
#include "catalogue/changed_default.h"
#include "catalogue/product_change.h"
#include "history/change_log.h"

#define STATUS_ACTIVE "active"
#define STATUS_OUT_OF_STOCK "out_of_stock"
#define STATUS_DISCONTINUED "discontinued"

const char *
status_after_stock_change(const char *status, int32 old_stock, int32 new_stock)
{
	if (old_stock > 0 && new_stock == 0 && strcmp(status, STATUS_ACTIVE) == 0)
		return STATUS_OUT_OF_STOCK;
	if (old_stock == 0 && new_stock > 0 && strcmp(status, STATUS_OUT_OF_STOCK) == 0)
		return STATUS_ACTIVE;
	return NULL;
}

TimestampTz
updated_at_after(TimestampTz created_at, TimestampTz updated_at)
{
	return change_time(Max(created_at, updated_at));
}

/* The same number may have been stored with other digits, if not by us. */
static bool
same_numeric(Datum stored, Datum value)
{
	struct varlena *a = PG_DETOAST_DATUM_PACKED(stored);
	struct varlena *b = (struct varlena *) DatumGetPointer(value);

	if (VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0)
		return true;
	return DatumGetBool(DirectFunctionCall2(numeric_eq, stored, value));
}

static bool
same_attributes(const FoundProduct *product, Jsonb *attributes)
{
	Datum stored = product->values[PRODUCT_ATTRIBUTES - 1];
	Jsonb *held;
	bool same;

	if (product->nulls[PRODUCT_ATTRIBUTES - 1])
		return JB_ROOT_COUNT(attributes) == 0;
	if (text_datum_is(stored, VARDATA(attributes), VARSIZE(attributes) - VARHDRSZ))
		return true;
	held = DatumGetJsonbP(stored);
	same = compareJsonbContainers(&held->root, &attributes->root) == 0;
	if ((Pointer) held != DatumGetPointer(stored))
		pfree(held);
	return same;
}

static void
set_value(ProductChange *change, AttrNumber column, Datum value, bool is_null)
{
	change->values[column - 1] = value;
	change->nulls[column - 1] = is_null;
	change->changed |= UINT64CONST(1) << (column - 1);
}

/* Does the product have the text of the row, or what a blank text stands for? */
static bool
same_text(const ProductChange *change, const IncomingRow *row, enum onboard_column column)
{
	AttrNumber number = product_column(column);
	struct text_view value = row->product.value[column];

	if (value.length == 0 && onboard_columns[column].blank != NULL)
		value = text_of(onboard_columns[column].blank);
	if (value.length == 0 || change->nulls[number - 1])
		return value.length == 0 && change->nulls[number - 1];
	return text_datum_is(change->values[number - 1], value.data, value.length);
}

static bool
same_number(const ProductChange *change, enum onboard_column column, Datum value, bool is_null)
{
	AttrNumber number = product_column(column);
	Datum stored = change->values[number - 1];

	if (is_null || change->nulls[number - 1])
		return is_null && change->nulls[number - 1];
	if (onboard_columns[column].kind == VALUE_PIECES)
		return DatumGetInt32(stored) == DatumGetInt32(value);
	return same_numeric(stored, value);
}

/* Set one column to its default, which users changed. */
static void
take_default(enum onboard_column column, Datum value, bool is_null, ProductChange *change)
{
	AttrNumber number = product_column(column);
	bool same;

	if (is_null || change->nulls[number - 1])
		same = is_null && change->nulls[number - 1];
	else if (value_is_number(onboard_columns[column].kind))
		same = same_number(change, column, value, is_null);
	else
		same = text_datums_equal(change->values[number - 1], value);
	if (!same)
		set_value(change, number, value, is_null);
}

/* Set one column to the value of the row. */
static void
take_value(Catalogue *catalogue, const IncomingRow *row, enum onboard_column column,
		   ProductChange *change)
{
	bool is_number = value_is_number(onboard_columns[column].kind);
	Datum value = (Datum) 0;
	bool is_null;

	if (row->product.value[column].length == 0 && changed_default_is_generated(catalogue, column))
		return;
	if (row->product.value[column].length == 0 &&
		changed_default_find(catalogue, column, &value, &is_null))
	{
		take_default(column, value, is_null, change);
		return;
	}
	if (!is_number && same_text(change, row, column))
		return;
	is_null = !product_value(&catalogue->constants, row, column, &value);
	if (is_number && same_number(change, column, value, is_null))
		return;
	set_value(change, product_column(column), value, is_null);
}

static int32
stock_of(const Datum *values, const bool *nulls)
{
	if (nulls[PRODUCT_STOCK_QUANTITY - 1])
		return -1;
	return DatumGetInt32(values[PRODUCT_STOCK_QUANTITY - 1]);
}

/* Return the name of the product's status if it is one that we change, or "". */
static const char *
status_of(const FoundProduct *product)
{
	static const char *const names[] = {STATUS_ACTIVE, STATUS_OUT_OF_STOCK, STATUS_DISCONTINUED};
	int i;

	for (i = 0; i < lengthof(names); i++)
	{
		if (!product->nulls[PRODUCT_STATUS - 1] &&
			text_datum_is(product->values[PRODUCT_STATUS - 1], names[i], strlen(names[i])))
			return names[i];
	}
	return "";
}

static void
set_status(const Catalogue *catalogue, const char *status, ProductChange *change)
{
	const ProductConstants *constants = &catalogue->constants;
	Datum value = constants->active;

	if (strcmp(status, STATUS_OUT_OF_STOCK) == 0)
		value = constants->out_of_stock;
	else if (strcmp(status, STATUS_DISCONTINUED) == 0)
		value = constants->discontinued;
	set_value(change, PRODUCT_STATUS, value, false);
}

static void
discontinue(const Catalogue *catalogue, const FoundProduct *product, ProductChange *change)
{
	if (strcmp(status_of(product), STATUS_DISCONTINUED) == 0)
		return;
	set_status(catalogue, STATUS_DISCONTINUED, change);
	change->sets_status = true;
	change->action = ACTION_DISCONTINUE;
	change->history_action = "discontinued";
}

static void
apply_stock(const Catalogue *catalogue, const FoundProduct *product, bool restore,
			ProductChange *change)
{
	const char *old_status = status_of(product);
	int32 new_stock = stock_of(change->values, change->nulls);
	const char *status;

	if (restore && strcmp(old_status, STATUS_DISCONTINUED) == 0)
	{
		status = new_stock == 0 ? STATUS_OUT_OF_STOCK : STATUS_ACTIVE;
		change->sets_status = true;
		change->history_action = "restored";
	}
	else
		status = status_after_stock_change(old_status, stock_of(product->values, product->nulls),
										   new_stock);
	if (status != NULL)
		set_status(catalogue, status, change);
}

void
product_change_compute(Catalogue *catalogue, const FoundProduct *product, const IncomingRow *row,
					   column_set columns, Jsonb *attributes, enum status_intent intent,
					   ProductChange *change)
{
	memcpy(change->values, product->values, sizeof(change->values));
	memcpy(change->nulls, product->nulls, sizeof(change->nulls));
	change->changed = 0;
	change->sets_status = false;
	change->action = ACTION_UPDATE;
	change->history_action = "updated";
	if (intent == STATUS_DISCONTINUE)
		discontinue(catalogue, product, change);
	else
	{
		for (; columns != 0; columns &= columns - 1)
			take_value(catalogue, row, column_first(columns), change);
		if (attributes != NULL && !same_attributes(product, attributes))
			set_value(change, PRODUCT_ATTRIBUTES, JsonbPGetDatum(attributes), false);
		apply_stock(catalogue, product, intent == STATUS_RESTORE, change);
	}
	change->changes_key = product_change_has(change, PRODUCT_SKU) ||
						  product_change_has(change, PRODUCT_VENDOR_PRODUCT_ID);
	if (change->changed == 0)
		change->action = ACTION_UNCHANGED;
	else
		change->values[PRODUCT_UPDATED_AT - 1] = TimestampTzGetDatum(
			updated_at_after(DatumGetTimestampTz(product->values[PRODUCT_CREATED_AT - 1]),
							 DatumGetTimestampTz(product->values[PRODUCT_UPDATED_AT - 1])));
}
