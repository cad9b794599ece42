/*-------------------------------------------------------------------------
 *
 * workbook_test.c
 *	  Workbooks: what a cell can hold, limits, and files that do not depend on the
 *	  time.  What is in them is tested with a reader of such files, in
 *	  test/tap/036_workbook.pl.
 *
 *-------------------------------------------------------------------------
 */
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "report/workbook.h"

#define CREATED 1767225600

static struct glue_error error;

/* Return a text of this length. */
static struct text_view
repeated(const char *character, size_t count)
{
	static char buffer[4 * (WORKBOOK_MAX_CELL + 1)];
	size_t size = strlen(character);

	for (size_t i = 0; i < count; i++)
		memcpy(buffer + i * size, character, size);
	return (struct text_view){buffer, count * size};
}

static void
test_fits(void)
{
	ok(workbook_cell_fits(text_of("")), "an empty text fits");
	ok(workbook_cell_fits(repeated("a", WORKBOOK_MAX_CELL)), "the longest text fits");
	ok(!workbook_cell_fits(repeated("a", WORKBOOK_MAX_CELL + 1)), "a longer one does not");
	ok(workbook_cell_fits(repeated("\xE2\x82\xAC", WORKBOOK_MAX_CELL)),
	   "characters are counted, not bytes");
	ok(!workbook_cell_fits(repeated("\xF0\x9F\x98\x80", WORKBOOK_MAX_CELL / 2 + 1)),
	   "an emoji counts twice");
	ok(!workbook_cell_fits(repeated("\x01", WORKBOOK_MAX_CELL / 7 + 1)),
	   "a control character counts as its escape");
}

/* Return the file of a workbook with a few cells; -1 on error. */
static int
small_workbook(void)
{
	struct workbook *workbook = workbook_open(CREATED, &error);

	if (workbook == NULL)
		return -1;
	if (workbook_sheet(workbook, "Rows", &error) &&
		workbook_cell(workbook, 0, 0, text_of("sku"), WORKBOOK_HEADING, &error) &&
		workbook_cell(workbook, 1, 0, text_of("=1+1"), WORKBOOK_BAD, &error) &&
		workbook_note(workbook, 1, 0, text_of("not a SKU"), &error))
		return workbook_finish(workbook, &error);
	workbook_discard(workbook);
	return -1;
}

/* Read a file into a static buffer and close it. */
static size_t
read_file(int descriptor, char *buffer, size_t size)
{
	ssize_t length = descriptor < 0 ? 0 : read(descriptor, buffer, size);

	if (descriptor >= 0)
		close(descriptor);
	return length > 0 ? (size_t) length : 0;
}

static void
test_bytes(void)
{
	static char first[65536];
	static char second[65536];
	int descriptor = small_workbook();
	struct stat found;
	size_t length;

	ok(fstat(descriptor, &found) == 0 && found.st_nlink == 0, "the file has no name");
	length = read_file(descriptor, first, sizeof(first));
	ok(length > 4 && memcmp(first, "PK\x03\x04", 4) == 0, "it is an archive, read from its start");
	ok(read_file(small_workbook(), second, sizeof(second)) == length &&
		   memcmp(first, second, length) == 0,
	   "the same calls yield the same bytes");
}

static void
test_limits(void)
{
	struct workbook *workbook = workbook_open(CREATED, &error);
	int64_t row = 0;

	workbook_sheet(workbook, "Rows", &error);
	ok(!workbook_cell(workbook, WORKBOOK_MAX_ROWS, 0, text_of("a"), WORKBOOK_PLAIN, &error),
	   "a row too many is refused");
	is_text(error.code, WORKBOOK_TOO_LARGE, "with a code of its own");
	glue_error_clear(&error);
	while (
		workbook_cell(workbook, row, 0, repeated("&", WORKBOOK_MAX_CELL), WORKBOOK_PLAIN, &error))
		row++;
	is_text(error.code, WORKBOOK_TOO_LARGE, "as is too much text");
	is_int(row, WORKBOOK_MAX_BYTES / (5 * WORKBOOK_MAX_CELL + 80), "counted as XML");
	workbook_discard(workbook);
	workbook_discard(NULL);
}

int
main(void)
{
	test_fits();
	test_bytes();
	test_limits();
	return unit_done();
}
