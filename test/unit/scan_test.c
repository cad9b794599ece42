/*-------------------------------------------------------------------------
 *
 * scan_test.c
 *	  Complete files: the scan, and the reader that both passes use.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "events.h"
#include "reader/scan.h"

/* A literal that may contain NULs, and its length without the terminating one. */
#define BYTES(literal) literal, sizeof(literal) - 1

#define FFFD "\xEF\xBF\xBD"
#define HEADER "vendor_product_id,product_name,category,sku,price,stock_quantity\n"
#define LOST(field)                 \
	"INVALID_ENCODING field " field \
	" holds a character that could not be read (shown as U+FFFD); save the file as \"CSV UTF-8\" or name its encoding"

/* ---------------------------------------------------------------------
 * The reader
 * ---------------------------------------------------------------------
 */

struct reading
{
	struct row_reader *reader;
	struct event_list list;
	bool good;
	struct glue_error error;
};

static bool
take_header(void *context, const struct header_map *map)
{
	char line[64];

	snprintf(line, sizeof(line), "header of %d, %d of them attributes\n", map->field_count,
			 map->attribute_count);
	events_append(context, line, strlen(line));
	return true;
}

static bool
push_piece(void *context, const char *bytes, size_t length)
{
	struct reading *reading = context;

	return row_reader_push(reading->reader, bytes, length, &reading->error);
}

/* Read a file and describe its events, then the error, if any. */
static void
read_file(struct reading *reading, const struct row_source_options *options, const char *input,
		  size_t length, size_t chunk)
{
	struct row_reader_events events = {take_header, events_record, &reading->list};
	struct row_source_found found;
	char line[GLUE_ERROR_TEXT_SIZE + 100];

	memset(reading, 0, sizeof(*reading));
	reading->reader = row_reader_open(options, &events, &reading->error);
	reading->good = reading->reader != NULL &&
					push_in_pieces(input, length, chunk, push_piece, reading) &&
					row_reader_finish(reading->reader, &reading->error);
	if (reading->reader == NULL || !reading->good)
		snprintf(line, sizeof(line), "%s: %s\n", reading->error.code, reading->error.text);
	else
	{
		row_reader_found(reading->reader, &found);
		snprintf(line, sizeof(line), "%s '%c'\n", found.encoding, found.delimiter);
	}
	events_append(&reading->list, line, strlen(line));
	row_reader_destroy(reading->reader);
}

static void
check(const char *name, const struct row_source_options *options, const char *input, size_t length,
	  const char *expected)
{
	struct reading whole;
	size_t differing = 0;

	read_file(&whole, options, input, length, length > 0 ? length : 1);
	if (expected != NULL)
		is_text(whole.list.text, expected, "%s", name);
	for (size_t chunk = next_chunk_size(0, length); chunk > 0 && differing == 0;
		 chunk = next_chunk_size(chunk, length))
	{
		struct reading pieces;

		read_file(&pieces, options, input, length, chunk);
		if (strcmp(pieces.list.text, whole.list.text) != 0)
			differing = chunk;
		events_clean_up(&pieces.list);
	}
	is_int(differing, 0, "%s: result does not depend on piece size", name);
	events_clean_up(&whole.list);
}

#define SIX "header of 6, 0 of them attributes\n"

