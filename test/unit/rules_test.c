/*-------------------------------------------------------------------------
 *
 * rules_test.c
 *	  Every rule accepting and refusing, the order of findings, and that no
 *	  row can make a finding overflow.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/rule_standard.h"
#include "shared/text.h"

#define RANDOM_ROWS 3000

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static struct text_view categories[] = {
	{"Books", 5},
	{"Kitchen", 7},
	{"Men's Clothing", 14},
};
static const int parents[] = {-1, -1, -1};
static struct rule_settings settings; /* the standard, with these */

/* A row that breaks no rule; optional fields that a test needs are set. */
static const char *const valid_values[COLUMN_COUNT] = {
	[COLUMN_VENDOR_PRODUCT_ID] = "P1", [COLUMN_PRODUCT_NAME] = "Mug",
	[COLUMN_CATEGORY] = "Kitchen",     [COLUMN_SKU] = "ABC-1",
	[COLUMN_PRICE] = "10.00",          [COLUMN_STOCK_QUANTITY] = "5",
};

static struct product_row row;
static struct findings findings;

/* Set a field; NULL makes it absent. */
static void
set_field(enum onboard_column column, const char *value)
{
	struct text_view absent = {NULL, 0};

	row.raw[column] = value ? text_of(value) : absent;
}

static void
reset_row(void)
{
	memset(&row, 0xAA, sizeof(row));
	for (int column = 0; column < COLUMN_COUNT; column++)
		set_field((enum onboard_column) column, valid_values[column]);
}

/* The findings object is filled with rubbish first: it is to be overwritten. */
static void
judge(void)
{
	memset(&findings, 0xAA, sizeof(findings));
	row_trim(&row);
	rules_judge(&row, &settings, &findings);
}

static void
judge_with(enum onboard_column column, const char *value)
{
	reset_row();
	set_field(column, value);
	judge();
}

/* Expect exactly one finding. */
static void
expect_one(enum rule_id rule, enum onboard_column column, const char *message,
		   const char *suggestion)
{
	if (!is_int(findings.count, 1, "one finding: %s", message))
		return;
	is_int(findings.items[0].rule->number, rule, "of %s", rule_built_in(rule)->code);
	is_int(findings.items[0].column, column, "for its column");
	is_text(findings.items[0].message, message, "saying so");
	is_text(findings.items[0].suggestion, suggestion, "suggesting \"%s\"", suggestion);
	ok(findings.has_error, "and it is an error");
}

struct field_case
{
	enum onboard_column column;
	const char *value;
	const char *message; /* NULL: accepted */
	const char *suggestion;
};

static void
run_cases(enum rule_id rule, const struct field_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		judge_with(cases[i].column, cases[i].value);
		if (cases[i].message == NULL)
			ok(findings.count == 0 && !findings.has_error, "%s \"%.40s\" is accepted",
			   onboard_columns[cases[i].column].name, cases[i].value ? cases[i].value : "(absent)");
		else
			expect_one(rule, cases[i].column, cases[i].message,
					   cases[i].suggestion ? cases[i].suggestion : "");
	}
}

#define RUN_CASES(rule, cases) run_cases(rule, cases, sizeof(cases) / sizeof((cases)[0]))

static void
test_missing(void)
{
	static const struct field_case cases[] = {
		{COLUMN_VENDOR_PRODUCT_ID, "", "vendor_product_id is required", NULL},
		{COLUMN_PRODUCT_NAME, " \t\u00A0", "product_name is required", NULL},
		{COLUMN_CATEGORY, NULL, "category is required", NULL},
		{COLUMN_SKU, " ", "sku is required", NULL},
		{COLUMN_PRICE, "", "price is required", NULL},
		{COLUMN_STOCK_QUANTITY, "", "stock_quantity is required", NULL},
		{COLUMN_STOCK_QUANTITY, "0", NULL, NULL},
		{COLUMN_SUBCATEGORY, "", NULL, NULL},
		{COLUMN_DESCRIPTION, " ", NULL, NULL},
		{COLUMN_BRAND, "", NULL, NULL},
		{COLUMN_COMPARE_AT_PRICE, " ", NULL, NULL},
		{COLUMN_UNIT, "", NULL, NULL},
		{COLUMN_WEIGHT_KG, "", NULL, NULL},
		{COLUMN_DIMENSIONS_CM, "", NULL, NULL},
		{COLUMN_IMAGE_URL, "\u00A0", NULL, NULL},
		{COLUMN_IMAGE_URL, NULL, NULL, NULL},
	};

	RUN_CASES(RULE_MISSING_REQUIRED_FIELDS, cases);

	judge_with(COLUMN_PRICE, "  ");
	is_int(findings.items[0].rejected.length, 2, "a blank field is rejected as it is");
	ok(!row_has_number(&row, COLUMN_PRICE), "and no price is parsed");
	judge_with(COLUMN_PRICE, NULL);
	ok(findings.items[0].rejected.data == NULL, "an absent field has no rejected value");
}

static void
test_price(void)
{
	static const struct field_case cases[] = {
		{COLUMN_PRICE, "0.01", NULL, NULL},
		{COLUMN_PRICE, " 999999.99\u00A0", NULL, NULL},
		{COLUMN_PRICE, "-5.00", "price \"-5.00\" is below the minimum of 0.01", NULL},
		{COLUMN_PRICE, "0", "price \"0\" is below the minimum of 0.01", NULL},
		{COLUMN_PRICE, "1000000", "price \"1000000\" is above the maximum of 999999.99", NULL},
		{COLUMN_PRICE, "abc", "price \"abc\" is not a plain number such as 1299.00", NULL},
		{COLUMN_PRICE, "$1,299.00", "price \"$1,299.00\" is not a plain number such as 1299.00",
		 "1299.00"},
		{COLUMN_PRICE, "10.505", "price \"10.505\" has more than 2 digits after the decimal point",
		 NULL},
		{COLUMN_PRICE, "10.5000",
		 "price \"10.5000\" has more than 2 digits after the decimal point", "10.50"},
	};

	RUN_CASES(RULE_INVALID_PRICE, cases);

	judge_with(COLUMN_PRICE, " 12.5 ");
	ok(row_has_number(&row, COLUMN_PRICE), "a price is parsed");
	is_int(row.number[COLUMN_PRICE], 1250, "to hundredths");
	judge_with(COLUMN_PRICE, " abc");
	ok(text_equal(findings.items[0].rejected, text_of(" abc")), "the rejected value is untrimmed");
	ok(!row_has_number(&row, COLUMN_PRICE), "a bad price is not parsed");
}

