/*-------------------------------------------------------------------------
 *
 * transform_test.c
 *	  Each transformation of a map, with values that it reads and others.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "map_document.h"
#include "reader/transform.h"
#include "shared/columns.h"

#define NBSP "\xC2\xA0"
#define NARROW "\xE2\x80\xAF"

/* Check what a value becomes; NULL for the value itself, unchanged. */
static void
check_text(const char *steps, struct text_view value, const char *expected)
{
	static char buffers[2][ONBOARD_MAX_FIELD_BYTES];
	char definition[300];
	char result[1000];
	struct glue_error error;
	struct file_map *map;
	struct text_view made = value;

	snprintf(definition, sizeof(definition), "attribute x = a | %s", steps);
	map = map_parse(definition, &error);
	if (!ok(map != NULL, "%s is a map", definition))
	{
		printf("# %s\n", error.text);
		return;
	}
	for (int i = 0; i < map->uses[0].step_count; i++)
	{
		struct transform_room room = {buffers[i & 1], sizeof(buffers[0]), 0, false};

		made = transform_apply(&map->uses[0].steps[i], made, &room);
		ok(!room.is_full, "%s has room", steps);
	}
	if (expected == NULL)
		ok(made.data == value.data && made.length == value.length, "%s leaves \"%.*s\" as it is",
		   steps, (int) value.length, value.data);
	snprintf(result, sizeof(result), "%.*s", (int) made.length, made.data);
	if (expected != NULL)
		is_text(result, expected, "%s of \"%.*s\"", steps, (int) value.length, value.data);
	file_map_destroy(map);
}

static void
check(const char *steps, const char *value, const char *expected)
{
	check_text(steps, text_of(value), expected);
}

/* Check values that a transformation leaves as they are. */
static void
unchanged(const char *steps, const char *const *values)
{
	for (; *values != NULL; values++)
		check(steps, *values, NULL);
}

#define UNCHANGED(steps, ...) unchanged(steps, (const char *const[]){__VA_ARGS__, NULL})

static void
test_signs(void)
{
	check("decimal_comma", "1299,50", "1299.50");
	check("decimal_comma", "-0,5", "-0.5");
	check("decimal_comma", "15,5 %", "15.5 %");
	UNCHANGED("decimal_comma", "1299.50", "1.299,50", "1,299,50", ",5", "5,", "a,b", ",", "", "7",
			  "1,a", "1 ,5");

	check("thousands(\".\")", "1.299,50", "1299,50");
	check("thousands(\".\")", "12.345.678", "12345678");
	check("thousands(\",\")", "1,299.50", "1299.50");
	check("thousands(\"'\")", "1'299.00", "1299.00");
	check("thousands(\"'\")",
		  "1\xE2\x80\x99"
		  "299.00",
		  "1299.00");
	check("thousands(\" \")", "1 299" NBSP "000" NARROW "123", "1299000123");
	check("thousands(\".\")", "EUR 1.299 / 2.500", "EUR 1299 / 2500");
	UNCHANGED("thousands(\".\")", "12.50", "1.2990", "1234.567", "0.123", "1.299.50", ".123",
			  "1..299", "1,299", "", "abc", "1.", "1.abc");
	UNCHANGED("thousands(\" \")", "1\n299", "1  299", "12 34");
	check("thousands(\".\") | decimal_comma", "1.299,50", "1299.50");

	check("strip_currency", "1299,50 \xE2\x82\xAC", "1299,50");
	check("strip_currency", "$1,299.00", "1,299.00");
	check("strip_currency", "USD 5", "5");
	check("strip_currency", "5" NBSP "eur", "5");
	check("strip_currency", "US$ 5", "5");
	check("strip_currency", "kr 1299,-", "1299,-");
	check("strip_currency",
		  "\xC2\xA3"
		  ".50",
		  ".50");
	check("strip_currency(EUR)", "5 \xE2\x82\xAC", "5");
	check("strip_currency(SEK)", "kr. 5", "5");
	check("strip_currency(CNY)", "5 rmb", "5");
	check("strip_currency(CAD)", "$5", "5");
	UNCHANGED("strip_currency(EUR)", "5 USD", "$5", "5 \xE2\x82\xBF", "USD 5 EUR", "5");
	UNCHANGED("strip_currency(USD)", "C$ 5", "5 EUR");
	UNCHANGED("strip_currency", "1299", "USD", "USDA organic", "5 kg", "5 EUR a piece", "");
}

