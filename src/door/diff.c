/*-------------------------------------------------------------------------
 *
 * diff.c
 *	  Comparing before loading: onboard_diff() and onboard_diff_missing().
 *
 * They report what the rows of an upload would do, and only read: they lock no
 * rows and assign no transaction ID, so they work on a hot standby.  The
 * decisions are those of a load, with two differences: uncommitted work of
 * other transactions is invisible, and a SKU that an earlier row of the file
 * would free still counts as taken.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "door/seen_keys.h"
#include "history/changed_values.h"
#include "load/change_decision.h"
#include "load/decision.h"
#include "load/window.h"
#include "row/json_row.h"
#include "row/rule_settings.h"
#include "upload/replace_end.h"

/* Arguments of onboard_diff(). */
enum
{
	ARGUMENT_VENDOR_ID,
	ARGUMENT_RECORDS,
	ARGUMENT_MODE,
	ARGUMENT_MATCH,
	ARGUMENT_BLANK,
	ARGUMENT_SOURCE_TIME,
	ARGUMENT_COLUMNS,
	ARGUMENT_CARRY
};

/* What the calls of one transaction carry over, besides the keys that they have seen. */
typedef struct Carried
{
	ChangeTerms *terms;
	int64 newly_offered; /* products inserted or restored, less those that rows discontinue */
	bool has_unnamed;    /* a row whose key cannot be read */
} Carried;

/* NULL outside of such a transaction. */
static SeenKeys *carried_keys = NULL;
static Carried *carried = NULL;

/* State of one call. */
typedef struct Diff
{
	ChangeSetting setting;
	CatalogueOwner owner;
	SeenKeys *seen;
	ChangedValues *changed_values;
	struct findings findings;
	Carried *carried; /* or NULL */
} Diff;

/* What a row would do. */
typedef struct DiffOutcome
{
	enum row_action action;
	int64 product_id; /* 0 if none */
	Datum old_values; /* 0 if it would change no product */
	Datum new_values;
} DiffOutcome;

static void
refuse_value(const char *name, const char *value)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("unrecognized value for parameter %s: \"%s\"", name, value)));
}

static void
forget_carried(void *argument)
{
	carried = NULL;
}

/* Keep the terms for the next call. */
static void
carry_terms(ChangeTerms *terms)
{
	MemoryContextCallback *callback =
		MemoryContextAllocZero(TopTransactionContext, sizeof(*callback));

	callback->func = forget_carried;
	MemoryContextRegisterResetCallback(TopTransactionContext, callback);
	carried = MemoryContextAllocZero(TopTransactionContext, sizeof(*carried));
	carried->terms = terms;
}

/* Return the terms that the arguments specify.  Runs in an owner section, with SPI. */
static ChangeTerms *
open_terms(FunctionCallInfo fcinfo, const char *vendor_id, bool carry, MemoryContext context)
{
	const char *match_name = text_argument_or_null(fcinfo, ARGUMENT_MATCH);
	const char *blank_name = text_argument_or_null(fcinfo, ARGUMENT_BLANK);
	enum upload_match match = MATCH_COUNT;
	enum upload_blank blank = BLANK_CLEARS;
	const RowColumns *columns = NULL;
	TimestampTz source_time = GetCurrentTimestamp();
	ChangeTerms *terms;

	if (carry && carried != NULL)
		return carried->terms;
	if (carry)
		context = TopTransactionContext;
	if (match_name != NULL && !upload_match_by_name(match_name, &match))
		refuse_value("match", match_name);
	if (blank_name != NULL && !upload_blank_by_name(blank_name, &blank))
		refuse_value("blank", blank_name);
	if (!PG_ARGISNULL(ARGUMENT_SOURCE_TIME))
		source_time = PG_GETARG_TIMESTAMPTZ(ARGUMENT_SOURCE_TIME);
	if (!PG_ARGISNULL(ARGUMENT_COLUMNS))
	{
		MemoryContext caller = MemoryContextSwitchTo(context);

		columns = row_columns_read(PG_GETARG_DATUM(ARGUMENT_COLUMNS));
		MemoryContextSwitchTo(caller);
	}
	terms = change_terms_suppose(vendor_id, match, blank, source_time, columns, context);
	if (carry)
		carry_terms(terms);
	return terms;
}

