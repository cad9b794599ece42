/*-------------------------------------------------------------------------
 *
 * postgres_array.h
 *	  Read an array of texts, as PostgreSQL writes it: {a,"b, c",NULL}.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_POSTGRES_ARRAY_H
#define GLUE_POSTGRES_ARRAY_H

#include <stdbool.h>

#include "base/byte_buffer.h"

/*
 * Return the first element of an array of one dimension, and set *next to where the
 * following one begins; pass that for the next call.  The element is in buffer, and
 * its data is NULL for null.  Returns false at the end, and with an error if out of
 * memory.
 */
extern bool postgres_array_next(const char **next, struct byte_buffer *buffer,
								struct text_view *element, struct glue_error *error);

#endif /* GLUE_POSTGRES_ARRAY_H */