static void
test_reader(void)
{
	struct row_source_options latin = {.encoding = "ISO-8859-1"};
	struct row_source_options semicolon = {.delimiter = ';'};

	check("a plain file", NULL, BYTES(HEADER "1,2,3,4,5,6\r\n\"7\n7\",8,9,0,1,2\n,,,,,x\n"),
		  SIX "1@2 1|2|3|4|5|6\n2@3 7\\n7|8|9|0|1|2\n3@5 |||||x\nUTF-8 ','\n");
	check(
		"semicolons and a mark", NULL,
		BYTES(
			"\xEF\xBB\xBF\"SKU\";Price;category;product_name;vendor_product_id;stock_quantity;x,y\r1;2,5;3;4;5;6;7\r"),
		"header of 7, 1 of them attributes\n1@2 1|2,5|3|4|5|6|7\nUTF-8 ';'\n");
	check(
		"specified delimiter", &semicolon, BYTES("sku,price;category\n1;2\n"),
		"MISSING_COLUMN: required columns missing from the header: vendor_product_id, product_name, sku, price, stock_quantity\n");
	check("a byte that is not UTF-8", NULL,
		  BYTES(HEADER "1,Gr\xF6\xDF"
					   "e,3,4,5,6\n1,2,3,4,5,6\n"),
		  SIX "1@2 " LOST("2 (product_name)") " <1,Gr" FFFD FFFD
											  "e,3,4,5,6>\n2@3 1|2|3|4|5|6\nUTF-8 ','\n");
	check("U+FFFD as an invalid byte", NULL,
		  BYTES(HEADER "1,Gr" FFFD FFFD "e,3,4,5,6\n1,2,3,4,5,6\n"),
		  SIX "1@2 " LOST("2 (product_name)") " <1,Gr" FFFD FFFD
											  "e,3,4,5,6>\n2@3 1|2|3|4|5|6\nUTF-8 ','\n");
	check("NUL as an invalid byte", NULL,
		  BYTES(HEADER "1,Gr\0\0"
					   "e,3,4,5,6\n1,2,3,4,5,6\n"),
		  SIX "1@2 " LOST("2 (product_name)") " <1,Gr" FFFD FFFD
											  "e,3,4,5,6>\n2@3 1|2|3|4|5|6\nUTF-8 ','\n");
	check("Latin-1 by name", &latin,
		  BYTES(HEADER "1,Gr\xF6\xDF"
					   "e,3,4,5,6\n"),
		  SIX "1@2 1|Gr\xC3\xB6\xC3\x9F"
			  "e|3|4|5|6\nISO-8859-1 ','\n");
	check("rows with wrong numbers of fields", NULL,
		  BYTES(HEADER "1,2,3,4,5\n1,2,3,4,5,6,7\n1,2,3,4,5,6\n"),
		  SIX "1@2 MALFORMED_ROW the record has 5 fields, the header has 6 <1,2,3,4,5>\n"
			  "2@3 MALFORMED_ROW the record has 7 fields, the header has 6 <1,2,3,4,5,6,7>\n"
			  "3@4 1|2|3|4|5|6\nUTF-8 ','\n");
	check(
		"an unclosed quote in line 3", NULL,
		BYTES(HEADER "1,2,3,4,5,6\n1,\"2,3,4,5,6\n1,2,3,4,5,6\n"),
		SIX
		"1@2 1|2|3|4|5|6\n2@3 MALFORMED_ROW the quote opened in line 3 is never closed <1,\"2,3,4,5,6>\n"
		"3@4 1|2|3|4|5|6\nUTF-8 ','\n");
	check("a header without rows", NULL, BYTES(HEADER), SIX "UTF-8 ','\n");
}

#define EMPTY "EMPTY_ROW row is empty <,,,,,>\n"

/* Empty rows are rows only if a row follows that is not empty. */
static void
test_empty_rows(void)
{
	check("empty rows at the end", NULL, BYTES(HEADER "1,2,3,4,5,6\n,,,,,\n, ,\t,\n\n\"\",\n \n"),
		  SIX "1@2 1|2|3|4|5|6\nUTF-8 ','\n");
	check(
		"empty rows in between", NULL,
		BYTES(HEADER
			  ",,,,,\n,,,,,\n\n\n,\n1,2,3,4,5,6\n,,,,,,,,\n\n,,,,,\n\n,,,,,\n7,2,3,4,5,6\n,,,,,\n"),
		SIX "1@2 " EMPTY "2@3 " EMPTY "3@6 " EMPTY "4@7 1|2|3|4|5|6\n5@8 " EMPTY "6@10 " EMPTY
			"7@12 " EMPTY "8@13 7|2|3|4|5|6\nUTF-8 ','\n");
	check("a last row that cannot be read", NULL, BYTES(HEADER ",,,,,\n1,2\n,,"),
		  SIX "1@2 " EMPTY
			  "2@3 MALFORMED_ROW the record has 2 fields, the header has 6 <1,2>\nUTF-8 ','\n");
	check("titles and a blank line above", NULL,
		  BYTES("Spring\r\n\r\n" HEADER ",,,,,\r\n1,2,3,4,5,6\r\n"),
		  SIX "1@4 " EMPTY "2@5 1|2|3|4|5|6\nUTF-8 ','\n");
}

