/*-------------------------------------------------------------------------
 *
 * cell_profile_test.c
 *	  What the cells of a column look like, and what they need to fit a column.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "guess/cell_fit.h"
#include "shipped_categories.h"

#define MOST_CELLS 16

static const struct category_list known = {.names = categories, .count = CATEGORY_COUNT};

/* Profile cells that are separated by bars. */
static struct cell_profile
profile_of(const char *line)
{
	struct text_view cells[MOST_CELLS];
	struct sample_table table = {.column_count = 1, .cells = cells};
	struct cell_profile profile;
	const char *begin = line;

	for (const char *c = line;; c++)
	{
		if (*c != '|' && *c != '\0')
			continue;
		cells[table.row_count++] = (struct text_view){begin, c - begin};
		begin = c + 1;
		if (*c == '\0')
			break;
	}
	if (!cell_profile_fill(&profile, &table, 0, &known))
		abort();
	return profile;
}

/* The transformations that cells need. */
static const struct
{
	enum onboard_column column;
	const char *heading;
	const char *cells;
	const char *steps;
} cases[] = {
	{COLUMN_PRICE, "p", "39.90|89.00|12", ""},
	{COLUMN_PRICE, "p", "39,90|89,00|12", " | decimal_comma"},
	{COLUMN_PRICE, "p", "1.299,00|39,90", " | thousands(\".\") | decimal_comma"},
	{COLUMN_PRICE, "p", "1,299.00|39.90", " | thousands(\",\")"},
	{COLUMN_PRICE, "p", "1'299.00|39.90", " | thousands(\"'\")"},
	{COLUMN_PRICE, "p",
	 "1\xE2\x80\xAF"
	 "299,00\xC2\xA0\xE2\x82\xAC|9,90 \xE2\x82\xAC",
	 " | strip_currency | thousands(\" \") | decimal_comma"},
	{COLUMN_PRICE, "p", "EUR 5|EUR 7.5", " | strip_currency"},
	{COLUMN_PRICE, "p", "12,50 z\xC5\x82|8,00 z\xC5\x82", " | strip_currency | decimal_comma"},
	/* 1.299 alone is thousands if another number shows that the comma is decimal. */
	{COLUMN_PRICE, "p", "1.299|39,90", " | thousands(\".\") | decimal_comma"},
	{COLUMN_PRICE, "p", "39.9000|89.0000", " | decimals(2)"},
	{COLUMN_PRICE, "price_cents", "3990|8900", " | factor(0.01)"},
	{COLUMN_COMPARE_AT_PRICE, "p", "0.00|89.00", " | blank_zero"},
	{COLUMN_STOCK_QUANTITY, "s", "12|0|140", ""},
	{COLUMN_STOCK_QUANTITY, "s", "12|-3|140", " | at_least(0)"},
	{COLUMN_STOCK_QUANTITY, "s", "12,00|0,00", " | decimal_comma | decimals(0)"},
	{COLUMN_STOCK_QUANTITY, "s", "5.000|12.000", " | decimals(0)"},
	{COLUMN_STOCK_QUANTITY, "s", "1.250|12|7", " | thousands(\".\")"},
	{COLUMN_STOCK_QUANTITY, "s", "12 Stk|0 Stk", " | split(\" \", 1)"},
	{COLUMN_WEIGHT_KG, "Gewicht", "1.35|0.27", ""},
	{COLUMN_WEIGHT_KG, "Gewicht (g)", "1350|270", " | factor(0.001) | decimals(2) | blank_zero"},
	{COLUMN_WEIGHT_KG, "Gewicht", "1350|270", " | factor(0.001) | decimals(2) | blank_zero"},
	{COLUMN_WEIGHT_KG, "Gewicht", "1,350 kg|0,270 kg",
	 " | split(\" \", 1) | decimal_comma | decimals(2)"},
	{COLUMN_WEIGHT_KG, "wt (lbs)", "1.5|2.0", " | factor(0.45359237) | decimals(2) | blank_zero"},
	/* The words of units are the same in headings and after numbers. */
	{COLUMN_WEIGHT_KG, "weight pound", "1.5|2.0",
	 " | factor(0.45359237) | decimals(2) | blank_zero"},
	{COLUMN_WEIGHT_KG, "weight ounces", "1.5|2.0",
	 " | factor(0.028349523125) | decimals(2) | blank_zero"},
	{COLUMN_WEIGHT_KG, "Kilo", "1350|270", ""},
	{COLUMN_WEIGHT_KG, "Gewicht T", "1.5|2.0", ""},
	{COLUMN_WEIGHT_KG, "w", "1.5 pound|2.0 pound",
	 " | split(\" \", 1) | factor(0.45359237) | decimals(2) | blank_zero"},
	{COLUMN_DESCRIPTION, "d", "<p>a &amp; b</p>|c", " | strip_html | html_entities"},
	{COLUMN_PRODUCT_NAME, "n", "Salt &amp; pepper|c d", " | html_entities"},
	{COLUMN_IMAGE_URL, "i",
	 "https://a.example/1.jpg,https://a.example/2.jpg|https://a.example/3.jpg", " | first_of"},
	{COLUMN_IMAGE_URL, "i", "//a.example/1.jpg|//a.example/2.jpg", " | prefix(\"https:\")"},
	{COLUMN_CATEGORY, "c", "Kitchen|Garden", ""},
	{COLUMN_CATEGORY, "c", "Home > Kitchen|Home > Garden", " | category_path"},
	{COLUMN_CATEGORY, "c", "Home > Kitchen, Sale|Home > Garden, New",
	 " | first_of(\",\") | category_path"},
	{COLUMN_CATEGORY, "c", "Home > Kitchen; Sale|Garden; New",
	 " | first_of(\";\") | category_path"},
	{COLUMN_CATEGORY, "c", "kitchens|GARDEN", " | category_path"},
	{COLUMN_SKU, "s", "A|B", ""},
};

