/*-------------------------------------------------------------------------
 *
 * product_batch.h
 *	  Removing, restoring and discontinuing products, many at a time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_PRODUCT_BATCH_H
#define ONBOARD_PRODUCT_BATCH_H

#include "postgres.h"

#include "history/change_origin.h"

/*
 * Products per batch: enough to make the cost of a statement negligible, few
 * enough for the rows of one statement to fit in memory.
 */
#define PRODUCT_BATCH_SIZE 5000

/* Products of one upload that are to be removed, restored or discontinued, and the result. */
typedef struct ProductBatch
{
	Datum upload_id;
	int count;
	int64 product_id[PRODUCT_BATCH_SIZE]; /* ascending, without duplicates */

	/* To remove or restore them: what to take back, with the old values if it is a change. */
	ChangeReversal reversal[PRODUCT_BATCH_SIZE];
	Datum old_values[PRODUCT_BATCH_SIZE];

	/* Set by each function: NULL if done, else why not: "refused by ...". */
	const char *refusal[PRODUCT_BATCH_SIZE];
} ProductBatch;

/*
 * Delete the products, put back the values that a change replaced, or set their
 * status to discontinued.  A product that a constraint, trigger or policy protects
 * stays as it is, and does not affect the others.  The caller has locked the
 * products, is connected to SPI and in an owner section.  Reasons live in the
 * current memory context.
 */
extern void product_batch_remove(ProductBatch *batch);
extern void product_batch_restore(ProductBatch *batch);
extern void product_batch_discontinue(ProductBatch *batch);

#endif /* ONBOARD_PRODUCT_BATCH_H */
