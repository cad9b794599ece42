/*-------------------------------------------------------------------------
 *
 * csv_dialect_test.c
 *	  Detection and validation of delimiters.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/csv_dialect.h"

/* Known headings in this test, in any case and with surrounding blanks. */
static bool
is_heading(struct text_view text)
{
	static const char *const headings[] = {"sku", "price", "category"};

	text = text_trim(text);
	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
	{
		if (text.length == strlen(headings[i]) &&
			strncasecmp(text.data, headings[i], text.length) == 0)
			return true;
	}
	return false;
}

static void
check_delimiter(const char *text, char expected)
{
	struct text_view view = {text, strlen(text)};

	is_int(csv_dialect_delimiter(view, is_heading), expected, "delimiter of %s", text);
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

	is_int(csv_dialect_delimiter(text, NULL), ',',
		   "most frequent delimiter wins if no headings are known");
}

static void
test_acceptable(void)
{
	ok(csv_dialect_acceptable(','), "comma is acceptable");
	ok(csv_dialect_acceptable('\t'), "tab is acceptable");
	ok(csv_dialect_acceptable(' '), "blank is acceptable");
	ok(!csv_dialect_acceptable('"'), "quote is not acceptable");
	ok(!csv_dialect_acceptable('\n'), "LF is not acceptable");
	ok(!csv_dialect_acceptable('\r'), "CR is not acceptable");
	ok(!csv_dialect_acceptable('\0'), "NUL is not acceptable");
	ok(!csv_dialect_acceptable('\xA4'), "non-ASCII byte is not acceptable");
}

int
main(void)
{
	test_delimiter();
	test_no_headings();
	test_acceptable();
	return unit_done();
}
