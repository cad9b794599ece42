/*-------------------------------------------------------------------------
 *
 * assignment_test.c
 *	  The best assignment as a whole, compared with all assignments.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "guess/assignment.h"

#define MOST_ROWS 5
#define MOST_COLUMNS 6
#define ROUNDS 2000

struct matrix
{
	int rows;
	int columns;
	int least;
	int scores[MOST_ROWS * MOST_COLUMNS];
};

/* Return the best sum for the rows from this one on, by trying everything. */
static int
best_sum(const struct matrix *matrix, int row, unsigned used)
{
	int best;

	if (row == matrix->rows)
		return 0;
	/* A row without a column counts as the least score, as in the definition. */
	best = matrix->least + best_sum(matrix, row + 1, used);
	for (int column = 0; column < matrix->columns; column++)
	{
		int score = matrix->scores[row * matrix->columns + column];
		int sum;

		if (score < matrix->least || (used & (1u << column)) != 0)
			continue;
		sum = score + best_sum(matrix, row + 1, used | (1u << column));
		if (sum > best)
			best = sum;
	}
	return best;
}

static int
sum_of(const struct matrix *matrix, const int *column_of_row)
{
	int sum = 0;
	unsigned used = 0;

	for (int row = 0; row < matrix->rows; row++)
	{
		int column = column_of_row[row];
		int score = column < 0 ? matrix->least : matrix->scores[row * matrix->columns + column];

		if (score < matrix->least || (column >= 0 && (used & (1u << column)) != 0))
			return -1;
		if (column >= 0)
			used |= 1u << column;
		sum += score;
	}
	return sum;
}

static void
test_random(void)
{
	int failures = 0;

	unit_seed();
	for (int round = 0; round < ROUNDS; round++)
	{
		struct matrix matrix = {1 + (int) unit_random(MOST_ROWS),
								1 + (int) unit_random(MOST_COLUMNS),
								(int) unit_random(60),
								{0}};
		int found[MOST_ROWS];

		for (int i = 0; i < matrix.rows * matrix.columns; i++)
			matrix.scores[i] = (int) unit_random(100);
		if (!assignment_find(matrix.scores, matrix.rows, matrix.columns, matrix.least, found) ||
			sum_of(&matrix, found) != best_sum(&matrix, 0, 0))
			failures++;
	}
	is_int(failures, 0, "the assignment is the best one of %d random matrices", ROUNDS);
}

int
main(void)
{
	/* The first row is better off with the column that the second row needs. */
	static const int scores[] = {90, 85, 80, 10};
	int found[2];

	ok(assignment_find(scores, 2, 2, 40, found) && found[0] == 1 && found[1] == 0,
	   "the whole counts, not the first row");
	ok(assignment_find(scores, 2, 1, 40, found) && found[0] == 0 && found[1] == -1,
	   "a row may be left without a column");
	ok(assignment_find(scores, 2, 2, 95, found) && found[0] == -1 && found[1] == -1,
	   "scores below the least are never chosen");
	test_random();
	return unit_done();
}
