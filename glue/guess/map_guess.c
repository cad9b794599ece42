/*-------------------------------------------------------------------------
 *
 * map_guess.c
 *	  Proposes a column map for a file, from its headings and its values.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "base/heap.h"
#include "guess/assignment.h"
#include "guess/category_census.h"
#include "guess/map_guess.h"
#include "guess/map_text.h"
#include "guess/row_kinds.h"
#include "reader/vocabulary.h"
#include "shared/appearance.h"
#include "shared/heading.h"
#include "shared/map_writing.h"

/* A heading is proposed for a column from this percentage on. */
#define LEAST_PERCENT 40

/* No guess is certain. */
#define MOST_PERCENT 99

/* Least score of our own heading. */
#define OWN_PERCENT 60

/* Bonus of a required column. */
#define REQUIRED_BONUS 10

/* A likely heading of a column without one is shown from this percentage on. */
#define LEAST_SHOWN_PERCENT 15

/* Score of a heading whose cells do not fit at all. */
#define HEADING_SHARE 30

/* Longest heading that is used; several fit into the steps of a statement. */
#define MOST_HEADING_BYTES 150

/* The sign between the cells of a join, which no price contains. */
#define JOIN_SIGN "|"

/* ----- headings ----- */

/* Control characters would change what a terminal shows. */
static bool
is_refused_in_map(uint32_t character)
{
	return character != '\t' && character != '\n' && is_control_character(character);
}

static bool
is_usable(const struct map_guess *guess, int heading)
{
	struct text_view text = guess->table->headings[heading];
	struct found_character found;

	return !heading_is_blank(text) && !heading_is_ours(text) && text.length <= MOST_HEADING_BYTES &&
		   !text_find_character(text, is_refused_in_map, &found) && !guess->is_repeated[heading];
}

/* Does another column have the same heading? */
static bool
is_repeated(const struct sample_table *table, int heading)
{
	for (int i = 0; i < table->column_count; i++)
	{
		if (i != heading && heading_same(table->headings[i], table->headings[heading]))
			return true;
	}
	return false;
}

/* ----- scores ----- */

/* Return how well a heading fits a column by its words; one of ours is certain. */
static int
heading_percent(const struct map_guess *guess, enum onboard_column column, int heading)
{
	enum onboard_column own = guess->own_columns[heading];

	if (own != COLUMN_NONE)
		return own == column ? 100 : 0;
	return guess->matches[heading][column].percent;
}

/* Does a heading name another subject than a column? */
static bool
names_other(const struct map_guess *guess, enum onboard_column column, int heading)
{
	enum onboard_column own = guess->own_columns[heading];

	return own != COLUMN_NONE ? own != column : guess->matches[heading][column].is_other;
}

/*
 * A file writes all its numbers alike, so what some columns show certainly decides for
 * those that leave it open: whether the point of 1.250 is decimal.
 */
static void
share_signs(struct map_guess *guess)
{
	int decimal[SIGN_COUNT] = {0};
	int grouping[SIGN_COUNT] = {0};

	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		const struct cell_profile *profile = &guess->profiles[heading];

		for (int sign = 0; cell_are_numbers(profile) && sign < SIGN_COUNT; sign++)
		{
			decimal[sign] += profile->decimal[sign];
			grouping[sign] += profile->grouping[sign];
		}
	}
	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		if (cell_are_numbers(&guess->profiles[heading]))
			cell_profile_settle(&guess->profiles[heading], decimal, grouping);
	}
}

/* Return how sure it is that a heading is a column, by its words and its cells. */
static int
score(const struct map_guess *guess, enum onboard_column column, int heading)
{
	const struct cell_profile *profile = &guess->profiles[heading];
	int words = heading_percent(guess, column, heading);
	int fit = cell_fit(profile, column);
	/* Cells say little about a column whose heading says something else. */
	int evidence = names_other(guess, column, heading) ? 0 : cell_evidence(profile, column);
	int by_words = words * (HEADING_SHARE + (100 - HEADING_SHARE) * fit / 100) / 100;
	int percent = 100 - (100 - by_words) * (100 - evidence) / 100;

	if (!guess->is_usable[heading])
		return 0;
	/* Our own heading is found without a map, whatever its cells are. */
	if (guess->own_columns[heading] == column && percent < OWN_PERCENT)
		percent = OWN_PERCENT;
	return percent < MOST_PERCENT ? percent : MOST_PERCENT;
}

