/*-------------------------------------------------------------------------
 *
 * proposal.h
 *	  What a proposed column map consists of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_PROPOSAL_H
#define GLUE_PROPOSAL_H

#include <stdbool.h>

#include "guess/category_census.h"
#include "guess/cell_fit.h"
#include "guess/cell_profile.h"
#include "guess/sample.h"
#include "reader/vocabulary.h"
#include "shared/columns.h"

/* The value list with which a proposed map replaces the vendor's categories. */
#define GUESS_CATEGORY_LIST "categories"

/* A heading for one of our columns. */
struct guessed_column
{
	int heading;                  /* index in the table's headings; -1: none */
	int percent;                  /* how sure it is */
	char steps[GUESS_STEPS_SIZE]; /* "" or the transformations, each after " | " */
	char reason[GUESS_REASON_SIZE];
};

/* A map skips rows by at most so many statements. */
#define GUESS_MOST_SKIPS 8

/* Rows that are not products: those with a value in a column. */
struct guessed_skip
{
	int heading;
	struct text_view value; /* "": a blank one */
	int percent;            /* how sure it is */
	const char *what;       /* describes the rows, as in "3 rows of totals" */
	int rows;               /* of those that the guess saw */
};

struct map_guess
{
	const struct sample_table *table; /* borrowed */
	struct category_list categories;  /* borrowed */

	/* Of each heading. */
	struct cell_profile *profiles;
	enum onboard_column *own_columns; /* the column whose name it is, or COLUMN_NONE */
	struct vocabulary_match (*matches)[COLUMN_COUNT];
	bool *is_used;     /* a statement names it */
	bool *is_repeated; /* other columns have it, too, so that a map can only ignore them */
	bool *is_usable;   /* a map can name it: it is not blank, very long or repeated */

	struct guessed_column columns[COLUMN_COUNT];
	struct guessed_column next[COLUMN_COUNT]; /* without one: the likeliest unused heading */
	bool updates_only;                        /* the file lacks what a new product needs */
	int skip_count;
	struct guessed_skip skips[GUESS_MOST_SKIPS];

	struct category_census *census;
};

#endif /* GLUE_PROPOSAL_H */
