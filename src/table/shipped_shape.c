/*-------------------------------------------------------------------------
 *
 * shipped_shape.c
 *	  The tables that take rows, as the script creates them.
 *
 * This is compiled in because it belongs to the code that skips what an INSERT
 * statement would check; it must not be a row that a user can edit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_attribute.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "table/shipped_shape.h"

#define NUMERIC_TYPMOD(precision, scale) ((((precision) << 16) | (scale)) + VARHDRSZ)

/* SQL types that store the kinds of the table of columns. */
#define SQL_TYPE_MONEY NUMERICOID
#define SQL_TYPE_KILOGRAMS NUMERICOID
#define SQL_TYPE_PIECES INT4OID
#define SQL_TYPE_TEXT TEXTOID
#define SQL_TYPE_EXACT TEXTOID
#define SQL_TYPMOD_MONEY NUMERIC_TYPMOD(10, 2)
#define SQL_TYPMOD_KILOGRAMS NUMERIC_TYPMOD(8, 2)
#define SQL_TYPMOD_PIECES (-1)
#define SQL_TYPMOD_TEXT (-1)
#define SQL_TYPMOD_EXACT (-1)

static const ColumnShape products_columns[PRODUCT_COLUMN_COUNT] = {
	[PRODUCT_ID - 1] = {"product_id", INT8OID, -1, true, .identity = ATTRIBUTE_IDENTITY_ALWAYS},
	[PRODUCT_VENDOR_ID - 1] = {"vendor_id", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	[PRODUCT_ATTRIBUTES - 1] = {"attributes", JSONBOID, -1, true, ONBOARD_MAX_RECORD_BYTES,
								.default_value = "'{}'::jsonb"},
	[PRODUCT_STATUS - 1] = {"status", TEXTOID, -1, true, .collation = C_COLLATION_OID,
							.default_value = "'active'::text"},
	[PRODUCT_UPLOAD_ID - 1] = {"upload_id", TEXTOID, -1, false, .collation = C_COLLATION_OID},
	[PRODUCT_ROW_NUMBER - 1] = {"row_number", INT8OID, -1, false},
	[PRODUCT_LINE_NUMBER - 1] = {"line_number", INT8OID, -1, false},
	[PRODUCT_CREATED_AT - 1] = {"created_at", TIMESTAMPTZOID, -1, true, .default_value = "now()"},
	[PRODUCT_UPDATED_AT - 1] = {"updated_at", TIMESTAMPTZOID, -1, true, .default_value = "now()"},
#define COLUMN_SHAPE(symbol, column, kind, required, minimum, maximum, rule, blank, ...)      \
	[PRODUCT_##symbol - 1] = {                                                                \
		.name = #column,                                                                      \
		.type = SQL_TYPE_##kind,                                                              \
		.typmod = SQL_TYPMOD_##kind,                                                          \
		.not_null = (required) || sizeof(blank) > 1,                                          \
		.max_bytes = VALUE_##kind < VALUE_TEXT ? 0 : (int) (MAX_CHARACTER_BYTES * (maximum)), \
		.collation = VALUE_##kind == VALUE_EXACT ? C_COLLATION_OID : InvalidOid,              \
		.default_value = sizeof(blank) > 1 ? "'" blank "'::text" : NULL,                      \
	},
	ONBOARD_COLUMNS(COLUMN_SHAPE)
#undef COLUMN_SHAPE
};

StaticAssertDecl(PRODUCT_COLUMN_COUNT <= 64,
				 "table_shape_changed_defaults() has no bit for each column");

/* All but the ranges of numbers, for which see is_range_check(). */
static const char *const products_checks[] = {
	"(status = ANY (ARRAY['active'::text, 'inactive'::text, 'out_of_stock'::text, 'discontinued'::text]))",
	NULL,
};

static const ForeignKeyShape products_foreign_keys[] = {
	{"vendor_id", "vendors", "vendor_id"},
	{NULL},
};

static const UniqueShape products_unique[] = {
	{{"product_id"}, 1},
	{{"sku"}, 1},
	{{"vendor_id", "vendor_product_id"}, 2},
	{{NULL}, 0},
};

const TableShape products_shape = {
	products_columns, lengthof(products_columns), products_checks, products_foreign_keys,
	products_unique,
};

static const ColumnShape validation_errors_columns[] = {
	{"error_id", INT8OID, -1, true, .identity = ATTRIBUTE_IDENTITY_ALWAYS},
	{"upload_id", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	{"vendor_id", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	{"row_number", INT8OID, -1, true},
	{"line_number", INT8OID, -1, false},
	{"vendor_product_id", TEXTOID, -1, false, ONBOARD_MAX_RECORD_BYTES,
	 .collation = C_COLLATION_OID},
	{"error_type", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	{"error_field", TEXTOID, -1, false, .collation = C_COLLATION_OID},
	{"error_message", TEXTOID, -1, true, ONBOARD_MAX_RECORD_BYTES},
	{"severity", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	{"rejected_value", TEXTOID, -1, false, ONBOARD_MAX_RECORD_BYTES},
	{"suggestion", TEXTOID, -1, false, ONBOARD_MAX_RECORD_BYTES},
	{"original_data", JSONBOID, -1, true, ONBOARD_MAX_RECORD_BYTES},
	{"created_at", TIMESTAMPTZOID, -1, true, .default_value = "now()"},
};

static const char *const no_checks[] = {NULL};

static const ForeignKeyShape validation_errors_foreign_keys[] = {
	{"upload_id", "upload_history", "upload_id"},
	{"vendor_id", "vendors", "vendor_id"},
	{NULL},
};

static const UniqueShape validation_errors_unique[] = {
	{{"upload_id", "row_number", "error_id"}, 3},
	{{NULL}, 0},
};

const TableShape validation_errors_shape = {
	validation_errors_columns,
	lengthof(validation_errors_columns),
	no_checks,
	validation_errors_foreign_keys,
	validation_errors_unique,
};

static const ColumnShape product_changes_columns[] = {
	{"change_id", INT8OID, -1, true, .identity = ATTRIBUTE_IDENTITY_ALWAYS},
	{"product_id", INT8OID, -1, true},
	{"vendor_id", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	{"changed_at", TIMESTAMPTZOID, -1, true},
	{"previous_at", TIMESTAMPTZOID, -1, true},
	{"action", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	{"upload_id", TEXTOID, -1, false, .collation = C_COLLATION_OID},
	{"row_number", INT8OID, -1, false},
	{"changed_by", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	{"reverts", INT8OID, -1, false},
	{"old_values", JSONBOID, -1, true, ONBOARD_MAX_RECORD_BYTES},
	{"new_values", JSONBOID, -1, false, ONBOARD_MAX_RECORD_BYTES},
};

static const ColumnShape row_actions_columns[] = {
	{"upload_number", INT8OID, -1, true},
	{"product_id", INT8OID, -1, true},
	{"row_number", INT8OID, -1, false},
	{"line_number", INT8OID, -1, false},
	{"action", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	{"columns", TEXTARRAYOID, -1, false, ONBOARD_MAX_RECORD_BYTES, .collation = C_COLLATION_OID},
};

static const ForeignKeyShape row_actions_foreign_keys[] = {
	{"upload_number", "upload_history", "upload_number"},
	{NULL},
};

static const UniqueShape row_actions_unique[] = {
	{{"upload_number", "product_id"}, 2},
	{{NULL}, 0},
};

const TableShape row_actions_shape = {
	row_actions_columns, lengthof(row_actions_columns), no_checks, row_actions_foreign_keys,
	row_actions_unique,
};

static const ForeignKeyShape no_foreign_keys[] = {{NULL}};

static const UniqueShape product_changes_unique[] = {
	{{"product_id", "change_id"}, 2},
	{{NULL}, 0},
};

const TableShape product_changes_shape = {
	product_changes_columns, lengthof(product_changes_columns), no_checks, no_foreign_keys,
	product_changes_unique,
};

/* Format a bound of a range as in the script: decimals have two digits. */
static const char *
bound_text(const struct onboard_column_info *column, int64 bound)
{
	if (column->kind == VALUE_PIECES)
		return psprintf(INT64_FORMAT, bound);
	return psprintf(INT64_FORMAT ".%02d", bound / 100, (int) (bound % 100));
}

/* Does the CHECK enforce the same range as the column's rule? */
static bool
is_range_check(const char *expression)
{
	int i;

	for (i = 0; i < COLUMN_COUNT; i++)
	{
		const struct onboard_column_info *column = &onboard_columns[i];
		const char *name = quote_identifier(column->name);
		const char *minimum;

		if (!value_is_number(column->kind))
			continue;
		/* As in the rule, the price takes the place of the minimum. */
		minimum = i == COLUMN_COMPARE_AT_PRICE ? onboard_columns[COLUMN_PRICE].name
											   : bound_text(column, column->minimum);
		if (strcmp(expression, psprintf("((%s >= %s) AND (%s <= %s))", name, minimum, name,
										bound_text(column, column->maximum))) == 0)
			return true;
	}
	return false;
}

bool
is_shipped_check(const TableShape *shape, const char *expression)
{
	const char *const *shipped;

	for (shipped = shape->checks; *shipped != NULL; shipped++)
	{
		if (strcmp(*shipped, expression) == 0)
			return true;
	}
	return shape == &products_shape && is_range_check(expression);
}
