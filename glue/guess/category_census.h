/*-------------------------------------------------------------------------
 *
 * category_census.h
 *	  Counts the categories of a file that we do not have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CATEGORY_CENSUS_H
#define GLUE_CATEGORY_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#include "guess/cell_profile.h"

/* A category of the vendor's that we do not have. */
struct unknown_category
{
	struct text_view value; /* with a NUL after it */
	int64_t rows;
	int meant; /* index in the names of our categories that it plainly means, or -1 */
};

/* Opaque. */
struct category_census;

/*
 * Create a census.  Borrows the categories.  reads_paths and reads_lists say that the
 * map finds a category in a path, or in the first of several.  NULL if out of
 * memory.
 */
extern struct category_census *
category_census_new(const struct category_list *categories, bool reads_paths, bool reads_lists);

/* Free a census; NULL is accepted. */
extern void category_census_destroy(struct category_census *census);

/* Forget what was counted. */
extern void category_census_reset(struct category_census *census);

/* Count a value, which is trimmed.  Returns false if out of memory. */
extern bool category_census_add(struct category_census *census, struct text_view value);

/*
 * Return the values that are unknown categories, most frequent first; *more is how many
 * rows have others.
 */
extern const struct unknown_category *
category_census_unknown(struct category_census *census, int *count, int64_t *more);

#endif /* GLUE_CATEGORY_CENSUS_H */
