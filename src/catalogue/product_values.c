/*-------------------------------------------------------------------------
 *
 * product_values.c
 *	  The values of a product, made from a valid row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/text_datum.h"
#include "catalogue/product_values.h"
#include "table/shipped_shape.h"

/* Return the trimmed field as a text datum; the door's own datum if it is the same. */
static Datum
field_text(const IncomingRow *row, enum onboard_column column)
{
	struct text_view value = row->product.value[column];

	if (row->source[column] != (Datum) 0 && value.length == row->product.raw[column].length)
		return row->source[column];
	return text_datum(value);
}

static Datum
hundredths(int64 value)
{
	return NumericGetDatum(int64_div_fast_to_numeric(value, 2));
}

int64
product_hundredths(Datum amount)
{
	Datum hundred = NumericGetDatum(int64_to_numeric(100));

	return DatumGetInt64(
		DirectFunctionCall1(numeric_int8, DirectFunctionCall2(numeric_mul, amount, hundred)));
}

TupleDesc
product_descriptor(void)
{
	TupleDesc descriptor = CreateTemplateTupleDesc(PRODUCT_COLUMN_COUNT);
	int i;

	for (i = 0; i < PRODUCT_COLUMN_COUNT; i++)
		TupleDescInitEntry(descriptor, i + 1, products_shape.columns[i].name,
						   products_shape.columns[i].type, products_shape.columns[i].typmod, 0);
	return descriptor;
}

void
product_constants_init(ProductConstants *constants)
{
	int column;

	for (column = 0; column < COLUMN_COUNT; column++)
	{
		const char *blank = onboard_columns[column].blank;

		constants->blank[column] = blank != NULL ? CStringGetTextDatum(blank) : (Datum) 0;
	}
	constants->active = CStringGetTextDatum("active");
	constants->out_of_stock = CStringGetTextDatum("out_of_stock");
	constants->discontinued = CStringGetTextDatum("discontinued");
	constants->no_attributes = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
}

bool
product_value(const ProductConstants *constants, const IncomingRow *row, enum onboard_column column,
			  Datum *value)
{
	const struct product_row *product = &row->product;

	switch (onboard_columns[column].kind)
	{
		case VALUE_TEXT:
		case VALUE_EXACT:
			*value = product->value[column].length > 0 ? field_text(row, column)
													   : constants->blank[column];
			return *value != (Datum) 0;
		case VALUE_MONEY:
		case VALUE_KILOGRAMS:
			if (row_has_number(product, column))
				*value = hundredths(product->number[column]);
			break;
		case VALUE_PIECES:
			*value = Int32GetDatum((int32) product->number[column]);
			break;
	}
	return row_has_number(product, column);
}

/* Return the status of a product that a row inserts. */
static Datum
first_status(const ProductConstants *constants, const CatalogueOwner *owner, const IncomingRow *row)
{
	if (owner->is_replaced)
		return constants->discontinued;
	return row->product.number[COLUMN_STOCK_QUANTITY] == 0 ? constants->out_of_stock
														   : constants->active;
}

void
product_values(const ProductConstants *constants, const CatalogueOwner *owner,
			   const IncomingRow *row, Datum *values, bool *nulls)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	int i;

#define SET(column, datum) (values[(column) -1] = (datum))
#define SET_NULL(column, condition) (nulls[(column) -1] = (condition))

	memset(nulls, false, PRODUCT_COLUMN_COUNT * sizeof(bool));
	for (i = 0; i < COLUMN_COUNT; i++)
		SET_NULL(product_column(i),
				 !product_value(constants, row, i, &values[product_column(i) - 1]));
	SET(PRODUCT_VENDOR_ID, owner->vendor_id_text);
	SET(PRODUCT_ATTRIBUTES,
		row->attributes ? JsonbPGetDatum(row->attributes) : constants->no_attributes);
	SET(PRODUCT_STATUS, first_status(constants, owner, row));
	SET(PRODUCT_UPLOAD_ID, owner->upload_id_text);
	SET(PRODUCT_ROW_NUMBER, Int64GetDatum(row->row_number));
	SET(PRODUCT_LINE_NUMBER, Int64GetDatum(row->line_number));
	SET_NULL(PRODUCT_LINE_NUMBER, row->line_number == 0);
	SET(PRODUCT_CREATED_AT, TimestampTzGetDatum(now));
	SET(PRODUCT_UPDATED_AT, TimestampTzGetDatum(now));
#undef SET
#undef SET_NULL
}
