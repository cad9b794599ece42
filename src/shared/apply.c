/*-------------------------------------------------------------------------
 *
 * apply.c
 *	  What a file must contain for its rows to be applied to products.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/apply.h"

#define IF_REQUIRED(symbol, name, kind, required, ...) \
	| ((column_set) (required) << COLUMN_##symbol)

enum onboard_column
apply_match_column(enum upload_match match)
{
	return match == MATCH_SKU ? COLUMN_SKU : COLUMN_VENDOR_PRODUCT_ID;
}

enum upload_match
apply_match(enum upload_match wanted, column_set columns)
{
	column_set keys = column_bit(COLUMN_VENDOR_PRODUCT_ID) | column_bit(COLUMN_SKU);

	if (wanted != MATCH_COUNT)
		return wanted;
	return (columns & keys) == column_bit(COLUMN_SKU) ? MATCH_SKU : MATCH_VENDOR_PRODUCT_ID;
}

column_set
apply_required_columns(enum upload_mode mode, enum upload_match match)
{
	column_set required = 0 ONBOARD_COLUMNS(IF_REQUIRED);

	if (mode == MODE_UPDATE)
		return column_bit(apply_match_column(match));
	if (upload_mode_changes(mode) && match == MATCH_SKU)
		required &= ~column_bit(COLUMN_VENDOR_PRODUCT_ID);
	return required;
}
