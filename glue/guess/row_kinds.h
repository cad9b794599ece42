/*-------------------------------------------------------------------------
 *
 * row_kinds.h
 *	  Rows of a file that are not products, and cells that only the first of
 *	  several rows has.
 *
 * Shops write a row for each variant and each further picture of a product, and only the
 * first of them has its name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ROW_KINDS_H
#define GLUE_ROW_KINDS_H

#include "guess/proposal.h"

/* Find rows to skip, such as totals; needs the columns of the guess. */
extern void row_kinds_find_skips(struct map_guess *guess);

/*
 * Let cells that only the first of several rows has be filled down; needs the columns
 * and the skip of the guess.
 */
extern void row_kinds_fill_down(struct map_guess *guess);

#endif /* GLUE_ROW_KINDS_H */
