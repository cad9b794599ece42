/*-------------------------------------------------------------------------
 *
 * cell_fit.h
 *	  How well the cells of a column fit one of our columns, and which
 *	  transformations make them fit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CELL_FIT_H
#define GLUE_CELL_FIT_H

#include "guess/cell_profile.h"
#include "shared/columns.h"

/* Size of the steps of a statement, and of a reason, including the NUL. */
#define GUESS_STEPS_SIZE 1024
#define GUESS_REASON_SIZE 256

/*
 * Return how well cells fit a column that a heading may name, from 0 (they
 * contradict it) to 100; 60 if there are none.
 */
extern int cell_fit(const struct cell_profile *profile, enum onboard_column column);

/*
 * Return how sure it is that cells are those of a column, whatever the heading, from
 * 0 to 100.
 */
extern int cell_evidence(const struct cell_profile *profile, enum onboard_column column);

/* Write what the cells of a column look like, such as "prices with a decimal comma". */
extern void cell_fit_reason(const struct cell_profile *profile, enum onboard_column column,
							struct text_builder *reason);

/*
 * Write the transformations that the cells of a column need, each after " | ", as in a
 * map.  heading may say in which unit they are.
 */
extern void cell_fit_steps(const struct cell_profile *profile, enum onboard_column column,
						   struct text_view heading, struct text_builder *steps);

#endif /* GLUE_CELL_FIT_H */
