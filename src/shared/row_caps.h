/*-------------------------------------------------------------------------
 *
 * row_caps.h
 *	  The caps on a row whose additional columns are attributes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ROW_CAPS_H
#define ONBOARD_ROW_CAPS_H

#include "shared/rules.h"

/* The size of a row so far, and which cap it exceeds. */
struct row_caps
{
	size_t bytes;                       /* of all values, and of the names of attributes */
	int columns;                        /* including those of columns.h */
	const char *subject;                /* of a message: "row" */
	char message[FINDING_MESSAGE_SIZE]; /* "" while within the caps */
};

/* Start with the bytes of the row's own columns.  subject must be static. */
extern void row_caps_start(struct row_caps *caps, const char *subject, size_t bytes);

/*
 * Count an attribute.  Returns false, with the message set, if the row now
 * exceeds a cap, which makes it MALFORMED_ROW.
 */
extern bool row_caps_take(struct row_caps *caps, struct text_view name, struct text_view value);

/*
 * Likewise for a source cell: it does not count as another column of the row.
 */
extern bool
row_caps_take_cell(struct row_caps *caps, struct text_view name, struct text_view value);

/* Likewise for an attribute whose name and value, together of so many bytes, are within the caps. */
extern bool row_caps_count(struct row_caps *caps, size_t bytes);

#endif /* ONBOARD_ROW_CAPS_H */