static void
test_arithmetic(void)
{
	check("percent", "15 %", "0.15");
	check("percent", "15%", "0.15");
	check("percent", "12.5" NBSP "%", "0.125");
	check("percent", "100%", "1");
	check("percent", "-5%", "-0.05");
	check("percent", "0%", "0");
	check("percent", ".5%", "0.005");
	check("decimal_comma | percent", "7,5 %", "0.075");
	UNCHANGED("percent", "15", "%", "% 15", "15 %%", "a%", "1e2%");

	check("factor(0.01)", "1299", "12.99");
	check("factor(0.01)", "1300", "13");
	check("factor(0.001)", "1500", "1.5");
	check("factor(1000)", "0.5", "500");
	check("factor(1)", "007.50", "7.5");
	check("factor(2)", "-3", "-6");
	check("factor(2)", "0", "0");
	check("factor(2)", "10.", "20");
	check("factor(999999999999999999)", "9999999999999999999999999999999999999999",
		  "9999999999999999989999999999999999999999000000000000000001");
	check("factor(0.00000000000000001)", "0.000000000000000000000000000000000000001",
		  "0.00000000000000000000000000000000000000000000000000000001");
	UNCHANGED("factor(2)", "1,5", "1.2.3", ".", "-", "", "abc", "1e3", "+5", " ", "0x10",
			  "10000000000000000000000000000000000000000" /* 41 digits */);

	check("exchange(EUR, USD)", "100", "108.32");
	check("exchange(EUR, USD)", "0.99", "1.07");  /* 1.072368 */
	check("exchange(EUR, USD)", "1.25", "1.35");  /* 1.354 */
	check("exchange(EUR, USD)", "3.125", "3.39"); /* 3.385: half up */
	check("exchange(EUR, USD)", "0", "0.00");
	check("exchange(EUR, USD)", "000000000000000000000000000000000000000000100", "108.32");
	check("strip_currency | exchange(EUR, USD)", "eur 100", "108.32");
	check("strip_currency(GBP) | exchange(EUR, USD)",
		  "\xC2\xA3"
		  "100",
		  "108.32");
	UNCHANGED("strip_currency | decimals(1) | exchange(EUR, USD)", "100 USD", "$100");
	UNCHANGED("exchange(EUR, USD)", "1,25", "free");

	check("decimals(2)", "1.5", "1.50");
	check("decimals(2)", "1.005", "1.01");
	check("decimals(2)", "1.004999", "1.00");
	check("decimals(2)", "999.995", "1000.00");
	check("decimals(0)", "9.5", "10");
	check("decimals(0)", ".4", "0");
	check("decimals(0)", ".5", "1");
	check("decimals(2)", "-1.005", "-1.01");
	check("decimals(6)", "7", "7.000000");
	check("decimals(2)", "0007.1", "7.10");
	UNCHANGED("decimals(2)", "x", "1,5");

	check("at_least(0)", "-3", "0");
	check("at_least(0)", "-0.01", "0");
	check("at_least(0.50)", "0.499", "0.50");
	check("at_least(10)", "9.99", "10");
	UNCHANGED("at_least(0)", "0", "-0", "-0.00", "5", "x", "", "1,5");
	UNCHANGED("at_least(0.50)", "0.5", "000.50", "7", "0.500000000000000000000000000001");

	check("blank_zero", "0", "");
	check("blank_zero", "0.0000", "");
	check("blank_zero", "-.00", "");
	check("factor(0.001) | decimals(2) | blank_zero", "4", "");
	UNCHANGED("blank_zero", "0.01", "free", "0,00", "", "10");
}

/* Compare products and roundings with those of the processor. */
static void
test_random_arithmetic(void)
{
	unit_seed();
	for (int i = 0; i < 20000; i++)
	{
		int64_t left = (int64_t) unit_random(1000000000);
		int64_t right = (int64_t) unit_random(1000000000);
		int left_fraction = (int) unit_random(6);
		int fraction = (int) unit_random(6);
		struct decimal a = {.digit_count = 12, .fraction = left_fraction};
		struct decimal b = {.digit_count = 12, .fraction = 0};
		struct decimal product;
		char text[DECIMAL_TEXT_SIZE];
		char expected[64];
		__int128 exact = (__int128) left * right;
		__int128 unit = 1;

		for (int digit = 11; digit >= 0; digit--, left /= 10, right /= 10)
		{
			a.digits[digit] = (unsigned char) (left % 10);
			b.digits[digit] = (unsigned char) (right % 10);
		}
		decimal_multiply(&a, &b, &product);
		for (int digit = fraction; digit < left_fraction; digit++)
			unit *= 10;
		exact = (exact + unit / 2) / unit;
		for (int digit = left_fraction; digit < fraction; digit++)
			exact *= 10;
		decimal_round(&product, fraction);
		decimal_write(&product, text);
		unit = 1;
		for (int digit = 0; digit < fraction; digit++)
			unit *= 10;
		if (fraction > 0)
			snprintf(expected, sizeof(expected), "%" PRId64 ".%0*" PRId64, (int64_t) (exact / unit),
					 fraction, (int64_t) (exact % unit));
		else
			snprintf(expected, sizeof(expected), "%" PRId64, (int64_t) exact);
		if (strcmp(text, expected) != 0)
		{
			is_text(text, expected, "a product is exact");
			return;
		}
	}
	ok(true, "products are exact");
}