/* What DOS programs and buffers leave at the end of a file. */
static void
test_padding(void)
{
	check("Ctrl-Z", NULL, BYTES(HEADER "1,2,3,4,5,6\r\n\x1A"), SIX "1@2 1|2|3|4|5|6\nUTF-8 ','\n");
	check("Ctrl-Z without a line end", NULL, BYTES(HEADER "1,2,3,4,5,6\x1A\x1A"),
		  SIX "1@2 1|2|3|4|5|6\nUTF-8 ','\n");
	check("NULs", NULL, BYTES(HEADER "1,2,3,4,5,6\n\0\0\0\0\0"),
		  SIX "1@2 1|2|3|4|5|6\nUTF-8 ','\n");
	check("Ctrl-Z and NULs", NULL, BYTES(HEADER "1,2,3,4,5,6\0\0\x1A\0\0"),
		  SIX "1@2 " LOST("6 (stock_quantity)") " <1,2,3,4,5,6" FFFD FFFD ">\nUTF-8 ','\n");
	check("NULs in between", NULL, BYTES(HEADER "1,2,3,4,5,6\0\0\n1,2,3,4,5,6\n"),
		  SIX "1@2 " LOST("6 (stock_quantity)") " <1,2,3,4,5,6" FFFD FFFD
												">\n2@3 1|2|3|4|5|6\nUTF-8 ','\n");
	check("Ctrl-Z in between", NULL, BYTES(HEADER "1,2,3,4,5,\x1A\n"),
		  SIX "1@2 1|2|3|4|5|\x1A\nUTF-8 ','\n");
	check("NULs alone", NULL, BYTES("\0\0\0"), "EMPTY_FILE: the file is empty\n");
}

/* Quote signs other than the usual one. */
static void
test_quote_signs(void)
{
	struct row_source_options single = {.quote = QUOTE_SINGLE};
	struct row_source_options none = {.quote = QUOTE_NONE};
	struct row_source_options same = {.quote = QUOTE_SINGLE, .delimiter = '\''};

	check("single quotes", &single, BYTES(HEADER "'1,1',2\"\", ''' 3''' ,\"4,5,6\n"),
		  SIX "1@2 1,1|2\"\"|' 3'|\"4|5|6\nUTF-8 ','\n");
	check("no quotes", &none, BYTES(HEADER "\"1\",2\",\"3,4'\"\"\" ,5, \"6\n"),
		  SIX "1@2 \"1\"|2\"|\"3|4'\"\"\" |5| \"6\nUTF-8 ','\n");
	check("delimiter and quote character", &same, BYTES(HEADER),
		  "USAGE: delimiter and quote character must differ\n");
	check(
		"text after a closing quote in a file that may have none", NULL,
		BYTES("sku\tprice\tcategory\tproduct_name\tvendor_product_id\tstock_quantity\n\"1\"x\t2\n"),
		SIX
		"1@2 MALFORMED_ROW field 1 (sku) has text after its closing quote; a quote inside a quoted field must be "
		"doubled; if the file has no quoting, load it with --quote none <\"1\"x\t2>\nUTF-8 '\t'\n");
}

static void
test_reader_utf16(void)
{
	const char text[] = HEADER "1,2,3,4,5,6\r\n7,8,9,0,1,2\r\n";
	char little[2 * sizeof(text) + 2] = "\xFF\xFE";
	char big[2 * sizeof(text) + 2] = "\xFE\xFF";
	const size_t length = 2 * (sizeof(text) - 1) + 2;

	for (size_t i = 0; i < sizeof(text) - 1; i++)
	{
		little[2 * i + 2] = text[i];
		little[2 * i + 3] = 0;
		big[2 * i + 2] = 0;
		big[2 * i + 3] = text[i];
	}
	check("UTF-16LE", NULL, little, length, SIX "1@2 1|2|3|4|5|6\n2@3 7|8|9|0|1|2\nUTF-16LE ','\n");
	check("UTF-16BE", NULL, big, length, SIX "1@2 1|2|3|4|5|6\n2@3 7|8|9|0|1|2\nUTF-16BE ','\n");
}

