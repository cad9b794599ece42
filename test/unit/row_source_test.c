/*-------------------------------------------------------------------------
 *
 * row_source_test.c
 *	  A source other than CSV, used through reader, map and scan.
 *
 * Its format is "footed": lines of fields separated by bars, with the header
 * in the last line.  Like a spreadsheet, it must be read completely before it
 * can yield anything.  A field "?"  is malformed.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "events.h"
#include "reader/row_reader.h"
#include "reader/scan.h"

#define HEADER "vendor_product_id|product_name|category|sku|price|stock_quantity|colour"

#define MOST_FIELDS 16

/* ----- the format ----- */

struct footed_source
{
	struct row_source base;
	char *text;
	size_t length;
};

static struct row_source *
footed_open(const struct row_source_options *options, struct glue_error *error)
{
	struct footed_source *source = glue_allocate_zero(sizeof(*source));

	(void) options;
	if (source == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	return &source->base;
}

static bool
footed_push(struct row_source *base, const char *bytes, size_t length)
{
	struct footed_source *source = (struct footed_source *) base;
	char *text = glue_reallocate(source->text, source->length + length + 1);

	if (text == NULL)
		return glue_error_memory(&base->error);
	memcpy(text + source->length, bytes, length);
	source->text = text;
	source->length += length;
	text[source->length] = '\0';
	return true;
}

/* Yield a line: the header, number 0, or a row. */
static bool
footed_yield(const struct footed_source *source, struct text_view line, int64_t row_number,
			 int64_t line_number)
{
	const struct row_source_events *events = &source->base.events;
	struct text_view fields[MOST_FIELDS];
	struct record record = {
		.row_number = row_number,
		.line_number = line_number,
		.fields = fields,
		.raw = line,
	};
	const char *begin = line.data;

	for (const char *c = line.data; c <= line.data + line.length; c++)
	{
		if (c < line.data + line.length && *c != '|')
			continue;
		fields[record.field_count++] = (struct text_view){begin, c - begin};
		if (c - begin == 1 && *begin == '?')
		{
			record.defect_type = "MALFORMED_ROW";
			record.defect_field = record.field_count;
			record.defect_message = "cannot be read";
		}
		begin = c + 1;
	}
	return row_number == 0 ? events->header(events->context, &record)
						   : events->record(events->context, &record);
}

static bool
footed_finish(struct row_source *base)
{
	struct footed_source *source = (struct footed_source *) base;
	const char *footer;
	const char *line = source->text;

	if (source->length == 0)
		return true;
	footer = strrchr(source->text, '\n');
	footer = footer != NULL ? footer + 1 : source->text;
	if (!footed_yield(source, text_of(footer), 0, 1))
		return false;
	for (int64_t row = 1; line < footer; row++)
	{
		size_t length = strcspn(line, "\n");

		if (!footed_yield(source, (struct text_view){line, length}, row, row))
			return false;
		line += length + 1;
	}
	return true;
}

static void
footed_found(const struct row_source *base, struct row_source_found *found)
{
	const struct footed_source *source = (const struct footed_source *) base;

	found->encoding = "UTF-8";
	found->has_content = source->length > 0;
}

static void
footed_destroy(struct row_source *base)
{
	struct footed_source *source = (struct footed_source *) base;

	glue_release(source->text);
	glue_release(source);
}

static const struct row_format footed_format = {
	.name = "footed",
	.open = footed_open,
	.push = footed_push,
	.finish = footed_finish,
	.found = footed_found,
	.destroy = footed_destroy,
};

static const struct row_source_options footed = {.format = &footed_format};

/* ----- the reader ----- */

struct reading
{
	struct row_reader *reader;
	struct event_list list;
	bool has_token; /* at any row */
	struct glue_error error;
};

static bool
take_header(void *context, const struct header_map *map)
{
	struct reading *reading = context;
	char line[64];

	snprintf(line, sizeof(line), "sku is field %d of %d\n", map->position[COLUMN_SKU] + 1,
			 map->field_count);
	events_append(&reading->list, line, strlen(line));
	return true;
}

static bool
take_row(void *context, const struct record *row)
{
	struct reading *reading = context;
	struct resume_token token;
	struct glue_error error;

	reading->has_token |=
		row_reader_token(reading->reader, &token, &error) || error.class != GLUE_NO_ERROR;
	return events_record(&reading->list, row);
}

static bool
push_piece(void *context, const char *bytes, size_t length)
{
	struct reading *reading = context;

	return row_reader_push(reading->reader, bytes, length, &reading->error);
}

/* Read a file in pieces; the caller must clean up reader and list. */
static bool
read_file(struct reading *reading, const char *input, size_t chunk, int stop_after)
{
	struct row_reader_events events = {take_header, take_row, reading};

	memset(reading, 0, sizeof(*reading));
	reading->list.stop_after = stop_after;
	reading->reader = row_reader_open(&footed, &events, &reading->error);
	return reading->reader != NULL &&
		   push_in_pieces(input, strlen(input), chunk, push_piece, reading) &&
		   row_reader_finish(reading->reader, &reading->error);
}

static void
clean_up(struct reading *reading)
{
	row_reader_destroy(reading->reader);
	events_clean_up(&reading->list);
}

static const char three_rows[] = "1|2|3|4|5|6|7\n1|2|3|?|5|6|7\n1|2|3|4|5|6|?\n" HEADER;

static void
test_rows(void)
{
	static const char expected[] =
		"sku is field 4 of 7\n1@1 1|2|3|4|5|6|7\n"
		"2@2 MALFORMED_ROW field 4 (sku) cannot be read <1|2|3|?|5|6|7>\n"
		"3@3 MALFORMED_ROW field 7 cannot be read <1|2|3|4|5|6|?>\n";

	for (size_t chunk = 1; chunk <= sizeof(three_rows); chunk += 13)
	{
		struct reading reading;

		ok(read_file(&reading, three_rows, chunk, 0), "file is read in pieces of %zu bytes", chunk);
		is_text(reading.list.text, expected, "map finds and names the columns");
		ok(!reading.has_token, "source cannot be resumed");
		clean_up(&reading);
	}
}

static void
test_stop(void)
{
	struct reading reading;
	struct glue_error error;

	ok(!read_file(&reading, three_rows, 20, 2), "event stops the source");
	is_int(reading.error.class, GLUE_NO_ERROR, "stopping is not an error");
	is_int(reading.list.count, 2, "source stops immediately");
	ok(!row_reader_push(reading.reader, "x", 1, &error) && error.class == GLUE_NO_ERROR,
	   "later bytes are refused");
	ok(!row_reader_finish(reading.reader, &error) && error.class == GLUE_NO_ERROR,
	   "end of file is refused");
	is_int(reading.list.count, 2, "refused calls deliver no event");
	clean_up(&reading);
}

static void
check_fault(const char *input, const char *code)
{
	struct reading reading;
	struct glue_error error;

	ok(!read_file(&reading, input, 7, 0), "%s is rejected", code);
	is_text(reading.error.code, code, "error has the expected code");
	ok(!row_reader_finish(reading.reader, &error), "later call fails, too");
	is_text(error.code, code, "later call reports the same code");
	clean_up(&reading);
}

static void
test_faults(void)
{
	check_fault("", "EMPTY_FILE");
	check_fault("1|2\na|b", "NO_HEADER");
	check_fault("1|2\nsku|price", "MISSING_COLUMN");
	check_fault("1|2\n" HEADER "|SKU", "DUPLICATE_COLUMN");
}

/* ----- the scan ----- */

static bool
scan_piece(void *context, const char *bytes, size_t length)
{
	/* All of the content is hashed, even after a fault. */
	scan_push(context, bytes, length, NULL);
	return true;
}

static void
check_scan(const char *name, const struct scan_limits *limits, const char *input,
		   const char *expected)
{
	for (size_t chunk = 1; chunk <= strlen(input) + 1; chunk += 29)
	{
		struct glue_error error;
		struct scan_result result;
		struct scan *scan = scan_new(&footed, limits, "a.footed", &error);
		char line[200];

		push_in_pieces(input, strlen(input), chunk, scan_piece, scan);
		if (scan_finish(scan, &result, &error))
			snprintf(error.code, sizeof(error.code), "good");
		snprintf(line, sizeof(line), "%s %lld bytes %lld rows %lld defects %s %s %.8s %d",
				 error.code, (long long) result.byte_count, (long long) result.row_count,
				 (long long) result.defect_count, result.format, result.encoding, result.content_id,
				 result.map != NULL ? result.map->attribute_count : -1);
		is_text(line, expected, "%s, in pieces of %zu", name, chunk);
		is_int(result.delimiter, 0, "%s: no delimiter", name);
		scan_destroy(scan);
	}
}

/* The checksums are those of sha256sum on content, NUL, "a.footed". */
static void
test_scan(void)
{
	struct scan_limits two_rows = {.max_rows = 2};
	struct scan_limits bytes = {.max_bytes = 20};

	check_scan("valid file", NULL, three_rows,
			   "good 113 bytes 3 rows 2 defects footed UTF-8 6addf154 1");
	check_scan("nothing", NULL, "", "EMPTY_FILE 0 bytes 0 rows 0 defects footed UTF-8 3e813ca5 -1");
	check_scan("no rows", NULL, HEADER,
			   "NO_ROWS 71 bytes 0 rows 0 defects footed UTF-8 94bb53bb 1");
	check_scan("one row too many", &two_rows, three_rows,
			   "TOO_MANY_ROWS 113 bytes 2 rows 1 defects footed UTF-8 6addf154 1");
	check_scan("too many bytes", &bytes, three_rows,
			   "FILE_TOO_LARGE 113 bytes 0 rows 0 defects footed UTF-8 6addf154 -1");
	check_scan("no known column", NULL, "1|2\na|b",
			   "NO_HEADER 7 bytes 0 rows 0 defects footed UTF-8 ca5bccc6 -1");
}

/* Let each allocation fail once: each must yield an error without a leak. */
static void
test_memory(void)
{
	bool good = false;
	int wrong = 0;

	glue_set_reallocate(failing_reallocate);
	for (int fail_at = 0; !good && fail_at < 100; fail_at++)
	{
		struct reading reading;

		allocations_left = fail_at;
		good = read_file(&reading, three_rows, 50, 0);
		wrong += !good && strcmp(reading.error.code, "OUT_OF_MEMORY") != 0;
		clean_up(&reading);
	}
	glue_set_reallocate(NULL);
	ok(good, "file is read if there is enough memory");
	is_int(wrong, 0, "failed allocation is reported");
}

int
main(void)
{
	test_rows();
	test_stop();
	test_faults();
	test_scan();
	test_memory();
	return unit_done();
}