static void
test_stock(void)
{
	static const struct field_case cases[] = {
		{COLUMN_STOCK_QUANTITY, "1000000", NULL, NULL},
		{COLUMN_STOCK_QUANTITY, "1.5", "stock_quantity \"1.5\" is not a whole number", NULL},
		{COLUMN_STOCK_QUANTITY, "5.0", "stock_quantity \"5.0\" is not a whole number", "5"},
		{COLUMN_STOCK_QUANTITY, "-1", "stock_quantity \"-1\" is below the minimum of 0", NULL},
		{COLUMN_STOCK_QUANTITY, "-0", "stock_quantity \"-0\" is below the minimum of 0", NULL},
		{COLUMN_STOCK_QUANTITY, "1000001",
		 "stock_quantity \"1000001\" is above the maximum of 1000000", NULL},
	};

	RUN_CASES(RULE_INVALID_STOCK, cases);

	judge_with(COLUMN_STOCK_QUANTITY, "0042");
	ok(row_has_number(&row, COLUMN_STOCK_QUANTITY), "a stock is parsed");
	is_int(row.number[COLUMN_STOCK_QUANTITY], 42, "to an integer");
	judge_with(COLUMN_STOCK_QUANTITY, "x");
	ok(!row_has_number(&row, COLUMN_STOCK_QUANTITY), "a bad stock is not parsed");
}

/* Each limited column at its limit and one over it, in 1 and 3 byte characters. */
static void
test_length(void)
{
	static char value[3 * 2049 + 1];

	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		enum onboard_column column = (enum onboard_column) i;
		int limit = onboard_columns[i].max_characters;
		char message[FINDING_MESSAGE_SIZE];

		if (limit == 0 || column == COLUMN_CATEGORY || column == COLUMN_IMAGE_URL)
			continue;
		for (int j = 0; j <= limit; j++)
			memcpy(value + 3 * j, "\u20AC", 4);
		judge_with(column, value);
		snprintf(message, sizeof(message), "%s has %d characters; the limit is %d",
				 onboard_columns[i].name, limit + 1, limit);
		expect_one(RULE_FIELD_LENGTH_EXCEEDED, column, message, "");
		judge_with(column, value + 3);
		is_int(findings.count, 0, "%s of %d characters is accepted", onboard_columns[i].name,
			   limit);
		memset(value, 'x', (size_t) limit + 1);
		value[limit + 1] = '\0';
		judge_with(column, value);
		expect_one(RULE_FIELD_LENGTH_EXCEEDED, column, message, "");
	}

	memset(value, 'x', 2048);
	memcpy(value, "http://", 7);
	value[2048] = '\0';
	judge_with(COLUMN_IMAGE_URL, value);
	is_int(findings.count, 0, "image_url of 2048 characters is accepted");
	value[2048] = 'x';
	value[2049] = '\0';
	judge_with(COLUMN_IMAGE_URL, value);
	expect_one(RULE_FIELD_LENGTH_EXCEEDED, COLUMN_IMAGE_URL,
			   "image_url has 2049 characters; the limit is 2048", "");
	judge_with(COLUMN_CATEGORY, HUNDRED "x");
	is_int(findings.count, 2, "a long category breaks two rules");
	is_text(findings.items[0].message, "category has 101 characters; the limit is 100",
			"its length first");
}

static void
test_category(void)
{
	static const struct field_case cases[] = {
		{COLUMN_CATEGORY, "Books", NULL, NULL},
		{COLUMN_CATEGORY, " Men's Clothing ", NULL, NULL},
		{COLUMN_CATEGORY, "Kitchn", "category \"Kitchn\" is not an active category", "Kitchen"},
		{COLUMN_CATEGORY, "kitchen", "category \"kitchen\" is not an active category", "Kitchen"},
		{COLUMN_CATEGORY, "Men", "category \"Men\" is not an active category", "Men's Clothing"},
		{COLUMN_CATEGORY, "Furniture", "category \"Furniture\" is not an active category", NULL},
	};
	struct rule_settings no_categories = rule_settings_standard;

	RUN_CASES(RULE_INVALID_CATEGORY, cases);

	reset_row();
	row_trim(&row);
	rules_judge(&row, &no_categories, &findings);
	is_int(findings.count, 1, "without categories every one is refused");
}

static void
test_compare_at_price(void)
{
	static const struct field_case cases[] = {
		{COLUMN_COMPARE_AT_PRICE, "10", NULL, NULL},
		{COLUMN_COMPARE_AT_PRICE, "99999999.99", NULL, NULL},
		{COLUMN_COMPARE_AT_PRICE, "9.99", "compare_at_price \"9.99\" is below the price of 10.00",
		 NULL},
		{COLUMN_COMPARE_AT_PRICE, "5", "compare_at_price \"5\" is below the price of 10.00", NULL},
		{COLUMN_COMPARE_AT_PRICE, "100000000",
		 "compare_at_price \"100000000\" is above the maximum of 99999999.99", NULL},
		{COLUMN_COMPARE_AT_PRICE, "x",
		 "compare_at_price \"x\" is not a plain number such as 1299.00", NULL},
		{COLUMN_COMPARE_AT_PRICE, "$12",
		 "compare_at_price \"$12\" is not a plain number such as 1299.00", "12"},
		{COLUMN_COMPARE_AT_PRICE, "$9",
		 "compare_at_price \"$9\" is not a plain number such as 1299.00", NULL},
		{COLUMN_COMPARE_AT_PRICE, "20.005",
		 "compare_at_price \"20.005\" has more than 2 digits after the decimal point", NULL},
	};

	RUN_CASES(RULE_INVALID_COMPARE_AT_PRICE, cases);

	judge_with(COLUMN_COMPARE_AT_PRICE, "12");
	ok(row_has_number(&row, COLUMN_COMPARE_AT_PRICE), "a compare-at price is parsed");
	is_int(row.number[COLUMN_COMPARE_AT_PRICE], 1200, "to hundredths");

	reset_row();
	set_field(COLUMN_PRICE, "abc");
	set_field(COLUMN_COMPARE_AT_PRICE, "0");
	judge();
	is_int(findings.count, 1, "it is not compared with a bad price");
	ok(row_has_number(&row, COLUMN_COMPARE_AT_PRICE), "and is valid by itself");
	set_field(COLUMN_COMPARE_AT_PRICE, "-1");
	judge();
	is_text(findings.items[1].message, "compare_at_price \"-1\" is below the minimum of 0.00",
			"but never below 0");
	ok(!row_has_number(&row, COLUMN_COMPARE_AT_PRICE), "and then not valid");
}

static void
test_weight(void)
{
	static const struct field_case cases[] = {
		{COLUMN_WEIGHT_KG, "0.01", NULL, NULL},
		{COLUMN_WEIGHT_KG, "999999.99", NULL, NULL},
		{COLUMN_WEIGHT_KG, "0.00", "weight_kg \"0.00\" is below the minimum of 0.01", NULL},
		{COLUMN_WEIGHT_KG, "1000000", "weight_kg \"1000000\" is above the maximum of 999999.99",
		 NULL},
		{COLUMN_WEIGHT_KG, "0.005",
		 "weight_kg \"0.005\" has more than 2 digits after the decimal point", NULL},
		{COLUMN_WEIGHT_KG, "2 kg", "weight_kg \"2 kg\" is not a plain number such as 2.50", "2"},
	};

	RUN_CASES(RULE_INVALID_WEIGHT, cases);

	judge_with(COLUMN_WEIGHT_KG, "1.5");
	ok(row_has_number(&row, COLUMN_WEIGHT_KG), "a weight is parsed");
	is_int(row.number[COLUMN_WEIGHT_KG], 150, "to hundredths");
}

