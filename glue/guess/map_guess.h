/*-------------------------------------------------------------------------
 *
 * map_guess.h
 *	  Proposes a column map for a file, from its headings and its values.
 *
 * Headings are assigned to our columns so that the whole assignment is the best one.
 * The proposal says how sure each line is, and why: a person decides.
 *
 *	  sample -> vocabulary.h: headings; cell_profile.h, cell_fit.h: values -> assignment.h
 *		  -> row_kinds.h: rows that are not products, cells to fill down -> map_guess
 *		  -> map_text.h: the text of the map -> category_census.h: unknown categories
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MAP_GUESS_H
#define GLUE_MAP_GUESS_H

#include <stdbool.h>

#include "base/failure.h"
#include "guess/proposal.h"
#include "reader/record.h"

/*
 * Propose a map.  Borrows the table and the categories.  The caller must call
 * map_guess_destroy().  Returns NULL on OUT_OF_MEMORY.
 */
extern struct map_guess *
map_guess_new(const struct sample_table *table, const struct category_list *categories,
			  struct glue_error *error);

/* Free a guess; NULL is accepted. */
extern void map_guess_destroy(struct map_guess *guess);

/*
 * Count the unknown categories of all rows in place of those of the sample, if
 * map_guess_needs_rows(): call map_guess_begin_rows(), then pass each row to
 * map_guess_take_row(), a record_fn whose context is the guess.  These two return false
 * if out of memory.
 */
extern bool map_guess_needs_rows(const struct map_guess *guess);
extern bool map_guess_begin_rows(struct map_guess *guess);
extern bool map_guess_take_row(void *guess, const struct record *row);

/*
 * Return the unknown categories in the rows that were taken, most
 * frequent first; *more is how many others there are.
 */
extern const struct unknown_category *
map_guess_unknown_categories(const struct map_guess *guess, int *count, int64_t *more);

#endif /* GLUE_MAP_GUESS_H */
