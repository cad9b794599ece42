/*-------------------------------------------------------------------------
 *
 * suggest.h
 *	  Finding the name in a list that a text is, or most likely means.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SUGGEST_H
#define ONBOARD_SUGGEST_H

#include "shared/text.h"

/*
 * Find a text among names that are sorted by their bytes; returns its index, or
 * -1 if it is not among them.
 */
extern int name_find(struct text_view text, const struct text_view *names, int count);

/*
 * Find the one name that a text plainly means; returns its index, or -1 if there
 * is none or the text is a name already.  In order of preference:
 *
 *	  - the same but for the case of A to Z;
 *	  - the only name that starts with the text (3 characters or more);
 *	  - the only name that is nearest by edit distance, and near enough.
 *
 * The names need not be sorted.
 */
extern int name_suggest(struct text_view text, const struct text_view *names, int count);

#endif /* ONBOARD_SUGGEST_H */
