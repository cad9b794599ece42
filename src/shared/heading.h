/*-------------------------------------------------------------------------
 *
 * heading.h
 *	  Headings of files: comparing them, and which of ours they are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_HEADING_H
#define ONBOARD_HEADING_H

#include "shared/columns.h"
#include "shared/text.h"

/*
 * Is this heading the known one?  Case (also of Latin, Greek and Cyrillic letters
 * outside ASCII), white space, "_", "-", "*" and byte order marks do not matter:
 * "Product Name", "SKU*".  known consists of small letters and "_".
 */
extern bool heading_matches(struct text_view heading, const char *known);

/* Are two headings the same, compared as above? */
extern bool heading_same(struct text_view a, struct text_view b);

/* Does a heading have no character that matters? */
extern bool heading_is_blank(struct text_view heading);

/* Is it one that a fix file adds, such as onboard_errors? */
extern bool heading_is_added(struct text_view heading);

/* Is it one of these, or onboard_action? */
extern bool heading_is_ours(struct text_view heading);

/* Return the column whose name a heading is, compared as above, or COLUMN_NONE. */
extern enum onboard_column heading_column(struct text_view heading);

#endif /* ONBOARD_HEADING_H */
