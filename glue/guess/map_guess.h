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
 *		  -> map_text.h: the text of the map
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
 * map_guess_destroy().  Returns NULL if out of memory.
 */
extern struct map_guess *
map_guess_new(const struct sample_table *table, const struct category_list *categories,
			  struct glue_error *error);

/* Free a guess; NULL is accepted. */
extern void map_guess_destroy(struct map_guess *guess);

/*
 * Begin to count the categories of all rows; until then, the rows of the sample count.
 * Returns false if that is not needed.  Each row is passed to map_guess_take_row(), a
 * record_fn whose context is the guess, which returns false if out of memory.
 */
extern bool map_guess_begin_rows(struct map_guess *guess);
extern bool map_guess_take_row(void *guess, const struct record *row);

/*
 * Return the unknown categories in the rows that were taken, most
 * frequent first; *more is how many others there are.
 */
extern const struct unknown_category *
map_guess_unknown_categories(const struct map_guess *guess, int *count, int64_t *more);

#endif /* GLUE_MAP_GUESS_H */
