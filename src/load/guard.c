/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  Changes that are held rather than applied.
 *
 * A price with the decimal point in the wrong place, or a stock column that a
 * broken export filled with zeros, breaks no rule.  The guards compare what a file
 * says with what the catalogue has, and hold rows until an operator decides.
 *
 * The guard against selling out needs to know how many products had stock when the
 * upload began.  Counting all of them would cost more than loading a small file; so
 * counting stops at twice the number that shows that the guard does not hold the
 * row, which makes recounts rare.  Since an upload names each product once, the
 * products in stock at its beginning are those in stock now, plus those that it
 * took to 0, less those that it restocked or inserted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/owner.h"
#include "base/statement.h"
#include "load/guard.h"

/* Is one price more than factor, in thousandths, times the other? */
static bool
is_beyond(int64 high, int64 low, int64 factor)
{
	return high * 1000 > low * factor;
}

static bool
holds_price(const ChangeTerms *terms, const FoundProduct *product, const ProductChange *change,
			GuardCause *cause)
{
	int64 old_price;
	int64 new_price;

	if (terms->price_guard < 0 || !product_change_has(change, PRODUCT_PRICE))
		return false;
	/* Users may have allowed products without a price. */
	if (product->nulls[PRODUCT_PRICE - 1] || change->nulls[PRODUCT_PRICE - 1])
		return false;
	old_price = product_hundredths(product->values[PRODUCT_PRICE - 1]);
	new_price = product_hundredths(change->values[PRODUCT_PRICE - 1]);
	if (!is_beyond(new_price, old_price, terms->price_guard) &&
		!is_beyond(old_price, new_price, terms->price_guard))
		return false;
	cause->name = "price";
	snprintf(cause->current_value, sizeof(cause->current_value), INT64_FORMAT ".%02d",
			 old_price / 100, (int) (old_price % 100));
	snprintf(cause->new_value, sizeof(cause->new_value), INT64_FORMAT ".%02d", new_price / 100,
			 (int) (new_price % 100));
	return true;
}

/* A product without a number in stock, if users allow that, is not in stock. */
static int32
stock_of(const Datum *values, const bool *nulls)
{
	return nulls[PRODUCT_STOCK_QUANTITY - 1] ? 0
											 : DatumGetInt32(values[PRODUCT_STOCK_QUANTITY - 1]);
}

/* Count products of the vendor that have stock and are not of this upload, up to a limit. */
static int64
count_stocked(Catalogue *catalogue, const CatalogueOwner *owner, int64 limit)
{
	static Statement count = {
		"SELECT count(*) FROM (SELECT FROM onboard.products p "
		"  WHERE p.vendor_id = $1 AND p.stock_quantity > 0 AND p.upload_id IS DISTINCT FROM $2 LIMIT $3) s",
		3,
		{TEXTOID, TEXTOID, INT8OID},
	};
	Datum values[3] = {
		owner->vendor_id_text,
		owner->upload_id_text,
		Int64GetDatum(limit),
	};
	OwnerSection section;
	int64 result;

	catalogue_index_changes(catalogue);
	owner_enter(&section);
	SPI_connect();
	statement_run(&count, values, NULL, false, SPI_OK_SELECT);
	result = DatumGetInt64(statement_value(1, NULL));
	SPI_finish();
	owner_leave(&section);
	return result;
}

/* Did the vendor have at least this many products in stock when the upload began? */
static bool
had_stocked(Catalogue *catalogue, const CatalogueOwner *owner, ChangeTerms *terms, int64 wanted)
{
	int64 limit = 2 * wanted + terms->restocked;
	int64 counted;

	if (terms->stocked_at_begin >= 0)
		return terms->stocked_at_begin >= wanted;
	if (terms->stocked_at_least >= wanted)
		return true;
	counted = count_stocked(catalogue, owner, limit);
	terms->stocked_at_least =
		terms->is_supposed ? counted : counted + terms->sold_out - terms->restocked;
	if (counted < limit)
		terms->stocked_at_begin = terms->stocked_at_least;
	return terms->stocked_at_least >= wanted;
}

/* Does the row take a product to 0 after more than the share of those in stock were taken to 0? */
static bool
holds_sold_out(Catalogue *catalogue, const CatalogueOwner *owner, ChangeTerms *terms,
			   const FoundProduct *product, const ProductChange *change, GuardCause *cause)
{
	int64 wanted;

	if (terms->sold_out_guard < 0 || !product_change_has(change, PRODUCT_STOCK_QUANTITY) ||
		stock_of(product->values, product->nulls) == 0 ||
		stock_of(change->values, change->nulls) > 0)
		return false;
	/* sold_out > share * stocked holds unless stocked >= sold_out / share. */
	if (terms->sold_out_guard == 0)
	{
		if (terms->sold_out == 0)
			return false;
	}
	else
	{
		wanted = (terms->sold_out * 1000 + terms->sold_out_guard - 1) / terms->sold_out_guard;
		if (had_stocked(catalogue, owner, terms, wanted))
			return false;
	}
	cause->name = "sold_out";
	snprintf(cause->current_value, sizeof(cause->current_value), "%d",
			 stock_of(product->values, product->nulls));
	snprintf(cause->new_value, sizeof(cause->new_value), "%d",
			 stock_of(change->values, change->nulls));
	return true;
}

bool
guard_holds(Catalogue *catalogue, const CatalogueOwner *owner, ChangeTerms *terms,
			const FoundProduct *product, const ProductChange *change, GuardCause *cause)
{
	return holds_price(terms, product, change, cause) ||
		   holds_sold_out(catalogue, owner, terms, product, change, cause);
}

void
guard_note(ChangeTerms *terms, const FoundProduct *product, const ProductChange *change)
{
	int32 old_stock = stock_of(product->values, product->nulls);
	int32 new_stock = stock_of(change->values, change->nulls);

	if (old_stock > 0 && new_stock == 0)
		terms->sold_out++;
	else if (old_stock == 0 && new_stock > 0)
		terms->restocked++;
}

void
guard_hold(const CatalogueOwner *owner, const IncomingRow *row, int64 product_id,
		   const GuardCause *cause)
{
	static Statement hold = {
		"INSERT INTO onboard.held_rows (upload_id, vendor_id, row_number, line_number, product_id, "
		"  cause, current_value, new_value, input, source_cells) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		10,
		{TEXTOID, TEXTOID, INT8OID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, JSONBOID,
		 JSONBOID},
	};
	Datum values[10] = {
		owner->upload_id_text,
		owner->vendor_id_text,
		Int64GetDatum(row->row_number),
		Int64GetDatum(row->line_number),
		Int64GetDatum(product_id),
		CStringGetTextDatum(cause->name),
		CStringGetTextDatum(cause->current_value),
		CStringGetTextDatum(cause->new_value),
		JsonbPGetDatum(incoming_row_data(row)),
		JsonbPGetDatum(source_cells_object(&row->source_cells)),
	};
	char nulls[10];
	OwnerSection section;

	memset(nulls, ' ', sizeof(nulls));
	if (row->line_number == 0)
		nulls[3] = 'n';
	if (!source_cells_exist(&row->source_cells))
		nulls[9] = 'n';
	owner_enter(&section);
	SPI_connect();
	statement_run(&hold, values, nulls, false, SPI_OK_INSERT);
	SPI_finish();
	owner_leave(&section);
}
