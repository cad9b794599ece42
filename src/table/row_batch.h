/*-------------------------------------------------------------------------
 *
 * row_batch.h
 *	  Rows that are stored in a table directly, in batches.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ROW_BATCH_H
#define ONBOARD_ROW_BATCH_H

#include "postgres.h"

#include "access/attnum.h"
#include "utils/relcache.h"

#include "table/shipped_shape.h"

typedef struct RowBatch RowBatch;

/*
 * Open a batch for a table that is locked for writing; NULL if its rows must be
 * stored by INSERT statements, because it departs from its shape (see
 * table_shape_departure()) or onboard.load_path says so.  identity is the identity column, or 0 for
 * none.  order is a column by which rows do not arrive in order, or 0 for none:
 * entries of indexes with it as first or second column wait, and are inserted in
 * key order, many at a time.  Allocates in the current memory context,
 * which must outlive the batch.
 */
extern RowBatch *
row_batch_open(Relation table, const TableShape *shape, AttrNumber identity, AttrNumber order);

/* batch may be NULL. */
extern void row_batch_close(RowBatch *batch);

/* Must the batch be stored before this many further rows are added? */
extern bool row_batch_is_full(const RowBatch *batch, int further);

/*
 * Add a copy of a row with this number of columns; those that users added are
 * null.  The value of the identity column is assigned here, so that its order
 * is that of the calls.
 */
extern void row_batch_add(RowBatch *batch, const Datum *values, const bool *nulls, int columns);

/*
 * Store the rows, in the current subtransaction, whichever one was current when
 * they were added.  Index entries may wait for row_batch_flush(), which must be
 * called before row_batch_close().
 */
extern void row_batch_store(RowBatch *batch);

/* Store the rows and all index entries. */
extern void row_batch_flush(RowBatch *batch);

#endif /* ONBOARD_ROW_BATCH_H */
