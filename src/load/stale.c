/*-------------------------------------------------------------------------
 *
 * stale.c
 *	  What later files have said about a product.
 *
 * A value never overwrites one of a later time.  Time is that of the file, not of
 * its arrival, and each column has its own: yesterday's stock does not overwrite
 * today's, but yesterday's price still applies if today's file has no prices.
 *
 * The later uploads of the vendor were read when it was locked; normally there are
 * none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "load/stale.h"

static bool
same_text(Datum a, Datum b)
{
	return DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, a, b));
}

/* Leave out what these columns have; NULL stands for all. */
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

void
stale_leave_out(ActionStore *store, const ChangeTerms *terms, int64 product_id, Datum inserted_by,
				RowColumns *columns)
{
	ListCell *cell;

	foreach(cell, terms->later)
	{
		const LaterUpload *later = lfirst(cell);
		RowAction action;

		/* A file of years ago has thousands of later ones, most with the same columns. */
		if (columns->columns == 0 && columns->attribute_count == 0 && !columns->has_status)
			return;

		if (inserted_by != (Datum) 0 && same_text(inserted_by, later->upload_id_text))
			leave_out(columns, later->columns, true);
		if (later->mode == MODE_INSERT ||
			!action_store_find(store, later->upload_id_text, product_id, &action) ||
			action.action == ACTION_REJECT)
			continue;
		if (action.row_number == 0)
		{
			/* The file did not name the product, so it is not on sale. */
			columns->has_status = false;
			continue;
		}
		leave_out(columns, action.columns != NULL ? action.columns : later->columns,
				  action.columns == NULL && later->mode != MODE_UPDATE);
	}
}
