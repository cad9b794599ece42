/*-------------------------------------------------------------------------
 *
 * resume_test.c
 *	  Reading on in the middle of a file = reading it in one go.
 *
 * Files made to be hostile, in each encoding, are read in pieces of several
 * sizes; at every record a new source goes on from the point that the first
 * one gave, and must give what the first one still gave.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <iconv.h>

#include "unit.h"

#include "reader/csv_source.h"
#include "shared/columns.h"
#include "events.h"

/* The columns that a file must have. */
#define HEADER "vendor_product_id,product_name,category,sku,price,stock_quantity"

#define MOST_RECORDS 20000

/* In a long file only every so manieth record is gone on with. */
#define LONG_STEP 7

/* How many records a source that goes on is compared for, in a long file. */
#define COMPARED 25

struct encoding
{
	const char *name;  /* that iconv writes */
	const char *given; /* that the source is told, or NULL */
	const char *mark;  /* byte order mark, or NULL */
	bool resumable;
};

static const struct encoding encodings[] = {
	{"UTF-8", NULL, NULL, true},
	{"UTF-8", NULL, "\xEF\xBB\xBF", true},
	{"UTF-16LE", NULL, "\xFF\xFE", true},
	{"UTF-16BE", NULL, "\xFE\xFF", true},
	{"UTF-16LE", "UTF-16LE", NULL, true},
	{"UTF-16BE", "utf-16be", NULL, true},
	{"UTF-32LE", "UTF-32LE", NULL, true},
	{"WINDOWS-1252", "WINDOWS-1252", NULL, true},
	{"ISO-8859-15", "iso-8859-15", NULL, true},
	{"CP437", "CP437", NULL, true},
	{"KOI8-R", "KOI8-R", NULL, true},
	{"SHIFT_JIS", "SHIFT_JIS", NULL, true},
	{"EUC-JP", "EUC-JP", NULL, true},
	{"GB18030", "GB18030", NULL, true},
	{"GBK", "GBK", NULL, true},
	{"BIG5", "BIG5", NULL, true},
	{"EUC-KR", "EUC-KR", NULL, true},
	{"UTF-16LE", "UTF-16", NULL, false},
	{"UTF-7", "UTF-7", NULL, false},
	{"ISO-2022-JP", "ISO-2022-JP", NULL, false},
	{"ISO-2022-KR", "ISO-2022-KR", NULL, false},
	{"CP1255", "CP1255", NULL, false},
	{"CP1258", "CP1258", NULL, false},
	{"IBM930", "IBM930", NULL, false},
};

#define ENCODING_COUNT (sizeof(encodings) / sizeof(encodings[0]))

struct bytes
{
	char *data;
	size_t length;
};

/* ----- hostile files ----- */

/* Something of a field, a line or neither. */
static const char *
random_piece(void)
{
	static const char *const pieces[] = {
		"a",
		"17",
		"word",
		",",
		",",
		",",
		"\"",
		"\"\"",
		"\n",
		"\n",
		"\r\n",
		"\r\n",
		"\r",
		"\n\n",
		"\r\r\n",
		" ",
		"\t",
		"\xC3\xA9",
		"\xC3\xA4\xC3\xB6",
		"\xD0\x96",
		"\xE2\x82\xAC",
		"\xE6\x97\xA5\xE6\x9C\xAC",
		"\xEF\xBC\x8C",
		"\xF0\x9F\x98\x80",
		"\xEF\xBF\xBD",
		"\xEF\xBB\xBF",
		"\xE5\xAD\x97",
		"\"x\"",
		",\"1\n2\",",
		"\"\r\n\"",
	};

	return pieces[unit_random(sizeof(pieces) / sizeof(pieces[0]))];
}

