/*-------------------------------------------------------------------------
 *
 * xlsx_test.c
 *	  Workbooks: values, sheets, headers, defects, and hostile ones.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "archive.h"
#include "reader/header_map.h"
#include "source_reading.h"

static const struct row_source_options defaults;

/* Read a file; the events, then an error as "CODE text". */
static void
read_bytes(struct source_reading *reading, const struct row_source_options *options,
		   const char *bytes, size_t length, size_t chunk)
{
	source_reading_read(reading, options, bytes, length, chunk);
	source_reading_append_error(reading);
}

/* Read a workbook without knowledge of headings; expected may be its beginning. */
static void
check_with(const char *name, const struct book *book, const struct row_source_options *options,
		   const char *expected)
{
	struct archive archive;
	struct source_reading reading = {0};

	archive_make_book(&archive, book);
	read_bytes(&reading, options, archive.bytes, archive.length, 1000);
	is_text(source_reading_beginning(&reading, expected), expected, "%s", name);
	source_reading_clean_up(&reading);
	free(archive.bytes);
}

#define DATA(rows) "<sheetData>" rows "</sheetData>"

static void
check(const char *name, const char *rows, const char *expected)
{
	const struct row_source_options options = {0};
	struct book book = {
		.strings =
			"<si><t>zero</t></si><si><t xml:space=\"preserve\"> one </t></si>"
			"<si><r><t>rich</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\"> text</t></r>"
			"<rPh sb=\"0\" eb=\"1\"><t>phonetic</t></rPh><phoneticPr/></si>"
			"<si><t> stripped\n</t></si><si/><si><t>a_x000D_\nb_x005F_x0041_ _x00zz_ _x0000_</t></si>"
			"<si><t>_xD83D__xDE00_ _xD83D_</t></si>",
		.styles = "<numFmts><numFmt numFmtId=\"164\" formatCode=\"00000\"/>"
				  "<numFmt numFmtId=\"165\" formatCode=\"dd\\.mm\\.yyyy\\ hh:mm\"/>"
				  "<numFmt numFmtId=\"166\" formatCode=\"[h]:mm\"/></numFmts>"
				  "<cellStyleXfs><xf numFmtId=\"164\"/></cellStyleXfs>"
				  "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"14\"/>"
				  "<xf numFmtId=\"165\"/><xf numFmtId=\"20\"/><xf numFmtId=\"166\"/></cellXfs>",
	};
	size_t size = strlen(rows) + 100;
	char *sheet = malloc(size);

	snprintf(sheet, size, DATA("<row r=\"1\"><c r=\"A1\" t=\"str\"><v>h</v></c></row>%s"), rows);
	book.sheets[0] = sheet;
	check_with(name, &book, &options, expected);
	free(sheet);
}

#define ROW2(cells) "<row r=\"2\">" cells "</row>"

