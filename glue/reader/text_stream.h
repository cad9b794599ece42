/*-------------------------------------------------------------------------
 *
 * text_stream.h
 *	  Converts a text file to UTF-8, delivering its first block in one piece.
 *
 * Shared by all text formats.  The beginning of the file is kept until there
 * is enough of it to decide whether it is text.  It is then delivered in one
 * piece, for callers that must examine it as a whole.  The rest of the text is
 * delivered as decoded; see decode.h.
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

/* Size of the first block, in bytes of the file. */
#define TEXT_STREAM_BLOCK_BYTES (64 * 1024)

/* Opaque; keeps the first block as bytes and as text until it is delivered. */
struct text_stream;

/*
 * Create a stream that calls text_fn(context, ...): first with the text of the
 * first block, which may be empty, then with the rest.  An empty file causes
 * no call.  Results as decoder_new().  The caller must call
 * text_stream_destroy().
 */
extern struct text_stream *text_stream_new(const char *encoding, decode_text_fn text_fn,
										   void *context, struct glue_error *error);

/*
 * Create a stream that resumes at a point from text_stream_locate(), with the
 * encoding from text_stream_encoding().  There is no first block.
 */
extern struct text_stream *
text_stream_resume(const char *encoding, const struct decode_point *point, decode_text_fn text_fn,
				   void *context, struct glue_error *error);

/* Free the stream; NULL is accepted. */
extern void text_stream_destroy(struct text_stream *stream);

/* Results as decoder_push(), and file fault NOT_TEXT. */
extern bool text_stream_push(struct text_stream *stream, const char *bytes, size_t length,
							 struct glue_error *error);
extern bool text_stream_finish(struct text_stream *stream, struct glue_error *error);

/* Like decoder_encoding() and decoder_locate(). */
extern const char *text_stream_encoding(const struct text_stream *stream);
extern bool text_stream_locate(const struct text_stream *stream, int64_t text_offset,
							   struct decode_point *point);

#endif /* GLUE_TEXT_STREAM_H */
