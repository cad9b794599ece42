/*-------------------------------------------------------------------------
 *
 * change.h
 *	  Settling a row that changes a product.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CHANGE_H
#define ONBOARD_CHANGE_H

#include "postgres.h"

#include "load/loader_internal.h"

/*
 * Settle a trimmed row of an upload that changes products, if its key finds one
 * or if the row cannot become one.  Returns false if the caller is to insert
 * the row.  Called outside an owner section.
 */
extern bool change_take(Loader *loader, IncomingRow *row, const RowKeys *keys);

/*
 * Likewise for a row whose insertion had to wait for an earlier one, or conflicted
 * with another transaction.  Waits for other transactions.  Called inside an owner
 * section.
 */
extern bool change_settle(Loader *loader, IncomingRow *row, const RowKeys *keys);

/* What became of a row that an operator approved. */
typedef struct ChangeApproval
{
	enum row_action action;
	const char *reason; /* with ACTION_REJECT; in the current memory context */
} ChangeApproval;

/*
 * Judge a held row against the product as it is now, without guards, and carry out
 * the action.  Its record, and the counts of its upload, stay as they are.  Called
 * inside an owner section.
 */
extern void change_apply_approved(Loader *loader, IncomingRow *row, const RowKeys *keys,
								  ChangeApproval *approval);

#endif /* ONBOARD_CHANGE_H */
