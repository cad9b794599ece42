/*-------------------------------------------------------------------------
 *
 * cell_profile.c
 *	  What the cells of a column look like: prices, addresses, codes, prose.
 *
 * A cell is judged by itself; only the profile of a whole column tells whether the
 * point of 1.299 is decimal.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/heap.h"
#include "guess/cell_profile.h"
#include "reader/transform.h"
#include "shared/columns.h"
#include "shared/suggest.h"
#include "shared/url.h"

/* Longest code, and longest number that is read. */
#define MOST_CODE_BYTES 40
#define MOST_NUMBER_BYTES 60

/* From this share of the cells on, the others are exceptions. */
#define MOST_OF_THEM 0.8

/* Digits between signs that group thousands. */
#define GROUP_DIGITS 3

/* Longest name or sign of a currency: 12,50 zł; USD 12. */
#define MOST_CURRENCY_BYTES 4

/* ----- words ----- */

/* What follows a number of pieces. */
static const char *const piece_words[] = {"pcs",  "pc",   "st",  "stk",  "stck",  "szt",
										  "ud",   "uds",  "pz",  "pcs.", "un",    "units",
										  "unit", "stk.", "st.", "szt.", "pezzi", "stuks"};

/* Units in which products are sold, and their abbreviations. */
static const char *const unit_words[] = {
	"piece", "pieces", "pcs",  "pc",     "each",   "ea",    "set",       "pair",  "pack",   "box",
	"st",    "stk",    "stck", "stueck", "stk.",   "paar",  "satz",      "rolle", "karton", "paket",
	"pce",   "paire",  "lot",  "ud",     "unidad", "par",   "juego",     "caja",  "pz",     "pezzo",
	"conf",  "nr",     "stuk", "stuks",  "doos",   "szt",   "szt.",      "kpl",   "opak",   "un",
	"unid",  "kg",     "g",    "l",      "ml",     "m",     "m2",        "cm",    "liter",  "uni",
	"cad",   "st.",    "unit", "units",  "kpl.",   "opak.", "st\u00FCck"};

static bool
is_word_of(const char *const *words, size_t count, struct text_view word)
{
	for (size_t i = 0; i < count; i++)
	{
		if (text_compare_folded(text_of(words[i]), word) == 0)
			return true;
	}
	return false;
}

/* ----- numbers ----- */

/* A number in a cell, and what surrounds it. */
struct number_parts
{
	struct text_view digits; /* and signs between them */
	struct text_view before; /* a currency, "" for nothing */
	struct text_view after;  /* a currency, a unit, "%" */
	bool is_negative;
	bool is_spaced; /* a space precedes what comes after */
};

static bool
is_digit(char c)
{
	return is_ascii_digit((unsigned char) c);
}

/* Read the sign at an offset; returns its size, 0 for none. */
static size_t
read_sign(struct text_view text, size_t offset, enum number_sign *sign)
{
	uint32_t character;
	size_t size = text_decode(text, offset, &character);

	if (character == '.')
		*sign = SIGN_POINT;
	else if (character == ',')
		*sign = SIGN_COMMA;
	else if (character == '\'' || character == 0x2019)
		*sign = SIGN_APOSTROPHE;
	else if (is_white_space(character))
		*sign = SIGN_BLANK;
	else
		return 0;
	return size;
}

/* Find the number of a cell; false unless it is a number with little around it. */
static bool
find_number(struct text_view cell, struct number_parts *parts)
{
	size_t begin = 0;
	size_t end;
	enum number_sign sign;

	if (cell.length == 0 || cell.length > MOST_NUMBER_BYTES)
		return false;
	while (begin < cell.length && !is_digit(cell.data[begin]))
		begin++;
	if (begin == cell.length)
		return false;
	end = cell.length;
	while (!is_digit(cell.data[end - 1]))
		end--;
	/* .50 and ,50 are numbers, too. */
	if (begin > 0 && (cell.data[begin - 1] == '.' || cell.data[begin - 1] == ','))
		begin--;
	for (size_t i = begin; i < end;)
	{
		size_t size = is_digit(cell.data[i]) ? 1 : read_sign(cell, i, &sign);

		if (size == 0)
			return false;
		i += size;
	}
	parts->digits = (struct text_view){cell.data + begin, end - begin};
	parts->before = text_trim((struct text_view){cell.data, begin});
	parts->is_negative = parts->before.length > 0 && parts->before.data[0] == '-';
	if (parts->before.length > 0 && (parts->is_negative || parts->before.data[0] == '+'))
		parts->before =
			text_trim((struct text_view){parts->before.data + 1, parts->before.length - 1});
	parts->after = (struct text_view){cell.data + end, cell.length - end};
	parts->is_spaced = parts->after.length > 0 && text_trim(parts->after).data != parts->after.data;
	parts->after = text_trim(parts->after);
	return true;
}