static void
test_image_url(void)
{
#define NO_SCHEME(url) "image_url \"" url "\" does not start with http:// or https://"
	static const struct field_case cases[] = {
		{COLUMN_IMAGE_URL, "http://a", NULL, NULL},
		{COLUMN_IMAGE_URL, "HTTPS://Example.COM:8080/a%20b?c=d@e#f", NULL, NULL},
		{COLUMN_IMAGE_URL, "https://example.com/@home", NULL, NULL},
		{COLUMN_IMAGE_URL, "https://example.com?q=a@b", NULL, NULL},
		{COLUMN_IMAGE_URL, "https://[2001:db8::1]/x.png", NULL, NULL},
		{COLUMN_IMAGE_URL, "https://b\u00FCcher.example/\u20AC\U0001F600.png", NULL, NULL},
		{COLUMN_IMAGE_URL, "ftp://a", NO_SCHEME("ftp://a"), NULL},
		{COLUMN_IMAGE_URL, "httpx://a", NO_SCHEME("httpx://a"), NULL},
		{COLUMN_IMAGE_URL, "http:/a", NO_SCHEME("http:/a"), "http://a"},
		{COLUMN_IMAGE_URL, "http", NO_SCHEME("http"), NULL},
		{COLUMN_IMAGE_URL, "www.example.com", NO_SCHEME("www.example.com"), NULL},
		{COLUMN_IMAGE_URL, "javascript:alert(1)", NO_SCHEME("javascript:alert(1)"), NULL},
		{COLUMN_IMAGE_URL, "http://", "image_url \"http://\" has no host", NULL},
		{COLUMN_IMAGE_URL, "http:///x", "image_url \"http:///x\" has no host", NULL},
		{COLUMN_IMAGE_URL, "http://?x", "image_url \"http://?x\" has no host", NULL},
		{COLUMN_IMAGE_URL, "http://#x", "image_url \"http://#x\" has no host", NULL},
		{COLUMN_IMAGE_URL, "http://:80/x", "image_url \"http://:80/x\" has no host", NULL},
		{COLUMN_IMAGE_URL, "http://a@b/c", "image_url \"http://a@b/c\" has \"@\" in its host part",
		 NULL},
		{COLUMN_IMAGE_URL, "http://a:b@c", "image_url \"http://a:b@c\" has \"@\" in its host part",
		 NULL},
		{COLUMN_IMAGE_URL, "http://a/b c", "image_url \"http://a/b c\" contains a blank",
		 "http://a/b%20c"},
		{COLUMN_IMAGE_URL, "http://a/b.png c.png",
		 "image_url \"http://a/b.png c.png\" contains a blank", NULL},
		{COLUMN_IMAGE_URL, "http://a b/c", "image_url \"http://a b/c\" contains a blank", NULL},
		{COLUMN_IMAGE_URL, "http://a/b\tc",
		 "image_url \"http://a/b c\" contains U+0009 (tab) at character 11", NULL},
		{COLUMN_IMAGE_URL, "http://a/b\u00A0c",
		 "image_url \"http://a/b\u00A0c\" contains U+00A0 (no-break space) at character 11", NULL},
		{COLUMN_IMAGE_URL, "http://a/b\u3000c",
		 "image_url \"http://a/b\u3000c\" contains U+3000 (ideographic space) at character 11",
		 NULL},
		{COLUMN_IMAGE_URL, "http://a/b\\c", "image_url \"http://a/b\\c\" contains a backslash",
		 "http://a/b/c"},
		{COLUMN_IMAGE_URL, "http://a/b\nc",
		 "image_url \"http://a/b c\" contains U+000A (line feed) at character 11", NULL},
		{COLUMN_IMAGE_URL,
		 "http://a/b\x7F"
		 "c",
		 "image_url \"http://a/b c\" contains U+007F (delete) at character 11", "http://a/bc"},
		{COLUMN_IMAGE_URL,
		 "http://a/b\xC2\x9F"
		 "c",
		 "image_url \"http://a/b c\" contains U+009F (control character) at character 11",
		 "http://a/bc"},
		{COLUMN_IMAGE_URL, "http://a/01234567\x1F",
		 "image_url \"http://a/01234567 \" contains U+001F (unit separator) at character 18",
		 "http://a/01234567"},
		{COLUMN_IMAGE_URL, "http://a/b\u200Bc\u200E",
		 "image_url \"http://a/b\u200Bc\u200E\" contains U+200B (zero-width space) at character 11 "
		 "and 1 more",
		 "http://a/bc"},
		{COLUMN_IMAGE_URL, "http://a/01234567\n", NULL, NULL},
		{COLUMN_IMAGE_URL, "https:/a.test/b", NO_SCHEME("https:/a.test/b"), "https://a.test/b"},
		{COLUMN_IMAGE_URL, "HTTP//a.test/b", NO_SCHEME("HTTP//a.test/b"), "http://a.test/b"},
		{COLUMN_IMAGE_URL, "=\"http://a/b\"", NO_SCHEME("=\"http://a/b\""), "http://a/b"},
		{COLUMN_IMAGE_URL, "www.a.test/b", NO_SCHEME("www.a.test/b"), NULL},
		{COLUMN_IMAGE_URL, ":", NO_SCHEME(":"), NULL},
		{COLUMN_IMAGE_URL, "http:/", NO_SCHEME("http:/"), NULL},
#define SEVERAL(url) "image_url \"" url "\" contains several addresses; only one is allowed"
		{COLUMN_IMAGE_URL, "http://a/b,https://c/d", SEVERAL("http://a/b,https://c/d"),
		 "http://a/b"},
		{COLUMN_IMAGE_URL, "http://a/b|HTTP://c/d", SEVERAL("http://a/b|HTTP://c/d"), "http://a/b"},
		{COLUMN_IMAGE_URL, "http://a/b;http://c/d;http://e",
		 SEVERAL("http://a/b;http://c/d;http://e"), "http://a/b"},
		{COLUMN_IMAGE_URL, "http://a/b http://c/d", SEVERAL("http://a/b http://c/d"), "http://a/b"},
		{COLUMN_IMAGE_URL, "http://a/b\r\nhttp://c/d", SEVERAL("http://a/b  http://c/d"),
		 "http://a/b"},
		{COLUMN_IMAGE_URL, "http://a/b , http://c/d", SEVERAL("http://a/b , http://c/d"),
		 "http://a/b"},
		{COLUMN_IMAGE_URL, "http://a,http://c/d", SEVERAL("http://a,http://c/d"), "http://a"},
		{COLUMN_IMAGE_URL, "http://a/b,_c,d.png", NULL, NULL},
		{COLUMN_IMAGE_URL, "http://a/http://b/c", NULL, NULL},
		{COLUMN_IMAGE_URL, "http://a/?u=https://b/c:d", NULL, NULL},
		{COLUMN_IMAGE_URL, "http://a/b,http:c", NULL, NULL},
	};

	RUN_CASES(RULE_INVALID_IMAGE_URL, cases);
}

