/*-------------------------------------------------------------------------
 *
 * stale.c
 *	  Columns of a product that later files have set.
 *
 * A value never overwrites one with a later time.  The time is that of the
 * file, not of its arrival, and each column has its own: yesterday's stock does
 * not overwrite today's, but yesterday's price still applies if today's file
 * has no prices.
 *
 * The vendor's later uploads were read when the vendor was locked; normally
 * there are none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/text_datum.h"
#include "load/stale.h"
#include "shared/apply.h"

/* Leave out these columns; NULL stands for all. */
static void
leave_out(RowColumns *columns, const RowColumns *said, bool status)
{
	if (said != NULL)
		row_columns_subtract(columns, said);
	else
	{
		columns->columns = 0;
		columns->attribute_count = 0;
	}
	if (status)
		columns->has_status = false;
}

/* Leave out what one later upload set. */
static void
leave_out_later(ActionStore *store, const LaterUpload *later, int64 product_id, Datum inserted_by,
				RowColumns *columns)
{
	RowAction action;

	if (inserted_by != (Datum) 0 && text_datums_equal(inserted_by, later->upload_id_text))
		leave_out(columns, later->columns, true);
	else if (later->mode == MODE_INSERT)
		return;
	else if (!action_store_find(store, later->upload_number, product_id, &action))
		/* A product that the file lacks is not on sale, even if it was not before. */
		columns->has_status = columns->has_status && !later->has_replaced;
	else if (action.row_number == 0)
		columns->has_status = false;
	else if (action.action != ACTION_REJECT)
		leave_out(columns, action.columns != NULL ? action.columns : later->columns,
				  action.columns == NULL && later->mode != MODE_UPDATE);
}

/*
 * May rows of the upload set any of the columns?  A file from years ago has
 * thousands of later ones, and looking up its products in each would take long.
 */
static bool
may_leave_out(const LaterUpload *later, const RowColumns *columns, enum onboard_column key)
{
	return later->columns == NULL || columns->has_status ||
		   row_columns_overlap(columns, later->columns, key);
}

void
stale_leave_out(ActionStore *store, const ChangeTerms *terms, int64 product_id, Datum inserted_by,
				RowColumns *columns)
{
	enum onboard_column key = apply_match_column(terms->match);
	ListCell *cell;

	foreach(cell, terms->later)
	{
		const LaterUpload *later = lfirst(cell);

		if (row_columns_are_empty(columns, key) && !columns->has_status)
			return;
		if (may_leave_out(later, columns, key))
			leave_out_later(store, later, product_id, inserted_by, columns);
	}
}
