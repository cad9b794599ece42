/*-------------------------------------------------------------------------
 *
 * columns.h
 *	  The one table of the columns of a product row.
 *
 * The extension, the command line and the Lambda functions all expand this
 * table or read it as data.  To add a column, edit two places: this table, and
 * onboard.products and onboard.intake of the install script, at the same place in
 * the order.  Everything else follows, or a test points it out: the pages that
 * list columns and limits.
 *
 * The order is that of the vendor's template file, of onboard.products and
 * onboard.intake, and of the findings of one rule.
 *
 * X(symbol, name, kind, required, minimum, maximum, rule, blank, heading, example)
 *
 *	  symbol	suffix of the enum constant COLUMN_<symbol>
 *	  name		the header in the file, the SQL column, the JSON key
 *	  kind		suffix of a VALUE_<kind>, see enum value_kind
 *	  required	true if a blank value breaks MISSING_REQUIRED_FIELDS; the SQL
 *				column must then be NOT NULL
 *	  minimum, maximum	of a number: the range, in the unit of its kind; the SQL
 *				column may have a CHECK with these bounds, amounts with two
 *				decimal digits.  Of a text: 0, and the maximum number of
 *				characters, the limit of FIELD_LENGTH_EXCEEDED
 *	  rule		the column's own rule, as the suffix of a RULE_<rule>, or NONE.
 *				A number needs one of those that parse numbers
 *	  blank		the text stored for a blank value; the SQL column must be NOT
 *				NULL and have it as its default.  "" for null
 *	  heading	of the cell in the error report, or "" for a column that the
 *				report does not show; see report_cells.c
 *	  example	the value in the file that "onboard template" prints
 *
 * These are the defaults of the rules, not verdicts: rules.c reads them.
 *
 * This header includes nothing from PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_COLUMNS_H
#define ONBOARD_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/number.h"

/*
 * Expand X once for each column, passing the argument before the facts.  Each column
 * has two lines, which clang-format would break arbitrarily.
 */
/* clang-format off */
#define ONBOARD_COLUMNS_WITH(X, argument)                                                                           \
	X(argument, VENDOR_PRODUCT_ID, vendor_product_id, EXACT,     true,  0, 100,                                     \
	  DUPLICATE_VENDOR_PRODUCT_ID, "",      "Vendor Product ID", "ITEM-0001")                                       \
	X(argument, PRODUCT_NAME,      product_name,      TEXT,      true,  0, 200,                                     \
	  NONE,                        "",      "Product Name",      "Enamel Kettle 2 l")                               \
	X(argument, CATEGORY,          category,          EXACT,     true,  0, 100,                                     \
	  INVALID_CATEGORY,            "",      "Category",          "Kitchen")                                         \
	X(argument, SUBCATEGORY,       subcategory,       TEXT,      false, 0, 100,                                     \
	  NONE,                        "",      "",                  "Kettles")                                         \
	X(argument, DESCRIPTION,       description,       TEXT,      false, 0, 2000,                                    \
	  NONE,                        "",      "Description",       "Enamelled steel, \"flame red\", for all hobs")    \
	X(argument, SKU,               sku,               EXACT,     true,  0, 100,                                     \
	  DUPLICATE_SKU,               "",      "SKU",               "KETTLE-2L-RED")                                   \
	X(argument, BRAND,             brand,             TEXT,      false, 0, 100,                                     \
	  NONE,                        "",      "Brand",             "Example")                                         \
	X(argument, PRICE,             price,             MONEY,     true,  1, 99999999,                                \
	  INVALID_PRICE,               "",      "Price",             "39.90")                                           \
	X(argument, COMPARE_AT_PRICE,  compare_at_price,  MONEY,     false, 0, INT64_C(9999999999),                     \
	  INVALID_COMPARE_AT_PRICE,    "",      "",                  "49.90")                                           \
	X(argument, STOCK_QUANTITY,    stock_quantity,    PIECES,    true,  0, 1000000,                                 \
	  INVALID_STOCK,               "",      "Stock Quantity",    "120")                                             \
	X(argument, UNIT,              unit,              TEXT,      false, 0, 20,                                      \
	  NONE,                        "piece", "",                  "piece")                                           \
	X(argument, WEIGHT_KG,         weight_kg,         KILOGRAMS, false, 1, 99999999,                                \
	  INVALID_WEIGHT,              "",      "",                  "1.35")                                            \
	X(argument, DIMENSIONS_CM,     dimensions_cm,     TEXT,      false, 0, 50,                                      \
	  NONE,                        "",      "",                  "22x20x24")                                        \
	X(argument, IMAGE_URL,         image_url,         TEXT,      false, 0, 2048,                                    \
	  INVALID_IMAGE_URL,           "",      "",                  "https://example.com/kettle.jpg")
