/*-------------------------------------------------------------------------
 *
 * byte_buffer.h
 *	  A byte buffer that grows up to a limit.
 *
 * Holds COPY rows, request JSON and reply bodies.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_BYTE_BUFFER_H
#define GLUE_BYTE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "shared/text.h"

/* Longest JSON escape of one byte: \u001f. */
#define LONGEST_JSON_ESCAPE 6

/* An all-zero struct is an empty buffer.  Owns data: byte_buffer_clean_up(). */
struct byte_buffer
{
	char *data;
	size_t used;
	size_t size;
};

/* Release the buffer; accepts a zeroed one. */
extern void byte_buffer_clean_up(struct byte_buffer *buffer);

/*
 * Make room for more bytes.  A buffer never grows beyond 64 MiB, far more than
 * any row or reply needs.
 */
extern bool byte_buffer_reserve(struct byte_buffer *buffer, size_t more, struct glue_error *error);

/* Append bytes for which room has been reserved. */
static inline void
byte_buffer_put(struct byte_buffer *buffer, const void *bytes, size_t length)
{
	if (length > 0)
		memcpy(buffer->data + buffer->used, bytes, length);
	buffer->used += length;
}

/* Append bytes, reserving room for them. */
extern bool byte_buffer_append(struct byte_buffer *buffer, const void *bytes, size_t length,
							   struct glue_error *error);

/* Append a string without its NUL, reserving room for it. */
extern bool
byte_buffer_append_string(struct byte_buffer *buffer, const char *string, struct glue_error *error);

/*
 * Put a NUL after the bytes, so that data can be read as a string.  The NUL is
 * not counted in used.
 */
extern bool byte_buffer_terminate(struct byte_buffer *buffer, struct glue_error *error);

/*
 * Append text as the contents of a JSON string, without the quotes.  The
 * caller must have reserved LONGEST_JSON_ESCAPE bytes per byte of text.
 */
extern void byte_buffer_append_json(struct byte_buffer *buffer, struct text_view text);

/* Append text as a JSON string, with the quotes.  Returns false on OUT_OF_MEMORY. */
extern bool byte_buffer_append_json_string(struct byte_buffer *buffer, struct text_view text,
										   struct glue_error *error);

#endif /* GLUE_BYTE_BUFFER_H */
