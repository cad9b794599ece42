/*-------------------------------------------------------------------------
 *
 * assignment.h
 *	  The assignment of columns to headings that is best as a whole.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ASSIGNMENT_H
#define GLUE_ASSIGNMENT_H

#include <stdbool.h>

/*
 * Give each row at most one column, and each column at most one row, so that the sum of
 * their scores is as high as possible.  scores has the rows one after the other; a score
 * below the least one is never chosen.  column_of_row[row] becomes the column, or -1.
 * Returns false if out of memory.
 */
extern bool
assignment_find(const int *scores, int row_count, int column_count, int least, int *column_of_row);

#endif /* GLUE_ASSIGNMENT_H */