/* Open what the rows of the vendor need. */
static Diff *
open_diff(FunctionCallInfo fcinfo, enum upload_mode mode, bool carry)
{
	Diff *diff = palloc0(sizeof(Diff));
	MemoryContext context = CurrentMemoryContext;
	char *vendor_id = text_argument_or_null(fcinfo, ARGUMENT_VENDOR_ID);
	RuleSettingsCache *cache;
	OwnerSection section;

	owner_check_caller(vendor_id);
	diff->owner.vendor_id_text = CStringGetTextDatum(vendor_id);
	diff->owner.upload_id_text = CStringGetTextDatum(""); /* that of no upload */
	diff->changed_values = changed_values_open(product_descriptor());
	diff->seen = seen_keys_open(carry ? &carried_keys : NULL);
	diff->setting.owner = &diff->owner;
	diff->setting.mode = mode;
	owner_enter(&section);
	SPI_connect();
	cache = rule_settings_open(context, true);
	diff->setting.terms = open_terms(fcinfo, vendor_id, carry, context);
	diff->carried = carry ? carried : NULL;
	SPI_finish();
	diff->setting.rules = rule_settings_of_vendor(cache, vendor_id);
	diff->setting.catalogue = catalogue_open(false);
	diff->setting.store = action_store_open(false);
	owner_leave(&section);
	return diff;
}

static void
close_diff(Diff *diff)
{
	action_store_close(diff->setting.store);
	catalogue_close(diff->setting.catalogue);
}

static int64
line_of(const IncomingRow *row)
{
	return row->line_number > 0 ? row->line_number : row->row_number;
}

/* Return the product's ID as a key for seen_keys. */
static struct text_view
product_key(const int64 *product_id)
{
	return (struct text_view){(const char *) product_id, sizeof(*product_id)};
}

/* Judge a row that would become a product, as a load does. */
static enum row_action
judge_insertion(Diff *diff, IncomingRow *row, const RowKeys *keys)
{
	FoundKeys found = {{false}};
	CatalogueKey key;
	enum row_action action;

	incoming_row_judge(row, diff->setting.rules, &diff->findings);
	if (findings_are_of_unreadable_row(&diff->findings))
		return ACTION_REJECT;
	decide_request(diff->setting.mode, row, &diff->findings);
	catalogue_find(diff->setting.catalogue, &diff->owner, keys->value, keys->usable, LOOK_NOW,
				   &found);
	for (key = 0; key < KEY_COUNT; key++)
	{
		int64 line;

		if (found.taken[key] ||
			!seen_keys_find(diff->seen, diff->owner.vendor_id_text, key, keys->value[key], &line))
			continue;
		found.taken[key] = true;
		found.holder[key].same_upload = true;
		found.holder[key].line_number = line;
	}
	action = decide_insertion(row, &found, &diff->findings);
	for (key = 0; key < KEY_COUNT && action == ACTION_INSERT; key++)
		seen_keys_note(diff->seen, diff->owner.vendor_id_text, key, keys->value[key], line_of(row));
	return action;
}

/* Note the product that the row names, and the SKU that the row would give it. */
static void
note_product(Diff *diff, const Change *change, const RowKeys *keys, enum row_action action)
{
	Datum vendor_id_text = diff->owner.vendor_id_text;

	if (change->earlier_line == 0)
		seen_keys_note(diff->seen, vendor_id_text, SEEN_PRODUCT,
					   product_key(&change->product.product_id), line_of(change->row));
	if (action != ACTION_UPDATE)
		return;
	guard_note(diff->setting.terms, &change->product, &change->result);
	if (product_change_has(&change->result, PRODUCT_SKU))
		seen_keys_note(diff->seen, vendor_id_text, KEY_SKU, keys->value[KEY_SKU],
					   line_of(change->row));
}

/* Return the values of a product in the columns that would change. */
static Datum
changed_values(const Diff *diff, const ProductChange *change, const Datum *values,
			   const bool *nulls)
{
	bool changed[PRODUCT_COLUMN_COUNT];
	AttrNumber column;

	for (column = 1; column <= PRODUCT_COLUMN_COUNT; column++)
		changed[column - 1] = product_change_has(change, column);
	return changed_values_to_jsonb(diff->changed_values, values, nulls, changed);
}

