/*-------------------------------------------------------------------------
 *
 * category_test.c
 *	  Which category a vendor's name for it means, and when none is meant.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/category.h"
#include "shared/entity.h"
#include "shared/text.h"
#include "shipped_categories.h"

#define RANDOM_TEXTS 20000

static const char *
suggest(struct text_view text)
{
	static char name[80];
	int found = category_suggest(text, categories, CATEGORY_COUNT);

	snprintf(name, sizeof(name), "%.*s", found < 0 ? 0 : (int) categories[found].length,
			 found < 0 ? "" : categories[found].data);
	return name;
}

static const char *const cases[][2] = {
	/* Blanks, look-alikes, invisible characters */
	{"Health  & Beauty", "Health & Beauty"},
	{"Living\u00A0Room", "Living Room"},
	{"Kit\u200Bchen", "Kitchen"},
	{"\u202AKitchen\u202C", "Kitchen"},
	{"B\u043E\u043Eks", "Books"},
	{"\uFF22ooks", "Books"},
	{"Men\u2019s Clothing", "Men's Clothing"},
	{"Men`s Clothing", "Men's Clothing"},
	{"=\"Kitchen\"", "Kitchen"},

	/* References of HTML */
	{"Home &amp; Garden", "Home & Garden"},
	{"Home &#38; Garden", "Home & Garden"},
	{"Home &#x26; Garden", "Home & Garden"},
	{"Home&nbsp;&amp;&nbsp;Garden", "Home & Garden"},
	{"Home &amp;amp; Garden", "Home & Garden"},
	{"Men&#39;s Clothing", "Men's Clothing"},
	{"Men&rsquo;s Clothing", "Men's Clothing"},
	{"Home &gt; Kitchen", "Kitchen"},
	{"Home &nonsense; Furniture", ""},

	/* The same words */
	{"home & garden", "Home & Garden"},
	{"Home and Garden", "Home & Garden"},
	{"Home + Garden", "Home & Garden"},
	{"HOME AND GARDEN", "Home & Garden"},
	{"Health&Beauty", "Health & Beauty"},
	{"Mens Clothing", "Men's Clothing"},
	{"Womens' clothing", "Women's Clothing"},
	{"Sports and Outdoors", "Sports & Outdoors"},
	{"Sport & Outdoor", "Sports & Outdoors"},
	{"Food and Beverages", "Food & Beverage"},
	{"Kitchens", "Kitchen"},
	{"Book", "Books"},
	{"Accessory", "Accessories"},
	{"Bath room", "Bathroom"},
	{"Livingroom", "Living Room"},
	{"living-room", "Living Room"},
	{"Toy and game", "Toys & Games"},
	{"Garden & Home", "Home & Garden"},
	{"Outdoors and Sports", "Sports & Outdoors"},
	{"Beauty+Health", "Health & Beauty"},

	/* Paths */
	{"Home > Kitchen", "Kitchen"},
	{"Home/Kitchen", "Kitchen"},
	{"Home|Kitchen", "Kitchen"},
	{"Home \u203A Kitchen", "Kitchen"},
	{"Home & Garden > Kitchen", "Kitchen"},
	{"Home & Garden/Kitchen", "Kitchen"},
	{"Home -> kitchens", "Kitchen"},
	{"Default Category/Kitchen", "Kitchen"},
	{"Kitchen > Pans", "Kitchen"},
	{"Books > Children's", "Books"},
	{"/Kitchen/", "Kitchen"},
	{"Kitchen|Kitchen", "Kitchen"},
	{"Home > Furniture", ""},
	{"Kitchen|Bedroom", ""},
	{"Kitchen,Bedroom", ""},
	{"Home > Kitchen, Home > Bedroom", ""},
	{"A > B; C > Books", ""},

	/* The start of a name, and near ones */
	{"Mens", "Men's Clothing"},
	{"Women", "Women's Clothing"},
	{"Toys", "Toys & Games"},
	{"Toy", "Toys & Games"},
	{"Electronic", "Electronics"},
	{"Accesories", "Accessories"},
	{"computer accessories", "Computer Accessories"},
	{"Computer", ""},
	{"Me", ""},

	/* Nothing known */
	{"", ""},
	{"&", ""},
	{"and", ""},
	{"s", ""},
	{">", ""},
	{"\u200B", ""},
	{"K\u00FCche", ""},
	{"Uncategorized", ""},
	{"Gardening supplies", ""},
};

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_text(suggest(text_of(cases[i][0])), cases[i][1], "\"%s\" means \"%s\"", cases[i][0],
				cases[i][1]);
}

