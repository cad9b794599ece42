/*-------------------------------------------------------------------------
 *
 * suggest_test.c
 *	  The nearest category, against every single edit of the shipped ones and
 *	  against a reference without shortcuts.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "shared/suggest.h"
#include "shared/text.h"

#define RANDOM_TEXTS 20000
#define MAX_CHARACTERS 64

/* The shipped ones, sorted by memcmp(). */
static const char *const names[] = {
	"Accessories",
	"Audio Equipment",
	"Bathroom",
	"Bedroom",
	"Books",
	"Clothing",
	"Computer Accessories",
	"Computer Storage",
	"Electronics",
	"Food & Beverage",
	"Garden",
	"Health & Beauty",
	"Home & Garden",
	"Kitchen",
	"Living Room",
	"Men's Clothing",
	"Mobile Accessories",
	"Sports & Outdoors",
	"Toys & Games",
	"Women's Clothing",
};

#define NAMES ((int) (sizeof(names) / sizeof(names[0])))

static struct text_view categories[NAMES];

/* A text in characters, to edit it; never longer than MAX_CHARACTERS. */
struct characters
{
	int count;
	uint32_t at[MAX_CHARACTERS];
};

static struct characters
decode(const char *string)
{
	struct text_view text = text_of(string);
	struct characters characters = {0, {0}};

	for (size_t offset = 0; offset < text.length;)
		offset += text_decode(text, offset, &characters.at[characters.count++]);
	return characters;
}

static void
encode(const struct characters *characters, char *out)
{
	for (int i = 0; i < characters->count; i++)
	{
		uint32_t c = characters->at[i];

		if (c < 0x80)
			*out++ = (char) c;
		else if (c < 0x800)
		{
			*out++ = (char) (0xC0 | c >> 6);
			*out++ = (char) (0x80 | (c & 0x3F));
		}
		else
		{
			if (c < 0x10000)
				*out++ = (char) (0xE0 | c >> 12);
			else
			{
				*out++ = (char) (0xF0 | c >> 18);
				*out++ = (char) (0x80 | (c >> 12 & 0x3F));
			}
			*out++ = (char) (0x80 | (c >> 6 & 0x3F));
			*out++ = (char) (0x80 | (c & 0x3F));
		}
	}
	*out = '\0';
}

enum edit
{
	EDIT_DELETE,
	EDIT_INSERT,
	EDIT_SUBSTITUTE,
	EDIT_SWAP,
	EDIT_KINDS
};

/* Edit at a place; false when the edit is not possible there. */
static bool
apply_edit(struct characters *text, enum edit edit, int place, uint32_t character)
{
	uint32_t *at = text->at + place;
	int behind = text->count - place;

	if (place + (edit == EDIT_SWAP) >= text->count + (edit == EDIT_INSERT) ||
		(edit == EDIT_INSERT && text->count == MAX_CHARACTERS))
		return false;
	switch (edit)
	{
		case EDIT_DELETE:
			memmove(at, at + 1, (size_t) (behind - 1) * sizeof(*at));
			text->count--;
			break;
		case EDIT_INSERT:
			memmove(at + 1, at, (size_t) behind * sizeof(*at));
			text->count++;
			*at = character;
			break;
		case EDIT_SUBSTITUTE:
			*at = character;
			break;
		default:
			character = at[0];
			at[0] = at[1];
			at[1] = character;
			break;
	}
	return true;
}

/* Optimal string alignment by the textbook. */
static int
distance(const struct characters *a, const struct characters *b)
{
	static int cell[MAX_CHARACTERS + 1][MAX_CHARACTERS + 1];

	for (int i = 0; i <= a->count; i++)
	{
		for (int j = 0; j <= b->count; j++)
		{
			int best = i + j;

			if (i > 0 && j > 0)
			{
				bool same = fold_ascii(a->at[i - 1]) == fold_ascii(b->at[j - 1]);

				best = cell[i - 1][j - 1] + !same;
				if (cell[i - 1][j] + 1 < best)
					best = cell[i - 1][j] + 1;
				if (cell[i][j - 1] + 1 < best)
					best = cell[i][j - 1] + 1;
				if (i > 1 && j > 1 && fold_ascii(a->at[i - 1]) == fold_ascii(b->at[j - 2]) &&
					fold_ascii(a->at[i - 2]) == fold_ascii(b->at[j - 1]) &&
					cell[i - 2][j - 2] + 1 < best)
					best = cell[i - 2][j - 2] + 1;
			}
			cell[i][j] = best;
		}
	}
	return cell[a->count][b->count];
}

