/*-------------------------------------------------------------------------
 *
 * appearance.h
 *	  What a text looks like, and which of its characters are invisible.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_APPEARANCE_H
#define ONBOARD_APPEARANCE_H

#include "shared/text.h"

/* A kind of characters. */
typedef bool (*character_test)(uint32_t character);

/* The first character of a kind in a text. */
struct found_character
{
	uint32_t character;
	int position; /* from 1, in characters */
	int others;   /* further ones of the kind */
};

/* Is the character invisible, or white space other than U+0020? */
extern bool is_hidden_character(uint32_t character);

/* Find the first character of a kind; returns whether there is one. */
extern bool
text_find_character(struct text_view text, character_test test, struct found_character *found);

/* Write it as messages do: "U+00AD (soft hyphen) at character 3 and 2 more". */
extern void text_add_found(struct text_builder *builder, const struct found_character *found);

/*
 * Does the text consist of what it shows: printable ASCII, with single blanks
 * between words?
 */
extern bool text_is_as_seen(struct text_view text);

/*
 * Return what is visible: no format and control characters, one U+0020 for each run
 * of white space, none at the ends, and ASCII characters for those that look like
 * them.  The result is the text itself if it consists of what it shows, or written
 * to buffer, without NUL; data is NULL if it does not fit.
 */
extern struct text_view text_as_seen(struct text_view text, char *buffer, size_t size);

/*
 * Return a text trimmed and without the characters of a kind, none of which is
 * printable ASCII: the given text if it is all printable ASCII, else one in buffer,
 * without NUL.  If words are to stay apart, white space of the kind becomes U+0020.
 * The result is empty if the text is larger than the buffer.
 */
extern struct text_view text_without(struct text_view text, character_test test, bool words_apart,
									 char *buffer, size_t size);

/*
 * Find the first character that only looks like an ASCII character, without
 * counting others; returns that ASCII character, or 0 if there is none.
 */
extern char text_find_lookalike(struct text_view text, struct found_character *found);

#endif /* ONBOARD_APPEARANCE_H */
