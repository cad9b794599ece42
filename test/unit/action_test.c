/*-------------------------------------------------------------------------
 *
 * action_test.c
 *	  The modes of uploads and the actions of rows by name; the columns that
 *	  files need.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/apply.h"

static void
test_names(void)
{
	for (int i = 0; i < ACTION_COUNT; i++)
	{
		enum row_action action = ACTION_COUNT;

		ok(action_by_name(action_name(i), &action) && (int) action == i,
		   "action \"%s\" is found by its name", action_name(i));
	}
}

/* valid_records + error_records = total_records depends on this. */
static void
test_statuses(void)
{
	for (int i = 0; i < ACTION_COUNT; i++)
	{
		ok(action_is_valid(i) == (i != ACTION_REJECT), "action \"%s\" counts once", action_name(i));
		is_text(action_status(i), i == ACTION_REJECT ? "error" : "validated",
				"its status follows from that");
	}
}

static void
test_unknown(void)
{
	static const char *const names[] = {"", "insert", "Inserted", "inserted "};
	enum row_action action = ACTION_HOLD;
	enum upload_mode mode = MODE_COUNT;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(!action_by_name(names[i], &action) && action == ACTION_HOLD, "\"%s\" is no action",
		   names[i]);
	ok(upload_mode_by_name("insert", &mode) && mode == MODE_INSERT, "insert is a mode");
	ok(!upload_mode_by_name("inserted", &mode), "\"inserted\" is no mode");
}

/* The columns that a file needs, by mode and key. */
static void
test_columns(void)
{
	column_set id = column_bit(COLUMN_VENDOR_PRODUCT_ID);
	column_set sku = column_bit(COLUMN_SKU);
	column_set six = id | sku | column_bit(COLUMN_PRODUCT_NAME) | column_bit(COLUMN_CATEGORY) |
					 column_bit(COLUMN_PRICE) | column_bit(COLUMN_STOCK_QUANTITY);

	ok(apply_required_columns(MODE_INSERT, MATCH_VENDOR_PRODUCT_ID) == six &&
		   apply_required_columns(MODE_INSERT, MATCH_SKU) == six,
	   "insert needs the six required columns");
	for (int mode = MODE_UPSERT; mode <= MODE_REPLACE; mode += MODE_REPLACE - MODE_UPSERT)
		ok(apply_required_columns(mode, MATCH_VENDOR_PRODUCT_ID) == six &&
			   apply_required_columns(mode, MATCH_SKU) == (six & ~id),
		   "%s needs them, too, by sku without the id", upload_mode_name(mode));
	ok(apply_required_columns(MODE_UPDATE, MATCH_VENDOR_PRODUCT_ID) == id &&
		   apply_required_columns(MODE_UPDATE, MATCH_SKU) == sku,
	   "update needs the key");
}

static void
test_match(void)
{
	column_set id = column_bit(COLUMN_VENDOR_PRODUCT_ID);
	column_set sku = column_bit(COLUMN_SKU);

	is_int(apply_match(MATCH_SKU, id), MATCH_SKU, "a requested key is used");
	is_int(apply_match(MATCH_VENDOR_PRODUCT_ID, sku), MATCH_VENDOR_PRODUCT_ID, "either of them");
	is_int(apply_match(MATCH_COUNT, id | sku), MATCH_VENDOR_PRODUCT_ID, "else the vendor's id");
	is_int(apply_match(MATCH_COUNT, sku), MATCH_SKU, "unless only the sku is there");
	is_int(apply_match(MATCH_COUNT, 0), MATCH_VENDOR_PRODUCT_ID, "even if neither is known");
}

int
main(void)
{
	test_names();
	test_statuses();
	test_unknown();
	test_columns();
	test_match();
	return unit_done();
}
