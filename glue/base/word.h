/*-------------------------------------------------------------------------
 *
 * word.h
 *	  Words of plain ASCII (codes, ids) that others sent, in buffers of fixed size.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_WORD_H
#define GLUE_WORD_H

#include "shared/text.h"

/* What a JSON string has as it stands, beside letters and digits. */
#define WORD_PRINTABLE " !#$%&'()*+,-./:;<=>?@[]^_`{|}~"

/*
 * Copy a text that has only letters, digits and the characters of others, with
 * a NUL after it.  The word is "" when the text has something else, or when it
 * does not fit.
 */
extern void word_copy(char *word, size_t size, struct text_view text, const char *others);

#endif /* GLUE_WORD_H */