/* ----- statements ----- */

static void
write_reason(const struct map_guess *guess, enum onboard_column column, int heading, char *reason)
{
	const struct vocabulary_match *match = &guess->matches[heading][column];
	struct text_builder builder;

	text_start(&builder, reason, GUESS_REASON_SIZE);
	if (guess->own_columns[heading] == column)
		text_add(&builder, text_of("our heading; "));
	else if (match->percent > 0)
	{
		text_add(&builder, text_of(match->is_whole ? "heading (" : "part of the heading ("));
		text_add(&builder, text_of(vocabulary_language_name(match->language)));
		text_add(&builder, text_of("); "));
	}
	cell_fit_reason(&guess->profiles[heading], column, &builder);
	text_finish(&builder);
}

/* Assign a heading to a column, with the steps that its cells need. */
static void
set_column(struct map_guess *guess, enum onboard_column column, int heading)
{
	struct guessed_column *guessed = &guess->columns[column];
	struct text_builder builder;

	guessed->heading = heading;
	guessed->percent = score(guess, column, heading);
	write_reason(guess, column, heading, guessed->reason);
	text_start(&builder, guessed->steps, sizeof(guessed->steps));
	cell_fit_steps(&guess->profiles[heading], column, guess->table->headings[heading], &builder);
	text_finish(&builder);
	guess->is_used[heading] = true;
}

static void
set_reason(struct guessed_column *column, const char *reason)
{
	snprintf(column->reason, sizeof(column->reason), "%s", reason);
}

/* Give each column the heading that makes the whole assignment the best. */
static bool
assign(struct map_guess *guess)
{
	int count = guess->table->column_count;
	int *scores = glue_allocate(sizeof(*scores) * COLUMN_COUNT * count);
	int found[COLUMN_COUNT];
	bool good = scores != NULL;

	for (int i = 0; good && i < COLUMN_COUNT * count; i++)
	{
		enum onboard_column column = (enum onboard_column)(i / count);
		int percent = score(guess, column, i % count);

		scores[i] = percent >= LEAST_PERCENT && onboard_columns[column].required
						? percent + REQUIRED_BONUS
						: percent;
	}
	good = good && assignment_find(scores, COLUMN_COUNT, count, LEAST_PERCENT, found);
	glue_release(scores);
	for (int column = 0; good && column < COLUMN_COUNT; column++)
	{
		if (found[column] >= 0)
			set_column(guess, (enum onboard_column) column, found[column]);
	}
	return good;
}

/* Return the unused heading with the highest score for a column, or -1. */
static int
best_unused(const struct map_guess *guess, enum onboard_column column, int least)
{
	int best = -1;

	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		int percent = guess->is_used[heading] ? 0 : score(guess, column, heading);

		if (percent >= least)
		{
			least = percent + 1;
			best = heading;
		}
	}
	return best;
}

/* ----- keys ----- */

static void
copy_key(struct map_guess *guess, enum onboard_column from, enum onboard_column to)
{
	guess->columns[to] = guess->columns[from];
	set_reason(&guess->columns[to], "the file has one key, which serves as both");
}

/* Return a column of barcodes, or -1. */
static int
find_barcodes(const struct map_guess *guess)
{
	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		const struct cell_profile *profile = &guess->profiles[heading];

		if (!guess->is_used[heading] && guess->is_usable[heading] &&
			heading_percent(guess, COLUMN_SKU, heading) > 0 &&
			profile->distinct == profile->filled && profile->filled == profile->cells &&
			profile->filled > 0)
			return heading;
	}
	return -1;
}

/* A file without another key uses its barcodes; a file with one key uses it twice. */
static void
complete_keys(struct map_guess *guess)
{
	bool has_sku = guess->columns[COLUMN_SKU].heading >= 0;
	bool has_id = guess->columns[COLUMN_VENDOR_PRODUCT_ID].heading >= 0;

	if (!has_sku && !has_id)
	{
		int barcodes = find_barcodes(guess);

		if (barcodes < 0)
			return;
		set_column(guess, COLUMN_SKU, barcodes);
		guess->columns[COLUMN_SKU].percent = LEAST_PERCENT;
		set_reason(&guess->columns[COLUMN_SKU], "barcodes; the file has no other key");
		has_sku = true;
	}
	if (guess->updates_only)
		return;
	if (!has_id)
		copy_key(guess, COLUMN_SKU, COLUMN_VENDOR_PRODUCT_ID);
	else if (!has_sku)
		copy_key(guess, COLUMN_VENDOR_PRODUCT_ID, COLUMN_SKU);
}

