/*-------------------------------------------------------------------------
 *
 * resume_test.c
 *	  Resuming in the middle of a file is equivalent to reading it in one pass.
 *
 * Hostile files in each encoding are read in pieces of several sizes.  At
 * every record a new reader resumes at the token of the first one, and must
 * yield the same records from there on.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <iconv.h>

#include "unit.h"

#include "reader/row_reader.h"
#include "shared/columns.h"
#include "events.h"

/* The required columns. */
#define HEADER "vendor_product_id,product_name,category,sku,price,stock_quantity"

#define MOST_RECORDS 20000

/* Size of the state of any token in this test. */
#define STATE_SIZE 320

/* In a long file, resume only at every seventh record. */
#define LONG_STEP 7

/* Number of records of a resumed reader to compare in a long file. */
#define COMPARED 25

struct encoding
{
	const char *name;  /* as written by iconv */
	const char *given; /* as specified to the source, or NULL */
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

/* Part of a field, a line, or neither. */
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

/* Mostly valid rows; the rest has quotes, line ends and characters anywhere. */
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

/* A field, a record or an open quote that exceeds the limits. */
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

/* Convert to another encoding; a character that it lacks is omitted. */
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

/* Bytes that are invalid in the encoding, but not in the header. */
static void
damage(struct bytes *bytes, int count)
{
	for (size_t start = 400; count > 0 && bytes->length > start; count--)
		bytes->data[start + unit_random(bytes->length - start)] = (char) unit_random(256);
}

/* ----- reading ----- */

/* A record, and where reading can resume at it. */
struct place
{
	size_t start; /* in the list */
	bool known;
	struct resume_token token;
	char state[STATE_SIZE]; /* of the token */
};

struct reading
{
	struct row_reader *reader;
	struct event_list list;
	struct place *places; /* of MOST_RECORDS; NULL: only the first is kept */
	struct place first;
	struct glue_error error;
};

/* Writing a token takes longer than reading a record, so most readings keep one. */
static struct reading *
new_reading(bool keeps_places)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (keeps_places)
		reading->places = malloc(MOST_RECORDS * sizeof(*reading->places));
	return reading;
}

static void
free_reading(struct reading *reading)
{
	events_clean_up(&reading->list);
	free(reading->places);
	free(reading);
}

/* A token is borrowed from the reader until the next one. */
static void
keep_place(struct reading *reading, struct place *place)
{
	struct glue_error error;

	place->start = reading->list.length;
	place->known = row_reader_token(reading->reader, &place->token, &error);
	if (!place->known)
		return;
	snprintf(place->state, STATE_SIZE, "%s", place->token.state);
	place->token.state = place->state;
}

static bool
note_record(void *context, const struct record *record)
{
	struct reading *reading = context;
	int number = reading->list.count;

	if (number == MOST_RECORDS)
		return false;
	if (reading->places != NULL)
		keep_place(reading, &reading->places[number]);
	else if (number == 0)
		keep_place(reading, &reading->first);
	return events_record(&reading->list, record);
}

static bool
push_bytes(void *context, const char *bytes, size_t length)
{
	struct reading *reading = context;

	return row_reader_push(reading->reader, bytes, length, &reading->error);
}

/* Read the bytes of the file from offset to the end. */
static void
read_from(struct reading *reading, const struct bytes *bytes, int64_t offset, size_t chunk)
{
	reading->list.length = 0;
	reading->list.count = 0;
	if (push_in_pieces(bytes->data + offset, bytes->length - offset, chunk, push_bytes, reading))
		row_reader_finish(reading->reader, &reading->error);
}

/* Create a reader that resumes at this record. */
static struct row_reader *
resume(const struct reading *whole, int place, struct reading *rest)
{
	struct row_reader_events events = {.row = note_record, .context = rest};

	return row_reader_resume(&whole->places[place].token, &events, &rest->error);
}

/* Return whether the records from this one on equal those of the whole file. */
static bool
rest_is_equal(const struct reading *whole, int place, const struct bytes *bytes, size_t chunk,
			  bool to_the_end, struct reading *rest)
{
	const char *expected = whole->list.text + whole->places[place].start;
	bool equal;

	rest->list.stop_after = to_the_end ? 0 : COMPARED;
	rest->reader = resume(whole, place, rest);
	if (rest->reader == NULL)
		return false;
	read_from(rest, bytes, whole->places[place].token.byte_offset, chunk);
	row_reader_destroy(rest->reader);
	if (to_the_end || rest->list.count < COMPARED)
		equal = strcmp(rest->list.text, expected) == 0;
	else
		equal = strncmp(rest->list.text, expected, rest->list.length) == 0;
	/* It begins at a record with a token, which has one again. */
	return equal && rest->first.known &&
		   rest->first.token.row_number == whole->places[place].token.row_number &&
		   rest->first.token.line_number == whole->places[place].token.line_number;
}