static void
test_steps(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct cell_profile profile = profile_of(cases[i].cells);
		char steps[GUESS_STEPS_SIZE];
		struct text_builder builder;

		text_start(&builder, steps, sizeof(steps));
		cell_fit_steps(&profile, cases[i].column, text_of(cases[i].heading), &builder);
		text_finish(&builder);
		is_text(steps, cases[i].steps, "%s: %s", onboard_columns[cases[i].column].name,
				cases[i].cells);
	}
}

static void
check_fit(enum onboard_column column, const char *cells, bool fits)
{
	struct cell_profile profile = profile_of(cells);

	ok((cell_fit(&profile, column) >= 50) == fits, "%s: %s%s", onboard_columns[column].name, cells,
	   fits ? "" : " does not fit");
}

static void
test_fit(void)
{
	check_fit(COLUMN_PRICE, "39.90|89.00", true);
	check_fit(COLUMN_PRICE, "low|high", false);
	check_fit(COLUMN_PRICE, "19 %|7 %", false);
	check_fit(COLUMN_PRICE, "4006381333931|4006381333948", false);
	check_fit(COLUMN_SKU, "A-1|A-2|A-3", true);
	check_fit(COLUMN_SKU, "A-1|A-1|A-1", false);
	check_fit(COLUMN_STOCK_QUANTITY, "1|0|1|1|0|1|0", false);
	check_fit(COLUMN_STOCK_QUANTITY, "in stock|out of stock", false);
	check_fit(COLUMN_IMAGE_URL, "https://a.example/1.jpg", true);
	check_fit(COLUMN_IMAGE_URL, "kettle.jpg", false);
	check_fit(COLUMN_CATEGORY, "Kitchen|Kitchen", true);
	check_fit(COLUMN_CATEGORY, "12.50|13.00", false);
	check_fit(COLUMN_UNIT, "pcs|set", true);
	check_fit(COLUMN_UNIT, "39.90|12.50", false);
	check_fit(COLUMN_DIMENSIONS_CM, "10 x 20 x 30 cm|1x2x3", true);
	check_fit(COLUMN_DIMENSIONS_CM, "M|L|XL", false);
	check_fit(COLUMN_PRODUCT_NAME, "", true);
}

static void
test_evidence(void)
{
	struct cell_profile images = profile_of("https://a.example/1.jpg|https://a.example/2.png");
	struct cell_profile paths = profile_of("Home > Kitchen|Home > Garden");
	struct cell_profile words = profile_of("red|green");

	ok(cell_evidence(&images, COLUMN_IMAGE_URL) > 50, "addresses of pictures need no heading");
	ok(cell_evidence(&paths, COLUMN_CATEGORY) > 50, "nor do our categories");
	for (int column = 0; column < COLUMN_COUNT; column++)
		is_int(cell_evidence(&words, (enum onboard_column) column), 0, "words are no %s",
			   onboard_columns[column].name);
}

/* Numbers of other columns decide what a column leaves open. */
static void
test_settle(void)
{
	static const int commas[SIGN_COUNT] = {[SIGN_COMMA] = 5};
	static const int none[SIGN_COUNT] = {0};
	struct cell_profile profile = profile_of("1,250|0,300|2,100");
	struct cell_profile pieces = profile_of("1.250|2.100");

	cell_profile_settle(&profile, commas, none);
	ok(!cell_sign_groups(&profile, SIGN_COMMA), "a decimal comma is decimal in all columns");
	is_int(profile.uncertain[SIGN_COMMA], 0, "nothing is left open");
	cell_profile_settle(&pieces, commas, none);
	ok(cell_sign_groups(&pieces, SIGN_POINT), "so its points group thousands");
}

static void
test_numbers(void)
{
	double number = 0;

	ok(cell_number(text_of("1.299,50 EUR"), SIGN_COMMA, &number) && number == 1299.5,
	   "a number is read with its signs");
	ok(cell_number(text_of("-3"), SIGN_POINT, &number) && number == -3, "a negative one");
	ok(cell_number(text_of(",50"), SIGN_COMMA, &number) && number == 0.5, "one without units");
	ok(!cell_number(text_of("twelve"), SIGN_POINT, &number), "a word is none");
	ok(!cell_number(text_of(""), SIGN_POINT, &number), "nor is nothing");
}

int
main(void)
{
	test_steps();
	test_fit();
	test_evidence();
	test_settle();
	test_numbers();
	return unit_done();
}
