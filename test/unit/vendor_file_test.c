/*-------------------------------------------------------------------------
 *
 * vendor_file_test.c
 *	  The columns of a file as a PostgreSQL array; what decides how it is read.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/heap.h"
#include "import/vendor_file.h"
#include "map_document.h"
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

#define SETTINGS                                                               \
	"encoding windows-1252\ndelimiter \";\"\nquote none\nsheet \"Products\"\n" \
	"max_bytes 500\nmax_rows 5\nsku = \"Code\""

/* A map decides what the caller has left open, and only while it is used. */
static void
test_settings(void)
{
	const struct vendor_file_request open = {.limits = {100, 10}};
	const struct vendor_file_request given = {
		.options = {.encoding = "UTF-8", .delimiter = ',', .sheet = "Old"},
		.limits = {100, 10},
		.has_quote = true,
		.has_max_bytes = true,
		.has_max_rows = true,
	};
	const struct vendor_file_request *requests[] = {&open, &given};
	struct byte_source bytes = {0};
	struct glue_error error = {0};

	for (int i = 0; i < 2; i++)
	{
		struct vendor_file file;
		struct vendor_file other;
		bool is_given = i == 1;

		ok(vendor_file_init(&file, &bytes, "f.csv", requests[i], &error) &&
			   vendor_file_use_map(&file, map_parse(SETTINGS, &error), &error),
		   "a file is read with a map");
		is_text(file.options.encoding, is_given ? "UTF-8" : "windows-1252", "the encoding");
		is_int(file.options.delimiter, is_given ? ',' : ';', "the delimiter");
		is_int(file.options.quote, is_given ? QUOTE_DOUBLE : QUOTE_NONE, "the quote character");
		is_text(file.options.sheet, is_given ? "Old" : "Products", "the sheet");
		is_int(file.limits.max_bytes, is_given ? 100 : 500, "the limit of bytes");
		is_int(file.options.max_bytes, file.limits.max_bytes, "also when unpacked");
		is_int(file.limits.max_rows, is_given ? 10 : 5, "the limit of rows");
		ok(file.needs.map == file.map && vendor_file_has_map(&file, "0123abcd") &&
			   !vendor_file_has_map(&file, NULL) && !vendor_file_has_map(&file, "4567"),
		   "its rows need the map, which has a hash");
		ok(vendor_file_use_encoding(&file, "cp1251", &error), "an encoding is asked for");
		is_text(file.options.encoding, "cp1251", "it is used");

		ok(vendor_file_init(&other, &bytes, "f.csv", requests[i], &error) &&
			   vendor_file_share_map(&other, &file, &error) && other.map == file.map,
		   "another reading shares the map");
		vendor_file_clean_up(&other);

		ok(vendor_file_use_map(&file, map_parse("sku = \"Code\"", &error), &error),
		   "another map is chosen");
		is_text(file.options.encoding, "cp1251", "which does not replace what was asked for");
		is_int(file.limits.max_rows, 10, "the limit of the first map is gone");
		ok(vendor_file_use_map(&file, NULL, &error) && vendor_file_has_map(&file, NULL) &&
			   file.needs.map == NULL,
		   "no map is chosen");
		vendor_file_clean_up(&file);
	}
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
	test_settings();
	return unit_done();
}
