/*-------------------------------------------------------------------------
 *
 * row_set.h
 *	  A set of row numbers, in memory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ROW_SET_H
#define ONBOARD_ROW_SET_H

#include "postgres.h"

typedef struct RowSet RowSet;

typedef struct RowRange
{
	int64 first;
	int64 last;
} RowRange;

/* Ranges in ascending order that neither overlap nor touch. */
typedef struct RangeList
{
	RowRange *ranges;
	int count;
	int size;
} RangeList;

/* Create an empty set in the given context. */
extern RowSet *row_set_create(MemoryContext context);

/* Add a row; returns false if it was in the set. */
extern bool row_set_add(RowSet *set, int64 row_number);

extern bool row_set_has(RowSet *set, int64 row_number);
extern bool row_set_is_empty(const RowSet *set);

/* Add all rows of another set. */
extern void row_set_add_set(RowSet *set, RowSet *other);

/* Return the rows as ranges, in the current memory context. */
extern void row_set_ranges(RowSet *set, RangeList *list);

/* Append a range that begins after all others, merging it if it touches the last. */
extern void range_list_append(RangeList *list, int64 first, int64 last);

#endif /* ONBOARD_ROW_SET_H */
