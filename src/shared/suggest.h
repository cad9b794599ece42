/*-------------------------------------------------------------------------
 *
 * suggest.h
 *	  Categories by their name, or by what a vendor most likely meant.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SUGGEST_H
#define ONBOARD_SUGGEST_H

#include "shared/text.h"

/*
 * Find a text among the categories, which are sorted as in rules.h; returns its
 * index, or -1 when it is none of them.
 */
extern int category_find(struct text_view text, const struct text_view *categories, int count);

/*
 * Find the one category that a text plainly means; returns its index, or -1
 * for none.  A text that is a category already gives none.  In this order:
 *
 *	  - the same but for the case of A to Z;
 *	  - the only category that starts with the text (3 characters or more);
 *	  - the only category that is nearest by edit distance, and near enough.
 *
 * Categories need not be sorted.
 */
extern int category_suggest(struct text_view text, const struct text_view *categories, int count);

#endif /* ONBOARD_SUGGEST_H */
