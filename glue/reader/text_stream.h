/*-------------------------------------------------------------------------
 *
 * text_stream.h
 *	  The bytes of a text file in chunks -> UTF-8 text, its first block whole.
 *
 * What formats that are text have in common.  The beginning of the file is
 * held back until there is enough of it to tell whether it is text; then its
 * text is handed out in one piece, for whoever has to look at it as a whole.
 * From there on the text comes as the decoder gives it, see decode.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_TEXT_STREAM_H
#define GLUE_TEXT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/decode.h"

/* How much of the beginning is held back, bytes of the file. */
#define TEXT_STREAM_BLOCK_BYTES (64 * 1024)

/* Opaque; holds the first block as bytes and as text until it is handed out. */
struct text_stream;

/*
 * A new stream that calls text_fn(context, ...): first with the text of the
 * first block, which may be empty, then with the rest; not at all for an empty
 * file.  Results as decoder_new().  The caller owns the stream:
 * text_stream_destroy().
 */
extern struct text_stream *text_stream_new(const char *encoding, decode_text_fn text_fn,
										   void *context, struct glue_error *error);

/*
 * A stream that resumes at a point of text_stream_locate(), with the encoding
 * that text_stream_encoding() gave.  Nothing is held back.
 */
extern struct text_stream *
text_stream_resume(const char *encoding, const struct decode_point *point, decode_text_fn text_fn,
				   void *context, struct glue_error *error);

/* NULL is accepted. */
extern void text_stream_destroy(struct text_stream *stream);

/* Results as decoder_push(), and file fault NOT_TEXT. */
extern bool text_stream_push(struct text_stream *stream, const char *bytes, size_t length,
							 struct glue_error *error);
extern bool text_stream_finish(struct text_stream *stream, struct glue_error *error);

/* As decoder_encoding() and decoder_locate(). */
extern const char *text_stream_encoding(const struct text_stream *stream);
extern bool text_stream_locate(const struct text_stream *stream, int64_t text_offset,
							   struct decode_point *point);

#endif /* GLUE_TEXT_STREAM_H */
