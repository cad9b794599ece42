/*-------------------------------------------------------------------------
 *
 * value_list.h
 *	  A list of a vendor's values and their replacements.
 *
 * Values are compared without regard to case (as Unicode defines it) and to how
 * many blanks separate their words.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_VALUE_LIST_H
#define GLUE_VALUE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

/* Bytes of a value as it is compared: 1,000 characters.  Longer ones are in no list. */
#define VALUE_LIST_KEY_BYTES (1000 * MAX_CHARACTER_BYTES)

/* A value, as it is compared, and its replacement. */
struct value_pair
{
	struct text_view key;
	struct text_view replacement;
};

/* Borrows all texts. */
struct value_list
{
	const char *name;
	int count;
	struct value_pair *pairs; /* sorted by value_list_sort() */
};

/*
 * Write a value as it is compared: trimmed, in lower case, with single blanks.
 * Returns its length, or 0 if it is blank or too long.
 */
extern size_t value_list_key(struct text_view value, char key[VALUE_LIST_KEY_BYTES]);

/* Sort the pairs; of several with the same key, the first one remains. */
extern void value_list_sort(struct value_list *list);

/* Find the replacement of a value; false if the list has none. */
extern bool value_list_find(const struct value_list *list, struct text_view value,
							struct text_view *replacement);

#endif /* GLUE_VALUE_LIST_H */