/* Is the text one currency: a sign, a code, "kr"? */
static bool
is_currency(struct text_view text)
{
	uint32_t character;
	bool has_sign = false;

	if (text.length == 0 || text_character_count(text) > MOST_CURRENCY_BYTES)
		return false;
	for (size_t offset = 0; offset < text.length;)
	{
		offset += text_decode(text, offset, &character);
		if (is_currency_sign(character))
			has_sign = true;
		else if (character < 0x80 && !is_ascii_letter(character) && character != '.')
			return false;
	}
	return has_sign || weight_unit_of(text) == WEIGHT_UNIT_COUNT;
}

/* Count what surrounds a number; false if it is unknown. */
static bool
count_surroundings(struct cell_profile *profile, const struct number_parts *parts)
{
	enum weight_unit unit = weight_unit_of(parts->after);

	if (parts->before.length > 0 && !is_currency(parts->before))
		return false;
	if (parts->after.length > 0)
	{
		if (unit != WEIGHT_UNIT_COUNT)
			profile->weights[unit]++;
		else if (is_word_of(piece_words, sizeof(piece_words) / sizeof(piece_words[0]),
							parts->after))
			profile->pieces++;
		else if (text_equal(parts->after, text_of("%")))
			profile->percents++;
		else if (text_equal(parts->after, text_of(",-")) || text_equal(parts->after, text_of(".-")))
			return true;
		else if (is_currency(parts->after))
			profile->currencies++;
		else
			return false;
		profile->spaced_units += parts->is_spaced;
	}
	profile->currencies += parts->before.length > 0;
	return true;
}

/* The signs of a number, and the digits around them. */
struct number_signs
{
	enum number_sign first;
	enum number_sign last;
	int count;
	int digits_before; /* the first sign */
	int digits_after;  /* the last sign */
	bool are_equal;
	bool are_groups; /* three digits after each sign but the last */
	bool starts_with_zero;
};

static struct number_signs
find_signs(struct text_view digits)
{
	struct number_signs signs = {.are_equal = true, .are_groups = true};
	int run = 0;

	signs.starts_with_zero = digits.length > 1 && digits.data[0] == '0';
	for (size_t i = 0; i < digits.length;)
	{
		enum number_sign sign;

		if (is_digit(digits.data[i]))
		{
			run++;
			i++;
			continue;
		}
		i += read_sign(digits, i, &sign);
		if (signs.count == 0)
		{
			signs.first = sign;
			signs.digits_before = run;
		}
		else
		{
			signs.are_equal &= sign == signs.last;
			signs.are_groups &= run == GROUP_DIGITS;
		}
		signs.last = sign;
		signs.count++;
		run = 0;
	}
	signs.digits_after = run;
	if (signs.count == 0)
		signs.digits_before = run;
	return signs;
}

static void
note_fraction(struct cell_profile *profile, struct text_view digits,
			  const struct number_signs *signs)
{
	bool is_whole = true;

	for (int i = 1; i <= signs->digits_after; i++)
		is_whole &= digits.data[digits.length - i] == '0';
	profile->decimal[signs->last]++;
	profile->wholes += is_whole;
	if (signs->digits_after > profile->most_decimals)
		profile->most_decimals = signs->digits_after;
}

