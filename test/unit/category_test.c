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
#define MOST_TEXT_BYTES 1024
#define INDEXED_NAMES 60
#define INDEXED_TEXTS 400

static const char *
suggest(struct text_view text)
{
	static char name[80];
	int found = category_suggest(text, &shipped_categories);

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
	{"Home & Garden|Kitchen", "Kitchen"},
	{"Home & Garden/Rooms/Kitchen", "Kitchen"},
	{"Kitchen > Bedroom", "Bedroom"},
	{"Kitchen/Bedroom", ""},
	{"Kitchen/Home & Garden", ""},
	{"Books/Kitchen/", ""},
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

	static const int no_parents[] = {-1, -1, -1};
	const struct category_list list = {.names = names, .parents = no_parents, .count = 3};
	const struct category_list empty = {.names = names, .parents = no_parents, .count = 0};

	is_int(category_suggest(text_of("Book."), &list), -1,
		   "two names with these letters are ambiguous");
	is_int(category_suggest(text_of("book"), &list), 0, "but one that differs only by case");
	is_int(category_suggest(text_of("Kids/Books"), &list), 2, "a path may be a name itself");
	is_int(category_suggest(text_of("Shop/Books"), &list), 1, "the name itself comes first");
	is_int(category_suggest(text_of("Books"), &empty), -1, "without names, there is no match");
}

/* With "/", a list of names is not a path. */
static void
test_lists(void)
{
	static const struct text_view names[] = {{"Men", 3}, {"Shirts", 6}, {"Shoes", 5}, {"Women", 5}};
	static const int tree[] = {-1, 0, 1, -1};
	static const int circle[] = {1, 0, 1, 0};
	const struct category_list list = {.names = names, .parents = tree, .count = 4};
	const struct category_list circular = {.names = names, .parents = circle, .count = 4};

	is_int(category_suggest(text_of("Men/Women"), &list), -1, "two names are a list");
	is_int(category_suggest(text_of("Men / Shirts"), &list), 1,
		   "a parent and its child are a path");
	is_int(category_suggest(text_of("Men/Shoes"), &list), 2, "so is one with a child of the child");
	is_int(category_suggest(text_of("Men/Shirts/Shoes"), &list), 2, "or with both");
	is_int(category_suggest(text_of("Men/Shirts/Women"), &list), -1, "but not one that leaves it");
	is_int(category_suggest(text_of("Women/Shirts"), &circular), -1, "parents in a circle end");
}

static void
test_guesses(void)
{
	static const char *const texts[][2] = {
		{"Pantz", "Pants"},    {"Plants", "Pants"},
		{"Kitchn", "Kitchen"}, {"Accesories", "Accessories"},
		{"Kit", "Kitchen"},
	};
	int wrong = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ok(!category_is_plain(text_of(texts[i][0]), text_of(texts[i][1])),
		   "\"%s\" may mean something else than \"%s\"", texts[i][0], texts[i][1]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (cases[i][1][0] != '\0' && strcmp(cases[i][0], "Electronic") != 0 &&
			strcmp(cases[i][0], "Accesories") != 0 &&
			!category_is_plain(text_of(cases[i][0]), text_of(cases[i][1])))
		{
			printf("# \"%s\" is a guess\n", cases[i][0]);
			wrong++;
		}
	}
	is_int(wrong, 0, "the other suggestions are plain");
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

/* Pieces of names and of what stands between them. */
static const char *const pieces[] = {
	"Home", "kitchen", "books", "&",    "&amp;",    " and ",  ">",      "/",    "|",
	" ",    "s",       "ies",   "'",    "\u200B",   "\u0441", "&#",     "x26;", ";",
	",",    "=\"",     "\"",    "\xC2", "\xE2\x80", "\u00A0", "GARDEN", "toy",
};

/* Write a text of so many pieces. */
static void
write_pieces(char *text, size_t count)
{
	*text = '\0';
	for (size_t i = 0; i < count; i++)
		strcat(text, pieces[unit_random(sizeof(pieces) / sizeof(pieces[0]))]);
}

static int
compare_names(const void *a, const void *b)
{
	return text_compare(*(const struct text_view *) a, *(const struct text_view *) b);
}

/* With an index, the same is found as without one, in lists of all lengths and of similar names. */
static void
test_index(void)
{
	static char bytes[INDEXED_NAMES][64];
	static struct text_view names[INDEXED_NAMES];
	int different = 0;
	int found = 0;

	for (int count = 0; count <= INDEXED_NAMES; count++)
	{
		struct category_list list = {.names = names, .count = count};
		struct category_list indexed = list;
		int *index = malloc(sizeof(*index) * category_index_size(count));

		for (int i = 0; i < count; i++)
		{
			write_pieces(bytes[i], unit_random(4));
			names[i] = text_of(bytes[i]);
		}
		qsort(names, (size_t) count, sizeof(names[0]), compare_names);
		category_index_fill(&indexed, index);
		for (int i = 0; i < INDEXED_TEXTS; i++)
		{
			char text[256];
			struct text_view view;
			int plain;

			write_pieces(text, unit_random(5));
			view = text_of(text);
			plain = category_find(view, &list);
			found += plain >= 0;
			different += category_find(view, &indexed) != plain ||
						 category_suggest(view, &indexed) != category_suggest(view, &list);
		}
		free(index);
	}
	ok(found > INDEXED_TEXTS, "texts mean categories");
	is_int(different, 0, "with an index, they mean the same");
}

/* A long text means nothing, even one that no reading shortens. */
static void
test_long_texts(void)
{
	static const char *const conjunctions[] = {"&", "+", " and ", "&amp;", "\u00A0& "};
	char text[MOST_TEXT_BYTES];

	for (size_t i = 0; i < sizeof(conjunctions) / sizeof(conjunctions[0]); i++)
	{
		int meant = 0;

		for (int before = 1; before < 700; before++)
		{
			snprintf(text, sizeof(text), "%0*d%s%0*d", before, 0, conjunctions[i], 700 - before, 0);
			meant += category_suggest(text_of(text), &shipped_categories) >= 0;
		}
		is_int(meant, 0, "long texts with \"%s\" mean nothing", conjunctions[i]);
	}
}

/* In exact memory. */
static void
test_random_texts(void)
{
	int outside = 0;

	for (int i = 0; i < RANDOM_TEXTS; i++)
	{
		char text[1024];
		char *copy;
		int found;

		write_pieces(text, unit_random(unit_random(20) ? 8 : 120));
		copy = malloc(strlen(text) + 1);
		memcpy(copy, text, strlen(text));
		found = category_suggest((struct text_view){copy, strlen(text)}, &shipped_categories);
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
	test_lists();
	test_guesses();
	test_entities();
	test_index();
	test_long_texts();
	test_random_texts();
	return unit_done();
}