static void
test_values(void)
{
	check("shared string", ROW2("<c t=\"s\"><v>0</v></c>"), "0@1 h\n1@2 zero\n");
	check("preserved blanks", ROW2("<c t=\"s\"><v>1</v></c>"), "0@1 h\n1@2  one \n");
	check("rich text, without its pronunciation", ROW2("<c t=\"s\"><v>2</v></c>"),
		  "0@1 h\n1@2 rich text\n");
	check("blanks that are not preserved", ROW2("<c t=\"s\"><v>3</v></c>"),
		  "0@1 h\n1@2 stripped\n");
	check("empty string", ROW2("<c t=\"s\"><v>4</v></c>"), "0@1 h\n");
	check("escapes", ROW2("<c t=\"s\"><v>5</v></c>"),
		  "0@1 h\n1@2 INVALID_ENCODING field 1 holds a character that could not be read (shown as "
		  "U+FFFD) <\"a\\r\\nb_x0041_ _x00zz_ \xEF\xBF\xBD\">\n");
	check("escaped surrogates", ROW2("<c t=\"s\"><v>6</v></c>"),
		  "0@1 h\n1@2 INVALID_ENCODING field 1 holds a character that could not be read (shown as "
		  "U+FFFD) <\xF0\x9F\x98\x80 \xEF\xBF\xBD>\n");
	check("inline string", ROW2("<c t=\"inlineStr\"><is><t>in &lt;line&gt;</t></is></c>"),
		  "0@1 h\n1@2 in <line>\n");
	check("inline rich text",
		  ROW2("<c t=\"inlineStr\"><is><r><t>a</t></r><r><t>b</t></r></is></c>"),
		  "0@1 h\n1@2 ab\n");
	check("number", ROW2("<c><v>19.99</v></c>"), "0@1 h\n1@2 19.99\n");
	check("GTIN", ROW2("<c t=\"n\"><v>4006391234567</v></c>"), "0@1 h\n1@2 4006391234567\n");
	check("zeros", ROW2("<c s=\"1\"><v>125</v></c>"), "0@1 h\n1@2 00125\n");
	check("date", ROW2("<c s=\"2\"><v>45000</v></c>"), "0@1 h\n1@2 2023-03-15\n");
	check("date and time", ROW2("<c s=\"3\"><v>45000.75</v></c>"),
		  "0@1 h\n1@2 2023-03-15T18:00:00\n");
	check("time", ROW2("<c s=\"4\"><v>0.5</v></c>"), "0@1 h\n1@2 12:00:00\n");
	check("duration", ROW2("<c s=\"5\"><v>1.5</v></c>"), "0@1 h\n1@2 36:00:00\n");
	check("style that does not exist", ROW2("<c s=\"99\"><v>3</v></c>"), "0@1 h\n1@2 3\n");
	check("true", ROW2("<c t=\"b\"><v>1</v></c>"), "0@1 h\n1@2 TRUE\n");
	check("false", ROW2("<c t=\"b\"><v>0</v></c>"), "0@1 h\n1@2 FALSE\n");
	check("ISO date", ROW2("<c t=\"d\"><v>2026-01-31</v></c>"), "0@1 h\n1@2 2026-01-31\n");
	check("formula with a number", ROW2("<c><f>1+1</f><v>2</v></c>"), "0@1 h\n1@2 2\n");
	check("formula with a text", ROW2("<c t=\"str\"><f>A1</f><v>te_x0041_xt</v></c>"),
		  "0@1 h\n1@2 teAxt\n");
	check("formula with an empty text", ROW2("<c t=\"str\"><f>A1</f><v></v></c>"), "0@1 h\n");
	check("formula without a result", ROW2("<c><f>1+1</f><v></v></c>"),
		  "0@1 h\n1@2 MALFORMED_ROW field 1 is a formula without a result; open the file in a "
		  "spreadsheet program and save it <>\n");
	check("error", ROW2("<c t=\"e\"><f>B2</f><v>#N/A</v></c>"),
		  "0@1 h\n1@2 MALFORMED_ROW field 1 holds the error #N/A; correct the formula or enter a "
		  "value <#N/A>\n");
	check("no number", ROW2("<c><v>abc</v></c>"),
		  "0@1 h\n1@2 MALFORMED_ROW field 1 holds a number that cannot be read <>\n");
	check("CDATA and entities", ROW2("<c t=\"str\"><v><![CDATA[<a>]]>&amp;&#65;</v></c>"),
		  "0@1 h\n1@2 <a>&A\n");
}

static void
test_rows(void)
{
	check("rows and cells without places", "<row><c><v>1</v></c></row><row><c><v>2</v></c></row>",
		  "0@1 h\n1@2 1\n2@3 2\n");
	check(
		"empty rows are no rows",
		"<row r=\"2\"/><row r=\"3\"><c s=\"1\"/><c><v/></c></row><row r=\"9\"><c><v>1</v></c></row>",
		"0@1 h\n1@9 1\n");
	check("value beyond the header", ROW2("<c><v>1</v></c><c r=\"D2\"><v>2</v></c>"),
		  "0@1 h\n1@2 MALFORMED_ROW the row has values up to column 4, the header has 1 columns "
		  "<1,,,2>\n");
	check("rows out of order", "<row r=\"3\"/><row r=\"2\"/>", "0@1 h\nUNREADABLE_FILE ");
	check("cells out of order", ROW2("<c r=\"B2\"/><c r=\"A2\"/>"), "0@1 h\nUNREADABLE_FILE ");
	check("row beyond the last", "<row r=\"1048577\"/>", "0@1 h\nUNREADABLE_FILE ");
	check("column beyond the last", ROW2("<c r=\"XFE2\"/>"), "0@1 h\nUNREADABLE_FILE ");
	check("long place", ROW2("<c r=\"AAAAAAAAAAAAAAAAAAAA2\"/>"), "0@1 h\nUNREADABLE_FILE ");
	check("column that we do not read", ROW2("<c r=\"GAA2\"><v>1</v></c>"),
		  "0@1 h\n1@2 MALFORMED_ROW the row has values after column 4096" ONBOARD_TOO_WIDE " <>\n");
	check("text that does not exist", ROW2("<c t=\"s\"><v>7</v></c>"), "0@1 h\nUNREADABLE_FILE ");
	check("prefixes",
		  "</sheetData><x:sheetData xmlns:x=\"x\"><x:row r=\"2\"><x:c><x:v>1</x:v></x:c>"
		  "</x:row></x:sheetData><sheetData>",
		  "0@1 h\n1@2 1\n");
}