/*
 * The encoding names reported by the first reading are passed to the second
 * one, so positions must only grow.
 */
static bool
tokens_grow(const struct reading *whole)
{
	const struct resume_token *last = NULL;

	for (int i = 0; i < whole->list.count; i++)
	{
		const struct resume_token *token = &whole->places[i].token;

		if (!whole->places[i].known)
			continue;
		if (last != NULL &&
			(token->byte_offset < last->byte_offset || token->line_number <= last->line_number))
			return false;
		last = token;
	}
	return true;
}

/* Read a file in pieces of one size; returns the record that differs, or -1. */
static int
first_difference(struct reading *whole, const struct bytes *bytes, size_t chunk, size_t other_chunk,
				 bool small)
{
	struct reading *rest = new_reading(false);
	int differing = -1;

	for (int i = 0; i < whole->list.count && differing < 0; i++)
	{
		bool to_the_end = small || i % (LONG_STEP * 50) == 0;

		if (whole->places[i].known && (small || i % LONG_STEP == 0) &&
			!rest_is_equal(whole, i, bytes, i % 2 == 0 ? chunk : other_chunk, to_the_end, rest))
			differing = i;
	}
	free_reading(rest);
	return differing;
}

/* Count the records that have a token. */
static int
count_known(const struct reading *whole)
{
	int count = 0;

	for (int i = 0; i < whole->list.count; i++)
		count += whole->places[i].known;
	return count;
}