/* ----- sale prices ----- */

/* Return how many rows have a lower price in one column than in another one. */
static int
lower_prices(const struct map_guess *guess, int one, int other)
{
	enum number_sign one_sign = cell_decimal_sign(&guess->profiles[one]);
	enum number_sign other_sign = cell_decimal_sign(&guess->profiles[other]);
	int count = 0;

	for (int row = 0; row < guess->table->row_count; row++)
	{
		double a;
		double b;

		count += cell_number(sample_cell(guess->table, row, one), one_sign, &a) &&
				 cell_number(sample_cell(guess->table, row, other), other_sign, &b) && a < b;
	}
	return count;
}

/* If the list price is the lower one, the two headings are the other way round. */
static void
order_prices(struct map_guess *guess)
{
	int price = guess->columns[COLUMN_PRICE].heading;
	int compare = guess->columns[COLUMN_COMPARE_AT_PRICE].heading;

	if (price < 0 || compare < 0 ||
		lower_prices(guess, compare, price) <= lower_prices(guess, price, compare))
		return;
	if (heading_percent(guess, COLUMN_PRICE, compare) == 0)
		return;
	set_column(guess, COLUMN_PRICE, compare);
	set_column(guess, COLUMN_COMPARE_AT_PRICE, price);
	guess->columns[COLUMN_COMPARE_AT_PRICE].percent = score(guess, COLUMN_PRICE, price);
	set_reason(&guess->columns[COLUMN_COMPARE_AT_PRICE], "the higher of two prices");
}

/* Return a column of reduced prices that is not the price, or -1. */
static int
find_sale_price(const struct map_guess *guess, int price)
{
	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		if (heading != price && guess->is_usable[heading] &&
			vocabulary_is_reduced_price(guess->table->headings[heading]) &&
			score(guess, COLUMN_PRICE, heading) >= LEAST_PERCENT &&
			lower_prices(guess, price, heading) == 0)
			return heading;
	}
	return -1;
}

/* Put a join with another heading before the steps of the price. */
static void
join_prices(struct map_guess *guess, int other)
{
	struct guessed_column *price = &guess->columns[COLUMN_PRICE];
	char steps[GUESS_STEPS_SIZE];
	struct text_builder builder;

	text_start(&builder, steps, sizeof(steps));
	text_add(&builder, text_of(" | join(\"" JOIN_SIGN "\", "));
	map_writing_add_text(&builder, guess->table->headings[other]);
	text_add(&builder, text_of(") | first_of(\"" JOIN_SIGN "\")"));
	text_add(&builder, text_of(price->steps));
	text_finish(&builder);
	snprintf(price->steps, sizeof(price->steps), "%s", steps);
	set_reason(price, "the reduced price, or the regular one where it is blank");
}

/* Does the file have dates for reduced prices? */
static bool
has_sale_dates(const struct map_guess *guess)
{
	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		if (vocabulary_is_reduced_price(guess->table->headings[heading]) &&
			vocabulary_is_date(guess->table->headings[heading]))
			return true;
	}
	return false;
}

/* A reduced price that ends on some day would still apply after it. */
static void
use_regular_price(struct map_guess *guess, int regular)
{
	int sale = guess->columns[COLUMN_PRICE].heading;

	if (sale == regular)
		return;
	guess->is_used[sale] = false;
	guess->columns[COLUMN_COMPARE_AT_PRICE] = (struct guessed_column){.heading = -1};
	set_column(guess, COLUMN_PRICE, regular);
}

/*
 * A file with regular and reduced prices has the price in the column of the reduced
 * ones, or in the other one where that is blank.
 */