static void
test_characters(void)
{
#define SHORTENED(column, value)                                                        \
	column " \"" value                                                                  \
		   "\" was shortened by a spreadsheet, and digits are lost: format the column " \
		   "as text and export the file again"
	static const struct field_case cases[] = {
		{COLUMN_SKU, "A\u200BB",
		 "sku \"A\u200BB\" contains U+200B (zero-width space) at character 2", "AB"},
		{COLUMN_SKU, "\u200EA",
		 "sku \"\u200EA\" contains U+200E (left-to-right mark) at character 1", "A"},
		{COLUMN_SKU, "I2\u00AD-A",
		 "sku \"I2\u00AD-A\" contains U+00AD (soft hyphen) at character 3", "I2-A"},
		{COLUMN_SKU, "\u00E4\U000E0041\u202E1",
		 "sku \"\u00E4\U000E0041\u202E1\" contains U+E0041 (tag character) at character 2 and 1 more",
		 "\u00E41"},
		{COLUMN_VENDOR_PRODUCT_ID, "A\tB",
		 "vendor_product_id \"A B\" contains U+0009 (tab) at character 2", "AB"},
		{COLUMN_VENDOR_PRODUCT_ID, "A\r\nB",
		 "vendor_product_id \"A  B\" contains U+000D (carriage return) at character 2 and 1 more",
		 "AB"},
		{COLUMN_VENDOR_PRODUCT_ID, "A\u2028B",
		 "vendor_product_id \"A\u2028B\" contains U+2028 (line separator) at character 2", "AB"},
		{COLUMN_SKU, "A B\u00A0C", NULL, NULL},
		{COLUMN_SKU, "\uFEFFA\u200B", NULL, NULL},
		{COLUMN_SKU, "4.00639E+12", SHORTENED("sku", "4.00639E+12"), ""},
		{COLUMN_SKU, "1,23E+19", SHORTENED("sku", "1,23E+19"), ""},
		{COLUMN_VENDOR_PRODUCT_ID, "1e+16", SHORTENED("vendor_product_id", "1e+16"), ""},
		{COLUMN_SKU, "4.00639E12", NULL, NULL},
		{COLUMN_SKU, "4.E+12", NULL, NULL},
		{COLUMN_SKU, "4.0E+", NULL, NULL},
		{COLUMN_SKU, "4.0E+1x", NULL, NULL},
		{COLUMN_SKU, "E+12", NULL, NULL},
		{COLUMN_SKU, "4.0E\u200B+12",
		 "sku \"4.0E\u200B+12\" contains U+200B (zero-width space) at character 5", ""},
		{COLUMN_SKU, "=\"00125\"",
		 "sku \"=\"00125\"\" is a spreadsheet formula; send only the text in it", "00125"},
		{COLUMN_SKU, "=\" 00\u00AD125 \"",
		 "sku \"=\" 00\u00AD125 \"\" is a spreadsheet formula; send only the text in it", "00125"},
		{COLUMN_SKU, "=\"4.0E+12\"",
		 "sku \"=\"4.0E+12\"\" is a spreadsheet formula; send only the text in it", ""},
		{COLUMN_SKU, "=\"\"", NULL, NULL},
		{COLUMN_SKU, "=A1", NULL, NULL},
		{COLUMN_PRODUCT_NAME, "Pan\x07 \x1B[31mred",
		 "product_name \"Pan   [31mred\" contains U+0007 (bell) at character 4 and 1 more",
		 "Pan [31mred"},
		{COLUMN_DESCRIPTION, "one\vtwo",
		 "description \"one two\" contains U+000B (vertical tab) at character 4", "one two"},
		{COLUMN_BRAND,
		 "a\xC2\x85"
		 "b",
		 "brand \"a b\" contains U+0085 (next line) at character 2", "a b"},
		{COLUMN_UNIT, "\x7Fp", "unit \" p\" contains U+007F (delete) at character 1", "p"},
		{COLUMN_DESCRIPTION, "one\ttwo\r\nthree\u2028four\u200Dfive", NULL, NULL},
		{COLUMN_DESCRIPTION, "4.00639E+12", NULL, NULL},
		{COLUMN_PRODUCT_NAME, "=\"00125\"", NULL, NULL},
	};
	static const enum onboard_column elsewhere[] = {COLUMN_CATEGORY, COLUMN_IMAGE_URL, COLUMN_PRICE,
													COLUMN_STOCK_QUANTITY};
	char value[FINDING_SUGGESTION_SIZE + 1];

	RUN_CASES(RULE_INVALID_CHARACTERS, cases);

	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
	{
		judge_with(elsewhere[i], "1\u00AD");
		is_int(findings.count, 1, "%s with an invisible character breaks one rule",
			   onboard_columns[elsewhere[i]].name);
		ok(findings.items[0].rule->number != RULE_INVALID_CHARACTERS, "its own");
		ok(strstr(findings.items[0].message, "U+00AD (soft hyphen) at character 2") != NULL,
		   "whose message names the character");
	}

	/* A suggestion is whole, or there is none. */
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	value[0] = '\x01';
	judge_with(COLUMN_DESCRIPTION, value);
	is_int(findings.count, 1, "a long text with a control character is refused");
	is_text(findings.items[0].suggestion, "", "without a suggestion");
	value[sizeof(value) - 2] = '\0';
	judge_with(COLUMN_DESCRIPTION, value);
	is_text(findings.items[0].suggestion, value + 1, "a text that fits is suggested whole");
}

/* A key that the product has already is not judged by its characters. */
static void
test_kept_keys(void)
{
	struct rule_scope scope = {.columns = column_bit(COLUMN_SKU) | column_bit(COLUMN_BRAND)};

	reset_row();
	set_field(COLUMN_SKU, "A\u00ADB");
	set_field(COLUMN_BRAND, "a\x01");
	row_trim(&row);
	rules_judge_part(&row, &settings, &scope, &findings);
	is_int(findings.count, 2, "a new key is judged");
	scope.kept = column_bit(COLUMN_SKU);
	rules_judge_part(&row, &settings, &scope, &findings);
	is_int(findings.count, 1, "one that the product keeps is not");
	is_int(findings.items[0].column, COLUMN_BRAND, "other columns are");
}

/* A forbidden character is found wherever in the path it stands. */
static void
test_url_positions(void)
{
	static const char *const forbidden[] = {" ",  "\x01",     "\x1F",  "\x7F",
											"\\", "\xC2\x85", "\u2028"};
	int missed = 0;

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
	{
		for (size_t place = 0; place < 40; place++)
		{
			char url[80];
			size_t length = (size_t) snprintf(url, sizeof(url), "https://example.com/%.*s%s%s",
											  (int) place, HUNDRED, forbidden[i], "/x.png");

			judge_with(COLUMN_IMAGE_URL, url);
			missed += findings.count != 1;
			memset(url + 20 + place, '~', strlen(forbidden[i]));
			judge_with(COLUMN_IMAGE_URL, url);
			missed += findings.count != 0 || strlen(url) != length;
		}
	}
	is_int(missed, 0, "forbidden characters are found at any place, others are not");
}

