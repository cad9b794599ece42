/*-------------------------------------------------------------------------
 *
 * columns.h
 *	  The one table of the fourteen columns of a product row.
 *
 * The extension, the command line and the Lambda functions all expand this
 * table, so a column is added in one place: here, and in the table
 * onboard.products.  The order is the order of the vendor's template file and
 * of the columns in the error reports.
 *
 * X(symbol, name, required, max_characters)
 *
 *	  symbol			suffix of the enum constant COLUMN_<symbol>
 *	  name				the header in the file, the SQL column, the JSON key
 *	  required			1 when a blank value breaks MISSING_REQUIRED_FIELDS
 *	  max_characters	limit of FIELD_LENGTH_EXCEEDED, 0 for none (numbers
 *						have a range instead)
 *
 * This header includes nothing from PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_COLUMNS_H
#define ONBOARD_COLUMNS_H

#define ONBOARD_COLUMNS(X)                          \
	X(VENDOR_PRODUCT_ID, vendor_product_id, 1, 100) \
	X(PRODUCT_NAME, product_name, 1, 200)           \
	X(CATEGORY, category, 1, 100)                   \
	X(SUBCATEGORY, subcategory, 0, 100)             \
	X(DESCRIPTION, description, 0, 2000)            \
	X(SKU, sku, 1, 100)                             \
	X(BRAND, brand, 0, 100)                         \
	X(PRICE, price, 1, 0)                           \
	X(COMPARE_AT_PRICE, compare_at_price, 0, 0)     \
	X(STOCK_QUANTITY, stock_quantity, 1, 0)         \
	X(UNIT, unit, 0, 20)                            \
	X(WEIGHT_KG, weight_kg, 0, 0)                   \
	X(DIMENSIONS_CM, dimensions_cm, 0, 50)          \
	X(IMAGE_URL, image_url, 0, 2048)

enum onboard_column
{
#define ONBOARD_COLUMN_ENUM(symbol, name, required, max_characters) COLUMN_##symbol,
	ONBOARD_COLUMNS(ONBOARD_COLUMN_ENUM)
#undef ONBOARD_COLUMN_ENUM
	COLUMN_COUNT,
	COLUMN_NONE = -1 /* a finding about the row as a whole */
};

struct onboard_column_info
{
	const char *name;
	int required;
	int max_characters;
};

/* Indexed by enum onboard_column; defined in columns.c. */
extern const struct onboard_column_info onboard_columns[COLUMN_COUNT];

/*
 * Caps on what one record may be, on every route: bytes of one field, bytes of
 * one record, number of columns.  Above them a row is MALFORMED_ROW.
 */
#define ONBOARD_MAX_FIELD_BYTES (64 * 1024)
#define ONBOARD_MAX_RECORD_BYTES (256 * 1024)
#define ONBOARD_MAX_COLUMNS 4096

#endif /* ONBOARD_COLUMNS_H */
