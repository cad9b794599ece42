/*-------------------------------------------------------------------------
 *
 * category.h
 *	  Finding the category that a vendor's name for it plainly means.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CATEGORY_H
#define ONBOARD_CATEGORY_H

#include "shared/text.h"

/*
 * Find a name, or the only one with the same words whatever their case, plural and
 * punctuation, among names that are sorted by their bytes; returns its index, or -1.
 */
extern int category_find(struct text_view text, const struct text_view *names, int count);

/*
 * Find the one category that a text plainly means, among names that are sorted by
 * their bytes; returns its index, or -1 if there is none.  In order of preference:
 *
 *	  - the name with other blanks, look-alikes, invisible characters, or references
 *		of HTML;
 *	  - the same words, whatever their case, plural and punctuation, with "and" or
 *		"+" for "&";
 *	  - the last part of a path, such as Home > Kitchen, that is a name in this sense;
 *	  - the words on both sides of one "&" exchanged;
 *	  - the only name that starts with these words;
 *	  - what name_suggest() finds.
 */
extern int category_suggest(struct text_view text, const struct text_view *names, int count);

#endif /* ONBOARD_CATEGORY_H */
