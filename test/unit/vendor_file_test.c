/*-------------------------------------------------------------------------
 *
 * vendor_file_test.c
 *	  The columns of a file as a PostgreSQL array.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/heap.h"
#include "import/vendor_file.h"
#include "reader/mapped_header.h"

static void
is_array(const char *const *names, int count, const char *expected)
{
	struct column_needs needs = {MODE_UPDATE, MATCH_COUNT, NULL};
	struct text_view fields[8];
	struct record header = {.line_number = 1, .field_count = count, .fields = fields};
	struct glue_error error = {0};
	struct mapped_header mapped;
	struct vendor_file file = {.found.map = &mapped.columns};
	char *array;

	for (int i = 0; i < count; i++)
		fields[i] = text_of(names[i]);
	if (!ok(mapped_header_init(&mapped, &header, &needs, &(struct row_source_found){0}, &error),
			"a header is mapped"))
		return;
	array = vendor_file_columns(&file);
	is_text(array, expected, "its columns are %s", expected);
	glue_release(array);
	mapped_header_clean_up(&mapped);
}

int
main(void)
{
	struct vendor_file unread = {0};

	is_array((const char *const[]){"sku"}, 1, "{\"sku\"}");
	is_array((const char *const[]){" SKU ", "Price", "onboard_action", "onboard_line", "Farbe", ""},
			 6, "{\"sku\",\"price\",\"Farbe\",\"column_6\"}");
	is_array((const char *const[]){"a \"b\" \\c", "{x,y}", "NULL", "sku"}, 4,
			 "{\"a \\\"b\\\" \\\\c\",\"{x,y}\",\"NULL\",\"sku\"}");
	ok(vendor_file_columns(&unread) == NULL, "those of an unread file are not known");
	return unit_done();
}