/* Mostly good rows; the rest has quotes, line ends and characters anywhere. */
static void
random_line(struct event_list *text)
{
	char row[64];

	if (unit_random(10) < 6)
	{
		snprintf(row, sizeof(row), "S%d,\"n \xC3\xA9 %d\",Books,x,1,2,y%s", (int) unit_random(1000),
				 (int) unit_random(1000), unit_random(2) == 0 ? "\n" : "\r\n");
		events_append(text, row, strlen(row));
		return;
	}
	for (int pieces = (int) unit_random(12); pieces > 0; pieces--)
	{
		const char *piece = random_piece();

		events_append(text, piece, strlen(piece));
	}
	events_append(text, "\n", 1);
}

#define LINE \
	"a line that is long enough to make not too many records of it, and has one, \xC3\xA9, of those"

/* A field, a record or an open quote that goes over the caps. */
static void
random_giant(struct event_list *text)
{
	static const char *const begins[] = {"x,\"", "\"", "x,y,", ""};
	static const char *const fills[] = {"abc", LINE "\n", "\xE6\x97\xA5", ",", "\"\"", "\r"};
	const char *begin = begins[unit_random(4)];
	const char *fill = fills[unit_random(6)];
	size_t size =
		unit_random(2) == 0 ? ONBOARD_MAX_RECORD_BYTES + 1000 : ONBOARD_MAX_FIELD_BYTES + 100;

	events_append(text, begin, strlen(begin));
	for (size_t done = 0; done < size; done += strlen(fill))
		events_append(text, fill, strlen(fill));
	events_append(text, "\n", 1);
}

static struct event_list
random_text(size_t length, int giants)
{
	struct event_list text = {0};
	size_t next_giant = length / 4;

	events_append(&text, HEADER ", \r\n", strlen(HEADER ", \r\n"));
	while (text.length < length)
	{
		random_line(&text);
		if (giants > 0 && text.length > next_giant)
		{
			random_giant(&text);
			giants--;
			next_giant = text.length + 2000;
			length = text.length + 20000;
		}
	}
	return text;
}

/* In another encoding; a character that it does not have is left out. */
static struct bytes
convert(const struct encoding *encoding, const struct event_list *text)
{
	size_t size = 5 * text->length + 64;
	struct bytes bytes = {malloc(size), 0};
	iconv_t converter = iconv_open(encoding->name, "UTF-8");
	char *input = text->text;
	size_t left = text->length;
	char *output = bytes.data;

	if (encoding->mark != NULL)
	{
		memcpy(output, encoding->mark, strlen(encoding->mark));
		output += strlen(encoding->mark);
	}
	size -= output - bytes.data;
	while (left > 0 && iconv(converter, &input, &left, &output, &size) == (size_t) -1)
	{
		size_t step = 1;

		while (step < left && ((unsigned char) input[step] & 0xC0) == 0x80)
			step++;
		input += step;
		left -= step;
	}
	iconv(converter, NULL, NULL, &output, &size);
	iconv_close(converter);
	bytes.length = output - bytes.data;
	return bytes;
}

/* Bytes that are none of the encoding's, but not in the header. */
static void
damage(struct bytes *bytes, int count)
{
	for (size_t start = 400; count > 0 && bytes->length > start; count--)
		bytes->data[start + unit_random(bytes->length - start)] = (char) unit_random(256);
}

/* ----- reading ----- */

struct reading
{
	struct csv_source *source;
	struct event_list list;
	size_t starts[MOST_RECORDS]; /* of each record in the list */
	bool known[MOST_RECORDS];
	struct csv_resume_point points[MOST_RECORDS];
	struct glue_error error;
};

static bool
note_record(void *context, const struct csv_record *record)
{
	struct reading *reading = context;
	int place = reading->list.count;

	if (place == MOST_RECORDS)
		return false;
	reading->starts[place] = reading->list.length;
	reading->known[place] = csv_source_resume_point(reading->source, &reading->points[place]);
	return events_record(&reading->list, record);
}

static bool
push_bytes(void *context, const char *bytes, size_t length)
{
	struct reading *reading = context;

	return csv_source_push(reading->source, bytes, length, &reading->error);
}