static void
test_long(void)
{
	static char rows[400000];
	size_t length = 0;

	length += (size_t) sprintf(rows, "<row r=\"2\"><c t=\"inlineStr\"><is><t>");
	memset(rows + length, 'x', 70000);
	length += 70000;
	strcpy(rows + length, "</t></is></c></row><row r=\"3\"><c><v>1</v></c></row>");
	check("long cell", rows,
		  "0@1 h\n1@2 MALFORMED_ROW field 1 is longer than 65536 bytes <>\n2@3 1\n");
	length = (size_t) sprintf(rows, "<row r=\"2\">");
	for (int i = 0; i < 5; i++)
	{
		length += (size_t) sprintf(rows + length, "<c t=\"str\"><v>");
		memset(rows + length, 'y', 60000);
		length += 60000;
		length += (size_t) sprintf(rows + length, "</v></c>");
	}
	strcpy(rows + length, "</row>");
	check("long row", rows,
		  "0@1 h\n1@2 MALFORMED_ROW the row is longer than 262144 bytes <{y*60000}");
}

/* ----- sheets and headers ----- */

#define TEXT(text) "<c t=\"str\"><v>" text "</v></c>"
#define OURS TEXT("sku") TEXT("price") TEXT("category")
#define ROW(cells) "<row>" cells "</row>"
#define LIST(item) DATA(ROW(OURS) ROW(TEXT(item) "<c><v>1</v></c>"))
#define NOTES(text) DATA(ROW(TEXT(text) TEXT("b") TEXT("c") TEXT("d")))

static void
check_sheets(const char *name, const struct book *book, const char *sheet, const char *expected)
{
	const struct row_source_options options = {
		.sheet = sheet,
		.known = {header_map_is_heading, NULL, NULL},
	};

	check_with(name, book, &options, expected);
}

static void
test_sheets(void)
{
	const struct book two = {.sheets = {NOTES("read me"), LIST("x")}};
	const struct book none = {.sheets = {NOTES("read me"), NOTES("and me")}};
	const struct book one = {.sheets = {NOTES("read me"), DATA("")}};
	const struct book empty = {.sheets = {DATA(""), ""}};
	const struct book hidden = {
		.workbook = "<sheets><sheet name=\"A &amp; B\" r:id=\"r1\" state=\"hidden\"/>"
					"<sheet name=\"Chart\" r:id=\"r9\"/>"
					"<sheet name=\"C\" r:id=\"r2\" state=\"visible\"/></sheets>",
		.sheets = {LIST("x"), LIST("y")},
	};
	const struct book titles = {.sheets = {DATA(ROW(TEXT("Price list")) "<row r=\"4\">" TEXT(
									"sku") TEXT("2026") "</row>" ROW(OURS) ROW(TEXT("x")))}};
	const struct book legend = {
		.sheets = {DATA(ROW(TEXT("a") TEXT("b") TEXT("c")) ROW(OURS) ROW(TEXT("x")))}};

	check_sheets("sheet with our headings", &two, NULL, "0@1 sku|price|category\n1@2 x|1|\n");
	check_sheets("sheet that is named", &two, "Sheet1", "0@1 read me|b|c|d\n");
	check_sheets("sheet that does not exist", &two, "Sheet3",
				 "USAGE the workbook has no sheet \"Sheet3\"; it has \"Sheet1\", \"Sheet2\"");
	check_sheets("no sheet with our headings", &none, NULL,
				 "NO_HEADER no sheet (\"Sheet1\", \"Sheet2\") has a row with the column names");
	check_sheets("the only sheet that is not empty", &one, NULL, "0@1 read me|b|c|d\n");
	check_sheets("empty workbook", &empty, NULL, "");
	check_sheets("hidden sheet", &hidden, NULL, "0@1 sku|price|category\n1@2 y|1|\n");
	check_sheets("hidden sheet that is named", &hidden, "A & B",
				 "0@1 sku|price|category\n1@2 x|1|\n");
	check_sheets("chart that is named", &hidden, "Chart", "USAGE the workbook has no sheet");
	check_sheets("titles above the header", &titles, NULL, "0@5 sku|price|category\n1@6 x||\n");
	check_sheets("rows above the header that are no titles", &legend, NULL,
				 "0@1 a|b|c\n1@2 sku|price|category\n2@3 x||\n");
}

