/*-------------------------------------------------------------------------
 *
 * vendor_terms.h
 *	  Errors in the vendor's own terms: its headings and cells.
 *
 * A vendor whose file was read with a map knows its own headings, not the names of
 * our columns.  The metadata of an upload says which is which: "header" has the
 * headings, "keys" the keys of the same columns in original_data, "sources" the
 * headings of our columns that share a column of the file with another one,
 * "converted" the columns whose values a map converts.  Clients write it, so it
 * may have any shape.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_VENDOR_TERMS_H
#define ONBOARD_VENDOR_TERMS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "shared/text.h"

/*
 * Return the position of the file's column from which one of our columns is made;
 * -1 if no map was used or there is none.
 */
extern int vendor_place(Jsonb *metadata, struct text_view field);

/*
 * Return the heading of a column, fit to be shown in a line of text; the name itself
 * if no map was used or the file lacks the column.  Allocates.
 */
extern struct text_view vendor_heading(Jsonb *metadata, struct text_view field);

/* Return the message of an error, with the heading in place of the column's name.  Allocates. */
extern struct text_view
vendor_message(Jsonb *metadata, struct text_view field, struct text_view message);

/*
 * Return the suggestion; "" if the values of the column are converted, so that it
 * does not fit the vendor's cell.
 */
extern struct text_view vendor_suggestion(Jsonb *metadata, struct text_view error_type,
										  struct text_view field, struct text_view suggestion);

#endif /* ONBOARD_VENDOR_TERMS_H */