static void
test_duplicates(void)
{
	reset_row();
	judge();
	findings_add_duplicate(&findings, &row, COLUMN_SKU, 17);
	expect_one(RULE_DUPLICATE_SKU, COLUMN_SKU, "sku \"ABC-1\": same SKU as line 17", "");
	ok(text_equal(findings.items[0].rejected, text_of("ABC-1")), "with the SKU as rejected value");

	judge();
	findings_add_duplicate(&findings, &row, COLUMN_SKU, 0);
	expect_one(RULE_DUPLICATE_SKU, COLUMN_SKU, "sku \"ABC-1\" is already in the catalogue", "");

	judge();
	findings_add_duplicate(&findings, &row, COLUMN_VENDOR_PRODUCT_ID, 17);
	expect_one(RULE_DUPLICATE_VENDOR_PRODUCT_ID, COLUMN_VENDOR_PRODUCT_ID,
			   "vendor_product_id \"P1\": same vendor product ID as line 17", "");

	judge();
	findings_add_duplicate(&findings, &row, COLUMN_VENDOR_PRODUCT_ID, 0);
	expect_one(RULE_DUPLICATE_VENDOR_PRODUCT_ID, COLUMN_VENDOR_PRODUCT_ID,
			   "vendor_product_id \"P1\" is already in the catalogue", "");
}

/* Break as much as one row can, and judge it. */
static void
break_everything(void)
{
	static char long_text[3001];

	memset(long_text, 'y', sizeof(long_text) - 1);
	for (int column = 0; column < COLUMN_COUNT; column++)
		set_field((enum onboard_column) column, long_text);
	judge();
	findings_add_duplicate(&findings, &row, COLUMN_VENDOR_PRODUCT_ID, 1);
	findings_add_duplicate(&findings, &row, COLUMN_SKU, 1);
}

/* Whether the findings stand in order, each rule and column once. */
static bool
is_ordered(void)
{
	for (int i = 1; i < findings.count; i++)
	{
		const struct finding *a = &findings.items[i - 1];
		const struct finding *b = &findings.items[i];

		if (a->rule->order > b->rule->order || (a->rule == b->rule && a->column > b->column))
			return false;
	}
	return true;
}

static void
test_order(void)
{
	break_everything();
	is_int(findings.count, 18, "a row can break 18 rules at once");
	ok(findings.count < MAX_FINDINGS, "and there is room for more");
	ok(is_ordered(), "they are ordered by rule, then by column");
	is_text(findings.items[0].message + strlen(findings.items[0].message) - 42,
			"...\" is not a plain number such as 1299.00", "the price comes first");
	is_int(findings.items[13].rule->number, RULE_DUPLICATE_SKU, "duplicates get in between");

	reset_row();
	for (int column = 0; column < COLUMN_COUNT; column++)
		set_field((enum onboard_column) column, NULL);
	judge();
	is_int(findings.count, 6, "an empty row lacks 6 fields");
	ok(is_ordered(), "in order of the columns");
}

static void
test_encoding(void)
{
	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		char message[FINDING_MESSAGE_SIZE];

		judge_with((enum onboard_column) i, " x\uFFFDy");
		snprintf(message, sizeof(message),
				 "%s contains U+FFFD, a character that was damaged before it arrived",
				 onboard_columns[i].name);
		expect_one(RULE_INVALID_ENCODING, COLUMN_NONE, message, "");
		ok(text_equal(findings.items[0].rejected, text_of(" x\uFFFDy")), "with the whole field");
	}
	judge_with(COLUMN_BRAND, "\uFFFC\uFF0C");
	is_int(findings.count, 0, "characters near to U+FFFD are accepted");
	ok(row_has_number(&row, COLUMN_PRICE), "and the numbers are parsed");
	judge_with(COLUMN_BRAND, "\uFFFD");
	ok(row.numbers == 0, "a damaged row has no numbers");
}

static void
test_caps(void)
{
	size_t size = ONBOARD_MAX_FIELD_BYTES;
	char *value = malloc(size + 1);
	struct text_view full = {value, size};

	memset(value, 'x', size + 1);
	reset_row();
	row.raw[COLUMN_DESCRIPTION] = full;
	judge();
	expect_one(RULE_FIELD_LENGTH_EXCEEDED, COLUMN_DESCRIPTION,
			   "description has 65536 characters; the limit is 2000", "");
	row.raw[COLUMN_DESCRIPTION].length++;
	judge();
	expect_one(RULE_MALFORMED_ROW, COLUMN_NONE,
			   "description has 65537 bytes; the limit for one field is 65536", "");
	is_int(findings.items[0].rejected.length, size + 1, "with the whole field");

	memset(value, ' ', size + 1);
	judge();
	is_int(findings.items[0].rule->number, RULE_MALFORMED_ROW, "blanks count");

	/* Three full fields, and a fourth that fills the row up exactly. */
	reset_row();
	row.raw[COLUMN_DESCRIPTION] = row.raw[COLUMN_BRAND] = row.raw[COLUMN_UNIT] = full;
	row.raw[COLUMN_SUBCATEGORY] = full;
	row.raw[COLUMN_SUBCATEGORY].length -= strlen("P1"
												 "Mug"
												 "Kitchen"
												 "ABC-1"
												 "10.00"
												 "5");
	judge();
	is_int(findings.count, 0, "a row of 262144 bytes is judged");
	row.raw[COLUMN_SUBCATEGORY].length++;
	judge();
	expect_one(RULE_MALFORMED_ROW, COLUMN_NONE, "row has 262145 bytes; the limit is 262144", "");
	ok(findings.items[0].rejected.data == NULL, "with no field in particular");
	free(value);
}

/* The length of a text that a message quotes, in characters. */
static bool
is_bounded(const struct finding *finding)
{
	struct text_view message = text_of(finding->message);

	return message.length < FINDING_MESSAGE_SIZE &&
		   strlen(finding->suggestion) < FINDING_SUGGESTION_SIZE && message.length > 0 &&
		   text_character_count(message) < 260;
}

/* Values of 64 KiB of one character: nothing gets long but the field. */
static void
test_long_values(void)
{
	static const char *const characters[] = {
		"x", "9", " x", "\u00E9", "\u20AC", "\U0001F600", "\x01", "\xC2\x80", "\\", "$", "1,", ".",
	};
	char *value = malloc(ONBOARD_MAX_FIELD_BYTES);
	int unbounded = 0;
	int judged = 0;

	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
	{
		struct text_view text = {value, 0};

		while (text.length + strlen(characters[i]) <= ONBOARD_MAX_FIELD_BYTES)
		{
			memcpy(value + text.length, characters[i], strlen(characters[i]));
			text.length += strlen(characters[i]);
		}
		for (int column = 0; column < COLUMN_COUNT; column++)
		{
			reset_row();
			row.raw[column] = text;
			judge();
			findings_add_duplicate(&findings, &row, COLUMN_SKU, INT64_MAX);
			for (int j = 0; j < findings.count; j++, judged++)
				unbounded += !is_bounded(&findings.items[j]);
		}
	}
	is_int(unbounded, 0, "%d messages about 64 KiB values are short", judged);
	ok(judged >= 12 * 2 * COLUMN_COUNT, "and each value is refused");
	free(value);
}