/* Whether a category starts with the text, A to Z folded. */
static bool
is_prefix(const struct characters *text, const struct characters *category)
{
	for (int i = 0; i < text->count; i++)
	{
		if (i == category->count || fold_ascii(text->at[i]) != fold_ascii(category->at[i]))
			return false;
	}
	return true;
}

/* The contract of name_suggest() for the shipped categories. */
static int
suggest_slowly(const struct characters *text)
{
	int allowed = text->count / 4 > 3 ? 3 : text->count / 4;
	int prefix = -1;
	int prefixes = 0;
	int nearest = -1;
	int nearest_distance = allowed;
	int as_near = 0;

	for (int i = 0; i < NAMES; i++)
	{
		struct characters category = decode(names[i]);
		int edits = distance(text, &category);
		char written[MAX_CHARACTERS * 4 + 1];

		encode(text, written);
		if (strcmp(written, names[i]) == 0)
			return -1;
		if (edits == 0)
			return i;
		if (is_prefix(text, &category))
		{
			prefix = i;
			prefixes++;
		}
		if (edits < nearest_distance || (edits == nearest_distance && as_near == 0))
		{
			nearest = i;
			nearest_distance = edits;
			as_near = 1;
		}
		else if (edits == nearest_distance)
			as_near++;
	}
	if (prefixes == 1 && text->count >= 3)
		return prefix;
	return as_near == 1 ? nearest : -1;
}

static const char *
name_of(int index)
{
	return index < 0 ? "(none)" : names[index];
}

/* Suggest for a copy that has exactly the memory it needs. */
static int
suggest(const struct characters *text)
{
	char written[MAX_CHARACTERS * 4 + 1];
	struct text_view view;
	char *copy;
	int found;

	encode(text, written);
	view = text_of(written);
	copy = malloc(view.length + (view.length == 0));
	memcpy(copy, written, view.length);
	view.data = copy;
	found = name_suggest(view, categories, NAMES);
	free(copy);
	return found;
}

