/*-------------------------------------------------------------------------
 *
 * ascii_word.h
 *	  Words of plain ASCII: codes, ids, header names, plain numbers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ASCII_WORD_H
#define GLUE_ASCII_WORD_H

#include "shared/text.h"

/* Punctuation that a JSON string contains unescaped. */
#define ASCII_WORD_PRINTABLE " !#$%&'()*+,-./:;<=>?@[]^_`{|}~"

/* Return whether a byte is a letter, a digit or one of others. */
extern bool ascii_word_has_byte(char byte, const char *others);

/*
 * Return whether a text is not empty and all its bytes satisfy
 * ascii_word_has_byte().
 */
extern bool ascii_word_is_valid(struct text_view text, const char *others);

/*
 * Return whether a text is a number without sign and exponent, such as 0.5, of at
 * most 15 characters.
 */
extern bool ascii_word_is_fraction(struct text_view text);

/* Return whether a word is in a NULL-terminated list. */
extern bool ascii_word_is_in(const char *word, const char *const *list);

/*
 * Copy a text that consists of letters, digits and characters of others, and
 * terminate it with a NUL.  If the text contains any other byte or does not
 * fit, the word becomes "".
 */
extern void ascii_word_copy(char *word, size_t size, struct text_view text, const char *others);

#endif /* GLUE_ASCII_WORD_H */
