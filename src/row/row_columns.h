/*-------------------------------------------------------------------------
 *
 * row_columns.h
 *	  The columns and attributes of a product that a row sets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ROW_COLUMNS_H
#define ONBOARD_ROW_COLUMNS_H

#include "postgres.h"

#include "row/incoming_row.h"
#include "shared/action.h"
#include "shared/columns.h"
#include "shared/text.h"

/* One attribute: a column that onboard does not define. */
typedef struct RowAttribute
{
	struct text_view name;
	struct text_view value; /* as written; empty if blank: the key is removed */
} RowAttribute;

/* The result; texts are borrowed. */
typedef struct RowColumns
{
	column_set columns;
	int attribute_count;
	RowAttribute *attributes; /* in the order of jsonb: by length, then bytewise */
	bool has_status;          /* whether the product is on sale */
} RowColumns;

/*
 * Read upload_history.columns or row_actions.columns into the current memory
 * context.  Attributes have no values.  ONBOARD_ACTION_COLUMN stands for the
 * status.
 */
extern RowColumns *row_columns_read(Datum names);

/* Return the same as text[], in the current memory context. */
extern Datum row_columns_names(const RowColumns *columns);

/*
 * Return the columns of the row's file; if listed is NULL, those that are not null in
 * the row.
 */
extern column_set row_columns_in_file(const IncomingRow *row, const RowColumns *listed);

/*
 * Find what a row sets.  listed has the columns of its file; if it is NULL, the row
 * has the columns that are not null, and the attributes with a key.  A blank value
 * clears its column or, if blanks keep, leaves it out.  Sets *is_all if the row
 * sets everything in listed.  The status is left to the caller.
 */
extern void row_columns_of_row(const IncomingRow *row, const RowColumns *listed,
							   enum upload_blank blank, RowColumns *columns, bool *is_all);

/* Remove from columns what others contains. */
extern void row_columns_subtract(RowColumns *columns, const RowColumns *others);

/* Do both have a column or attribute other than the product's key? */
extern bool
row_columns_overlap(const RowColumns *columns, const RowColumns *others, enum onboard_column key);

/* Is nothing left except, possibly, the product's key and status? */
extern bool row_columns_are_empty(const RowColumns *columns, enum onboard_column key);

/*
 * Return the attributes of a product after the row is applied; NULL if it sets
 * none.  attributes are the current ones, which may be NULL if users allow that.
 * Allocates in the current memory context.
 */
extern Jsonb *row_columns_merge_attributes(const RowColumns *columns, Jsonb *attributes);

#endif /* ONBOARD_ROW_COLUMNS_H */
