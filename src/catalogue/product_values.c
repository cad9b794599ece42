/*-------------------------------------------------------------------------
 *
 * product_values.c
 *	  The values of a product row, from a row that is valid.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attnum.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "catalogue/product_values.h"

/* The trimmed field as a text datum; the door's own datum when it is the same. */
static Datum
field_text(const IncomingRow *row, enum onboard_column column)
{
	struct text_view value = row->product.value[column];

	if (row->source[column] != (Datum) 0 && value.length == row->product.raw[column].length)
		return row->source[column];
	return PointerGetDatum(cstring_to_text_with_len(value.data, value.length));
}

static Datum
hundredths(int64 value)
{
	return NumericGetDatum(int64_div_fast_to_numeric(value, 2));
}

void
product_constants_init(ProductConstants *constants)
{
	constants->piece = CStringGetTextDatum("piece");
	constants->active = CStringGetTextDatum("active");
	constants->out_of_stock = CStringGetTextDatum("out_of_stock");
	constants->no_attributes = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
}

void
product_values(const ProductConstants *constants, const CatalogueOwner *owner,
			   const IncomingRow *row, Datum *values, bool *nulls)
{
	static const struct
	{
		AttrNumber target;
		enum onboard_column column;
	} texts[] = {
		{PRODUCT_VENDOR_PRODUCT_ID, COLUMN_VENDOR_PRODUCT_ID},
		{PRODUCT_NAME, COLUMN_PRODUCT_NAME},
		{PRODUCT_CATEGORY, COLUMN_CATEGORY},
		{PRODUCT_SUBCATEGORY, COLUMN_SUBCATEGORY},
		{PRODUCT_DESCRIPTION, COLUMN_DESCRIPTION},
		{PRODUCT_SKU, COLUMN_SKU},
		{PRODUCT_BRAND, COLUMN_BRAND},
		{PRODUCT_UNIT, COLUMN_UNIT},
		{PRODUCT_DIMENSIONS_CM, COLUMN_DIMENSIONS_CM},
		{PRODUCT_IMAGE_URL, COLUMN_IMAGE_URL},
	};
	const struct product_row *product = &row->product;
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	int i;

#define SET(column, datum) (values[(column) -1] = (datum))
#define SET_NULL(column, condition) (nulls[(column) -1] = (condition))

	memset(nulls, false, PRODUCT_COLUMN_COUNT * sizeof(bool));
	for (i = 0; i < lengthof(texts); i++)
	{
		SET_NULL(texts[i].target, product->value[texts[i].column].length == 0);
		if (product->value[texts[i].column].length > 0)
			SET(texts[i].target, field_text(row, texts[i].column));
	}
	if (product->value[COLUMN_UNIT].length == 0)
	{
		SET_NULL(PRODUCT_UNIT, false);
		SET(PRODUCT_UNIT, constants->piece);
	}
	SET(PRODUCT_VENDOR_ID, owner->vendor_id_text);
	SET(PRODUCT_PRICE, hundredths(product->price_cents));
	SET_NULL(PRODUCT_COMPARE_AT_PRICE, !product->compare_at_price_valid);
	if (product->compare_at_price_valid)
		SET(PRODUCT_COMPARE_AT_PRICE, hundredths(product->compare_at_price_cents));
	SET(PRODUCT_STOCK_QUANTITY, Int32GetDatum(product->stock_quantity));
	SET_NULL(PRODUCT_WEIGHT_KG, !product->weight_valid);
	if (product->weight_valid)
		SET(PRODUCT_WEIGHT_KG, hundredths(product->weight_centikilograms));
	SET(PRODUCT_ATTRIBUTES,
		row->attributes ? JsonbPGetDatum(row->attributes) : constants->no_attributes);
	SET(PRODUCT_STATUS, product->stock_quantity == 0 ? constants->out_of_stock : constants->active);
	SET(PRODUCT_UPLOAD_ID, owner->upload_id_text);
	SET(PRODUCT_ROW_NUMBER, Int64GetDatum(row->row_number));
	SET(PRODUCT_LINE_NUMBER, Int64GetDatum(row->line_number));
	SET_NULL(PRODUCT_LINE_NUMBER, row->line_number == 0);
	SET(PRODUCT_CREATED_AT, TimestampTzGetDatum(now));
	SET(PRODUCT_UPDATED_AT, TimestampTzGetDatum(now));
#undef SET
#undef SET_NULL
}
