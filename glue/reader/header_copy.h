/*-------------------------------------------------------------------------
 *
 * header_copy.h
 *	  A copy of a header that outlives the source that yielded it.
 *
 * A header that was refused is kept in this way, to find out what would accept it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEADER_COPY_H
#define GLUE_HEADER_COPY_H

#include "base/failure.h"
#include "reader/record.h"

/* Owns what record points to; header_copy_clean_up(). */
struct header_copy
{
	struct record record; /* without raw; field_count 0 until it was made */
	struct text_view *fields;
	char *bytes;
};

/* Copy the fields of a header into a zeroed copy.  Returns false on OUT_OF_MEMORY. */
extern bool
header_copy_make(struct header_copy *copy, const struct record *header, struct glue_error *error);

/* Accepts a zeroed copy. */
extern void header_copy_clean_up(struct header_copy *copy);

#endif /* GLUE_HEADER_COPY_H */