static void
test_reader_faults(void)
{
	struct row_source_options quote = {.delimiter = '"'};
	struct row_source_options klingon = {.encoding = "klingon"};

	check("nothing", NULL, "", 0, "EMPTY_FILE: the file is empty\n");
	check("a mark alone", NULL, BYTES("\xEF\xBB\xBF"), "EMPTY_FILE: the file is empty\n");
	check("newlines", NULL, BYTES("\n\r\n\r"), "NO_HEADER: the file holds blank lines only\n");
	check(
		"no header", NULL, BYTES("1,2,3,4,5,6\n7,8,9,0,1,2\n"),
		"NO_HEADER: the first line contains none of the column names (vendor_product_id, product_name, "
		"category, ...): the file must begin with its header line; it begins with \"1,2,3,4,5,6\"\n");
	check(
		"malformed header", NULL, BYTES("sku,\"price\n1,2\n"),
		"NO_HEADER: the header line cannot be read: the quote opened in line 1 is never closed\n");
	check(
		"a duplicate", NULL, BYTES("sku,Sku\n1,2\n"),
		"DUPLICATE_COLUMN: columns 1 and 2 have the same name, \"Sku\"; rename or remove one of them\n");
	check("compressed", NULL, BYTES("BZh91AY"),
		  "NOT_TEXT: this file is compressed (bzip2); unpack it and upload the CSV file itself\n");
	check("damaged", NULL, BYTES("\x1F\x8B\x08\0\0"),
		  "UNREADABLE_FILE: the compressed file is incomplete; send it again\n");
	check(
		"an unknown encoding", &klingon, BYTES(HEADER),
		"UNSUPPORTED_ENCODING: the encoding \"klingon\" is not supported; save the file as \"CSV UTF-8\"\n");
	check(
		"UTF-32", NULL, BYTES("\xFF\xFE\0\0s\0\0\0"),
		"UNSUPPORTED_ENCODING: the encoding \"UTF-32LE\" is not supported; save the file as \"CSV UTF-8\"\n");
	check(
		"delimiter that is not acceptable", &quote, BYTES(HEADER),
		"USAGE: the delimiter must be one ASCII character other than a letter, a digit, a double quote or a line end\n");
}

/* Files longer than the first block, with all kinds of content. */
static void
test_reader_long(void)
{
	static const char *const lines[] = {
		"1,2,3,4,5,6\n",
		"\"a\r\nb\",2,3,4,5,6\r\n",
		"1,\xC3\xA4\xE6\x97\xA0,3,4,5,6\r",
		"1,2\n",
		"1,\xFF,3,4,5,6\n",
		"x,\"unclosed,3,4,5,6\n",
		"\n",
		",,,,,\n",
		"1,stray\",3,4,5,6\n",
		"1, some longer text with \"\",3,4,5,6\n",
		"\"some longer text, with \"\"quotes\"\" in it\",2,3,4,5,6\n",
	};
	struct event_list text = {0};

	for (int round = 0; round < 3; round++)
	{
		text.length = 0;
		events_append(&text, HEADER, strlen(HEADER));
		while (text.length < 150000)
		{
			const char *line = lines[unit_random(sizeof(lines) / sizeof(lines[0]))];

			events_append(&text, line, strlen(line));
		}
		check("a long file", NULL, text.text, text.length, NULL);
	}
	events_clean_up(&text);
}

/* ---------------------------------------------------------------------
 * The scan
 * ---------------------------------------------------------------------
 */

struct scanning
{
	struct scan *scan;
	bool good;
	struct glue_error error;
};

static bool
scan_piece(void *context, const char *bytes, size_t length)
{
	struct scanning *scanning = context;

	/* All of the content is hashed, even after a fault. */
	scan_push(scanning->scan, bytes, length, &scanning->error);
	return true;
}

/* Format the result as one line. */
static void
scan_file(char *line, size_t size, const struct row_source_options *options,
		  const struct scan_limits *limits, const char *input, size_t length, size_t chunk)
{
	struct scanning scanning = {0};
	struct scan_result result;

	scanning.scan = scan_new(options, limits, "a.csv", &scanning.error);
	if (scanning.scan == NULL)
	{
		snprintf(line, size, "%s", scanning.error.code);
		return;
	}
	push_in_pieces(input, length, chunk, scan_piece, &scanning);
	if (scan_finish(scanning.scan, &result, &scanning.error))
		glue_error_clear(&scanning.error);
	snprintf(line, size, "%s %lld bytes %lld rows %lld defects '%c' %s %.8s %d",
			 scanning.error.class == GLUE_NO_ERROR ? "good" : scanning.error.code,
			 (long long) result.byte_count, (long long) result.row_count,
			 (long long) result.defect_count, result.delimiter != 0 ? result.delimiter : '?',
			 result.encoding, result.content_id, result.map != NULL ? result.map->field_count : -1);
	scan_destroy(scanning.scan);
}

