/*-------------------------------------------------------------------------
 *
 * decode.h
 *	  Converts the bytes of a file to UTF-8 text, chunk by chunk.
 *
 * The output is always valid UTF-8 without NUL and without a byte order mark.
 * Each invalid byte, each NUL and each unpaired UTF-16 surrogate becomes one
 * U+FFFD.  Decoding continues: a reader reports a record that contains U+FFFD
 * as a defect, including a U+FFFD that the vendor wrote.
 *
 * The encoding is determined by, in order of precedence:
 *	  a byte order mark		UTF-8, UTF-16LE, UTF-16BE
 *	  a name				any that iconv supports
 *	  the default			UTF-8
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

/* Size limit of an encoding name, including the terminating NUL. */
#define DECODE_NAME_SIZE 64

/*
 * Receive the next piece of text.  text is never empty and is borrowed for the
 * call.  may_be_damaged is false if the piece certainly contains no U+FFFD.
 * Returning false stops the decoder.
 */
typedef bool (*decode_text_fn)(void *context, struct text_view text, bool may_be_damaged);

/* Return whether this is a name of UTF-8. */
extern bool decode_is_utf8(const char *name);

/* Return whether an encoding of this name can be decoded. */
extern bool decode_is_supported(const char *name);

/*
 * Return whether each byte by itself is a character or invalid, so that nothing
 * depends on the preceding bytes.
 */
extern bool decode_is_single_byte(const char *name);

/*
 * Return whether two encodings, each named, decode these bytes, at most 256, to
 * the same text, without a fault.
 */
extern bool decode_is_same(const char *name, const char *other, const char *bytes, size_t length);

/* Return whether a file that begins with these bytes has a byte order mark. */
extern bool decode_has_mark(const char *bytes, size_t length);

/* Opaque; about 15 KiB. */
struct decoder;

/*
 * Where a decoder can resume: start at this byte, and drop the first skip
 * bytes of the resulting text.
 */
struct decode_point
{
	int64_t byte_offset; /* from the beginning of the file */
	int64_t skip;        /* bytes of UTF-8 */
};

/*
 * Create a decoder that calls text_fn(context, ...).  encoding is a name, or
 * NULL to detect it.  The caller must call decoder_destroy().  Returns NULL on
 * file fault UNSUPPORTED_ENCODING (a name that iconv does not support) and
 * infrastructure error OUT_OF_MEMORY.
 */
extern struct decoder *
decoder_new(const char *encoding, decode_text_fn text_fn, void *context, struct glue_error *error);

/*
 * Create a decoder that resumes at a point from decoder_locate(); encoding is
 * the result of decoder_encoding() at that time.  The caller pushes bytes from
 * the point's byte_offset on; a byte order mark is not looked for.  Results as
 * decoder_new().
 */
extern struct decoder *
decoder_resume(const char *encoding, const struct decode_point *point, decode_text_fn text_fn,
			   void *context, struct glue_error *error);

/* Free the decoder; NULL is accepted. */
extern void decoder_destroy(struct decoder *decoder);

/*
 * Decode the next chunk (length may be 0); bytes are borrowed for the call.
 * The text does not depend on how the file is split.  Returns false if it
 * cannot continue: with error->class GLUE_NO_ERROR if text_fn returned false,
 * otherwise UNSUPPORTED_ENCODING (UTF-32), OUT_OF_MEMORY or an internal error.
 */
extern bool
decoder_push(struct decoder *decoder, const char *bytes, size_t length, struct glue_error *error);

/* End the file: deliver the remaining text.  Results as decoder_push(). */
extern bool decoder_finish(struct decoder *decoder, struct glue_error *error);

/*
 * Return "UTF-8", "UTF-16LE", "UTF-16BE" or the specified name, as known so
 * far; final after four bytes.  Borrowed from the decoder.
 */
extern const char *decoder_encoding(const struct decoder *decoder);

/*
 * Find where to resume to obtain the text from text_offset on, in bytes
 * received by text_fn.  skip is 0 while bytes and text are identical, as in
 * UTF-8 without faults.  text_fn may call this for the text it is receiving
 * and for the DECODE_LOOK_BACK bytes before that.
 *
 * Returns false if decoding cannot begin in the middle because the meaning of
 * a byte may depend on everything before it: names that do not specify the
 * byte order, ISO-2022-*, UTF-7 and others.
 */
#define DECODE_LOOK_BACK ((size_t) 320 * 1024)
extern bool
decoder_locate(const struct decoder *decoder, int64_t text_offset, struct decode_point *point);

/* Return whether the text began with a byte order mark; final after four bytes. */
extern bool decoder_has_byte_order_mark(const struct decoder *decoder);

#endif /* GLUE_DECODE_H */