/* Pieces of values that are nearly right, so that many can be mended. */
static void
make_nearly_right(enum onboard_column column, char *value, size_t size)
{
	static const char *const pieces[] = {
		"\u200B",  "\u200E",  "\u00AD",  "\x07",  "\v",        "\n",         " ",     "  ",
		"\u00A0",  "\uFF11",  "\u0441",  "=\"",   "\"",        ",",          ";",     "|",
		">",       "/",       "E+12",    "4.0",   "12",        ",5",         ".",     "-",
		"$",       "EUR ",    "kitchen", "Books", "men",       "&amp;",      " and ", "http://",
		"https:/", "a.test/", "b c",     "\\",    TEN TEN TEN, "\U000E0041", "x",
	};
	const char *start = "";

	if (column == COLUMN_IMAGE_URL)
		start = unit_random(4) ? "http://a.test/b" : "https:/c.test/";
	else if (column == COLUMN_CATEGORY)
		start = unit_random(2) ? "Kitchen" : "Men\u2019s";
	else if (value_is_number(onboard_columns[column].kind))
		start = unit_random(2) ? "12" : "$";
	snprintf(value, size, "%s", start);
	for (size_t i = unit_random(6); i > 0; i--)
		strcat(value, pieces[unit_random(sizeof(pieces) / sizeof(pieces[0]))]);
	if (unit_random(2))
		memmove(value + strlen("=\""), value, strlen(value) + 1), memcpy(value, "=\"", 2),
			strcat(value, "\"");
}

/* Return the first finding of a column, or NULL. */
static const struct finding *
finding_of(enum onboard_column column)
{
	for (int i = 0; i < findings.count; i++)
	{
		if (findings.items[i].column == column)
			return &findings.items[i];
	}
	return NULL;
}

/* What is suggested for a field is accepted there, and never what it holds. */
static void
test_suggestions_are_valid(void)
{
	int suggested[COLUMN_COUNT] = {0};
	int wrong = 0;

	for (int i = 0; i < 20 * RANDOM_ROWS; i++)
	{
		enum onboard_column column = (enum onboard_column) unit_random(COLUMN_COUNT);
		char value[512];
		char suggestion[FINDING_SUGGESTION_SIZE];
		const struct finding *finding;

		make_nearly_right(column, value, sizeof(value));
		judge_with(column, value);
		for (int j = 0; j < findings.count; j++)
		{
			if (findings.items[j].suggestion[0] == '\0')
				continue;
			snprintf(suggestion, sizeof(suggestion), "%s", findings.items[j].suggestion);
			suggested[column]++;
			judge_with(column, suggestion);
			finding = finding_of(column);
			if ((finding != NULL || strcmp(value, suggestion) == 0 ||
				 row.value[column].length != strlen(suggestion)) &&
				wrong++ == 0)
				printf("# %s \"%s\": \"%s\" is suggested: %s\n", onboard_columns[column].name,
					   value, suggestion, finding ? finding->message : "unchanged");
			break;
		}
	}
	is_int(wrong, 0, "every suggestion is valid");
	for (int column = 0; column < COLUMN_COUNT; column++)
		ok(suggested[column] > 100, "and enough of them are for %s", onboard_columns[column].name);
}

/* Any bytes at all, in fields that end where their memory ends. */
static void
test_random_rows(void)
{
	static const char alphabet[] =
		"0123456789.,-+e$ \t\xC2\xA0\xEF\xBF\xE2\x82\xAC\xF0\xFFhttps://@\\\nKitchen";
	int bad = 0;

	for (int i = 0; i < RANDOM_ROWS; i++)
	{
		char *fields[COLUMN_COUNT];

		for (int column = 0; column < COLUMN_COUNT; column++)
		{
			size_t length = unit_random(unit_random(4) ? 12 : 400);

			fields[column] = malloc(length + (length == 0));
			for (size_t j = 0; j < length; j++)
				fields[column][j] = alphabet[unit_random(sizeof(alphabet) - 1)];
			row.raw[column].data = fields[column];
			row.raw[column].length = length;
		}
		judge();
		bad += !is_ordered() || findings.has_error != (findings.count > 0);
		for (int j = 0; j < findings.count; j++)
			bad += !is_bounded(&findings.items[j]);
		for (int column = 0; column < COLUMN_COUNT; column++)
			free(fields[column]);
	}
	is_int(bad, 0, "%d random rows give ordered, bounded findings", RANDOM_ROWS);
}

/* More findings than there is room for: the first in the order stay. */
static void
test_overflow(void)
{
	struct findings *heap = malloc(sizeof(*heap));
	struct text_view nothing = {NULL, 0};
	int wrong = 0;

	reset_row();
	row_trim(&row);
	for (int round = 0; round < 200; round++)
	{
		int added[RULE_COUNT] = {0};
		int before = 0;

		heap->count = 0;
		heap->has_error = false;
		for (int i = 0; i < 3 * MAX_FINDINGS; i++)
		{
			const struct rule *rule = rule_built_in((enum rule_id) unit_random(RULE_COUNT));
			enum onboard_column column =
				(enum onboard_column)((int) unit_random(COLUMN_COUNT + 1) - 1);

			findings_add(heap, rule, column, nothing, rule->code);
			added[rule->number]++;
			wrong += heap->count != (i < MAX_FINDINGS ? i + 1 : MAX_FINDINGS);
		}
		memcpy(&findings, heap, sizeof(findings));
		wrong += !is_ordered() || !heap->has_error;

		/* As many of each rule as there were, until the room ends. */
		for (int rule = 0; rule < RULE_COUNT; rule++)
		{
			int kept = 0;
			int room = MAX_FINDINGS - before;

			for (int i = 0; i < heap->count; i++)
				kept += heap->items[i].rule->number == rule;
			wrong += kept != (added[rule] < room ? added[rule] : room);
			before += kept;
		}
		findings_add_duplicate(heap, &row, COLUMN_SKU, 1);
		wrong += heap->count != MAX_FINDINGS;
	}
	is_int(wrong, 0, "findings never overflow and the first stay");

	for (int i = 0; i < MAX_FINDINGS; i++)
		heap->items[i].rule = rule_built_in(RULE_MISSING_REQUIRED_FIELDS);
	heap->has_error = false;
	ok(findings_add(heap, rule_built_in(RULE_MALFORMED_ROW), COLUMN_NONE, nothing, "x") == NULL,
	   "one that has no place is not stored");
	ok(heap->has_error, "but the row is in error");
	free(heap);
}

