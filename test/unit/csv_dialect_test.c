/*-------------------------------------------------------------------------
 *
 * csv_dialect_test.c
 *	  Detection and validation of delimiters.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/csv_dialect.h"
#include "shared/csv_cell.h"

/* Known headings in this test, in any case and with surrounding blanks. */
static bool
is_heading(const void *context, struct text_view text)
{
	static const char *const headings[] = {"sku", "price", "category"};

	(void) context;
	text = text_trim(text);
	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
	{
		if (text.length == strlen(headings[i]) &&
			strncasecmp(text.data, headings[i], text.length) == 0)
			return true;
	}
	return false;
}

static const struct heading_test known = {is_heading, NULL, NULL};
static const struct heading_test none_known = {NULL, NULL, NULL};

static void
check_delimiter(const char *text, char expected)
{
	struct csv_dialect dialect = {0};

	csv_dialect_detect(&dialect, text_of(text), &known);
	is_int(dialect.delimiter, expected, "delimiter of %s", text);
}

static void
test_delimiter(void)
{
	check_delimiter("", ',');
	check_delimiter("sku", ',');
	check_delimiter("sku,price,category", ',');
	check_delimiter("sku;price;category\n1;2,5;3\n", ';');
	check_delimiter("sku\tprice\tcategory\n", '\t');
	check_delimiter("sku|price|category\r", '|');
	check_delimiter(" SKU ; Price ;\"category\"\n", ';');
	/* Known names take precedence over the number of delimiters. */
	check_delimiter("sku;price;a,b,c,d,e,f,g\n", ';');
	/* Only the header line counts, and only outside of quotes. */
	check_delimiter("sku;price\n1,2,3,4,5,6,7,8\n", ';');
	check_delimiter("\"sku\";\"a,b,c,d\";price\n", ';');
	check_delimiter("\"a\n,,,,\";sku;price\n,,,,,,,\n", ';');
	/* Without known names, the most frequent delimiter wins, then the first. */
	check_delimiter("a;b;c,d\n", ';');
	check_delimiter("a;b,c|d\te\n", ',');
	check_delimiter("a|b\n", '|');
}

/* Without is_heading, only the number of delimiters counts. */
static void
test_no_headings(void)
{
	struct text_view text = text_of("sku;price;a,b,c,d,e,f,g\n");
	struct csv_dialect dialect = {0};

	csv_dialect_detect(&dialect, text, &none_known);
	is_int(dialect.delimiter, ',', "most frequent delimiter wins if no headings are known");
}

/* Check where the header is, with its delimiter, and where headings are that are none. */
static void
check_header(const char *text, const char *rest, int line, char delimiter, int heading_line)
{
	struct csv_dialect dialect = {0};

	csv_dialect_detect(&dialect, text_of(text), &known);
	is_text(text + dialect.header_offset, rest, "header of %s", text);
	is_int(dialect.header_line, line, "its line");
	is_int(dialect.delimiter, delimiter, "its delimiter");
	is_int(dialect.heading_line, heading_line, "the line of other headings");
}

static void
test_header(void)
{
	check_header("sku,price\n1,2\n", "sku,price\n1,2\n", 1, ',', 0);
	check_header("\n\r\n\r \nsku,price", "sku,price", 5, ',', 0);
	check_header("sep=;\nsku;price\n", "sku;price\n", 2, ';', 0);
	check_header("\"SEP=\t\"\r\n\r\na,b\tc\r\n", "a,b\tc\r\n", 3, '\t', 0);
	check_header("sep=\\t\nsku,price\n", "sku,price\n", 2, '\t', 0);
	check_header("sep=^\nsku^price\n", "sku^price\n", 2, '^', 0);
	check_header("sep=x\nsku;price;category\n", "sku;price;category\n", 2, ';', 0);
	/* Titles, the last one with as many cells as a title may fill. */
	check_header("Spring\n;;\n2026; \nsku;price;category\n", "sku;price;category\n", 4, ';', 0);
	check_header("Spring;2026;;\r\nsku;price;category;x\r\n", "sku;price;category;x\r\n", 2, ';',
				 0);
	/* Rows above, which are not to be lost. */
	check_header("Spring;2026\nsku;price\n", "Spring;2026\nsku;price\n", 1, ';', 2);
	check_header("a,b,c\n1,2,3\nsku,price,category\n", "a,b,c\n1,2,3\nsku,price,category\n", 1, ',',
				 3);
	/* Lines of another format are not titles. */
	check_header("<html>\nsku,price\n", "<html>\nsku,price\n", 1, ',', 0);
	/* One heading may be a value. */
	check_header("Spring\nprice,x\n", "Spring\nprice,x\n", 1, ',', 0);
	check_header("price\nsku,price\n", "price\nsku,price\n", 1, ',', 0);
	/* A quote that is text hides no line end. */
	check_header("5\" pan\n\nsku;price;category\n", "sku;price;category\n", 3, ';', 0);
}

