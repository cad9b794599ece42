/*-------------------------------------------------------------------------
 *
 * byte_buffer.h
 *	  Bytes that grow, with an upper bound.
 *
 * What is sent and what is gathered goes through it: rows of COPY, JSON of
 * requests, bodies of replies.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_BYTE_BUFFER_H
#define GLUE_BYTE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "shared/text.h"

/* Most bytes of one byte in a JSON string: \u001f. */
#define LONGEST_JSON_ESCAPE 6

/* All zero is an empty buffer; owns data: byte_buffer_clean_up(). */
struct byte_buffer
{
	char *data;
	size_t used;
	size_t size;
};

/* Accepts a zeroed buffer. */
extern void byte_buffer_clean_up(struct byte_buffer *buffer);

/*
 * Make room for so many more bytes.  A buffer never grows over 64 MiB, which
 * no row and no reply comes near.
 */
extern bool byte_buffer_reserve(struct byte_buffer *buffer, size_t more, struct glue_error *error);

/* Append bytes for which room was reserved. */
static inline void
byte_buffer_put(struct byte_buffer *buffer, const void *bytes, size_t length)
{
	if (length > 0)
		memcpy(buffer->data + buffer->used, bytes, length);
	buffer->used += length;
}

/* Append bytes; reserves the room itself. */
extern bool byte_buffer_append(struct byte_buffer *buffer, const void *bytes, size_t length,
							   struct glue_error *error);

/* Append a string without its NUL; reserves the room itself. */
extern bool
byte_buffer_append_string(struct byte_buffer *buffer, const char *string, struct glue_error *error);

/*
 * Put a NUL behind the bytes, which is not counted in used, so that data can
 * be read as a string.
 */
extern bool byte_buffer_terminate(struct byte_buffer *buffer, struct glue_error *error);

/*
 * Append text as the inside of a JSON string, without the quotes.  Room for
 * LONGEST_JSON_ESCAPE bytes a byte must have been reserved.
 */
extern void byte_buffer_append_json(struct byte_buffer *buffer, struct text_view text);

#endif /* GLUE_BYTE_BUFFER_H */
