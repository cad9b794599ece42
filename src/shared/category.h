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

/* The categories that products may have; borrowed. */
struct category_list
{
	const struct text_view *names; /* sorted by their bytes */
	const int *parents;            /* index of each one's parent, -1 if it is not listed; or NULL */
	int count;
	const int *index; /* by category_index_fill(); NULL: names are compared one by one */
};

/* Return how many elements the index of a list of so many names has; at least one. */
extern size_t category_index_size(int count);

/*
 * Fill an index, which has room for category_index_size() elements, and let the list borrow
 * it.  category_find() then takes about the same time however long the list is.
 */
extern void category_index_fill(struct category_list *list, int *index);

/*
 * Find a name, or the only one with the same words whatever their case, plural and
 * punctuation; returns its index, or -1.  The parents are not used.
 */
extern int category_find(struct text_view text, const struct category_list *list);

/*
 * Find the one category that a text means; returns its index, or -1 if there is
 * none.  In order of preference:
 *
 *	  - the name with other blanks, look-alikes, invisible characters, or references
 *		of HTML;
 *	  - the same words, whatever their case, plural and punctuation, with "and" or
 *		"+" for "&";
 *	  - the last part of a path, such as Home > Kitchen, that is a name in this sense.
 *		With "/" or "|" between them, several names are a path only if each is below
 *		the one before;
 *	  - the words on both sides of one "&" exchanged;
 *	  - the only name that starts with these words;
 *	  - what name_suggest() finds, which is a guess.
 */
extern int category_suggest(struct text_view text, const struct category_list *list);

/* Does the text plainly mean this name, so that its suggestion is not a guess? */
extern bool category_is_plain(struct text_view text, struct text_view name);

#endif /* ONBOARD_CATEGORY_H */
