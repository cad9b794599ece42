/*-------------------------------------------------------------------------
 *
 * decode.h
 *	  Bytes of a file in chunks -> UTF-8 text in chunks.
 *
 * What comes out is always valid UTF-8 without NUL and without a byte order
 * mark.  Each bad byte, each NUL and each lone half of a UTF-16 surrogate
 * becomes one U+FFFD.  Nothing stops at them: a reader finds U+FFFD in a
 * record and makes a defect of it, and so a U+FFFD that the vendor wrote
 * himself comes to the same.
 *
 * Which encoding:
 *	  a byte order mark		wins over everything (UTF-8, UTF-16LE, UTF-16BE)
 *	  a name				as iconv knows it
 *	  neither				UTF-8
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_DECODE_H
#define GLUE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "shared/text.h"

/* Longest accepted encoding name, the terminating NUL included. */
#define DECODE_NAME_SIZE 64

/*
 * Receives the text in order; text is borrowed and valid during the call
 * only, never empty.  may_be_damaged is false when the piece certainly holds
 * no U+FFFD.  Returning false stops the decoder.
 */
typedef bool (*decode_text_fn)(void *context, struct text_view text, bool may_be_damaged);

/* Opaque; about 15 KiB. */
struct decoder;

/*
 * Where in a file a decoder can begin so that it gives the same text from some
 * place on: at this byte, if it drops so many bytes of the text first.
 */
struct decode_point
{
	int64_t byte_offset; /* from the beginning of the file */
	int64_t skip;        /* bytes of UTF-8 */
};

/*
 * A new decoder that calls text_fn(context, ...).  encoding is NULL for "find
 * out", or a name.  The caller owns the result: decoder_destroy().
 * NULL on: file fault UNSUPPORTED_ENCODING (a name iconv does not know),
 * infrastructure error OUT_OF_MEMORY.
 */
extern struct decoder *
decoder_new(const char *encoding, decode_text_fn text_fn, void *context, struct glue_error *error);

/*
 * A decoder that resumes at a point of decoder_locate(); encoding is what
 * decoder_encoding() said then.  Bytes are pushed from the point's byte_offset
 * on, and no byte order mark is looked for.  Results as decoder_new().
 */
extern struct decoder *
decoder_resume(const char *encoding, const struct decode_point *point, decode_text_fn text_fn,
			   void *context, struct glue_error *error);

/* NULL is accepted. */
extern void decoder_destroy(struct decoder *decoder);

/*
 * Decode the next chunk (length may be 0); bytes are borrowed for the call.
 * Where the chunks are cut never changes the text.  Returns false when it
 * cannot continue: with error->class GLUE_NO_ERROR because text_fn returned false,
 * otherwise UNSUPPORTED_ENCODING (UTF-32), OUT_OF_MEMORY or internal.
 */
extern bool
decoder_push(struct decoder *decoder, const char *bytes, size_t length, struct glue_error *error);

/* The file ended: hand out what is left.  Results as decoder_push(). */
extern bool decoder_finish(struct decoder *decoder, struct glue_error *error);

/*
 * "UTF-8", "UTF-16LE", "UTF-16BE" or the name given, as known so far; final
 * after four bytes.  Borrowed from the decoder.
 */
extern const char *decoder_encoding(const struct decoder *decoder);

/*
 * Where to resume for the text from text_offset on, which counts the bytes that
 * text_fn received.  skip is 0 as long as bytes and text are the same, as in
 * UTF-8 without faults.  May be called by text_fn, for what it receives and
 * DECODE_LOOK_BACK bytes before that.
 *
 * False when the encoding cannot be begun in the middle, because what a byte
 * means may depend on all before it: names that do not say the byte order,
 * ISO-2022-*, UTF-7 and others.
 */
#define DECODE_LOOK_BACK ((size_t) 320 * 1024)
extern bool
decoder_locate(const struct decoder *decoder, int64_t text_offset, struct decode_point *point);

/* Whether the text began with a byte order mark; final after four bytes. */
extern bool decoder_has_byte_order_mark(const struct decoder *decoder);

#endif /* GLUE_DECODE_H */
