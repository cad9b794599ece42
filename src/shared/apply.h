/*-------------------------------------------------------------------------
 *
 * apply.h
 *	  What a file must contain for its rows to be applied to products.
 *
 * The reader of files and the extension share these rules.  This header includes
 * nothing from PostgreSQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_APPLY_H
#define ONBOARD_APPLY_H

#include <stdbool.h>

#include "shared/action.h"
#include "shared/columns.h"

/* Headings that make a file a fix file: those of the columns that reports add. */
#define ONBOARD_LINE_HEADING "onboard_line"
#define ONBOARD_ERRORS_HEADING "onboard_errors"

/* Another one that they add; it means nothing in a file that is read. */
#define ONBOARD_SUGGESTION_HEADING "onboard_suggestion"

/* Return the column of the key that a match compares. */
extern enum onboard_column apply_match_column(enum upload_match match);

/*
 * Return the key that finds the product of a row in a file with these columns:
 * the wanted one or, if none is wanted (MATCH_COUNT), vendor_product_id, unless
 * the file has only the SKU.
 */
extern enum upload_match apply_match(enum upload_match wanted, column_set columns);

/*
 * Return the columns that a file of this mode must have.  MODE_INSERT does not
 * look for products and so ignores match.
 */
extern column_set apply_required_columns(enum upload_mode mode, enum upload_match match);

#endif /* ONBOARD_APPLY_H */
