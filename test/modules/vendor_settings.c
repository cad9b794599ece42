/*-------------------------------------------------------------------------
 *
 * vendor_settings.c
 *	  Per-vendor rule settings, for tests
 * Tests load this library with session_preload_libraries. It is a source of rule settings
 * (row/rule_settings.h) that reads them from the view oracle.settings_rows in the test's
 * database, one setting per row:
 *
 *	  kind		name		low, high
 *	  range		a column	the range, in the unit of its kind
 *	  length	a column	high: the maximum number of characters
 *	  required	a column
 *	  warning	a rule		a code: the rule is a warning
 *	  added		a severity	SUSPICIOUS_BRAND is a rule, too
 *
 * SUSPICIOUS_BRAND is not built in: brands that begin with a "b" break it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "row/rule_settings.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

static const struct rule suspicious_brand[] = {
	[SEVERITY_ERROR] = {RULE_COUNT, "SUSPICIOUS_BRAND", 1000, SEVERITY_ERROR},
	[SEVERITY_WARNING] = {RULE_COUNT, "SUSPICIOUS_BRAND", 1000, SEVERITY_WARNING},
};

/* The rule is last in order, and so is its finding. */
static void
judge_brand(const struct product_row *row, const struct rule *rule, struct findings *findings)
{
	struct finding *finding = &findings->items[findings->count];

	if (row->value[COLUMN_BRAND].length == 0 || row->value[COLUMN_BRAND].data[0] != 'b' ||
		findings->count == MAX_FINDINGS)
		return;
	finding->rule = rule;
	finding->column = COLUMN_BRAND;
	finding->severity = rule->severity;
	finding->rejected = row->raw[COLUMN_BRAND];
	strcpy(finding->message, "brand begins with b");
	strcpy(finding->suggestion, "");
	findings->count++;
	if (rule->severity == SEVERITY_ERROR)
		findings->has_error = true;
}

static void
judge_with_error(const struct product_row *row, const struct rule_settings *settings,
				 struct findings *findings)
{
	judge_brand(row, &suspicious_brand[SEVERITY_ERROR], findings);
}

static void
judge_with_warning(const struct product_row *row, const struct rule_settings *settings,
				   struct findings *findings)
{
	judge_brand(row, &suspicious_brand[SEVERITY_WARNING], findings);
}

static int
number_of(const char *name, const char *const *names, int count)
{
	int i;

	for (i = 0; i < count; i++)
	{
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return i;
	}
	elog(ERROR, "oracle.settings_rows has an unexpected name: %s", name);
	return -1;
}

static int
column_of(const char *name)
{
#define COLUMN_NAME(symbol, name, ...) #name,
	static const char *const names[] = {ONBOARD_COLUMNS(COLUMN_NAME)};

	return number_of(name, names, COLUMN_COUNT);
}

/* Rules with a check; the others are always errors. */
static int
rule_of(const char *code)
{
#define CODE(id) [RULE_##id] = #id
	static const char *const codes[RULE_COUNT] = {
		CODE(MISSING_REQUIRED_FIELDS), CODE(INVALID_PRICE),     CODE(INVALID_STOCK),
		CODE(FIELD_LENGTH_EXCEEDED),   CODE(INVALID_CATEGORY),  CODE(INVALID_COMPARE_AT_PRICE),
		CODE(INVALID_WEIGHT),          CODE(INVALID_IMAGE_URL), CODE(INVALID_CHARACTERS),
	};

	return number_of(code, codes, RULE_COUNT);
}

static int64
number_at(int row, int column)
{
	bool is_null;

	return DatumGetInt64(
		SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &is_null));
}

static void
apply(int row, struct rule_settings *settings)
{
	const char *kind = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1);
	const char *name = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 2);

	if (strcmp(kind, "range") == 0)
	{
		settings->ranges[column_of(name)].minimum = number_at(row, 3);
		settings->ranges[column_of(name)].maximum = number_at(row, 4);
	}
	else if (strcmp(kind, "length") == 0)
		settings->max_characters[column_of(name)] = number_at(row, 4);
	else if (strcmp(kind, "required") == 0)
		settings->required |= column_bit(column_of(name));
	else if (strcmp(kind, "warning") == 0)
		settings->severity[rule_of(name)] = SEVERITY_WARNING;
	else
		settings->judge_added = strcmp(name, "error") == 0 ? judge_with_error : judge_with_warning;
}

/* RuleSettingsSource: fill() */
static void
fill(const char *vendor_id, struct rule_settings *settings)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(vendor_id)};
	uint64 row;

	if (SPI_execute_with_args("SELECT kind, name, low, high FROM oracle.settings_rows"
							  " WHERE vendor_id OPERATOR(pg_catalog.=) $1",
							  1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "oracle.settings_rows cannot be read");
	for (row = 0; row < SPI_processed; row++)
		apply(row, settings);
}

void
_PG_init(void)
{
	static RuleSettingsSource source = {fill};

	*find_rendezvous_variable(RULE_SETTINGS_SOURCE) = &source;
}