/* Read the bytes of the file from offset on. */
static void
read_from(struct reading *reading, const struct bytes *bytes, int64_t offset, size_t chunk)
{
	reading->list.length = 0;
	reading->list.count = 0;
	if (push_in_pieces(bytes->data + offset, bytes->length - offset, chunk, push_bytes, reading))
		csv_source_finish(reading->source, &reading->error);
}

/* A source that goes on with this record. */
static struct csv_source *
resume(const struct reading *whole, int place, struct reading *rest)
{
	const struct csv_header *header = csv_source_header(whole->source);
	struct text_view names[8];
	struct csv_events events = {.record = note_record, .context = rest};
	struct csv_resume_file file = {
		.encoding = csv_source_encoding(whole->source),
		.delimiter = csv_source_delimiter(whole->source),
		.header = names,
		.header_count = header->field_count,
	};

	for (int i = 0; i < header->field_count; i++)
		names[i] = header->fields[i].name;
	return csv_source_resume(&whole->points[place], &file, &events, &rest->error);
}

/* Whether the rest, from this record on, is as in the whole. */
static bool
rest_is_equal(const struct reading *whole, int place, const struct bytes *bytes, size_t chunk,
			  bool to_the_end, struct reading *rest)
{
	const char *expected = whole->list.text + whole->starts[place];
	bool equal;

	rest->list.stop_after = to_the_end ? 0 : COMPARED;
	rest->source = resume(whole, place, rest);
	if (rest->source == NULL)
		return false;
	read_from(rest, bytes, whole->points[place].bytes.byte_offset, chunk);
	csv_source_destroy(rest->source);
	if (to_the_end || rest->list.count < COMPARED)
		equal = strcmp(rest->list.text, expected) == 0;
	else
		equal = strncmp(rest->list.text, expected, rest->list.length) == 0;
	return equal;
}

/*
 * The names that a first reading tells are those that a second one is given,
 * so positions must only grow.
 */
static bool
points_grow(const struct reading *whole)
{
	for (int i = 1; i < whole->list.count; i++)
	{
		if (whole->points[i].bytes.byte_offset < whole->points[i - 1].bytes.byte_offset ||
			whole->points[i].line_number <= whole->points[i - 1].line_number)
			return false;
	}
	return true;
}

/* One file, read in pieces of one size; returns the record that differs, or -1. */
static int
first_difference(struct reading *whole, const struct bytes *bytes, size_t chunk, size_t other_chunk,
				 bool small)
{
	struct reading *rest = calloc(1, sizeof(*rest));
	int differing = -1;

	for (int i = 0; i < whole->list.count && differing < 0; i++)
	{
		bool to_the_end = small || i % (LONG_STEP * 50) == 0;

		if (!whole->known[i] ||
			((small || i % LONG_STEP == 0) &&
			 !rest_is_equal(whole, i, bytes, i % 2 == 0 ? chunk : other_chunk, to_the_end, rest)))
			differing = i;
	}
	events_clean_up(&rest->list);
	free(rest);
	return differing;
}

static bool
none_known(const struct reading *whole)
{
	for (int i = 0; i < whole->list.count; i++)
	{
		if (whole->known[i])
			return false;
	}
	return true;
}

static void
check_file(const struct encoding *encoding, const struct bytes *bytes, size_t chunk,
		   size_t other_chunk, bool small, const char *what)
{
	struct reading *whole = calloc(1, sizeof(*whole));
	struct csv_options options = {.encoding = encoding->given, .delimiter = ','};
	struct csv_events events = {.record = note_record, .context = whole};

	whole->source = csv_source_new(&options, &events, &whole->error);
	read_from(whole, bytes, 0, chunk);
	ok(whole->error.class == GLUE_NO_ERROR && whole->list.count > (small ? 15 : 100),
	   "%s %s, pieces of %zu: %d records (%s)", encoding->name, what, chunk, whole->list.count,
	   whole->error.text);
	if (encoding->resumable)
	{
		is_int(first_difference(whole, bytes, chunk, other_chunk, small), -1,
			   "%s %s, pieces of %zu: goes on at every record", encoding->name, what, chunk);
		ok(points_grow(whole), "%s %s, pieces of %zu: no point is behind another", encoding->name,
		   what, chunk);
	}
	else
		ok(none_known(whole), "%s %s, pieces of %zu: not begun in the middle", encoding->name, what,
		   chunk);
	csv_source_destroy(whole->source);
	events_clean_up(&whole->list);
	free(whole);
}

