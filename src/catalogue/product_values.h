/*-------------------------------------------------------------------------
 *
 * product_values.h
 *	  The values of a product, made from a valid row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_PRODUCT_VALUES_H
#define ONBOARD_PRODUCT_VALUES_H

#include "postgres.h"

#include "access/tupdesc.h"

#include "catalogue/catalogue.h"
#include "table/shipped_shape.h"

/* Return the descriptor of a product's values in this order, in the current context. */
extern TupleDesc product_descriptor(void);

/* Datums that are the same in every row. */
typedef struct ProductConstants
{
	Datum blank[COLUMN_COUNT]; /* stored for a blank value; 0 for null */
	Datum active;
	Datum out_of_stock;
	Datum discontinued;
	Datum no_attributes;
} ProductConstants;

/* Return an amount of a product, with two decimal digits, in hundredths. */
extern int64 product_hundredths(Datum amount);

/* Initialize them in the current memory context. */
extern void product_constants_init(ProductConstants *constants);

/*
 * Compute the value of one of the vendor's columns; returns false for null.  The
 * datum points into the row, the constants, or the current memory context.
 */
extern bool product_value(const ProductConstants *constants, const IncomingRow *row,
						  enum onboard_column column, Datum *value);

/*
 * Fill the values of a product in the order of the shipped columns.  Datums point
 * into the row, the constants, or the current memory context.
 */
extern void product_values(const ProductConstants *constants, const CatalogueOwner *owner,
						   const IncomingRow *row, Datum *values, bool *nulls);

#endif /* ONBOARD_PRODUCT_VALUES_H */