static void
test_lists(void)
{
	check("values(categories)", "shoes", "Clothing");
	check("values(categories)", "SHOES", "Clothing");
	check("values(categories)", "big shoes", "Men's Clothing");
	check("values(categories)", "Big\n\t" NBSP "Shoes", "Men's Clothing");
	check("values(categories)", "\xC3\xA4PFEL", "Food & Beverage");
	UNCHANGED("values(categories)", "shoe", "", "Clothing");
	UNCHANGED("values(none)", "shoes");

	check("category_path", "Home > Kitchen", "Kitchen");
	check("category_path", "Home / Kitchen / Kettles", "Kitchen");
	check("category_path", "kitchens", "Kitchen");
	check("category_path", "Electronics|audio equipment", "Audio Equipment");
	check("category_path", "Clothing:Hats", "Clothing");
	check("category_path(\" - \")", "A - Kitchen", "Kitchen");
	check("category_path(\" - \")", "Home and Garden", "Home & Garden");
	UNCHANGED("category_path", "Kitchen", "A/V", "Toys > Cars", ">", ">>>/", "");
	UNCHANGED("category_path(\" - \")", "Home > Kitchen");

	check("first_of", "a.jpg, b.jpg", "a.jpg");
	check("first_of", " ; ,b", "b");
	check("first_of(\"--\")", "a -- b", "a");
	check("first_of(\"/\")", "a, b/c", "a, b");
	check("first_of", "https://x/a,b.jpg,https://x/c.jpg", "https://x/a,b.jpg");
	check("first_of", ", HTTP://x/a;v=1,2.jpg; https://x/c.jpg", "HTTP://x/a;v=1,2.jpg");
	check("first_of", "https://x/a,b.jpg|c", "https://x/a,b.jpg");
	check("first_of", "https://x/a,", "https://x/a");
	check("first_of(\",\")", "https://x/a,b.jpg", "https://x/a");
	UNCHANGED("first_of", "https://x/w_1,h_2/a.jpg");
	UNCHANGED("first_of", "a", ",;|", "");
	UNCHANGED("first_of(\"--\")", "a,b");

	check("split(\"x\", 2)", "10 x 20x30", "20");
	check("split(\"x\", 1)", "10 x 20", "10");
	check("split(\"x\", 2)", "10x", "");
	check("split(\" > \", 3)", "a > b > c > d", "c");
	UNCHANGED("split(\"x\", 4)", "10x20x30", "10");
}

static void
test_words(void)
{
	check("prefix(\"ACME \")", "Kettle", "ACME Kettle");
	UNCHANGED("prefix(\"ACME \")", "");
	check("replace(\"\\\\n\", \"\\n\")", "a\\nb\\n\\nc", "a\nb\n\nc");
	check("replace(\" / Default Title\", \"\")", "Shirt / Default Title", "Shirt");
	check("replace(aa, a)", "aaaaa", "aaa");
	check("replace(a, \"\")", "aaa", "");
	check("replace(\"b\", \" \")", "ab", "a");
	UNCHANGED("replace(x, y)", "abc", "", "X");
	UNCHANGED("replace(\"\", y)", "abc");
	UNCHANGED("replace(abcd, y)", "abc");
	check("default(\"0\")", "", "0");
	UNCHANGED("default(\"0\")", "1");
	check("yes_no(active, inactive)", "Yes", "active");
	check("yes_no(active, inactive)", "TRUE", "active");
	check("yes_no(active, \"\")", "nein", "");
	check("yes_no(active, inactive)", "S\xC3\x8D", "active");
	check("yes_no(active, inactive)", "0", "inactive");
	UNCHANGED("yes_no(active, inactive)", "maybe", "", "2");

	check("upper",
		  "Stra\xC3\x9F"
		  "e \xC3\xA4"
		  "b 1",
		  "STRA\xE1\xBA\x9E"
		  "E \xC3\x84"
		  "B 1");
	check("lower",
		  "\xD0\x96\xC3\x84"
		  "B \xCE\xA3",
		  "\xD0\xB6\xC3\xA4"
		  "b \xCF\x83");
	UNCHANGED("upper", "ABC 1", "\xE6\x97\xA5");
	UNCHANGED("lower", "abc 1");

	check("slug", "Enamel Kettle 2 l", "enamel-kettle-2-l");
	check("slug",
		  "  --Men's \xE2\x80\x94 Gr\xC3\xB6\xC3\x9F"
		  "e!! ",
		  "mens-grosse");
	check("slug",
		  "Cr\xC3\xA8me Br\xC3\xBBl\xC3\xA9"
		  "e & \xC3\x86ther \xC5\x81\xC3\xB3"
		  "d\xC5\xBA",
		  "creme-brulee-aether-lodz");
	check("slug", "e\xCC\x81t\xC3\xA9", "ete");
	check("slug",
		  "a\xE6\x97\xA5"
		  "b",
		  "a-b");
	check("slug", "\xEF\xBC\xA1\xEF\xBC\xA2 \xC2\xBD", "ab");
	UNCHANGED("slug", "\xE6\x97\xA5\xE6\x9C\xAC", "---");
}

