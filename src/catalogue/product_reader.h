/*-------------------------------------------------------------------------
 *
 * product_reader.h
 *	  Reading the values of a product from its tuple.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_PRODUCT_READER_H
#define ONBOARD_PRODUCT_READER_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "utils/relcache.h"

typedef struct ProductReader ProductReader;

/*
 * Create a reader in the current memory context.  Raises an error if the table
 * lacks a column.
 */
extern ProductReader *product_reader_create(Relation products);
extern void product_reader_destroy(ProductReader *reader);

/*
 * Copy a tuple of products and return its values by PRODUCT_x - 1, with the shipped
 * types, whatever the positions and types of the columns in the table.  Both are
 * valid until the next call.
 */
extern void product_reader_read(ProductReader *reader, TupleTableSlot *tuple, const Datum **values,
								const bool **nulls);

/* Return the copy, with the values of all columns as they are in the table. */
extern TupleTableSlot *product_reader_tuple(ProductReader *reader);

#endif /* ONBOARD_PRODUCT_READER_H */