/* Two names that differ only in what is left out: neither is meant. */
static void
test_ambiguous(void)
{
	static const struct text_view names[] = {{"Book", 4}, {"Books", 5}, {"Kids' Books", 11}};

	is_int(category_suggest(text_of("Book."), names, 3), -1,
		   "two names with these letters are ambiguous");
	is_int(category_suggest(text_of("book"), names, 3), 0, "but one that differs only by case");
	is_int(category_suggest(text_of("Kids/Books"), names, 3), 2, "a path may be a name itself");
	is_int(category_suggest(text_of("Shop/Books"), names, 3), 1, "the name itself comes first");
	is_int(category_suggest(text_of("Books"), names, 0), -1, "without names, there is no match");
}

static void
test_entities(void)
{
	static const char *const texts[][2] = {
		{"a &amp; b", "a & b"},
		{"&lt;&gt;&quot;&apos;", "<>\"'"},
		{"&nbsp;&yuml;&Agrave;", "\u00A0\u00FF\u00C0"},
		{"&#8364;&#x20ac;&#X1F600;", "\u20AC\u20AC\U0001F600"},
		{"&euro;&thinsp;", "\u20AC\u2009"},
		{"&", "&"},
		{"&;", "&;"},
		{"&#;", "&#;"},
		{"&#x;", "&#x;"},
		{"&#0;", "&#0;"},
		{"&#xD800;", "&#xD800;"},
		{"&#1114112;", "&#1114112;"},
		{"&#9999999999;", "&#9999999999;"},
		{"&#1a;", "&#1a;"},
		{"&AMP;", "&AMP;"},
		{"&amp", "&amp"},
		{"AT&T; and &unknown;", "AT&T; and &unknown;"},
	};
	char buffer[40];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		struct text_view decoded = entities_decode(text_of(texts[i][0]), buffer, sizeof(buffer));

		ok(text_equal(decoded, text_of(texts[i][1])), "\"%s\" is decoded to \"%s\"", texts[i][0],
		   texts[i][1]);
	}
	ok(entities_decode(text_of("ab&euro;"), buffer, 4).data == NULL,
	   "what does not fit is not cut");
	is_int((int64_t) entities_decode(text_of("a&euro;"), buffer, 4).length, 4,
		   "what fits is written");
}

/* Pieces of names and of what stands between them, in exact memory. */
static void
test_random_texts(void)
{
	static const char *const pieces[] = {
		"Home", "kitchen", "books", "&",    "&amp;",    " and ",  ">",      "/",    "|",
		" ",    "s",       "ies",   "'",    "\u200B",   "\u0441", "&#",     "x26;", ";",
		",",    "=\"",     "\"",    "\xC2", "\xE2\x80", "\u00A0", "GARDEN", "toy",
	};
	int outside = 0;

	for (int i = 0; i < RANDOM_TEXTS; i++)
	{
		char text[1024] = "";
		size_t count = unit_random(unit_random(20) ? 8 : 120);
		char *copy;
		int found;

		for (size_t j = 0; j < count; j++)
			strcat(text, pieces[unit_random(sizeof(pieces) / sizeof(pieces[0]))]);
		copy = malloc(strlen(text) + 1);
		memcpy(copy, text, strlen(text));
		found =
			category_suggest((struct text_view){copy, strlen(text)}, categories, CATEGORY_COUNT);
		outside += found < -1 || found >= CATEGORY_COUNT;
		free(copy);
	}
	is_int(outside, 0, "%d random texts mean a category or none", RANDOM_TEXTS);
}

int
main(void)
{
	unit_seed();
	test_cases();
	test_ambiguous();
	test_entities();
	test_random_texts();
	return unit_done();
}
