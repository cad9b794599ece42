/*-------------------------------------------------------------------------
 *
 * change_decision.c
 *	  What happens to a row that may change a product.
 *
 * The row is compared with the product that its key finds.  Columns that the row
 * sets but a later file has already set are left out; the rules then judge the
 * product as it would become, and the guards compare that with what it is.  Nothing
 * is written here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/text_datum.h"
#include "load/change_decision.h"
#include "load/decision.h"
#include "load/stale.h"
#include "shared/apply.h"

/*
 * Attributes of no more bytes than this are within the caps: each takes at least
 * eight bytes of a jsonb.
 */
#define FEW_ATTRIBUTES_BYTES (8 * (ONBOARD_MAX_COLUMNS - COLUMN_COUNT))

CatalogueKey
change_key(const ChangeTerms *terms)
{
	return terms->match == MATCH_SKU ? KEY_SKU : KEY_VENDOR_PRODUCT_ID;
}

void
change_init(Change *change, const ChangeSetting *with, IncomingRow *row, const RowKeys *keys)
{
	memset(change, 0, sizeof(*change));
	change->with = with;
	change->row = row;
	change->keys = keys;
	change->key_column = apply_match_column(with->terms->match);
	change->key = change_key(with->terms);
	change->request = incoming_row_request(row);
}

bool
change_has_key(const Change *change)
{
	return change->keys->usable[change->key] &&
		   !text_has_replacement(change->keys->value[change->key]);
}

bool
change_may_insert(const Change *change)
{
	return change->with->mode != MODE_UPDATE && change->request != REQUEST_DELETE;
}

void
change_judge_unknown(Change *change, struct findings *findings)
{
	const ChangeTerms *terms = change->with->terms;
	struct rule_scope scope = {0};

	row_columns_of_row(change->row, terms->columns, terms->blank, &change->columns,
					   &change->is_whole_file);
	scope.columns = change->columns.columns;
	scope.required = column_bit(change->key_column);
	if (change->request == REQUEST_DELETE)
		scope.columns &= scope.required;
	incoming_row_judge_part(change->row, change->with->rules, &scope, findings);
	if (findings_are_of_unreadable_row(findings))
		return;
	decide_request(change->with->mode, change->row, findings);
	if (change_has_key(change))
		findings_add_unknown_product(findings, &change->row->product, change->key_column);
}

/* Find the columns that the row sets, and those of them that are not stale. */
static void
find_columns(Change *change)
{
	const FoundProduct *product = &change->product;
	Datum inserted_by =
		product->nulls[PRODUCT_UPLOAD_ID - 1] ? (Datum) 0 : product->values[PRODUCT_UPLOAD_ID - 1];
	RowColumns *columns = &change->columns;

	if (change->request == REQUEST_DELETE)
	{
		memset(columns, 0, sizeof(*columns));
		columns->has_status = true;
		change->is_whole_file = false;
	}
	else
	{
		row_columns_of_row(change->row, change->with->terms->columns, change->with->terms->blank,
						   columns, &change->is_whole_file);
		columns->has_status = change->with->mode != MODE_UPDATE;
	}
	change->left = *columns;
	if (change->with->terms->later == NIL)
		return;
	change->left.attributes = palloc(Max(columns->attribute_count, 1) * sizeof(RowAttribute));
	memcpy(change->left.attributes, columns->attributes,
		   columns->attribute_count * sizeof(RowAttribute));
	stale_leave_out(change->with->store, change->with->terms, product->product_id, inserted_by,
					&change->left);
}

/* Add a number of the product, in a column that the row does not set, to the scope. */
static void
add_stored(const Change *change, enum onboard_column column, struct rule_scope *scope)
{
	AttrNumber number = product_column(column);

	if ((scope->columns & column_bit(column)) != 0 || change->product.nulls[number - 1])
		return;
	scope->stored |= column_bit(column);
	scope->number[column] = product_hundredths(change->product.values[number - 1]);
}

/* Return a value of a product as text; values and nulls are by PRODUCT_x - 1. */
static struct text_view
stored_text(const Datum *values, const bool *nulls, enum onboard_column column)
{
	AttrNumber number = product_column(column);
	Datum value = values[number - 1];

	if (nulls[number - 1])
		return (struct text_view){NULL, 0};
	switch (onboard_columns[column].kind)
	{
		case VALUE_MONEY:
		case VALUE_KILOGRAMS:
			return text_of(DatumGetCString(DirectFunctionCall1(numeric_out, value)));
		case VALUE_PIECES:
			return text_of(psprintf("%d", DatumGetInt32(value)));
		case VALUE_TEXT:
		case VALUE_EXACT:
			break;
	}
	return text_datum_view(value);
}

/* Give added rules the whole product: they may compare any columns. */
static void
complete_row(const Change *change, struct rule_scope *scope)
{
	struct product_row *row = &change->row->product;
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
	{
		if ((scope->columns & column_bit(i)) != 0)
			continue;
		row->value[i] = stored_text(change->product.values, change->product.nulls, i);
		if (!value_is_number(onboard_columns[i].kind) || row->value[i].length == 0)
			continue;
		scope->stored |= column_bit(i);
		scope->number[i] = onboard_columns[i].kind == VALUE_PIECES
							   ? DatumGetInt32(change->product.values[product_column(i) - 1])
							   : product_hundredths(change->product.values[product_column(i) - 1]);
	}
}

/* Does the row have another value of this key for its product? */
static bool
has_other_key(const Change *change, CatalogueKey key, column_set columns)
{
	enum onboard_column column = catalogue_key_column[key];
	AttrNumber number = product_column(column);
	struct text_view value = change->keys->value[key];

	if (key == change->key || (columns & column_bit(column)) == 0 || !change->keys->usable[key])
		return false;
	return change->product.nulls[number - 1] ||
		   !text_datum_is(change->product.values[number - 1], value.data, value.length);
}

