/*-------------------------------------------------------------------------
 *
 * ascii_word.h
 *	  Words of plain ASCII: codes, ids, names of headers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ASCII_WORD_H
#define GLUE_ASCII_WORD_H

#include "shared/text.h"

/* What a JSON string has as it stands, beside letters and digits. */
#define ASCII_WORD_PRINTABLE " !#$%&'()*+,-./:;<=>?@[]^_`{|}~"

/* Whether a byte is a letter, a digit or one of others. */
extern bool ascii_word_has_byte(char byte, const char *others);

/* Whether a text has a byte or more, all of them as ascii_word_has_byte() says. */
extern bool ascii_word_is_valid(struct text_view text, const char *others);

/* Whether a word is in a list, which ends with NULL. */
extern bool ascii_word_is_in(const char *word, const char *const *list);

/*
 * Copy a text that has only letters, digits and the characters of others, with
 * a NUL after it.  The word is "" when the text has something else, or when it
 * does not fit.
 */
extern void ascii_word_copy(char *word, size_t size, struct text_view text, const char *others);

#endif /* GLUE_ASCII_WORD_H */