static void
check_encoding(const struct encoding *encoding)
{
	static const size_t chunks[] = {1, 3, 250, 100000};
	struct event_list text = random_text(2000, 0);
	struct bytes bytes = convert(encoding, &text);

	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
		check_file(encoding, &bytes, chunks[i], chunks[(i + 2) % 4], true, "small");
	damage(&bytes, encoding->resumable ? 60 : 0);
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
		check_file(encoding, &bytes, chunks[i], chunks[(i + 3) % 4], true, "damaged");
	free(bytes.data);
	events_clean_up(&text);
}

/* Longer than the block that is held back, with giants in it. */
static void
check_long(const struct encoding *encoding)
{
	struct event_list text = random_text(80000, 2);
	struct bytes bytes = convert(encoding, &text);

	damage(&bytes, 300);
	check_file(encoding, &bytes, 16384, 65536, false, "long");
	check_file(encoding, &bytes, 999, bytes.length, false, "long");
	free(bytes.data);
	events_clean_up(&text);
}

/* In UTF-8 without faults a point is the very byte of the record. */
static void
test_exact_offset(void)
{
	static const char file[] = "\xEF\xBB\xBF" HEADER "\r\n\r\n\xC3\xA4,1\r\nb,\"2\n\"\r\nc,3";
	struct reading *whole = calloc(1, sizeof(*whole));
	struct csv_events events = {.record = note_record, .context = whole};
	struct bytes bytes = {(char *) file, sizeof(file) - 1};
	static const char *const records[] = {"\xC3\xA4,1", "b,\"2", "c,3"};

	whole->source = csv_source_new(NULL, &events, &whole->error);
	read_from(whole, &bytes, 0, 5);
	is_int(whole->list.count, 3, "three records");
	for (int i = 0; i < whole->list.count; i++)
	{
		const struct csv_resume_point *point = &whole->points[i];

		ok(point->bytes.skip == 0 &&
			   strncmp(file + point->bytes.byte_offset, records[i], strlen(records[i])) == 0,
		   "record %d is found by its byte", i + 1);
		is_int(point->row_number, i + 1, "row number of record %d", i + 1);
	}
	is_int(whole->points[2].line_number, 6, "line number of the last record");
	ok(!csv_source_resume_point(whole->source, &whole->points[0]),
	   "there is no point outside of the callback");
	csv_source_destroy(whole->source);
	events_clean_up(&whole->list);
	free(whole);
}

/* What only a bug of ours would ask for. */
static void
test_errors(void)
{
	struct text_view name = {"sku", 3};
	struct text_view nonsense = {"nonsense", 8};
	struct csv_resume_point point = {{10, 0}, 2, 3};
	struct csv_events events = {.record = note_record};
	struct csv_resume_file file = {"UTF-8", '"', &name, 1};
	struct glue_error error;

	ok(csv_source_resume(&point, &file, &events, &error) == NULL, "no quote as delimiter");
	is_text(error.code, "USAGE", "that is wrong usage");
	file.delimiter = ',';
	file.encoding = "no-such";
	ok(csv_source_resume(&point, &file, &events, &error) == NULL, "no such encoding");
	file.encoding = "UTF-8";
	file.header = &nonsense;
	ok(csv_source_resume(&point, &file, &events, &error) == NULL, "no such header");
	is_text(error.code, "NO_HEADER", "that is no header");
}

int
main(void)
{
	unit_seed();
	test_exact_offset();
	test_errors();
	for (size_t i = 0; i < ENCODING_COUNT; i++)
		check_encoding(&encodings[i]);
	check_long(&encodings[0]);
	check_long(&encodings[2]);
	check_long(&encodings[7]);
	check_long(&encodings[11]);
	check_long(&encodings[13]);
	return unit_done();
}
