/*-------------------------------------------------------------------------
 *
 * category_census.h
 *	  Counts the categories of a file that we do not have: the values that the
 *	  value list of its map will be asked for.
 *
 * The rows go through the map, as in a load, because the list is asked for what the
 * transformations before it make of a cell.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CATEGORY_CENSUS_H
#define GLUE_CATEGORY_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/record.h"
#include "shared/category.h"

/* A category of the vendor's that we do not have. */
struct unknown_category
{
	struct text_view value; /* with a NUL after it; in the first spelling that was found */
	int64_t rows;
	int meant; /* index in the names of our categories that it plainly means, or -1 */

	/* private */
	struct text_view key; /* as a value list compares it */
};

/* Opaque. */
struct category_census;

/*
 * Create a census for the map with this definition, whose list of categories has no
 * values yet.  header is borrowed for the call, the categories for the life of the
 * census.  The caller must call category_census_destroy().  Returns NULL on
 * the errors of file_map_of_definition() and mapped_header_bind().
 */
extern struct category_census *
category_census_new(struct text_view definition, const struct record *header,
					const struct category_list *categories, struct glue_error *error);

/* Free a census; NULL is accepted. */
extern void category_census_destroy(struct category_census *census);

/* Forget what was counted, to begin again with the first row.  Returns false if out of memory. */
extern bool category_census_reset(struct category_census *census);

/*
 * Count the category of the next row, unless the row has fewer fields than the header.
 * Returns false if out of memory.
 */
extern bool category_census_take(struct category_census *census, const struct record *row);

/*
 * Return the values that are unknown categories, most frequent first; *more is how many
 * rows have others.  Values that a value list does not tell apart are one.  They live until
 * the census takes another row.  A census of NULL has none.
 */
extern const struct unknown_category *
category_census_unknown(struct category_census *census, int *count, int64_t *more);

#endif /* GLUE_CATEGORY_CENSUS_H */
