/*-------------------------------------------------------------------------
 *
 * action_store.h
 *	  The table onboard.row_actions: what the rows of an upload did to
 *	  products that existed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ACTION_STORE_H
#define ONBOARD_ACTION_STORE_H

#include "postgres.h"

#include "row/row_columns.h"
#include "shared/action.h"

typedef struct ActionStore ActionStore;

/* What one row did to one product. */
typedef struct RowAction
{
	int64 upload_number;
	int64 product_id;
	int64 row_number;  /* 0 for a product that no row named */
	int64 line_number; /* 0 if not known */
	enum row_action action;
	const RowColumns *columns; /* that it set; NULL for all of the file */
} RowAction;

/*
 * Open the table, for reading or for writing as well.  Allocates in the current
 * memory context.
 */
extern ActionStore *action_store_open(bool for_writing);
extern void action_store_close(ActionStore *store);

/*
 * Return false if records are stored by INSERT because of what users added to
 * the table; user code may then run for each record.
 */
extern bool action_store_is_direct(const ActionStore *store);

/*
 * Find what an upload did to a product, among committed records, those of this
 * transaction, and those in the batch.  Columns live in the current memory
 * context.
 */
extern bool
action_store_find(ActionStore *store, int64 upload_number, int64 product_id, RowAction *found);

/*
 * Add a record, in a batch.  Returns true if the batch is full and must be
 * stored, inside an owner section.
 */
extern bool action_store_add(ActionStore *store, const RowAction *action);

/* Write the full batch to the heap; inserts the index entries if thousands wait. */
extern void action_store_write_batch(ActionStore *store);

/* Store all records, with all index entries. */
extern void action_store_flush(ActionStore *store);

#endif /* ONBOARD_ACTION_STORE_H */
