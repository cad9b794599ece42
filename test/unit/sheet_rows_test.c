/*-------------------------------------------------------------------------
 *
 * sheet_rows_test.c
 *	  The rows that a spreadsheet shows: cells of several lines, blank lines.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/sheet_rows.h"

static void
note(struct sheet_rows *rows, int64_t row_number, int64_t line_number, const char *raw)
{
	const struct record record = {
		.row_number = row_number,
		.line_number = line_number,
		.raw = text_of(raw),
	};

	sheet_rows_note(rows, &record, 1);
}

static void
test_lines(void)
{
	is_int(sheet_rows_lines(text_of("")), 1, "an empty text is one line");
	is_int(sheet_rows_lines(text_of("a,b")), 1, "one line");
	is_int(sheet_rows_lines(text_of("a\nb\r\nc\rd")), 4, "all line ends count");
	is_int(sheet_rows_lines(text_of("a\n\r\nb")), 3, "CR LF is one");
}

static void
test_rows(void)
{
	struct sheet_rows rows = {0};

	is_int(sheet_rows_find(&rows, 1), 0, "without rows none is known");
	note(&rows, 1, 2, "a,\"b\nc\"");
	note(&rows, 2, 4, "d");
	note(&rows, 3, 7, "e");
	note(&rows, 4, 8, "f");
	is_int(sheet_rows_find(&rows, 1), 2, "the first row is below the header");
	is_int(sheet_rows_find(&rows, 2), 3, "a cell of two lines is one row");
	is_int(sheet_rows_find(&rows, 3), 6, "two blank lines are two rows");
	is_int(sheet_rows_find(&rows, 4), 7, "and shift what follows");
	is_int(rows.count, 2, "only the gap is noted");
}

static void
test_above(void)
{
	struct sheet_rows rows = {0};
	const struct record record = {.row_number = 1, .line_number = 6, .raw = text_of("a")};

	sheet_rows_note(&rows, &record, 2);
	is_int(sheet_rows_find(&rows, 1), 5,
		   "a header of two lines is one row, three lines above it are three");
}

static void
test_many(void)
{
	struct sheet_rows rows = {0};

	for (int row = 1; row <= 2 * SHEET_ROWS_STEPS; row++)
		note(&rows, row, 2 * row, "a");
	is_int(sheet_rows_find(&rows, SHEET_ROWS_STEPS - 1), 2 * (SHEET_ROWS_STEPS - 1),
		   "many gaps are noted");
	is_int(sheet_rows_find(&rows, SHEET_ROWS_STEPS), 0, "but not more");
	is_int(sheet_rows_find(&rows, 2 * SHEET_ROWS_STEPS), 0, "nor is any row after them known");
}

int
main(void)
{
	test_lines();
	test_rows();
	test_above();
	test_many();
	return unit_done();
}