static void
find_sale_prices(struct map_guess *guess)
{
	int regular = guess->columns[COLUMN_PRICE].heading;
	int compare = guess->columns[COLUMN_COMPARE_AT_PRICE].heading;
	int sale;

	if (regular < 0)
		return;
	if (vocabulary_is_reduced_price(guess->table->headings[regular]))
	{
		sale = regular;
		regular = compare;
	}
	else
		sale = compare < 0 ? find_sale_price(guess, regular) : -1;
	if (sale < 0 || regular < 0)
		return;
	if (has_sale_dates(guess))
	{
		use_regular_price(guess, regular);
		return;
	}
	set_column(guess, COLUMN_COMPARE_AT_PRICE, regular);
	set_column(guess, COLUMN_PRICE, sale);
	if (guess->profiles[sale].filled < guess->profiles[regular].filled)
		join_prices(guess, regular);
	guess->columns[COLUMN_COMPARE_AT_PRICE].percent = score(guess, COLUMN_PRICE, regular);
	set_reason(&guess->columns[COLUMN_COMPARE_AT_PRICE], "the regular price beside a reduced one");
}

/* ----- dimensions ----- */

/* Join columns of length, width and height, if the file has no dimensions. */
static void
join_sides(struct map_guess *guess)
{
	struct guessed_column *dimensions = &guess->columns[COLUMN_DIMENSIONS_CM];
	int sides[SIDE_COUNT] = {-1, -1, -1};
	struct text_builder builder;
	int count = 0;

	if (dimensions->heading >= 0)
		return;
	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		enum vocabulary_side side = vocabulary_side(guess->table->headings[heading]);

		if (side == SIDE_COUNT || sides[side] >= 0 || guess->is_used[heading] ||
			!guess->is_usable[heading] ||
			cell_share(&guess->profiles[heading], guess->profiles[heading].numbers) < 0.9)
			continue;
		sides[side] = heading;
		count++;
	}
	if (count != SIDE_COUNT)
		return;
	dimensions->heading = sides[SIDE_LENGTH];
	dimensions->percent = 85;
	set_reason(dimensions, "length, width and height");
	text_start(&builder, dimensions->steps, sizeof(dimensions->steps));
	text_add(&builder, text_of(" | join(\"x\""));
	for (int side = SIDE_WIDTH; side < SIDE_COUNT; side++)
	{
		text_add(&builder, text_of(", "));
		map_writing_add_text(&builder, guess->table->headings[sides[side]]);
	}
	text_add(&builder, text_of(")"));
	text_finish(&builder);
	for (int side = 0; side < SIDE_COUNT; side++)
		guess->is_used[sides[side]] = true;
}

/* ----- the whole ----- */

/* A file of prices and stock, without names and categories, only changes products. */
static void
find_mode(struct map_guess *guess)
{
	const struct guessed_column *columns = guess->columns;

	guess->updates_only =
		columns[COLUMN_PRODUCT_NAME].heading < 0 && columns[COLUMN_CATEGORY].heading < 0 &&
		(columns[COLUMN_PRICE].heading >= 0 || columns[COLUMN_STOCK_QUANTITY].heading >= 0);
}

/* How likely a similar column stands for one that has no heading. */
#define STAND_IN_PERCENT 50

/*
 * Offer the heading of a similar column for one that has none: a list without names calls
 * them descriptions, and one for dealers has no price but the recommended one.
 */
static bool
find_stand_in(struct map_guess *guess, enum onboard_column column)
{
	enum onboard_column similar = column == COLUMN_PRODUCT_NAME ? COLUMN_DESCRIPTION
								  : column == COLUMN_PRICE      ? COLUMN_COMPARE_AT_PRICE
																: COLUMN_NONE;

	if (similar == COLUMN_NONE || guess->columns[similar].heading < 0)
		return false;
	guess->next[column] = guess->columns[similar];
	guess->next[column].percent = STAND_IN_PERCENT;
	set_reason(&guess->next[column], similar == COLUMN_DESCRIPTION
										 ? "perhaps the descriptions are the names"
										 : "perhaps products are sold for the recommended price");
	return true;
}

/* Note the likeliest heading of each column that has none. */
static void
find_next(struct map_guess *guess)
{
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		struct guessed_column *next = &guess->next[column];

		if (guess->columns[column].heading >= 0 ||
			find_stand_in(guess, (enum onboard_column) column))
			continue;
		next->heading = best_unused(guess, (enum onboard_column) column, LEAST_SHOWN_PERCENT);
		if (next->heading < 0)
			continue;
		next->percent = score(guess, (enum onboard_column) column, next->heading);
		write_reason(guess, (enum onboard_column) column, next->heading, next->reason);
	}
}