static void
test_findings_add(void)
{
	char message[2000];
	struct finding *finding;

	reset_row();
	set_field(COLUMN_WEIGHT_KG, "0");
	judge();
	finding = findings_add(&findings, rule_built_in(RULE_REJECTED_BY_CATALOGUE), COLUMN_NONE,
						   row.raw[COLUMN_SKU], "a trigger said no");
	ok(finding == &findings.items[1], "a finding is added after the others");
	is_text(finding->message, "a trigger said no", "with its message");
	is_text(finding->suggestion, "", "and no suggestion");
	is_int(finding->severity, SEVERITY_ERROR, "with the severity of its rule");
	finding = findings_add(&findings, rule_built_in(RULE_DUPLICATE_SKU), COLUMN_SKU,
						   row.raw[COLUMN_SKU], "first");
	ok(finding == &findings.items[0], "or before");
	is_text(findings.items[1].message, "weight_kg \"0\" is below the minimum of 0.01",
			"and the others move");

	memset(message, 'x', sizeof(message));
	message[sizeof(message) - 1] = '\0';
	memcpy(message + FINDING_MESSAGE_SIZE - 2, "\u20AC", 3);
	finding = findings_add(&findings, rule_built_in(RULE_MALFORMED_ROW), COLUMN_NONE,
						   row.raw[COLUMN_SKU], message);
	is_int(strlen(finding->message), FINDING_MESSAGE_SIZE - 2,
		   "a long message is cut between characters");
}

/* ----- Settings ----- */

/* A limit that is laxer than the standard, or none, one time in four. */
static void
random_settings(struct rule_settings *own)
{
	*own = settings;
	own->required |= column_bit((enum onboard_column) unit_random(COLUMN_COUNT));
	if (unit_random(4) == 0)
		own->required = 0;
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		struct number_range *range = &own->ranges[column];

		own->max_characters[column] = (int) unit_random(30);
		range->minimum = (int64_t) unit_random(500);
		range->maximum = range->minimum + (int64_t) unit_random(500);
		if (unit_random(4) == 0)
		{
			own->max_characters[column] = unit_random(2) ? 0 : 100000;
			range->minimum = -5;
			range->maximum = INT64_MAX;
		}
	}
	for (int rule = 0; rule < RULE_COUNT; rule++)
		own->severity[rule] = unit_random(2) ? SEVERITY_WARNING : SEVERITY_ERROR;
	rule_settings_narrow(own);
}

/* Whether there is exactly one finding of this rule and column, and how severe. */
static bool
has_finding(enum rule_id rule, enum onboard_column column, enum rule_severity *severity)
{
	for (int i = 0; i < findings.count; i++)
	{
		if (findings.items[i].rule->number != (int) rule || findings.items[i].column != column)
			continue;
		*severity = findings.items[i].severity;
		return true;
	}
	return false;
}

/*
 * Returns 1 when the finding of a rule and column is not there just when it should
 * be, with the severity of the settings, or an error for what cannot be stored.
 */
static int
disagrees(const struct rule_settings *own, enum rule_id rule, enum onboard_column column,
		  bool is_broken, bool is_storable)
{
	enum rule_severity wanted = is_storable ? own->severity[rule] : SEVERITY_ERROR;
	enum rule_severity found;

	if (!has_finding(rule, column, &found))
		return is_broken;
	return !is_broken || found != wanted;
}

/* Judge a row with a number of hundredths, or of pieces, in a column. */
static int
try_number(const struct rule_settings *own, enum rule_id rule, enum onboard_column column,
		   int64_t number)
{
	const struct number_range *range = &own->ranges[column];
	const struct number_range *widest = &rule_settings_standard.ranges[column];
	bool is_valid = range->minimum <= number && number <= range->maximum;
	bool is_storable = widest->minimum <= number && number <= widest->maximum;
	char text[32];
	int wrong;

	if (range->kind == NUMBER_PIECES)
		snprintf(text, sizeof(text), "%" PRId64, number);
	else
		snprintf(text, sizeof(text), "%" PRId64 ".%02d", number / 100, (int) (number % 100));
	reset_row();
	set_field(column, text);
	row_trim(&row);
	rules_judge(&row, own, &findings);
	wrong = disagrees(own, rule, column, !is_valid, is_storable);
	/* What is stored is stored with its number. */
	if (is_valid || (is_storable && own->severity[rule] == SEVERITY_WARNING))
		wrong += !row_has_number(&row, column) || row.number[column] != number;
	else
		wrong += row_has_number(&row, column);
	return wrong;
}

/* Judge a row with a text of so many characters in a column; 0: blank. */
static int
try_text(const struct rule_settings *own, enum onboard_column column, int length)
{
	static char text[2 * 2100 + 1];
	int widest = onboard_columns[column].max_characters;
	column_set bit = column_bit(column);

	for (int i = 0; i < length; i++)
		memcpy(text + 2 * i, "\u00E9", 3);
	text[2 * length] = '\0';
	reset_row();
	set_field(column, text);
	row_trim(&row);
	rules_judge(&row, own, &findings);
	return disagrees(own, RULE_MISSING_REQUIRED_FIELDS, column,
					 length == 0 && (own->required & bit) != 0, !onboard_columns[column].required) +
		   disagrees(own, RULE_FIELD_LENGTH_EXCEEDED, column, length > own->max_characters[column],
					 length <= widest);
}

/* Whether settings are stricter than the standard, or the same. */
static bool
is_strict(const struct rule_settings *own)
{
	bool strict = (own->required & settings.required) == settings.required;

	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		int limit = own->max_characters[column];
		const struct number_range *range = &own->ranges[column];

		strict = strict && limit <= settings.max_characters[column] &&
				 (limit > 0 || settings.max_characters[column] == 0) &&
				 range->minimum >= settings.ranges[column].minimum &&
				 range->maximum <= settings.ranges[column].maximum;
	}
	return strict;
}

/* Any settings: each limit is kept, and severity is theirs where a row can be stored. */
static void
test_random_settings(void)
{
	int wrong = 0;
	int tried = 0;
	int lax = 0;

	for (int round = 0; round < 300; round++)
	{
		struct rule_settings own;

		random_settings(&own);
		lax += !is_strict(&own);
		for (int i = 0; i < 20; i++, tried++)
		{
			enum onboard_column column = (enum onboard_column) unit_random(COLUMN_COUNT);
			int length = (int) unit_random(unit_random(4) ? 40 : 2100);

			wrong += try_number(&own, RULE_INVALID_PRICE, COLUMN_PRICE,
								(int64_t) unit_random(unit_random(4) ? 1100 : 200000000));
			wrong += try_number(&own, RULE_INVALID_STOCK, COLUMN_STOCK_QUANTITY,
								(int64_t) unit_random(unit_random(4) ? 1100 : 2000000));
			wrong += try_number(&own, RULE_INVALID_WEIGHT, COLUMN_WEIGHT_KG,
								(int64_t) unit_random(unit_random(4) ? 1100 : 200000000));
			if (!value_is_number(onboard_columns[column].kind))
				wrong += try_text(&own, column, unit_random(5) ? length : 0);
		}
	}
	is_int(lax, 0, "no settings are laxer than the standard");
	is_int(wrong, 0, "%d rows are judged by the settings they came with", tried);
}

