/*-------------------------------------------------------------------------
 *
 * stale.h
 *	  Columns of a product that later files have set.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_STALE_H
#define ONBOARD_STALE_H

#include "postgres.h"

#include "load/action_store.h"
#include "upload/change_terms.h"

/*
 * Remove from columns what an upload with a later source_time set, either in a
 * valid row that named the product or by inserting the product.  inserted_by is
 * products.upload_id, or 0.
 */
extern void stale_leave_out(ActionStore *store, const ChangeTerms *terms, int64 product_id,
							Datum inserted_by, RowColumns *columns);

#endif /* ONBOARD_STALE_H */