static bool
fill(struct map_guess *guess)
{
	int count = guess->table->column_count;

	guess->profiles = glue_allocate(sizeof(*guess->profiles) * count);
	guess->own_columns = glue_allocate(sizeof(*guess->own_columns) * count);
	guess->matches = glue_allocate(sizeof(*guess->matches) * count);
	guess->is_used = glue_allocate_zero(sizeof(bool) * count);
	guess->is_usable = glue_allocate(sizeof(bool) * count);
	guess->is_repeated = glue_allocate(sizeof(bool) * count);
	if (guess->profiles == NULL || guess->own_columns == NULL || guess->matches == NULL ||
		guess->is_used == NULL || guess->is_usable == NULL || guess->is_repeated == NULL)
		return false;
	for (int heading = 0; heading < count; heading++)
	{
		if (!cell_profile_fill(&guess->profiles[heading], guess->table, heading,
							   &guess->categories))
			return false;
		guess->is_repeated[heading] = is_repeated(guess->table, heading);
		guess->is_usable[heading] = is_usable(guess, heading);
		guess->own_columns[heading] = heading_column(guess->table->headings[heading]);
		vocabulary_match(guess->table->headings[heading], guess->matches[heading]);
	}
	share_signs(guess);
	if (!assign(guess))
		return false;
	order_prices(guess);
	find_sale_prices(guess);
	join_sides(guess);
	find_mode(guess);
	complete_keys(guess);
	row_kinds_find_skips(guess);
	row_kinds_fill_down(guess);
	find_next(guess);
	return true;
}

/* The census sends rows through the map, which has no value list before there is a census. */
static bool
start_census(struct map_guess *guess, struct glue_error *error)
{
	const struct map_text_facts facts = {.file_name = ""};
	const struct record header = {.line_number = 1,
								  .field_count = guess->table->column_count,
								  .fields = guess->table->headings,
								  .raw = text_of("")};
	struct byte_buffer text = {0};

	if (map_text_write(guess, &facts, &text, error))
		guess->census = category_census_new((struct text_view){text.data, text.used}, &header,
											&guess->categories, error);
	byte_buffer_clean_up(&text);
	return guess->census != NULL;
}

static bool
count_sample_categories(struct map_guess *guess)
{
	const struct sample_table *table = guess->table;

	for (int row = 0; row < table->row_count; row++)
	{
		const struct record record = {.row_number = row + 1,
									  .field_count = table->column_count,
									  .fields = &table->cells[(size_t) row * table->column_count],
									  .raw = text_of("")};

		if (!category_census_take(guess->census, &record))
			return false;
	}
	return true;
}

struct map_guess *
map_guess_new(const struct sample_table *table, const struct category_list *categories,
			  struct glue_error *error)
{
	struct map_guess *guess = glue_allocate_zero(sizeof(*guess));

	glue_error_clear(error);
	if (guess != NULL)
	{
		guess->table = table;
		guess->categories = *categories;
		for (int column = 0; column < COLUMN_COUNT; column++)
			guess->columns[column].heading = guess->next[column].heading = -1;
		if (fill(guess) && start_census(guess, error) && count_sample_categories(guess))
			return guess;
	}
	map_guess_destroy(guess);
	if (error->class == GLUE_NO_ERROR)
		glue_error_memory(error);
	return NULL;
}

void
map_guess_destroy(struct map_guess *guess)
{
	if (guess == NULL)
		return;
	category_census_destroy(guess->census);
	glue_release(guess->profiles);
	glue_release(guess->own_columns);
	glue_release(guess->matches);
	glue_release(guess->is_used);
	glue_release(guess->is_usable);
	glue_release(guess->is_repeated);
	glue_release(guess);
}

/* ----- categories of all rows ----- */

bool
map_guess_needs_rows(const struct map_guess *guess)
{
	return guess->columns[COLUMN_CATEGORY].heading >= 0 &&
		   guess->table->total_rows > guess->table->row_count;
}

bool
map_guess_begin_rows(struct map_guess *guess)
{
	return category_census_reset(guess->census);
}

bool
map_guess_take_row(void *context, const struct record *row)
{
	struct map_guess *guess = context;

	return category_census_take(guess->census, row);
}

const struct unknown_category *
map_guess_unknown_categories(const struct map_guess *guess, int *count, int64_t *more)
{
	return category_census_unknown(guess->census, count, more);
}
