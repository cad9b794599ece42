/*-------------------------------------------------------------------------
 *
 * row_caps.h
 *	  The caps on a row whose further columns come as attributes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ROW_CAPS_H
#define ONBOARD_ROW_CAPS_H

#include "shared/rules.h"

/* How large a row is so far, and what is too large about it. */
struct row_caps
{
	size_t bytes;                       /* of all values, and of the names of attributes */
	int columns;                        /* those of columns.h included */
	char message[FINDING_MESSAGE_SIZE]; /* "" while within the caps */
};

/* Begin with the bytes of the row's own columns. */
extern void row_caps_start(struct row_caps *caps, size_t bytes);

/*
 * Count an attribute.  Returns false, with the message set, when it takes the
 * row over a cap; the row is MALFORMED_ROW then.
 */
extern bool row_caps_take(struct row_caps *caps, struct text_view name, struct text_view value);

#endif /* ONBOARD_ROW_CAPS_H */