/* The mark of a heading_test; context is its text. */
static struct text_view
marked(const void *context)
{
	return text_of(context);
}

static bool
knows_none(const void *context, struct text_view text)
{
	(void) context;
	(void) text;
	return false;
}

static void
check_marked(const char *name, const struct book *book, const char *mark, const char *expected)
{
	const struct row_source_options options = {.known = {knows_none, marked, mark}};

	check_with(name, book, &options, expected);
}

/* A heading that only the header has. */
static void
test_marks(void)
{
	const struct book labels = {
		.sheets = {NOTES("sku"), DATA(ROW(TEXT("Set") TEXT("x") TEXT("y") TEXT("z")) ROW(
									 TEXT("SKU of the seller")) ROW(TEXT("Item SKU") TEXT("brand"))
										  ROW(TEXT("a") TEXT("b")))}};

	check_marked("header below rows of other cells", &labels, "item_sku",
				 "0@3 Item SKU|brand\n1@4 a|b\n");
	check_marked(
		"no sheet has the heading", &labels, "other",
		"NO_HEADER no sheet (\"Sheet1\", \"Sheet2\") has a row with the heading \"other\"");
}

static void
test_header_defects(void)
{
	const struct row_source_options options = {0};
	const struct book error = {.sheets = {DATA(ROW(TEXT("sku") "<c t=\"e\"><v>#REF!</v></c>"))}};
	const struct book wide = {.sheets = {DATA(ROW(TEXT("sku") "<c r=\"GAA1\"><v>1</v></c>"))}};

	check_with("heading that is an error", &error, &options,
			   "0@1 MALFORMED_ROW field 2 holds the error");
	check_with("too many headings", &wide, &options,
			   "0@1 MALFORMED_ROW the row has values after column 4096");
}

static void
test_1904(void)
{
	const struct row_source_options options = {0};
	const struct book book = {
		.workbook = "<workbookPr date1904=\"1\"/><sheets><sheet name=\"A\" r:id=\"r1\"/></sheets>",
		.styles = "<cellXfs><xf numFmtId=\"14\"/></cellXfs>",
		.sheets = {DATA(ROW("<c><v>0</v></c>") ROW("<c><v>43538</v></c>"))},
	};

	check_with("dates from 1904 on", &book, &options, "0@1 1904-01-01\n1@2 2023-03-15\n");
}

/* ----- hostile workbooks ----- */

static void
check_raw_sheet(const char *name, const char *part, size_t length, const char *expected)
{
	struct archive archive;
	struct source_reading reading = {0};

	archive_begin(&archive);
	archive_add_part(&archive, "_rels/.rels", "Relationships",
					 RELATION("d", "officeDocument", "xl/workbook.xml"));
	archive_add_part(&archive, "xl/_rels/workbook.xml.rels", "Relationships",
					 RELATION("r1", "worksheet", "s.xml"));
	archive_add_part(&archive, "xl/workbook.xml", "workbook",
					 "<sheets><sheet name=\"A\" r:id=\"r1\"/></sheets>");
	archive_add_bytes(&archive, "xl/s.xml", part, length, ARCHIVE_PACKED);
	archive_end(&archive);
	read_bytes(&reading, &defaults, archive.bytes, archive.length, 1 << 20);
	is_text(source_reading_beginning(&reading, expected), expected, "%s", name);
	source_reading_clean_up(&reading);
	free(archive.bytes);
}

/* Repeat a piece that contains a number, so that it compresses less than a bomb. */
static char *
repeat(const char *format, size_t size, size_t *length)
{
	char *text = malloc(size + 200);

	*length = 0;
	for (unsigned i = 0; *length < size; i++)
		*length += (size_t) snprintf(text + *length, 200, format, i * 2654435761u);
	return text;
}

