/*-------------------------------------------------------------------------
 *
 * map_word.h
 *	  What a word of a column map may be: a name, a whole number.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_WORD_H
#define ONBOARD_MAP_WORD_H

#include "shared/text.h"

/* Characters of the name of a map or of a value list. */
#define MAP_MAX_NAME 50

/* Is the text the name of a map or list: letters, digits, "_" and "-", 50 at most? */
extern bool map_word_is_name(struct text_view text);

/*
 * Read a number of digits only, 15 at most; returns false unless it is one from minimum
 * to maximum.
 */
extern bool
map_word_read_whole(struct text_view text, int64_t minimum, int64_t maximum, int64_t *number);

#endif /* ONBOARD_MAP_WORD_H */