/* Count what the signs of a number show; false if it is not a number. */
static bool
count_signs(struct cell_profile *profile, struct text_view digits)
{
	struct number_signs signs = find_signs(digits);
	bool may_group = signs.digits_before >= 1 && signs.digits_before <= GROUP_DIGITS &&
					 !signs.starts_with_zero && signs.are_groups;

	if (signs.count == 0)
		profile->wholes++;
	else if (signs.count > 1 && signs.are_equal)
	{
		if (!may_group || signs.digits_after != GROUP_DIGITS)
			return false;
		profile->grouping[signs.last]++;
		profile->wholes++;
	}
	else if (signs.count > 1)
	{
		if (!may_group || signs.last > SIGN_COMMA)
			return false;
		profile->grouping[signs.first]++;
		note_fraction(profile, digits, &signs);
	}
	else if (signs.last > SIGN_COMMA)
	{
		if (!may_group || signs.digits_after != GROUP_DIGITS)
			return false;
		profile->grouping[signs.last]++;
		profile->wholes++;
	}
	else if (signs.digits_after == GROUP_DIGITS && may_group)
	{
		profile->uncertain[signs.last]++;
		profile->wholes++;
	}
	else
		note_fraction(profile, digits, &signs);
	return true;
}

static void
count_number(struct cell_profile *profile, struct text_view cell)
{
	struct number_parts parts;
	struct cell_profile more = *profile;
	double number;

	if (!find_number(cell, &parts) || !count_signs(&more, parts.digits) ||
		!count_surroundings(&more, &parts))
		return;
	more.numbers++;
	more.negatives += parts.is_negative;
	if (cell_number(cell, cell_decimal_sign(&more), &number))
	{
		more.zeros += number == 0;
		if (number > more.largest)
			more.largest = number;
	}
	*profile = more;
}

bool
cell_is_number(struct text_view cell)
{
	struct cell_profile profile = {0};

	count_number(&profile, cell);
	return profile.numbers > 0;
}

enum number_sign
cell_decimal_sign(const struct cell_profile *profile)
{
	int points = profile->decimal[SIGN_POINT] + profile->grouping[SIGN_COMMA];
	int commas = profile->decimal[SIGN_COMMA] + profile->grouping[SIGN_POINT];

	return commas > points ? SIGN_COMMA : SIGN_POINT;
}

bool
cell_sign_groups(const struct cell_profile *profile, enum number_sign sign)
{
	if (profile->decimal[sign] > profile->grouping[sign])
		return false;
	if (profile->grouping[sign] > 0)
		return true;
	/* If every number has three digits after it, it is more likely decimal. */
	return profile->uncertain[sign] > 0 && profile->uncertain[sign] < profile->numbers;
}

bool
cell_are_numbers(const struct cell_profile *profile)
{
	return cell_share(profile, profile->numbers) > MOST_OF_THEM;
}

void
cell_profile_settle(struct cell_profile *profile, const int decimal[SIGN_COUNT],
					const int grouping[SIGN_COUNT])
{
	enum number_sign point = decimal[SIGN_COMMA] > decimal[SIGN_POINT] ? SIGN_COMMA : SIGN_POINT;

	if (decimal[point] == 0)
		return;
	/* The decimal sign of the file is that of this column, too. */
	if (profile->uncertain[point] > 0)
	{
		profile->decimal[point] += profile->uncertain[point];
		profile->wholes -= profile->uncertain[point];
		profile->most_decimals = GROUP_DIGITS;
		profile->uncertain[point] = 0;
	}
	for (int sign = 0; sign < SIGN_COUNT; sign++)
	{
		if (sign == (int) point)
			continue;
		profile->grouping[sign] += profile->uncertain[sign];
		profile->uncertain[sign] = 0;
	}
	if (profile->decimal[point] > 0)
	{
		for (int sign = 0; sign < SIGN_COUNT; sign++)
			profile->may_group[sign] = sign != (int) point && grouping[sign] > 0;
	}
}

char
number_sign_character(enum number_sign sign)
{
	static const char characters[SIGN_COUNT] = {
		[SIGN_POINT] = '.', [SIGN_COMMA] = ',', [SIGN_APOSTROPHE] = '\'', [SIGN_BLANK] = ' '};

	return characters[sign];
}