static void
test_examples(void)
{
	static const char *const cases[][2] = {
		{"Kitchn", "Kitchen"},
		{"kitchen", "Kitchen"},
		{"KITCHEN", "Kitchen"},
		{"KITCHN", "Kitchen"},
		{"Ktichen", "Kitchen"},
		{"Men", "Men's Clothing"},
		{"men's", "Men's Clothing"},
		{"Mens Clothing", "Men's Clothing"},
		{"Men\u2019s Clothing", "Men's Clothing"},
		{"Electr", "Electronics"},
		{"Elektronic", "Electronics"},
		{"Home", "Home & Garden"},
		{"Home and Garden", "Home & Garden"},
		{"Toys and Games", "Toys & Games"},
		{"Book", "Books"},
		{"Bo\u00F6ks", "Books"},
		{"Computer A", "Computer Accessories"},
		{"Acessories", "Accessories"},
	};
	static const char *const nonsense[] = {
		"",
		"x",
		"Me",
		"xyz",
		"Computer",
		"Computer ",
		"Com",
		"Office Supplies",
		"Furniture",
		"1234567",
		"room",
		"& ",
		"\U0001F600\U0001F600\U0001F600\U0001F600",
		"Kitchen Accessories and Computer Storage",
		"Boks Toks",
		"Kit Kat Bar",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_text(name_of(name_suggest(text_of(cases[i][0]), categories, NAMES)), cases[i][1],
				"\"%s\" means \"%s\"", cases[i][0], cases[i][1]);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
		is_int(name_suggest(text_of(nonsense[i]), categories, NAMES), -1,
			   "\"%s\" means no category", nonsense[i]);
	for (int i = 0; i < NAMES; i++)
	{
		is_int(name_suggest(categories[i], categories, NAMES), -1, "\"%s\" needs no suggestion",
			   names[i]);
		is_int(name_find(categories[i], categories, NAMES), i, "and is found");
	}
}

static void
test_exists(void)
{
	static const char *const strangers[] = {
		"", "A", "Accessorie", "Accessoriess", "accessories", "Books ", "Zoo", "\xFF",
	};

	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		ok(name_find(text_of(strangers[i]), categories, NAMES) < 0, "\"%s\" is no category",
		   strangers[i]);
	ok(name_find(categories[0], categories, 0) < 0, "none is when there are none");
	is_int(name_suggest(text_of("Kitchn"), categories, 0), -1, "and none is meant");
}

/* Whether a category other than the origin is as near as one edit. */
static bool
has_rival(const struct characters *edited, int origin)
{
	for (int i = 0; i < NAMES; i++)
	{
		struct characters rival = decode(names[i]);

		if (i != origin && distance(edited, &rival) <= 1)
			return true;
	}
	return false;
}

/* What came of the single edits. */
static int edits_tried;
static int edits_with_rival;
static int edits_lost;

static void
try_edit(int origin, enum edit edit, int place, uint32_t character)
{
	struct characters whole = decode(names[origin]);
	struct characters edited = whole;

	if (!apply_edit(&edited, edit, place, character) ||
		(edited.count == whole.count && memcmp(edited.at, whole.at, sizeof(whole.at)) == 0))
		return;
	edits_tried++;
	if (suggest(&edited) == origin)
		return;
	if (has_rival(&edited, origin))
		edits_with_rival++;
	else if (edits_lost++ == 0)
		printf("# edit %d at %d of \"%s\" gives \"%s\"\n", edit, place, names[origin],
			   name_of(suggest(&edited)));
}

/* Every edit of one character, with characters of 1 to 4 bytes. */
static void
test_single_edits(void)
{
	static const uint32_t beyond_ascii[] = {0xE9, 0x20AC, 0x1F600};

	for (int origin = 0; origin < NAMES; origin++)
	{
		for (int place = 0; place <= decode(names[origin]).count; place++)
		{
			try_edit(origin, EDIT_DELETE, place, 0);
			try_edit(origin, EDIT_SWAP, place, 0);
			for (uint32_t c = 0x20; c < 0x7F + 3; c++)
			{
				uint32_t character = c < 0x7F ? c : beyond_ascii[c - 0x7F];

				try_edit(origin, EDIT_INSERT, place, character);
				try_edit(origin, EDIT_SUBSTITUTE, place, character);
			}
		}
	}
	is_int(edits_lost, 0, "every one of %d single edits gives the category back", edits_tried);
	ok(edits_tried > 40000 && edits_with_rival < edits_tried / 1000,
	   "but for %d that are as near to another", edits_with_rival);
}

/* Several edits, or the start of a name: the shortcuts must lose nothing. */
static void
test_against_reference(void)
{
	static const uint32_t alphabet[] = {
		'a', 'e', 'o', 's', 'C', ' ', '&', '\'', 0xE9, 0x20AC, 0x20AD, 0x1F600,
	};
	int found = 0;
	int none = 0;
	int wrong = 0;

	for (int i = 0; i < RANDOM_TEXTS; i++)
	{
		struct characters text = decode(names[unit_random((uint64_t) NAMES)]);
		int edits = (int) unit_random(6);
		int expected;
		int actual;

		if (unit_random(4) == 0)
			text.count = (int) unit_random((uint64_t) text.count);
		while (edits-- > 0)
			apply_edit(&text, (enum edit) unit_random(EDIT_KINDS),
					   (int) unit_random((uint64_t) text.count + 1),
					   alphabet[unit_random(sizeof(alphabet) / sizeof(alphabet[0]))]);

		expected = suggest_slowly(&text);
		actual = suggest(&text);
		found += expected >= 0;
		none += expected < 0;
		if (actual != expected && wrong++ == 0)
		{
			char written[MAX_CHARACTERS * 4 + 1];

			encode(&text, written);
			printf("# \"%s\": \"%s\", expected \"%s\"\n", written, name_of(actual),
				   name_of(expected));
		}
	}
	is_int(wrong, 0, "%d random texts agree with the reference", RANDOM_TEXTS);
	ok(found > RANDOM_TEXTS / 10 && none > RANDOM_TEXTS / 10,
	   "and enough of them mean something, or nothing");
}

/* Names and texts over the size of the tables inside. */
static void
test_long_names(void)
{
	static char long_name[2000];
	struct text_view list[2] = {{long_name, 1999}, {"Kitchen", 7}};
	struct text_view text = {long_name, 1998};

	memset(long_name, 'n', sizeof(long_name));
	is_int(name_suggest(text, list, 2), 0, "a long name is found by its start");
	long_name[1000] = 'm';
	text.data = long_name + 1;
	is_int(name_suggest(text, list, 2), -1, "but not by distance");
	is_int(name_suggest(text_of("Kitchn"), list, 2), 1, "and does not hide another");
	list[0] = text_of("kitchen");
	is_int(name_suggest(text_of("KITCHEN"), list, 2), -1, "two names that differ by case are none");
	is_int(name_suggest(text_of("kitchen"), list, 2), -1, "and each of them is itself");
}

int
main(void)
{
	unit_seed();
	for (int i = 0; i < NAMES; i++)
		categories[i] = text_of(names[i]);
	test_examples();
	test_exists();
	test_single_edits();
	test_against_reference();
	test_long_names();
	return unit_done();
}