static void
check_file(const struct encoding *encoding, const struct bytes *bytes, size_t chunk,
		   size_t other_chunk, bool small, const char *what)
{
	struct reading *whole = new_reading(true);
	struct row_source_options options = {.encoding = encoding->given, .delimiter = ','};
	struct row_reader_events events = {.row = note_record, .context = whole};

	whole->reader = row_reader_open(&options, &events, &whole->error);
	read_from(whole, bytes, 0, chunk);
	ok(whole->error.class == GLUE_NO_ERROR && whole->list.count > (small ? 15 : 100),
	   "%s %s, pieces of %zu: %d records (%s)", encoding->name, what, chunk, whole->list.count,
	   whole->error.text);
	if (encoding->resumable)
	{
		is_int(first_difference(whole, bytes, chunk, other_chunk, small), -1,
			   "%s %s, pieces of %zu: resumes at every record with a token", encoding->name, what,
			   chunk);
		/* None after a quote that is never closed, which may be the first one. */
		ok(small || count_known(whole) > whole->list.count / 4,
		   "%s %s, pieces of %zu: %d records have one", encoding->name, what, chunk,
		   count_known(whole));
		ok(tokens_grow(whole), "%s %s, pieces of %zu: tokens never move backward", encoding->name,
		   what, chunk);
	}
	else
		is_int(count_known(whole), 0, "%s %s, pieces of %zu: cannot be resumed", encoding->name,
			   what, chunk);
	row_reader_destroy(whole->reader);
	free_reading(whole);
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

/* Longer than the first block, with overlong records. */
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

/* In UTF-8 without faults, a token contains the exact byte offset of the record. */
static void
test_exact_offset(void)
{
	static const char file[] = "\xEF\xBB\xBF" HEADER "\r\n\r\n\xC3\xA4,1\r\nb,\"2\n\"\r\nc,3";
	struct reading *whole = new_reading(true);
	struct row_reader_events events = {.row = note_record, .context = whole};
	struct bytes bytes = {(char *) file, sizeof(file) - 1};
	static const char *const records[] = {"\xC3\xA4,1", "b,\"2", "c,3"};

	whole->reader = row_reader_open(NULL, &events, &whole->error);
	read_from(whole, &bytes, 0, 5);
	is_int(whole->list.count, 3, "three records");
	for (int i = 0; i < whole->list.count; i++)
	{
		const struct resume_token *token = &whole->places[i].token;

		ok(strncmp(file + token->byte_offset, records[i], strlen(records[i])) == 0,
		   "record %d begins at the byte offset of its token", i + 1);
		is_int(token->row_number, i, "record %d comes after row %d", i + 1, i);
	}
	is_int(whole->places[2].token.line_number, 6, "token has the line number of the last record");
	is_text(whole->places[2].token.state,
			"{\"skip\":0,\"encoding\":\"UTF-8\",\"delimiter\":\",\",\"header\":"
			"[\"vendor_product_id\",\"product_name\",\"category\",\"sku\",\"price\","
			"\"stock_quantity\"]}",
			"token has the expected state");
	ok(!row_reader_token(whole->reader, &whole->places[0].token, &whole->error) &&
		   whole->error.class == GLUE_NO_ERROR,
	   "no token is available outside of the callback");
	row_reader_destroy(whole->reader);
	free_reading(whole);
}

#define STATE(skip, encoding, delimiter, header)                                                  \
	"{\"skip\":" skip ",\"encoding\":" encoding ",\"delimiter\":" delimiter ",\"header\":" header \
	"}"

/* Resume with this state after row 41, and compare the rows; name says what the state is. */
static void
check_rest(const char *name, const char *state, const char *rows, const char *expected)
{
	struct reading *rest = new_reading(false);
	struct row_reader_events events = {.row = note_record, .context = rest};
	struct resume_token token = {
		.byte_offset = 1000,
		.row_number = 41,
		.line_number = 50,
		.state = state,
	};

	rest->reader = row_reader_resume(&token, &events, &rest->error);
	ok(rest->reader != NULL, "%s: it is accepted", name);
	ok(row_reader_push(rest->reader, rows, strlen(rows), &rest->error) &&
		   row_reader_finish(rest->reader, &rest->error),
	   "%s: the file is read with it", name);
	is_text(rest->list.text, expected, "%s: the rows", name);
	row_reader_destroy(rest->reader);
	free_reading(rest);
}

/* Blank headings at the end of the header need no fields after resuming, either. */
static void
test_blank_headings(void)
{
	check_rest("state with a blank heading",
			   STATE("0", "\"UTF-8\"", "\",\"",
					 "[\"vendor_product_id\",\"product_name\",\"category\",\"sku\",\"price\","
					 "\"stock_quantity\",\"\"]"),
			   "1,2,3,4,5,6\n1,2,3,4,5\n1,2,3,4,5,6,7\n",
			   "42@50 1|2|3|4|5|6|\n"
			   "43@51 MALFORMED_ROW the record has 5 fields, the header has 7 <1,2,3,4,5>\n"
			   "44@52 1|2|3|4|5|6|7\n");
}

/* A state as the database returns it: members in another order, with blanks. */
static void
test_stored_state(void)
{
	check_rest("state of an earlier version",
			   "{\"skip\": 1, \"header\": [\"vendor_product_id\", \"product_name\","
			   " \"category\", \"SKU\", \"price\", \"stock_quantity\", \"column_7\"],"
			   " \"encoding\": \"ISO-8859-1\", \"delimiter\": \";\"}",
			   "\xE4;2;3;4;5;6;7\n1;2\n",
			   "42@50 \xA4|2|3|4|5|6|7\n"
			   "43@51 MALFORMED_ROW the record has 2 fields, the header has 7 <1;2>\n");
}

static void
check_foreign(const char *state)
{
	struct row_reader_events events = {.row = note_record};
	struct resume_token token = {10, 1, 3, state};
	struct glue_error error;

	ok(row_reader_resume(&token, &events, &error) == NULL, "foreign state \"%s\" is rejected",
	   state);
	ok(error.class == GLUE_INTERNAL_ERROR && strcmp(error.code, "CHECKPOINT") == 0,
	   "error has the expected code");
}

/* States that only a bug of ours could produce. */
static void
test_errors(void)
{
	struct row_reader_events events = {.row = note_record};
	struct resume_token token = {10, 1, 3, STATE("0", "\"no-such\"", "\",\"", "[\"sku\"]")};
	struct row_reader *reader;
	struct glue_error error;

	check_foreign("");
	check_foreign("{}");
	check_foreign("[]");
	check_foreign(STATE("\"0\"", "\"UTF-8\"", "\",\"", "[\"sku\"]"));
	check_foreign(STATE("-1", "\"UTF-8\"", "\",\"", "[\"sku\"]"));
	check_foreign(STATE("0", "8", "\",\"", "[\"sku\"]"));
	check_foreign(STATE("0", "\"UTF-8\"", "\"\\\"\"", "[\"sku\"]"));
	check_foreign(STATE("0", "\"UTF-8\"", "\"\"", "[\"sku\"]"));
	check_foreign(STATE("0", "\"UTF-8\"", "\",\"", "[]"));
	check_foreign(STATE("0", "\"UTF-8\"", "\",\"", "[1]"));
	check_foreign(STATE("0", "\"UTF-8\"", "\",\"", "\"sku\""));
	ok(row_reader_resume(&token, &events, &error) == NULL, "unknown encoding is rejected");
	is_text(error.code, "UNSUPPORTED_ENCODING", "error has the expected code");

	token.state = STATE("0", "\"UTF-8\"", "\",\"", "[\"nonsense\"]");
	reader = row_reader_resume(&token, &events, &error);
	ok(reader != NULL && !row_reader_push(reader, "1\n", 2, &error), "unknown header is rejected");
	is_text(error.code, "NO_HEADER", "error has the expected code");
	row_reader_destroy(reader);
}

int
main(void)
{
	unit_seed();
	test_exact_offset();
	test_blank_headings();
	test_stored_state();
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