static void
test_html(void)
{
	check("strip_html", "<!DOCTYPE html><p>x", "x");
	check("strip_html", "<?xml version=\"1.0\"?>x <![if !supportLists]>1<![endif]> y", "x 1 y");
	UNCHANGED("strip_html", "<![CDATA[x]]>", "<!x>", "<!doctype", "<?x>");
	check("strip_html", "<p>One <b>two</b></p><p>three<br/>four", "One two\nthree\nfour");
	check("strip_html", "<ul><li>a</li> <li>b</li></ul>", "a\nb");
	check("strip_html", "<td>a</td><td>b</td>", "a b");
	check("strip_html", "a<!-- <b> -->b", "ab");
	check("strip_html", "a<!-- no end", "a");
	check("strip_html", "a<script>x < y</script>b", "ab");
	check("strip_html", "a<STYLE>x", "a");
	check("strip_html", "<a title=\"x > y\" href='z'>link</a>", "link");
	check("strip_html", "<p>a\n\n  b</p>", "a b");
	check("strip_html", "<div></div>", "");
	check("strip_html", "1 < 2 <b>and</b> 4 > 3", "1 < 2 and 4 > 3");
	UNCHANGED("strip_html", "1 < 2", "a <b", "<", "<>", "< b>", "no tag", "<a <b", "</>", "<3");

	check("html_entities", "Salt &amp; Pepper", "Salt & Pepper");
	check("html_entities", "&#39;a&#x41;&nbsp;", "'aA");
	UNCHANGED("html_entities", "a & b", "&unknown;", "");
	check("html_entities | strip_html", "&lt;b&gt;x&lt;/b&gt;", "x");
}

/* A text that takes quadratic time would take hours here. */
static void
test_long(void)
{
	static char text[ONBOARD_MAX_FIELD_BYTES];
	static const char *const pieces[] = {"<a ",   "<a ='", "<!--", "<script>", "<style ", "&amp",
										 ",",     ";",     ">",    "x",        "1.",      "\"'",
										 "<a=\"", "</a",   "-->",  "\xC3\xA9", "<b>"};
	static const char *const steps[] = {"strip_html",    "html_entities",      "slug",
										"upper",         "first_of",           "split(x, 2)",
										"category_path", "values(categories)", "thousands(\".\")",
										"decimal_comma", "strip_currency",     "factor(2)",
										"yes_no(a, b)"};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
	{
		size_t size = strlen(pieces[i]);
		size_t used = 0;

		for (; used + size <= sizeof(text); used += size)
			memcpy(text + used, pieces[i], size);
		for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++)
		{
			char definition[100];
			struct glue_error error;
			struct file_map *map;
			static char buffer[ONBOARD_MAX_FIELD_BYTES];
			struct transform_room room = {buffer, sizeof(buffer), 0, false};
			struct text_view made;

			snprintf(definition, sizeof(definition), "attribute x = a | %s", steps[j]);
			map = map_parse(definition, &error);
			made = transform_apply(&map->uses[0].steps[0], (struct text_view){text, used}, &room);
			if (made.length > used && made.data == text)
				ok(false, "%s of a long text is out of bounds", steps[j]);
			file_map_destroy(map);
		}
	}
	ok(true, "long texts are transformed");
}

/* What does not fit leaves the value. */
static void
test_room(void)
{
	struct glue_error error;
	struct file_map *map = map_parse("attribute x = a | prefix(abc)", &error);
	char buffer[5];
	struct transform_room small = {buffer, 5, 0, false};
	struct transform_room exact = {buffer, 5, 0, false};
	struct text_view long_value = text_of("def");

	ok(transform_apply(&map->uses[0].steps[0], long_value, &small).data == long_value.data,
	   "a value without room stays");
	ok(small.is_full, "the room is full");
	is_int(transform_apply(&map->uses[0].steps[0], text_of("de"), &exact).length, 5,
		   "a value may fill the room");
	ok(!exact.is_full, "the room sufficed");
	file_map_destroy(map);
}

int
main(void)
{
	test_signs();
	test_arithmetic();
	test_random_arithmetic();
	test_lists();
	test_words();
	test_html();
	test_long();
	test_room();
	return unit_done();
}
