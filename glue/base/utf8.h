/*-------------------------------------------------------------------------
 *
 * utf8.h
 *	  Whether bytes are UTF-8, and how far; writing it.
 *
 * Stricter than the standard in one thing: NUL is bad, no text has it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_UTF8_H
#define GLUE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most bytes of one character. */
#define UTF8_MAX_BYTES 4

enum utf8_sequence
{
	UTF8_COMPLETE,
	UTF8_INCOMPLETE, /* right so far, but cut short */
	UTF8_BAD         /* its first byte cannot stand here */
};

/*
 * Look at the sequence that begins at s, of which available bytes (at least 1)
 * are there.  *length is set to its bytes when it is complete, otherwise to 1.
 */
extern enum utf8_sequence utf8_look(const unsigned char *s, size_t available, size_t *length);

/*
 * The end of the valid text that begins at s; *kind says what stands there
 * when that is not end.  *damaged is set when the text holds U+FFFD, and left
 * as it is otherwise.
 */
extern const unsigned char *utf8_skip_valid(const unsigned char *s, const unsigned char *end,
											enum utf8_sequence *kind, bool *damaged);

/*
 * Write a character as UTF-8, up to UTF8_MAX_BYTES, and return the number of
 * bytes.  Half a surrogate pair becomes U+FFFD.
 */
extern size_t utf8_encode(uint32_t character, char *bytes);

#endif /* GLUE_UTF8_H */