/* A compare-at price is measured by the price, also by one that is only warned of. */
static void
test_warnings(void)
{
	struct rule_settings own = settings;
	enum rule_severity severity;

	own.ranges[COLUMN_PRICE].minimum = 5000;
	own.severity[RULE_INVALID_PRICE] = SEVERITY_WARNING;
	own.severity[RULE_INVALID_COMPARE_AT_PRICE] = SEVERITY_WARNING;
	own.severity[RULE_INVALID_CATEGORY] = SEVERITY_WARNING;
	reset_row();
	set_field(COLUMN_PRICE, "30");
	set_field(COLUMN_CATEGORY, "Furniture");
	row_trim(&row);
	rules_judge(&row, &own, &findings);
	is_int(findings.count, 2, "two warnings");
	ok(!findings.has_error, "leave a row valid");
	is_text(findings.items[0].message, "price \"30\" is below the minimum of 50.00",
			"the price is below the minimum of the vendor");
	is_int(row.number[COLUMN_PRICE], 3000, "and known");
	is_int(row.category_number, -1, "the category does not match an active one");

	set_field(COLUMN_COMPARE_AT_PRICE, "20");
	row_trim(&row);
	rules_judge(&row, &own, &findings);
	ok(has_finding(RULE_INVALID_COMPARE_AT_PRICE, COLUMN_COMPARE_AT_PRICE, &severity) &&
		   severity == SEVERITY_ERROR && findings.has_error,
	   "a compare-at price below the price cannot be stored");

	set_field(COLUMN_PRICE, "abc");
	row_trim(&row);
	rules_judge(&row, &own, &findings);
	ok(has_finding(RULE_INVALID_PRICE, COLUMN_PRICE, &severity) && severity == SEVERITY_ERROR,
	   "nor can a price that is no number");
}

/* A rule that is not built in. */
static const struct rule shouting = {RULE_COUNT, "SHOUTING", 15, SEVERITY_WARNING};
static const struct rule whispering = {RULE_COUNT + 1, "WHISPERING", 15, SEVERITY_WARNING};

static void
judge_shouting(const struct product_row *judged, const struct rule_settings *own,
			   struct findings *found)
{
	(void) own;
	findings_add(found, &whispering, COLUMN_SKU, judged->raw[COLUMN_SKU], "sku whispers");
	findings_add(found, &shouting, COLUMN_SKU, judged->raw[COLUMN_SKU], "sku shouts");
}

static void
test_added_rules(void)
{
	struct rule_settings own = settings;

	own.judge_added = judge_shouting;
	reset_row();
	row_trim(&row);
	rules_judge(&row, &own, &findings);
	is_int(findings.count, 2, "rules that are not built in are judged");
	ok(!findings.has_error, "with the severity they have");
	is_text(findings.items[0].rule->code, "SHOUTING", "in the order of their numbers");

	set_field(COLUMN_PRICE, "x");
	set_field(COLUMN_STOCK_QUANTITY, "x");
	row_trim(&row);
	rules_judge(&row, &own, &findings);
	is_int(findings.count, 4, "beside the others");
	is_int(findings.items[0].rule->number, RULE_INVALID_PRICE, "after those before them");
	ok(findings.items[1].rule == &shouting && findings.items[2].rule == &whispering, "between");
	is_int(findings.items[3].rule->number, RULE_INVALID_STOCK, "and before those after them");
}

/* Rules judge what a row changes in a product, and compare it with the rest. */
static void
test_part(void)
{
	struct rule_scope scope = {
		.columns = column_bit(COLUMN_PRICE),
		.required = column_bit(COLUMN_PRICE),
		.stored = column_bit(COLUMN_COMPARE_AT_PRICE),
		.number = {[COLUMN_COMPARE_AT_PRICE] = 1200},
	};

	reset_row();
	set_field(COLUMN_CATEGORY, "Nonsense");
	set_field(COLUMN_SKU, NULL);
	set_field(COLUMN_PRICE, "12.00");
	row_trim(&row);
	rules_judge_part(&row, &settings, &scope, &findings);
	is_int(findings.count, 0, "columns that the row does not set are not judged");
	set_field(COLUMN_PRICE, "12.01");
	row_trim(&row);
	rules_judge_part(&row, &settings, &scope, &findings);
	expect_one(RULE_INVALID_COMPARE_AT_PRICE, COLUMN_COMPARE_AT_PRICE,
			   "compare_at_price of the product, 12.00, is below its new price of 12.01", "");
	set_field(COLUMN_PRICE, " ");
	row_trim(&row);
	rules_judge_part(&row, &settings, &scope, &findings);
	expect_one(RULE_MISSING_REQUIRED_FIELDS, COLUMN_PRICE, "price is required", "");
}

static void
test_names(void)
{
	static const char *const codes[] = {
		"MISSING_REQUIRED_FIELDS",
		"INVALID_PRICE",
		"INVALID_STOCK",
		"FIELD_LENGTH_EXCEEDED",
		"INVALID_CATEGORY",
		"DUPLICATE_SKU",
		"DUPLICATE_VENDOR_PRODUCT_ID",
		"INVALID_COMPARE_AT_PRICE",
		"INVALID_WEIGHT",
		"INVALID_IMAGE_URL",
		"INVALID_CHARACTERS",
		"KEY_CHANGED_BY_SPREADSHEET",
		"INVALID_ACTION",
		"UNKNOWN_PRODUCT",
		"MALFORMED_ROW",
		"EMPTY_ROW",
		"INVALID_ENCODING",
		"REJECTED_BY_CATALOGUE",
	};
	_Static_assert(sizeof(codes) / sizeof(codes[0]) == RULE_COUNT,
				   "add the code of the new rule to codes[], at its place in enum rule_id");

	for (int i = 0; i < RULE_COUNT; i++)
	{
		const struct rule *rule = rule_built_in((enum rule_id) i);

		is_text(rule->code, codes[i], "%s has its code", codes[i]);
		is_int(rule->number, i, "and its number");
		ok(rule_by_code(text_of(codes[i])) == rule, "and is found by its code");
		ok(i == 0 || rule->order > rule_built_in((enum rule_id)(i - 1))->order + 1,
		   "and leaves room in the order");
	}
	ok(rule_by_code(text_of("INVALID_PRIC")) == NULL, "part of a code is none");
	ok(rule_by_code(text_of("")) == NULL, "nor is nothing");
	is_text(severity_name(SEVERITY_ERROR), "error", "an error is called so");
	is_text(severity_name(SEVERITY_WARNING), "warning", "and a warning, too");
}

int
main(void)
{
	unit_seed();
	settings = rule_settings_standard;
	settings.categories =
		(struct category_list){.names = categories, .parents = parents, .count = 3};
	test_missing();
	test_price();
	test_stock();
	test_length();
	test_category();
	test_compare_at_price();
	test_weight();
	test_image_url();
	test_url_positions();
	test_characters();
	test_kept_keys();
	test_duplicates();
	test_order();
	test_encoding();
	test_caps();
	test_long_values();
	test_random_rows();
	test_suggestions_are_valid();
	test_overflow();
	test_findings_add();
	test_random_settings();
	test_warnings();
	test_added_rules();
	test_part();
	test_names();
	return unit_done();
}
