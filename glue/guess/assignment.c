/*-------------------------------------------------------------------------
 *
 * assignment.c
 *	  The assignment of columns to headings that is best as a whole.
 *
 * The Hungarian method with potentials: rows are added one by one, each along the
 * cheapest path through the assignment so far, which takes time in the order of rows *
 * rows * columns.  Each row also has a dummy column that costs as much as the least score and
 * stands for no column.
 *
 *-------------------------------------------------------------------------
 */
#include <limits.h>
#include <string.h>

#include "base/heap.h"
#include "guess/assignment.h"

/* Rows and columns count from 1; column 0 is where the row that is added begins. */
struct assignment
{
	const int *scores;
	int row_count;
	int column_count; /* without the rows' own */
	int least;
	long *row_potential;
	long *column_potential;
	int *row_of_column;
	int *previous; /* column on the path */
	long *distance;
	bool *is_used;
};

static int
all_columns(const struct assignment *assignment)
{
	return assignment->column_count + assignment->row_count;
}

/* Return what a row and a column cost; costs are scores, negated. */
static long
cost(const struct assignment *assignment, int row, int column)
{
	int score;

	if (column > assignment->column_count)
		return column - assignment->column_count == row ? -assignment->least : 0;
	score = assignment->scores[(row - 1) * assignment->column_count + column - 1];
	return score >= assignment->least ? -(long) score : 0;
}

/* Extend the path by one column; returns the one to continue from. */
static int
step(struct assignment *assignment, int column)
{
	int row = assignment->row_of_column[column];
	long delta = LONG_MAX;
	int nearest = 0;

	assignment->is_used[column] = true;
	for (int next = 1; next <= all_columns(assignment); next++)
	{
		long reduced;

		if (assignment->is_used[next])
			continue;
		reduced = cost(assignment, row, next) - assignment->row_potential[row] -
				  assignment->column_potential[next];
		if (reduced < assignment->distance[next])
		{
			assignment->distance[next] = reduced;
			assignment->previous[next] = column;
		}
		if (assignment->distance[next] < delta)
		{
			delta = assignment->distance[next];
			nearest = next;
		}
	}
	for (int next = 0; next <= all_columns(assignment); next++)
	{
		if (assignment->is_used[next])
		{
			assignment->row_potential[assignment->row_of_column[next]] += delta;
			assignment->column_potential[next] -= delta;
		}
		else
			assignment->distance[next] -= delta;
	}
	return nearest;
}

static void
add_row(struct assignment *assignment, int row)
{
	int column = 0;

	assignment->row_of_column[0] = row;
	for (int next = 0; next <= all_columns(assignment); next++)
	{
		assignment->distance[next] = LONG_MAX / 2;
		assignment->is_used[next] = false;
	}
	do
		column = step(assignment, column);
	while (assignment->row_of_column[column] != 0);
	while (column != 0)
	{
		int previous = assignment->previous[column];

		assignment->row_of_column[column] = assignment->row_of_column[previous];
		column = previous;
	}
}

static bool
allocate(struct assignment *assignment)
{
	size_t columns = (size_t) all_columns(assignment) + 1;

	assignment->row_potential = glue_allocate_zero(sizeof(long) * (assignment->row_count + 1));
	assignment->column_potential = glue_allocate_zero(sizeof(long) * columns);
	assignment->row_of_column = glue_allocate_zero(sizeof(int) * columns);
	assignment->previous = glue_allocate_zero(sizeof(int) * columns);
	assignment->distance = glue_allocate_zero(sizeof(long) * columns);
	assignment->is_used = glue_allocate_zero(sizeof(bool) * columns);
	return assignment->row_potential != NULL && assignment->column_potential != NULL &&
		   assignment->row_of_column != NULL && assignment->previous != NULL &&
		   assignment->distance != NULL && assignment->is_used != NULL;
}

static void
release(struct assignment *assignment)
{
	glue_release(assignment->row_potential);
	glue_release(assignment->column_potential);
	glue_release(assignment->row_of_column);
	glue_release(assignment->previous);
	glue_release(assignment->distance);
	glue_release(assignment->is_used);
}

bool
assignment_find(const int *scores, int row_count, int column_count, int least, int *column_of_row)
{
	struct assignment assignment = {
		.scores = scores, .row_count = row_count, .column_count = column_count, .least = least};
	bool good = allocate(&assignment);

	for (int row = 0; row < row_count; row++)
		column_of_row[row] = -1;
	if (good)
	{
		for (int row = 1; row <= row_count; row++)
			add_row(&assignment, row);
		for (int column = 1; column <= column_count; column++)
		{
			int row = assignment.row_of_column[column];

			if (row > 0 && scores[(row - 1) * column_count + column - 1] >= least)
				column_of_row[row - 1] = column - 1;
		}
	}
	release(&assignment);
	return good;
}
