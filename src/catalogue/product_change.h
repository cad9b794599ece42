/*-------------------------------------------------------------------------
 *
 * product_change.h
 *	  What a row changes in an existing product.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_PRODUCT_CHANGE_H
#define ONBOARD_PRODUCT_CHANGE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "catalogue/catalogue.h"
#include "catalogue/product_values.h"

/* What a change means for the status of the product. */
enum status_intent
{
	STATUS_FOLLOWS_STOCK, /* it changes as after an UPDATE of the stock */
	STATUS_RESTORE,       /* likewise, and a discontinued product is offered again */
	STATUS_DISCONTINUE    /* the product is discontinued, and nothing else changes */
};

/* A product after a change. */
typedef struct ProductChange
{
	/* The new version, by PRODUCT_x - 1; unchanged values are those of the product. */
	Datum values[PRODUCT_COLUMN_COUNT];
	bool nulls[PRODUCT_COLUMN_COUNT];

	uint64 changed;   /* columns that differ, as bits PRODUCT_x - 1; never updated_at */
	bool changes_key; /* the SKU or the vendor's product ID is among them */
	bool sets_status; /* the status differs because of the intent, not the stock */

	enum row_action action;     /* ACTION_UPDATE, ACTION_DISCONTINUE or ACTION_UNCHANGED */
	const char *history_action; /* "updated", "discontinued" or "restored"; static */
} ProductChange;

/*
 * Compute the product that results if the values of these columns of a valid row
 * replace its own.  attributes are all attributes of the result; NULL keeps those
 * of the product.  With STATUS_DISCONTINUE, row may be NULL.  Datums point into the
 * product, the row, attributes, or the current memory context.  Writes nothing.
 */
extern void product_change_compute(Catalogue *catalogue, const FoundProduct *product,
								   const IncomingRow *row, column_set columns, Jsonb *attributes,
								   enum status_intent intent, ProductChange *change);

/* Is this column among those that differ?  PRODUCT_x. */
static inline bool
product_change_has(const ProductChange *change, AttrNumber column)
{
	return (change->changed & (UINT64CONST(1) << (column - 1))) != 0;
}

/*
 * Return the status of a product after its stock changed, or NULL if it stays: an
 * active product is out of stock when its stock falls to 0, and active again when
 * it is restocked.
 */
extern const char *status_after_stock_change(const char *status, int32 old_stock, int32 new_stock);

/*
 * Return the new updated_at of a row that changes now.  It is later than
 * created_at and the old updated_at, even if the clock was set back: a product
 * whose times are equal has never been changed.
 */
extern TimestampTz updated_at_after(TimestampTz created_at, TimestampTz updated_at);

#endif /* ONBOARD_PRODUCT_CHANGE_H */