/* Judge a row whose key finds a product. */
static void
judge_change(Diff *diff, Change *change, const RowKeys *keys, DiffOutcome *outcome)
{
	const FoundProduct *product = &change->product;

	if (!seen_keys_find(diff->seen, diff->owner.vendor_id_text, SEEN_PRODUCT,
						product_key(&product->product_id), &change->earlier_line))
		change->earlier_line = 0;
	outcome->action = change_decide(change, &diff->findings);
	outcome->product_id = product->product_id;
	note_product(diff, change, keys, outcome->action);
	if (outcome->action != ACTION_UPDATE && outcome->action != ACTION_DISCONTINUE &&
		outcome->action != ACTION_HOLD)
		return;
	outcome->old_values = changed_values(diff, &change->result, product->values, product->nulls);
	outcome->new_values =
		changed_values(diff, &change->result, change->result.values, change->result.nulls);
}

/* Find the product of the vendor that has the row's key. */
static bool
find_product(const Diff *diff, Change *change)
{
	change->look = LOOK_NOW;
	return change_has_key(change) &&
		   catalogue_find_product(diff->setting.catalogue, &diff->owner, change->key,
								  change->keys->value[change->key], LOOK_NOW, &change->product) &&
		   change->product.same_vendor;
}

/* Would an earlier row of the file insert the product that the row names? */
static bool
is_seen(const Diff *diff, const Change *change)
{
	int64 line;

	return seen_keys_find(diff->seen, diff->owner.vendor_id_text, change->key,
						  change->keys->value[change->key], &line);
}

/* Note what the guard of a replace needs to know at its end. */
static void
note_offer(Carried *so_far, const Change *change, enum row_action action)
{
	if (!change_has_key(change))
		so_far->has_unnamed = true;
	if (action == ACTION_INSERT ||
		(action == ACTION_UPDATE && strcmp(change->result.history_action, "restored") == 0))
		so_far->newly_offered++;
	else if (action == ACTION_DISCONTINUE)
		so_far->newly_offered--;
}

static void
judge_row(Diff *diff, IncomingRow *row, DiffOutcome *outcome)
{
	Change change;
	RowKeys keys;

	row_trim(&row->product);
	row_keys_init(&keys, row);
	change_init(&change, &diff->setting, row, &keys);
	if (!upload_mode_changes(diff->setting.mode))
		outcome->action = judge_insertion(diff, row, &keys);
	else if (find_product(diff, &change))
		judge_change(diff, &change, &keys, outcome);
	else if (change_may_insert(&change) || is_seen(diff, &change))
		outcome->action = judge_insertion(diff, row, &keys);
	else
	{
		change_judge_unknown(&change, &diff->findings);
		outcome->action = ACTION_REJECT;
	}
	if (diff->carried != NULL)
		note_offer(diff->carried, &change, outcome->action);
}

static void
return_outcome(ReturnSetInfo *set, const Diff *diff, const IncomingRow *row,
			   const DiffOutcome *outcome)
{
	struct text_view sku = row->product.value[COLUMN_SKU];
	Datum values[8];
	bool nulls[8] = {false};

	values[0] = Int64GetDatum(row->row_number);
	values[1] = CStringGetTextDatum(action_status(outcome->action));
	nulls[2] = !action_is_valid(outcome->action);
	values[2] = CStringGetTextDatum(action_name(outcome->action));
	nulls[3] = outcome->product_id == 0;
	values[3] = Int64GetDatum(outcome->product_id);
	nulls[4] = sku.length == 0;
	values[4] = text_datum(sku);
	nulls[5] = outcome->old_values == (Datum) 0;
	values[5] = outcome->old_values;
	nulls[6] = outcome->new_values == (Datum) 0;
	values[6] = outcome->new_values;
	values[7] = JsonbPGetDatum(findings_to_jsonb(&diff->findings));
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(onboard_diff);

/*
 * Return what each record would do to the catalogue, with the values that would
 * change, in order of row_number.  With carry, the records of earlier calls with
 * carry in this transaction count as rows of the same file.
 */
Datum
onboard_diff(PG_FUNCTION_ARGS)
{
	enum upload_mode mode = MODE_UPSERT;
	JsonRecords *records;
	MemoryContext row_context;
	Diff *diff;
	int i;

	if (PG_ARGISNULL(ARGUMENT_VENDOR_ID) || PG_ARGISNULL(ARGUMENT_RECORDS) ||
		PG_ARGISNULL(ARGUMENT_MODE) || PG_ARGISNULL(ARGUMENT_CARRY))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("vendor_id, records, mode and carry must not be null")));
	if (!upload_mode_by_name(text_argument_or_null(fcinfo, ARGUMENT_MODE), &mode))
		refuse_value("mode", text_argument_or_null(fcinfo, ARGUMENT_MODE));
	records = json_records_open(PG_GETARG_JSONB_P(ARGUMENT_RECORDS));
	diff = open_diff(fcinfo, mode, PG_GETARG_BOOL(ARGUMENT_CARRY));
	InitMaterializedSRF(fcinfo, 0);
	row_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard diff row", ALLOCSET_DEFAULT_SIZES);
	for (i = 0; i < json_records_count(records); i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(row_context);
		DiffOutcome outcome = {ACTION_REJECT};
		IncomingRow row;

		CHECK_FOR_INTERRUPTS();
		json_records_read(records, i, &row);
		judge_row(diff, &row, &outcome);
		incoming_row_show_source(&row, &diff->findings);
		return_outcome((ReturnSetInfo *) fcinfo->resultinfo, diff, &row, &outcome);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row_context);
	}
	close_diff(diff);
	return (Datum) 0;
}