/* What was given is not looked for. */
static void
test_given(void)
{
	struct csv_dialect semicolon = {.delimiter = ';'};
	struct csv_dialect single = {.quote = QUOTE_SINGLE};
	struct csv_dialect none = {.quote = QUOTE_NONE};

	csv_dialect_detect(&semicolon, text_of("sep=,\nsku,price\n"), &known);
	is_int(semicolon.delimiter, ';', "a given delimiter comes before a line that names one");
	is_int(semicolon.header_line, 2, "which is not a header");
	csv_dialect_detect(&single, text_of("'sku';'a,b,c';'price'\n"), &known);
	is_int(single.delimiter, ';', "delimiters in single quotes do not count");
	csv_dialect_detect(&none, text_of("\"sku;price\"\n\"1,2"), &known);
	is_int(none.delimiter, ';', "without a quote character all delimiters count");
	is_int(csv_dialect_headings(text_of("sku ^'price'^x"), '^', QUOTE_SINGLE, &known), 2,
		   "headings are counted");
}

/* Detect a file with each quote character; check which is used, QUOTE_SIGN_COUNT for the given one. */
static void
check_quote(const char *text, char delimiter, enum quote_sign expected)
{
	for (int sign = 0; sign < QUOTE_SIGN_COUNT; sign++)
	{
		struct csv_dialect dialect = {.delimiter = delimiter, .quote = (enum quote_sign) sign};

		csv_dialect_detect(&dialect, text_of(text), &known);
		is_int(dialect.quote, expected == QUOTE_SIGN_COUNT ? (enum quote_sign) sign : expected,
			   "quote character of %s instead of %s", text,
			   quote_sign_name((enum quote_sign) sign));
	}
}

static void
test_fix_file(void)
{
	check_quote("sku,onboard_line,onboard_errors,onboard_suggestion\n", 0, QUOTE_DOUBLE);
	check_quote("\n\"two\nlines\";onboard_line;\"onboard_errors\"\n", 0, QUOTE_DOUBLE);
	check_quote("sku^onboard_line^onboard_errors\n", '^', QUOTE_DOUBLE);
	check_quote("sku,onboard_line,onboard_errors\n", '^', QUOTE_SIGN_COUNT);
	check_quote("sku,onboard_line\nx,onboard_errors\n", 0, QUOTE_SIGN_COUNT);
	check_quote("sku,price\n", 0, QUOTE_SIGN_COUNT);
	check_quote("", 0, QUOTE_SIGN_COUNT);
}

static void
test_quote_signs(void)
{
	enum quote_sign quote = QUOTE_SIGN_COUNT;

	for (int sign = 0; sign < QUOTE_SIGN_COUNT; sign++)
		ok(quote_sign_by_name(quote_sign_name((enum quote_sign) sign), &quote) &&
			   quote == (enum quote_sign) sign,
		   "quote character %d has a name", sign);
	ok(!quote_sign_by_name("", &quote), "an empty name is not one");
	is_int(quote_sign_byte(QUOTE_DOUBLE), '"', "the usual sign");
	is_int(quote_sign_byte(QUOTE_SINGLE), '\'', "the other one");
	is_int(quote_sign_byte(QUOTE_NONE), '\0', "no sign");
}

static void
test_acceptable(void)
{
	ok(csv_delimiter_is_acceptable(','), "comma is acceptable");
	ok(csv_delimiter_is_acceptable('\t'), "tab is acceptable");
	ok(csv_delimiter_is_acceptable(' '), "blank is acceptable");
	ok(csv_delimiter_is_acceptable('^') && csv_delimiter_is_acceptable('~'),
	   "other characters are acceptable");
	ok(csv_delimiter_is_acceptable('\x1F'), "a control character is acceptable");
	ok(!csv_delimiter_is_acceptable('x') && !csv_delimiter_is_acceptable('Z'),
	   "a letter is not acceptable");
	ok(!csv_delimiter_is_acceptable('7'), "a digit is not acceptable");
	ok(!csv_delimiter_is_acceptable('"'), "quote is not acceptable");
	ok(!csv_delimiter_is_acceptable('\n'), "LF is not acceptable");
	ok(!csv_delimiter_is_acceptable('\r'), "CR is not acceptable");
	ok(!csv_delimiter_is_acceptable('\0'), "NUL is not acceptable");
	ok(!csv_delimiter_is_acceptable('\xA4'), "non-ASCII byte is not acceptable");
}

int
main(void)
{
	test_delimiter();
	test_no_headings();
	test_header();
	test_given();
	test_fix_file();
	test_quote_signs();
	test_acceptable();
	return unit_done();
}