static void
check_scan(const char *name, const struct scan_limits *limits, const char *input, size_t length,
		   const char *expected)
{
	char line[300];
	size_t differing = 0;

	scan_file(line, sizeof(line), NULL, limits, input, length, length > 0 ? length : 1);
	is_text(line, expected, "%s", name);
	for (size_t chunk = next_chunk_size(0, length); chunk > 0 && differing == 0;
		 chunk = next_chunk_size(chunk, length))
	{
		scan_file(line, sizeof(line), NULL, limits, input, length, chunk);
		if (strcmp(line, expected) != 0)
			differing = chunk;
	}
	is_int(differing, 0, "%s: result does not depend on piece size", name);
}

/* The checksums are those of sha256sum on content, NUL, "a.csv". */
static void
test_scan(void)
{
	struct scan_limits two_rows = {.max_rows = 2};
	struct scan_limits bytes = {.max_bytes = 77};
	struct scan_limits less = {.max_bytes = 76};
	struct scan_limits none = {0};

	check_scan("valid file", NULL, BYTES(HEADER "1,2,3,4,5,6\n"),
			   "good 77 bytes 1 rows 0 defects ',' UTF-8 5334f441 6");
	check_scan("nothing", NULL, "", 0, "EMPTY_FILE 0 bytes 0 rows 0 defects '?' UTF-8 a29e1bef -1");
	check_scan("no rows", NULL, BYTES(HEADER "\n\n"),
			   "NO_ROWS 67 bytes 0 rows 0 defects ',' UTF-8 efd132b9 6");
	check_scan("rows with defects are counted", NULL, BYTES(HEADER "1\n\"2\n1,2,3,4,5,6"),
			   "good 81 bytes 3 rows 2 defects ',' UTF-8 faf5730f 6");
	check_scan("maximum number of rows", &two_rows, BYTES(HEADER "1\n2\n"),
			   "good 69 bytes 2 rows 2 defects ',' UTF-8 1aa2ba97 6");
	check_scan("one row too many", &two_rows, BYTES(HEADER "1\n2\n3\n"),
			   "TOO_MANY_ROWS 71 bytes 2 rows 2 defects ',' UTF-8 87cfa20a 6");
	check_scan("maximum number of bytes", &bytes, BYTES(HEADER "1,2,3,4,5,6\n"),
			   "good 77 bytes 1 rows 0 defects ',' UTF-8 5334f441 6");
	check_scan("one byte too many", &less, BYTES(HEADER "1,2,3,4,5,6\n"),
			   "FILE_TOO_LARGE 77 bytes 0 rows 0 defects '?' UTF-8 5334f441 -1");
	check_scan("zip archive is hashed completely", &none,
			   BYTES("PK\x03\x04"
					 "xxxxxxxxxxxxxxxxxxxx"),
			   "UNREADABLE_FILE 24 bytes 0 rows 0 defects '?' UTF-8 808da230 -1");
}

static void
test_scan_defaults(void)
{
	char *text = malloc(11 * 1024 * 1024);
	size_t header = strlen(HEADER);
	char line[300];

	memcpy(text, HEADER, header);
	memset(text + header, ',', 11 * 1024 * 1024 - header);
	for (size_t i = 1; i <= 10001; i++)
		memcpy(text + header + 6 * i - 2, "x\n", 2);
	scan_file(line, sizeof(line), NULL, NULL, text, header + 6 * 10000, 65536);
	ok(strncmp(line, "good 60065 bytes 10000 rows", 27) == 0, "10000 rows are accepted");
	scan_file(line, sizeof(line), NULL, NULL, text, header + 6 * 10001, 65536);
	ok(strncmp(line, "TOO_MANY_ROWS", 13) == 0, "10001 may not");

	memset(text + header, ',', 11 * 1024 * 1024 - header);
	for (size_t i = 1; i <= 500; i++)
		text[header + 20000 * i] = '\n';
	scan_file(line, sizeof(line), NULL, NULL, text, 10 * 1024 * 1024, 65536);
	ok(strncmp(line, "good 10485760 bytes", 19) == 0, "10 MiB are accepted");
	scan_file(line, sizeof(line), NULL, NULL, text, 10 * 1024 * 1024 + 1, 65536);
	ok(strncmp(line, "FILE_TOO_LARGE 10485761 bytes", 29) == 0, "one byte more is rejected");
	free(text);
}