static void
test_hostile(void)
{
	static const struct
	{
		const char *name;
		const char *part;
		const char *expected;
	} parts[] = {
		{"document type declaration", "<!DOCTYPE worksheet><worksheet/>",
		 "UNREADABLE_FILE the workbook is damaged (xl/s.xml: it has a document type"},
		{"entities",
		 "<!DOCTYPE w [<!ENTITY a \"b\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]><w>&c;</w>",
		 "UNREADABLE_FILE the workbook is damaged (xl/s.xml: it has a document type"},
		{"entity without a declaration", "<w>&nbsp;</w>",
		 "UNREADABLE_FILE the workbook is damaged (xl/s.xml: undefined entity"},
		{"unclosed element", "<w><sheetData>", "UNREADABLE_FILE the workbook is damaged"},
		{"no XML", "PK", "UNREADABLE_FILE the workbook is damaged"},
		{"empty part", "", "UNREADABLE_FILE the workbook is damaged"},
		{"unknown encoding", "<?xml version=\"1.0\" encoding=\"x-none\"?><w/>",
		 "UNREADABLE_FILE the workbook is damaged"},
		{"bytes that are not UTF-8", "<w><sheetData><row><c t=\"str\"><v>\xFF</v></c></row>",
		 "UNREADABLE_FILE the workbook is damaged"},
	};
	static const struct
	{
		const char *name;
		const char *piece;
	} large[] = {
		{"deep elements", "<e>"},
		{"distinct elements", "<e%08x/>"},
		{"attributes", " a%08x='1'"},
		{"a long comment", "%08x comment "},
	};
	size_t length;
	char *text;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		check_raw_sheet(parts[i].name, parts[i].part, strlen(parts[i].part), parts[i].expected);
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
	{
		const char *begin = i == 2 ? "<w" : i == 3 ? "<w><!-- " : "<w>";

		text = repeat(large[i].piece, 20 * 1000 * 1000, &length);
		memcpy(text, i == 1 ? "<w>     " : begin, i == 1 ? 8 : strlen(begin));
		if (i == 0)
			length = 3000;
		check_raw_sheet(large[i].name, text, length,
						"UNREADABLE_FILE the workbook is damaged (xl/s.xml: ");
		free(text);
	}
}

/* Length of the record at the end of an archive; its last bytes do not matter. */
#define END_BYTES 22

/* Every truncation of a workbook is refused, and no damage is worse than that. */
static void
test_damage(void)
{
	const struct book book = {
		.strings = "<si><t>a</t></si>",
		.sheets = {LIST("x"), LIST("y")},
	};
	struct archive archive;
	int accepted = 0;

	archive_make_book(&archive, &book);
	for (size_t length = 4; length <= archive.length - END_BYTES; length++)
	{
		struct source_reading reading = {0};

		read_bytes(&reading, &defaults, archive.bytes, length, length);
		accepted += strcmp(reading.error.code, "UNREADABLE_FILE") != 0;
		source_reading_clean_up(&reading);
	}
	is_int(accepted, 0, "truncated workbook is refused");
	for (int i = 0; i < 3000; i++)
	{
		struct source_reading reading = {0};
		char *copy = malloc(archive.length);

		memcpy(copy, archive.bytes, archive.length);
		for (int j = 0; j < 1 + (int) unit_random(3); j++)
			copy[4 + unit_random(archive.length - 4)] = (char) unit_random(256);
		read_bytes(&reading, &defaults, copy, archive.length, archive.length);
		source_reading_clean_up(&reading);
		free(copy);
	}
	free(archive.bytes);
}

/* Let each allocation fail once: each must yield an error without a leak. */
static void
test_memory(void)
{
	const struct book book = {
		.strings = "<si><t>a</t></si>",
		.styles = "<numFmts><numFmt numFmtId=\"164\" formatCode=\"00000\"/></numFmts>"
				  "<cellXfs><xf numFmtId=\"164\"/></cellXfs>",
		.sheets = {LIST("x")},
	};
	struct archive archive;
	bool good = false;
	int wrong = 0;

	archive_make_book(&archive, &book);
	glue_set_reallocate(failing_reallocate);
	for (int fail_at = 0; !good && fail_at < 2000; fail_at++)
	{
		struct source_reading reading = {0};

		allocations_left = fail_at;
		read_bytes(&reading, &defaults, archive.bytes, archive.length, 1000);
		good = reading.error.class == GLUE_NO_ERROR && reading.list.count == 2;
		wrong += !good && strcmp(reading.error.code, "OUT_OF_MEMORY") != 0;
		source_reading_clean_up(&reading);
	}
	glue_set_reallocate(NULL);
	ok(good, "workbook is read if there is enough memory");
	is_int(wrong, 0, "failed allocation is reported");
	free(archive.bytes);
}

int
main(void)
{
	unit_seed();
	test_values();
	test_rows();
	test_long();
	test_sheets();
	test_marks();
	test_header_defects();
	test_1904();
	test_hostile();
	test_damage();
	test_memory();
	return unit_done();
}
