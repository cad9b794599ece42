/*-------------------------------------------------------------------------
 *
 * dry_run.c
 *	  Judging without storing: onboard_validate() and onboard_check().
 *
 * Both only read, take no row locks and assign no transaction ID, so they work
 * on a hot standby.  They do not see what other transactions have not committed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "base/text_datum.h"
#include "catalogue/catalogue.h"
#include "door/seen_keys.h"
#include "load/decision.h"
#include "load/window.h"
#include "row/json_row.h"
#include "row/rule_settings.h"

/* State of one call. */
typedef struct Check
{
	const struct rule_settings *settings;
	Catalogue *catalogue;
	CatalogueOwner owner;
	struct findings findings;
} Check;

static Check *
check_open(const char *vendor_id)
{
	Check *check = palloc0(sizeof(Check));
	MemoryContext context = CurrentMemoryContext;
	RuleSettingsCache *cache;
	OwnerSection section;

	owner_check_caller(vendor_id);
	check->owner.vendor_id_text = CStringGetTextDatum(vendor_id);
	owner_enter(&section);
	SPI_connect();
	cache = rule_settings_open(context, true);
	SPI_finish();
	check->settings = rule_settings_of_vendor(cache, vendor_id);
	check->catalogue = catalogue_open(false);
	owner_leave(&section);
	return check;
}

static void
check_close(Check *check)
{
	catalogue_close(check->catalogue);
}

/* Keys carried from call to call in one transaction, or NULL. */
static SeenKeys *carried_keys = NULL;

/* Find the row's keys that an earlier valid row of the dry run brought. */
static void
find_seen(Check *check, const IncomingRow *row, SeenKeys *seen, FoundKeys *found)
{
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
	{
		int64 line;

		if (found->taken[key] ||
			!seen_keys_find(seen, check->owner.vendor_id_text, key,
							row->product.value[catalogue_key_column[key]], &line))
			continue;
		found->taken[key] = true;
		found->holder[key].same_upload = true;
		found->holder[key].line_number = line;
	}
}

static void
note_seen(Check *check, const IncomingRow *row, SeenKeys *seen)
{
	CatalogueKey key;

	for (key = 0; key < KEY_COUNT; key++)
		seen_keys_note(seen, check->owner.vendor_id_text, key,
					   row->product.value[catalogue_key_column[key]],
					   row->line_number > 0 ? row->line_number : row->row_number);
}

static enum row_action
judge_row(Check *check, IncomingRow *row, SeenKeys *seen)
{
	FoundKeys found = {{false}};
	RowKeys keys;

	row_trim(&row->product);
	incoming_row_judge(row, check->settings, &check->findings);
	if (findings_are_of_unreadable_row(&check->findings))
		return ACTION_REJECT;
	row_keys_init(&keys, row);
	catalogue_find(check->catalogue, &check->owner, keys.value, keys.usable, LOOK_NOW, &found);
	if (seen != NULL)
		find_seen(check, row, seen, &found);
	return decide_insertion(row, &found, &check->findings);
}

/*
 * Judge a row by the rules, against the catalogue and, unless seen is NULL,
 * against the earlier rows of the dry run; returns what a load would do with it.
 */
static enum row_action
check_row(Check *check, IncomingRow *row, SeenKeys *seen)
{
	enum row_action action = judge_row(check, row, seen);

	incoming_row_show_source(row, &check->findings);
	return action;
}

static void
refuse_null(const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
}

static void
return_finding(ReturnSetInfo *set, const struct finding *finding)
{
	const char *field = finding_field(finding);
	Datum values[6];
	bool nulls[6] = {false};

	values[0] = CStringGetTextDatum(finding->rule->code);
	nulls[1] = field == NULL;
	if (!nulls[1])
		values[1] = CStringGetTextDatum(field);
	values[2] = CStringGetTextDatum(finding->message);
	values[3] = CStringGetTextDatum(severity_name(finding->severity));
	nulls[4] = finding->rejected.data == NULL;
	if (!nulls[4])
		values[4] = text_datum(finding->rejected);
	nulls[5] = finding->suggestion[0] == '\0';
	if (!nulls[5])
		values[5] = CStringGetTextDatum(finding->suggestion);
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(onboard_validate);

/*
 * onboard_validate(vendor_id text, product jsonb): report what is wrong with one
 * product.  A product is valid if no result row has severity error.
 */
Datum
onboard_validate(PG_FUNCTION_ARGS)
{
	Check *check;
	Jsonb *product;
	IncomingRow row;
	int i;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		refuse_null(PG_ARGISNULL(0) ? "vendor_id" : "product");
	check = check_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	memset(&row, 0, sizeof(row));
	product = PG_GETARG_JSONB_P(1);
	json_row_read(&product->root, VARSIZE(product) - VARHDRSZ, &row);
	(void) check_row(check, &row, NULL);
	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; i < check->findings.count; i++)
		return_finding((ReturnSetInfo *) fcinfo->resultinfo, &check->findings.items[i]);
	check_close(check);
	return (Datum) 0;
}

static void
return_verdict(ReturnSetInfo *set, const IncomingRow *row, enum row_action action,
			   const struct findings *findings)
{
	Datum values[3];
	bool nulls[3] = {false};

	values[0] = Int64GetDatum(row->row_number);
	values[1] = CStringGetTextDatum(action_status(action));
	values[2] = JsonbPGetDatum(findings_to_jsonb(findings));
	tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(onboard_check);

/*
 * onboard_check(vendor_id text, records jsonb, carry boolean): dry-run many
 * records, with one result row each, in order of row_number.  With carry, 48
 * bytes per valid row are kept until the transaction ends.
 */
Datum
onboard_check(PG_FUNCTION_ARGS)
{
	Check *check;
	JsonRecords *records;
	SeenKeys *seen;
	MemoryContext row_context;
	int i;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		refuse_null(PG_ARGISNULL(0) ? "vendor_id" : PG_ARGISNULL(1) ? "records" : "carry");
	check = check_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	records = json_records_open(PG_GETARG_JSONB_P(1));
	seen = seen_keys_open(PG_GETARG_BOOL(2) ? &carried_keys : NULL);
	InitMaterializedSRF(fcinfo, 0);
	row_context =
		AllocSetContextCreate(CurrentMemoryContext, "onboard check row", ALLOCSET_DEFAULT_SIZES);
	for (i = 0; i < json_records_count(records); i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(row_context);
		IncomingRow row;
		enum row_action action;

		CHECK_FOR_INTERRUPTS();
		json_records_read(records, i, &row);
		action = check_row(check, &row, seen);
		if (action_is_valid(action))
			note_seen(check, &row, seen);
		return_verdict((ReturnSetInfo *) fcinfo->resultinfo, &row, action, &check->findings);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row_context);
	}
	check_close(check);
	return (Datum) 0;
}