/* Return the keys of the row that its product has already, however they look. */
static column_set
kept_keys(const Change *change)
{
	column_set kept = 0;
	int key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		column_set bit = column_bit(catalogue_key_column[key]);

		if (!has_other_key(change, key, bit))
			kept |= bit;
	}
	return kept;
}

/* Judge the product as it would become. */
static void
judge_product(Change *change, struct findings *findings)
{
	const struct rule_settings *settings = change->with->rules;
	column_set in_file = row_columns_in_file(change->row, change->with->terms->columns);
	column_set priced = column_bit(COLUMN_PRICE) | column_bit(COLUMN_COMPARE_AT_PRICE);
	struct rule_scope scope = {0};
	bool is_completed;

	scope.columns = change->left.columns;
	scope.kept = kept_keys(change);
	scope.required = settings->required & scope.columns;
	scope.skips_added = change->request == REQUEST_DELETE;
	is_completed = settings->judge_added != NULL && !scope.skips_added;
	if (change->request != REQUEST_DELETE)
		scope.required |=
			apply_required_columns(change->with->mode, change->with->terms->match) & ~in_file;
	if ((scope.columns & priced) != 0)
	{
		add_stored(change, COLUMN_PRICE, &scope);
		add_stored(change, COLUMN_COMPARE_AT_PRICE, &scope);
	}
	if (is_completed)
		complete_row(change, &scope);
	incoming_row_judge_part(change->row, settings, &scope, findings);
	if (is_completed)
		row_trim(&change->row->product);
}

/*
 * Add the finding that the product cannot have its new key.  One that is found by
 * its SKU keeps its vendor_product_id.
 */
static void
judge_other_key(Change *change, struct findings *findings)
{
	CatalogueKey other = change->key == KEY_SKU ? KEY_VENDOR_PRODUCT_ID : KEY_SKU;
	bool wanted[KEY_COUNT] = {false};
	FoundKeys found = {{false}};

	if (!has_other_key(change, other, change->left.columns))
		return;
	if (other == KEY_SKU)
	{
		wanted[other] = true;
		(void) catalogue_find(change->with->catalogue, change->with->owner, change->keys->value,
							  wanted, change->look, &found);
		if (!found.taken[other])
			return;
	}
	findings_add_key_conflict(findings, &change->row->product, catalogue_key_column[other],
							  other == KEY_VENDOR_PRODUCT_ID);
}

static enum status_intent
intent_of(const Change *change)
{
	if (change->request == REQUEST_DELETE)
		return STATUS_DISCONTINUE;
	return change->left.has_status ? STATUS_RESTORE : STATUS_FOLLOWS_STOCK;
}

static void
compute(Change *change)
{
	const FoundProduct *product = &change->product;
	Jsonb *attributes = NULL;

	if (change->left.attribute_count > 0)
		attributes = row_columns_merge_attributes(
			&change->left, product->nulls[PRODUCT_ATTRIBUTES - 1]
							   ? NULL
							   : DatumGetJsonbP(product->values[PRODUCT_ATTRIBUTES - 1]));
	product_change_compute(change->with->catalogue, product, change->row, change->left.columns,
						   attributes, intent_of(change), &change->result);
}

/*
 * Is every value of the row older than what later files set?  A row that sets
 * nothing is not stale.
 */
static bool
is_stale(const Change *change)
{
	return row_columns_are_empty(&change->left, change->key_column) &&
		   !row_columns_are_empty(&change->columns, change->key_column);
}

bool
change_brings_sku(const Change *change)
{
	return has_other_key(change, KEY_SKU,
						 row_columns_in_file(change->row, change->with->terms->columns));
}

/*
 * Judge the size of the product as it would become: rows within the caps, one after
 * another, could add attributes without end.  The columns have limits of their own.
 */
static void
judge_size(const ProductChange *result, struct findings *findings)
{
	Jsonb *attributes;
	Size column_bytes = 0;
	int i;

	if (!product_change_has(result, PRODUCT_ATTRIBUTES))
		return;
	attributes = DatumGetJsonbP(result->values[PRODUCT_ATTRIBUTES - 1]);
	if (VARSIZE(attributes) <= FEW_ATTRIBUTES_BYTES)
		return;
	for (i = 0; i < COLUMN_COUNT; i++)
		column_bytes += stored_text(result->values, result->nulls, i).length;
	incoming_row_judge_size(column_bytes, attributes, findings);
}

/* Decide on a row without errors by the rules. */
static enum row_action
decide_valid(Change *change, struct findings *findings)
{
	if (change->request == REQUEST_DELETE && !change->left.has_status)
		return ACTION_STALE;
	compute(change);
	if (change->result.action == ACTION_UNCHANGED)
		return is_stale(change) ? ACTION_STALE : ACTION_UNCHANGED;
	judge_size(&change->result, findings);
	if (findings->has_error)
		return ACTION_REJECT;
	if (change->result.action == ACTION_UPDATE && !change->with->guards_are_off &&
		guard_holds(change->with->catalogue, change->with->owner, change->with->terms,
					&change->product, &change->result, &change->cause))
		return ACTION_HOLD;
	return change->result.action;
}

enum row_action
change_decide(Change *change, struct findings *findings)
{
	find_columns(change);
	judge_product(change, findings);
	if (!findings_are_of_unreadable_row(findings))
	{
		decide_request(change->with->mode, change->row, findings);
		judge_other_key(change, findings);
		if (change->earlier_line > 0)
			findings_add_duplicate(findings, &change->row->product, change->key_column,
								   change->earlier_line);
	}
	return findings->has_error ? ACTION_REJECT : decide_valid(change, findings);
}