/* After the first failure, every later call reports the same error. */
static void
test_sticky(void)
{
	struct glue_error error;
	struct scan_result result;
	struct scan *scan = scan_new(NULL, &(struct scan_limits){.max_bytes = 3}, NULL, &error);

	ok(scan_push(scan, "sku", 3, &error), "bytes within the limit are accepted");
	ok(scan_push(scan, "", 0, &error), "pushing no bytes is accepted");
	ok(!scan_push(scan, "\n", 1, &error), "bytes beyond the limit are rejected");
	is_text(error.code, "FILE_TOO_LARGE", "error is FILE_TOO_LARGE");
	is_text(error.text, "the file is larger than 3 bytes; split it", "error has the expected text");
	ok(!scan_push(scan, "1\n", 2, &error), "later bytes are rejected");
	ok(!scan_finish(scan, &result, NULL), "end of file is rejected");
	is_int(result.byte_count, 6, "all bytes are counted");
	scan_destroy(scan);
	scan_destroy(NULL);
	row_reader_destroy(NULL);
}

/* A header that is refused is kept, to find out what would accept it. */
static void
test_refused_header(void)
{
	static const struct
	{
		const char *input;
		const char *code;
		int fields; /* 0: no header is kept */
		const char *last;
	} cases[] = {
		{"Title,,\"Cost \n(net)\"\n1,2,3\n", "NO_HEADER", 3, "Cost \n(net)"},
		{"sku,Title\n1,2\n", "MISSING_COLUMN", 2, "Title"},
		{HEADER "1,2,3,4,5,6\n", "", 0, NULL},
		{"\"sku,price\n", "NO_HEADER", 0, NULL},
		{"", "EMPTY_FILE", 0, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct glue_error error;
		struct scan_result result;
		struct scan *scan = scan_new(NULL, NULL, NULL, &error);
		const struct record *header;

		(void) scan_push(scan, cases[i].input, strlen(cases[i].input), NULL);
		(void) scan_finish(scan, &result, &error);
		header = result.refused_header;
		is_text(error.code, cases[i].code, "file %zu is accepted or refused", i);
		is_int(header != NULL ? header->field_count : 0, cases[i].fields, "what is kept of it");
		if (header != NULL)
			ok(text_equal(header->fields[header->field_count - 1], text_of(cases[i].last)),
			   "with the last heading");
		scan_destroy(scan);
	}
}

/* Let each allocation fail once: each must yield an error without a leak. */
static void
test_memory(void)
{
	const char input[] = HEADER "1,\"2,3,4,5,6\n1,\xFF\xC3\xA4,3,4,5,6\n";
	char line[300] = "";
	int wrong = 0;
	int fail_at;

	glue_set_reallocate(failing_reallocate);
	for (fail_at = 0; fail_at < 200 && strncmp(line, "good", 4) != 0; fail_at++)
	{
		allocations_left = fail_at;
		scan_file(line, sizeof(line), NULL, NULL, input, strlen(input), 7);
		wrong += strncmp(line, "good", 4) != 0 && strncmp(line, "OUT_OF_MEMORY", 13) != 0;
	}
	glue_set_reallocate(NULL);
	ok(strncmp(line, "good", 4) == 0, "file is scanned if there is enough memory");
	ok(fail_at > 8, "%d scans failed before that", fail_at - 1);
	is_int(wrong, 0, "each failed scan reported OUT_OF_MEMORY");
}

int
main(void)
{
	unit_seed();
	test_reader();
	test_empty_rows();
	test_padding();
	test_quote_signs();
	test_reader_utf16();
	test_reader_faults();
	test_reader_long();
	test_scan();
	test_scan_defaults();
	test_sticky();
	test_refused_header();
	test_memory();
	return unit_done();
}