/* clang-format on */

/* The same with the facts alone. */
#define ONBOARD_COLUMNS(X) ONBOARD_COLUMNS_WITH(ONBOARD_COLUMN_FACTS, X)
#define ONBOARD_COLUMN_FACTS(X, ...) X(__VA_ARGS__)

enum onboard_column
{
#define ONBOARD_COLUMN_ENUM(symbol, ...) COLUMN_##symbol,
	ONBOARD_COLUMNS(ONBOARD_COLUMN_ENUM)
#undef ONBOARD_COLUMN_ENUM
	COLUMN_COUNT,
	COLUMN_NONE = -1 /* a finding about the row as a whole */
};

/* The kind of a value: how it is read and stored. */
enum value_kind
{
	VALUE_MONEY = NUMBER_MONEY,         /* hundredths: numeric(10,2) */
	VALUE_KILOGRAMS = NUMBER_KILOGRAMS, /* hundredths: numeric(8,2) */
	VALUE_PIECES = NUMBER_PIECES,       /* integer */
	VALUE_TEXT,                         /* text */
	VALUE_EXACT                         /* text that is compared bytewise: COLLATE "C" */
};

/* Are values of this kind numbers, so that it is an enum number_kind, too? */
static inline bool
value_is_number(enum value_kind kind)
{
	return kind < VALUE_TEXT;
}

struct onboard_column_info
{
	const char *name;
	enum value_kind kind;
	bool required;
	int max_characters; /* 0 for a number */
	int64_t minimum;    /* of a number */
	int64_t maximum;
	const char *blank;   /* NULL for null */
	const char *heading; /* NULL for a column that the error report does not show */
	const char *example;
};

/* Indexed by enum onboard_column; defined in columns.c. */
extern const struct onboard_column_info onboard_columns[COLUMN_COUNT];

/* Return the column with exactly this name, or COLUMN_NONE. */
extern enum onboard_column column_by_name(struct text_view name);

/* The column of a file that tells what to do with the product of a row. */
#define ONBOARD_ACTION_COLUMN "onboard_action"

/* The column of a fix file that remembers the keys of a row; see key_memo.h. */
#define ONBOARD_KEY_COLUMN "onboard_key"

/* A set of columns; bits by enum onboard_column. */
typedef uint64_t column_set;

#define COLUMN_SET_SIZE 64

_Static_assert(COLUMN_COUNT <= COLUMN_SET_SIZE, "a column_set has no bit for each column");

static inline column_set
column_bit(enum onboard_column column)
{
	return UINT64_C(1) << column;
}

/* Return the first column of a set that is not empty. */
static inline enum onboard_column
column_first(column_set columns)
{
	return (enum onboard_column) __builtin_ctzll(columns);
}

/*
 * Caps on one record, on every route: bytes of one field, bytes of one record,
 * number of columns.  A row above them is MALFORMED_ROW.
 */
#define ONBOARD_MAX_FIELD_BYTES (64 * 1024)
#define ONBOARD_MAX_RECORD_BYTES (256 * 1024)
#define ONBOARD_MAX_COLUMNS 4096

/* Advice about a record with more columns: those that a fix file adds count, too. */
#define ONBOARD_TOO_WIDE "; remove columns, such as those that a fix file adds"

#endif /* ONBOARD_COLUMNS_H */