/* Products of a vendor on sale that no later upload inserted; the rest is done here. */
static const char missing_query[] =
	"SELECT p.product_id FROM onboard.products p "
	"WHERE p.vendor_id = $1 AND p.status <> 'discontinued' AND NOT EXISTS ("
	"  SELECT FROM onboard.upload_history l WHERE l.vendor_id = $1 AND l.source_time > $2 "
	"    AND NOT l.metadata ? 'undone_at' AND (l.upload_id = p.upload_id OR EXISTS ("
	"      SELECT FROM onboard.row_actions r WHERE r.upload_number = l.upload_number AND r.product_id = p.product_id)))";

/* Count the products on the current page of a cursor that no row named. */
static int64
count_unseen(Datum vendor_id_text)
{
	int64 count = 0;
	uint64 i;

	for (i = 0; i < SPI_processed; i++)
	{
		bool is_null;
		int64 product_id =
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null));
		int64 line;

		if (carried_keys == NULL || !seen_keys_find(carried_keys, vendor_id_text, SEEN_PRODUCT,
													product_key(&product_id), &line))
			count++;
	}
	return count;
}

/* Return why discontinuing so many products would wait for approval, or NULL. */
static const char *
waiting_cause(Datum vendor_id_text, int64 missing)
{
	int64 on_offer;

	if (missing == 0)
		return NULL;
	if (carried != NULL && carried->has_unnamed)
		return HELD_UNNAMED_RECORDS;
	return replace_end_guard_holds(vendor_id_text, missing,
								   carried != NULL ? carried->newly_offered : 0, &on_offer)
			   ? HELD_DISCONTINUE_SHARE
			   : NULL;
}

PG_FUNCTION_INFO_V1(onboard_diff_missing);

/*
 * Count the products that an upload with mode replace would discontinue at its end:
 * those that no record named in the calls of onboard_diff() with carry in this
 * transaction.  The second column is the cause for which the step would be held, or null.
 */
Datum
onboard_diff_missing(PG_FUNCTION_ARGS)
{
	Oid types[2] = {TEXTOID, TIMESTAMPTZOID};
	Datum values[2];
	Datum result[2];
	bool nulls[2] = {false, false};
	TupleDesc descriptor;
	OwnerSection section;
	const char *cause;
	int64 count = 0;
	Portal portal;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s must not be null", "vendor_id")));
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	owner_check_caller(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	values[0] = PointerGetDatum(PG_GETARG_TEXT_PP(0));
	values[1] = PG_ARGISNULL(1) ? TimestampTzGetDatum(GetCurrentTimestamp()) : PG_GETARG_DATUM(1);
	owner_enter(&section);
	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, missing_query, 2, types, values, NULL, true, 0);
	do
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, 1000);
		count += count_unseen(values[0]);
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	SPI_cursor_close(portal);
	cause = waiting_cause(values[0], count);
	SPI_finish();
	owner_leave(&section);
	result[0] = Int64GetDatum(count);
	result[1] = (Datum) 0;
	if (cause != NULL)
		result[1] = CStringGetTextDatum(cause);
	nulls[1] = cause == NULL;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), result, nulls)));
}
