/*-------------------------------------------------------------------------
 *
 * utf8.h
 *	  Validating UTF-8.
 *
 * Stricter than the standard in one respect: NUL is invalid.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_UTF8_H
#define GLUE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/text.h"

enum utf8_sequence
{
	UTF8_COMPLETE,
	UTF8_INCOMPLETE, /* valid so far, but truncated */
	UTF8_BAD         /* its first byte is invalid here */
};

/*
 * Examine the sequence that begins at s, of which available bytes (at least 1)
 * can be read.  *length is set to its length if it is complete, otherwise to
 * 1.
 */
extern enum utf8_sequence utf8_look(const unsigned char *s, size_t available, size_t *length);

/*
 * Return the end of the valid text that begins at s.  If that is not end,
 * *kind describes the sequence found there.  *damaged is set if the text
 * contains U+FFFD, and is left unchanged otherwise.
 */
extern const unsigned char *utf8_skip_valid(const unsigned char *s, const unsigned char *end,
											enum utf8_sequence *kind, bool *damaged);

/* Return whether all of a text is valid. */
extern bool utf8_is_valid(struct text_view text);

#endif /* GLUE_UTF8_H */