bool
cell_number(struct text_view cell, enum number_sign decimal, double *number)
{
	struct number_parts parts;
	char plain[MOST_NUMBER_BYTES + 1];
	size_t length = 0;

	if (!find_number(cell, &parts))
		return false;
	for (size_t i = 0; i < parts.digits.length; i++)
	{
		char c = parts.digits.data[i];

		if (is_digit(c))
			plain[length++] = c;
		else if (c == number_sign_character(decimal))
			plain[length++] = '.';
	}
	plain[length] = '\0';
	*number = strtod(plain, NULL);
	if (parts.is_negative)
		*number = -*number;
	return true;
}

/* ----- texts ----- */

/* Does a text contain another one, without regard to case? */
static bool
has_text(struct text_view text, const char *wanted)
{
	size_t length = strlen(wanted);

	for (size_t i = 0; i + length <= text.length; i++)
	{
		if (strncasecmp(text.data + i, wanted, length) == 0)
			return true;
	}
	return false;
}

static bool
names_image(struct text_view text)
{
	static const char *const endings[] = {".jpg",  ".jpeg", ".png", ".gif",
										  ".webp", ".avif", ".svg"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
	{
		if (has_text(text, endings[i]))
			return true;
	}
	return false;
}

static void
count_address(struct cell_profile *profile, struct text_view cell)
{
	enum url_verdict verdict = url_judge(cell);
	bool is_image = names_image(cell);

	if (verdict == URL_VALID || verdict == URL_SEVERAL)
	{
		profile->addresses++;
		profile->several_addresses += verdict == URL_SEVERAL;
		profile->images += is_image || has_text(cell, "/image") || has_text(cell, "/img") ||
						   has_text(cell, "/media/");
	}
	else if (is_image && cell.length > 2 && memcmp(cell.data, "//", 2) == 0)
		profile->without_scheme++;
	else if (is_image && !has_text(cell, "<"))
		profile->image_names++;
}

/* Does a barcode of 8, 12, 13 or 14 digits have a valid check digit? */
static bool
is_barcode(struct text_view cell)
{
	int sum = 0;

	if (cell.length != 8 && (cell.length < 12 || cell.length > 14))
		return false;
	for (size_t i = 0; i < cell.length; i++)
	{
		if (!is_digit(cell.data[i]))
			return false;
		sum += (cell.data[i] - '0') * ((cell.length - i) % 2 == 0 ? 3 : 1);
	}
	return sum % 10 == 0;
}

static bool
is_code(struct text_view cell)
{
	bool has_digit = false;

	if (cell.length > MOST_CODE_BYTES)
		return false;
	for (size_t i = 0; i < cell.length; i++)
	{
		if (cell.data[i] == ' ' || cell.data[i] == ',')
			return false;
		has_digit |= is_digit(cell.data[i]);
	}
	return has_digit;
}

/* Is a text like 10 x 20 x 30, or 10x20 cm? */
static bool
is_dimensions(struct text_view cell)
{
	int numbers = 0;
	bool in_number = false;

	for (size_t i = 0; i < cell.length; i++)
	{
		char c = cell.data[i];

		if (is_digit(c))
		{
			numbers += !in_number;
			in_number = true;
		}
		else if (c != '.' && c != ',')
		{
			in_number = false;
			if (strchr(" xX*/\xC3\x97"
					   "cmCM",
					   c) == NULL)
				return false;
		}
	}
	return (numbers == 2 || numbers == 3) &&
		   (has_text(cell, "x") || has_text(cell, "\xC3\x97") || has_text(cell, "*"));
}

static bool
has_html(struct text_view cell)
{
	static const char *const tags[] = {"</", "<br", "<p>", "<li>", "<ul>", "<p ", "<div", "<img"};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
	{
		if (has_text(cell, tags[i]))
			return true;
	}
	return false;
}

/* Does a text have a reference such as &amp; or &#38;? */
static bool
has_entity(struct text_view cell)
{
	for (size_t i = 0; i + 2 < cell.length; i++)
	{
		size_t end = i + 1;

		if (cell.data[i] != '&')
			continue;
		while (end < cell.length && end - i < 10 &&
			   (isalnum((unsigned char) cell.data[end]) || cell.data[end] == '#'))
			end++;
		if (end > i + 1 && end < cell.length && cell.data[end] == ';')
			return true;
	}
	return false;
}

/* ----- categories ----- */

const char *
list_sign_text(enum list_sign sign)
{
	static const char *const texts[LIST_SIGN_COUNT] = {[LIST_COMMA] = ",", [LIST_SEMICOLON] = ";"};

	return texts[sign];
}

/* Would category_path find one of our categories in a text? */
static bool
has_category_path(struct text_view text, const struct category_list *categories)
{
	const struct transform_step step = {.transformation = TRANSFORMATION_CATEGORY_PATH,
										.categories = categories};
	struct transform_room room = {0};

	return name_find(transform_apply(&step, text, &room), categories->names, categories->count) >=
		   0;
}

/* Return what first_of makes of a text. */
static struct text_view
first_in_list(struct text_view text, enum list_sign sign)
{
	const struct text_view argument = text_of(list_sign_text(sign));
	const struct transform_step step = {
		.transformation = TRANSFORMATION_FIRST_OF, .argument_count = 1, .arguments = &argument};
	struct transform_room room = {0};

	return transform_apply(&step, text, &room);
}

/* A cell is judged by what the map will make of it. */
static void
count_category(struct cell_profile *profile, struct text_view cell,
			   const struct category_list *categories)
{
	bool has_path;

	if (cell.length > ONBOARD_MAX_FIELD_BYTES / 16)
		return;
	profile->paths += memchr(cell.data, '>', cell.length) != NULL ||
					  memchr(cell.data, '/', cell.length) != NULL ||
					  memchr(cell.data, '|', cell.length) != NULL;
	has_path = has_category_path(cell, categories);
	profile->categories += name_find(cell, categories->names, categories->count) >= 0;
	profile->path_categories += has_path;
	for (int sign = 0; sign < LIST_SIGN_COUNT; sign++)
	{
		struct text_view first = first_in_list(cell, (enum list_sign) sign);

		profile->list_categories[sign] +=
			first.length == cell.length ? has_path : has_category_path(first, categories);
	}
}

/* ----- the column ----- */

static void
count_cell(struct cell_profile *profile, struct text_view cell,
		   const struct category_list *categories)
{
	profile->filled++;
	profile->characters += (int64_t) text_character_count(cell);
	count_number(profile, cell);
	count_address(profile, cell);
	profile->codes += is_code(cell);
	profile->barcodes += is_barcode(cell);
	profile->sentences += memchr(cell.data, ' ', cell.length) != NULL;
	profile->html += has_html(cell);
	profile->entities += has_entity(cell);
	profile->dimensions += is_dimensions(cell);
	profile->units += is_word_of(unit_words, sizeof(unit_words) / sizeof(unit_words[0]), cell);
	count_category(profile, cell, categories);
}

static int
compare_texts(const void *a, const void *b)
{
	return text_compare(*(const struct text_view *) a, *(const struct text_view *) b);
}

/* Count the different values of a column; false if out of memory. */
static bool
count_distinct(struct cell_profile *profile, const struct sample_table *table, int column)
{
	struct text_view *values = glue_allocate(sizeof(*values) * (profile->filled + 1));
	int count = 0;

	if (values == NULL)
		return false;
	for (int row = 0; row < table->row_count; row++)
	{
		struct text_view cell = sample_cell(table, row, column);

		if (cell.length > 0)
			values[count++] = cell;
	}
	qsort(values, count, sizeof(*values), compare_texts);
	for (int i = 0; i < count; i++)
		profile->distinct += i == 0 || !text_equal(values[i], values[i - 1]);
	glue_release(values);
	return true;
}

bool
cell_profile_fill(struct cell_profile *profile, const struct sample_table *table, int column,
				  const struct category_list *categories)
{
	memset(profile, 0, sizeof(*profile));
	for (int row = 0; row < table->row_count; row++)
	{
		struct text_view cell = sample_cell(table, row, column);

		profile->cells++;
		if (cell.length > 0)
			count_cell(profile, cell, categories);
	}
	return count_distinct(profile, table, column);
}
