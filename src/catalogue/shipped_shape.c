/*-------------------------------------------------------------------------
 *
 * shipped_shape.c
 *	  The tables that take rows, as the script creates them.
 *
 * It is compiled in because it belongs to the code that skips what an INSERT
 * statement would check; it must not be a row that somebody can edit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_attribute.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"

#include "catalogue/shipped_shape.h"
#include "shared/columns.h"

#define NUMERIC_TYPMOD(precision, scale) ((((precision) << 16) | (scale)) + VARHDRSZ)

static const ColumnShape products_columns[] = {
	{"product_id", INT8OID, -1, true, .identity = ATTRIBUTE_IDENTITY_ALWAYS},
	{"vendor_id", TEXTOID, -1, true, .collation = C_COLLATION_OID},
	{"vendor_product_id", TEXTOID, -1, true, 400, .collation = C_COLLATION_OID},
	{"product_name", TEXTOID, -1, true, 800},
	{"category", TEXTOID, -1, true, 400, .collation = C_COLLATION_OID},
	{"subcategory", TEXTOID, -1, false, 400},
	{"description", TEXTOID, -1, false, 8000},
	{"sku", TEXTOID, -1, true, 400, .collation = C_COLLATION_OID},
	{"brand", TEXTOID, -1, false, 400},
	{"price", NUMERICOID, NUMERIC_TYPMOD(10, 2), true},
	{"compare_at_price", NUMERICOID, NUMERIC_TYPMOD(10, 2), false},
	{"stock_quantity", INT4OID, -1, true},
	{"unit", TEXTOID, -1, true, 80, .default_value = "'piece'::text"},
	{"weight_kg", NUMERICOID, NUMERIC_TYPMOD(8, 2), false},
	{"dimensions_cm", TEXTOID, -1, false, 200},
	{"image_url", TEXTOID, -1, false, 8192},
	{"attributes", JSONBOID, -1, true, ONBOARD_MAX_RECORD_BYTES, .default_value = "'{}'::jsonb"},
	{"status", TEXTOID, -1, true, .collation = C_COLLATION_OID, .default_value = "'active'::text"},
	{"upload_id", TEXTOID, -1, false, .collation = C_COLLATION_OID},
	{"row_number", INT8OID, -1, false},
	{"line_number", INT8OID, -1, false},
	{"created_at", TIMESTAMPTZOID, -1, true, .default_value = "now()"},
	{"updated_at", TIMESTAMPTZOID, -1, true, .default_value = "now()"},
};

/* The rules are at least as strict as these, so rows that passed keep them. */
static const char *const products_checks[] = {
	"((price >= 0.01) AND (price <= 999999.99))",
	"((compare_at_price >= price) AND (compare_at_price <= 99999999.99))",
	"((stock_quantity >= 0) AND (stock_quantity <= 1000000))",
	"((weight_kg >= 0.01) AND (weight_kg <= 999999.99))",
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
