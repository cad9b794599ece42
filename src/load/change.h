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
 * Settle a trimmed row of an upload that changes products, if its key finds one or
 * if the row cannot become one.  Returns false if the row is to be inserted, and
 * goes the way of such a row.  Called outside an owner section.
 */
extern bool change_take(Loader *loader, IncomingRow *row, const RowKeys *keys);

/*
 * Likewise for a row whose insertion had to wait for an earlier one, or met
 * another transaction.  Waits for other transactions.  Called inside an owner
 * section.
 */
extern bool change_settle(Loader *loader, IncomingRow *row, const RowKeys *keys);

#endif /* ONBOARD_CHANGE_H */
