/*-------------------------------------------------------------------------
 *
 * row_kinds.c
 *	  Rows of a file that are not products, and cells that only the first of
 *	  several rows has.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdio.h>

#include "guess/row_kinds.h"
#include "reader/vocabulary.h"
#include "shared/appearance.h"
#include "shared/map_writing.h"

/* Up to one exception in this many rows is a fault of a single row. */
#define TOLERANCE 20

/* A column that tells kinds of rows apart has at most so many values. */
#define MOST_KINDS 8

/* Of these, at most so many are not products. */
#define MOST_SKIPPED_KINDS 4

/* A sum has so many summands, and differs from what is written by less than this. */
#define LEAST_SUMMANDS 2
#define SUM_TOLERANCE 0.005

/* Columns that all rows of a product share. */
static const enum onboard_column shared_columns[] = {
	COLUMN_PRODUCT_NAME, COLUMN_CATEGORY, COLUMN_SUBCATEGORY,
	COLUMN_DESCRIPTION,  COLUMN_BRAND,    COLUMN_IMAGE_URL,
};

/* How sure it is that rows are not products, by the evidence. */
#define SUM_PERCENT 98
#define LAST_ROW_PERCENT 95
#define WORD_PERCENT 85
#define ONLY_NUMBERS_PERCENT 75
#define NO_KEY_PERCENT 95
#define KIND_PERCENT 90

/* ----- the rows that the guess sees ----- */

/* Return how many there are: those of the sample, then the last ones of a longer file. */
static int
seen_rows(const struct map_guess *guess)
{
	return guess->table->row_count + guess->table->last_count;
}

static struct text_view
seen_cell(const struct map_guess *guess, int row, int heading)
{
	const struct sample_table *table = guess->table;

	if (row < table->row_count)
		return sample_cell(table, row, heading);
	return table->last_cells[(size_t) (row - table->row_count) * table->column_count + heading];
}

/* Is the cell of a heading blank in a row?  A heading of -1 is. */
static bool
is_blank(const struct map_guess *guess, int row, int heading)
{
	return heading < 0 || seen_cell(guess, row, heading).length == 0;
}

/* Does a skip match a row, as row_map.c compares them? */
static bool
matches(const struct map_guess *guess, const struct guessed_skip *skip, int row)
{
	return text_compare_folded(seen_cell(guess, row, skip->heading), skip->value) == 0;
}

static bool
is_skipped(const struct map_guess *guess, int row)
{
	for (int i = 0; i < guess->skip_count; i++)
	{
		if (matches(guess, &guess->skips[i], row))
			return true;
	}
	return false;
}

/* Add a skip, counting its rows; one for which there is no room is left out. */
static void
add_skip(struct map_guess *guess, struct guessed_skip skip)
{
	if (guess->skip_count == GUESS_MOST_SKIPS)
		return;
	skip.rows = 0;
	for (int row = 0; row < seen_rows(guess); row++)
		skip.rows += matches(guess, &skip, row);
	guess->skips[guess->skip_count++] = skip;
	guess->is_used[skip.heading] = true;
}

/* ----- totals ----- */

/* Columns that a product has and a total lacks. */
static const enum onboard_column product_columns[] = {COLUMN_SKU, COLUMN_VENDOR_PRODUCT_ID,
													  COLUMN_PRODUCT_NAME};

/* Does a row have numbers, and nothing else but words for totals, apart from this cell? */
static bool
has_only_numbers(const struct map_guess *guess, int row, int except)
{
	int count = 0;

	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		struct text_view cell = seen_cell(guess, row, heading);

		if (heading == except || cell.length == 0 || vocabulary_is_total(cell))
			continue;
		if (!cell_is_number(cell))
			return false;
		count++;
	}
	return count > 0;
}

/* Does a row lack what all products have, apart from this cell? */
static bool
lacks_product(const struct map_guess *guess, int row, int except)
{
	for (size_t i = 0; i < sizeof(product_columns) / sizeof(product_columns[0]); i++)
	{
		int heading = guess->columns[product_columns[i]].heading;

		if (heading != except && !is_blank(guess, row, heading))
			return false;
	}
	return true;
}

/*
 * Is a cell the sum of all above it, or of those since the total before?  Rows that are
 * skipped already are totals.
 */
static bool
is_sum(const struct map_guess *guess, int row, int heading)
{
	enum number_sign sign = cell_decimal_sign(&guess->profiles[heading]);
	double whole = 0;
	double part = 0;
	double number;
	double total;
	int count = 0;

	if (!cell_is_number(seen_cell(guess, row, heading)) ||
		!cell_number(seen_cell(guess, row, heading), sign, &total))
		return false;
	for (int above = 0; above < row; above++)
	{
		if (is_skipped(guess, above))
			part = 0;
		else if (cell_number(seen_cell(guess, above, heading), sign, &number))
		{
			whole += number;
			part += number;
			count++;
		}
	}
	return count >= LEAST_SUMMANDS && total != 0 &&
		   (fabs(whole - total) < SUM_TOLERANCE || fabs(part - total) < SUM_TOLERANCE);
}

/* Does a row have a sum?  Of a long file, not all rows above the last ones were seen. */
static bool
has_sum(const struct map_guess *guess, int row)
{
	for (int heading = 0; row < guess->table->row_count && heading < guess->table->column_count;
		 heading++)
	{
		if (is_sum(guess, row, heading))
			return true;
	}
	return false;
}

static bool
is_last_row(const struct map_guess *guess, int row)
{
	return row == seen_rows(guess) - 1;
}

/*
 * Return the heading under which a row has the word for a total, such as "Summe" in place
 * of a name, or -1.  In a file without names, that word may be a key, so the row must also
 * have a sum or be the last.
 */
static int
find_total(const struct map_guess *guess, int row)
{
	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		if (!guess->is_usable[heading] || !vocabulary_is_total(seen_cell(guess, row, heading)) ||
			!has_only_numbers(guess, row, heading) || !lacks_product(guess, row, heading))
			continue;
		if (guess->columns[COLUMN_PRODUCT_NAME].heading >= 0 || has_sum(guess, row) ||
			is_last_row(guess, row))
			return heading;
	}
	return -1;
}

/* Does a row that is no total have this value? */
static bool
is_of_product(const struct map_guess *guess, const struct guessed_skip *skip)
{
	for (int row = 0; row < seen_rows(guess); row++)
	{
		if (matches(guess, skip, row) && find_total(guess, row) != skip->heading)
			return true;
	}
	return false;
}

/* May the text be shown in a map?  A control character would change what a terminal shows. */
static bool
is_writable(struct text_view text)
{
	struct found_character found;

	return !text_find_character(text, is_control_character, &found);
}

/* Skip rows that a word for a total marks. */
static void
skip_totals(struct map_guess *guess)
{
	for (int row = 0; row < seen_rows(guess); row++)
	{
		struct guessed_skip skip = {.heading = find_total(guess, row), .what = "of totals"};

		if (skip.heading < 0 || is_skipped(guess, row))
			continue;
		skip.value = seen_cell(guess, row, skip.heading);
		skip.percent = has_sum(guess, row)       ? SUM_PERCENT
					   : is_last_row(guess, row) ? LAST_ROW_PERCENT
												 : WORD_PERCENT;
		if (is_writable(skip.value) && !is_of_product(guess, &skip))
			add_skip(guess, skip);
	}
}

/*
 * Skip rows without a key that have only sums, if there are no others without a key: a
 * product that lacks its key must be rejected, not skipped.  The sums in the last row of a
 * long file cannot be checked; it is skipped with less certainty.
 */
static void
skip_sums(struct map_guess *guess)
{
	int key = guess->columns[COLUMN_SKU].heading;
	struct guessed_skip skip = {
		.heading = key, .value = text_of(""), .what = "of sums, without a key"};
	bool are_proven = true;
	int count = 0;

	for (int row = 0; key >= 0 && row < seen_rows(guess); row++)
	{
		bool is_proven;

		if (!is_blank(guess, row, key) || is_skipped(guess, row))
			continue;
		is_proven = has_sum(guess, row);
		if (!has_only_numbers(guess, row, key) || !lacks_product(guess, row, key) ||
			!(is_proven || (is_last_row(guess, row) && row >= guess->table->row_count)))
			return;
		are_proven &= is_proven;
		count++;
	}
	skip.percent = are_proven ? SUM_PERCENT : ONLY_NUMBERS_PERCENT;
	if (count > 0)
		add_skip(guess, skip);
}

/* ----- rows without a price ----- */

/* The price of a file with sale prices is in either column. */
static bool
has_price(const struct map_guess *guess, int row)
{
	return !is_blank(guess, row, guess->columns[COLUMN_PRICE].heading) ||
		   !is_blank(guess, row, guess->columns[COLUMN_COMPARE_AT_PRICE].heading);
}

/* Does a row that is not skipped lack a price? */
static bool
lacks_price(const struct map_guess *guess, int row)
{
	return !has_price(guess, row) && !is_skipped(guess, row);
}

/* Headings that tell the kind of a row. */
static bool
names_kind(struct text_view heading)
{
	return vocabulary_has_word(heading, "type,typ,tipo,art,kind,rodzaj,soort,action");
}

/* Values of a column that tells kinds of rows apart. */
struct kinds
{
	int count;
	struct text_view values[MOST_SKIPPED_KINDS];
};

static bool
has_kind(const struct kinds *kinds, struct text_view value)
{
	for (int i = 0; i < kinds->count; i++)
	{
		if (text_compare_folded(kinds->values[i], value) == 0)
			return true;
	}
	return false;
}

/* Add a value to those that are skipped; false if there are too many. */
static bool
add_kind(struct kinds *kinds, struct text_view value)
{
	if (has_kind(kinds, value))
		return true;
	if (kinds->count == MOST_SKIPPED_KINDS || !is_writable(value))
		return false;
	kinds->values[kinds->count++] = value;
	return true;
}

/*
 * Collect the values that a column has in rows without a price; returns false unless these
 * are its values in no other row.
 */
static bool
collect_kinds(const struct map_guess *guess, int heading, struct kinds *kinds)
{
	const struct sample_table *table = guess->table;

	kinds->count = 0;
	for (int row = 0; row < table->row_count; row++)
	{
		struct text_view value = sample_cell(table, row, heading);

		if (lacks_price(guess, row) && (value.length == 0 || !add_kind(kinds, value)))
			return false;
	}
	for (int row = 0; row < table->row_count; row++)
	{
		if (has_price(guess, row) && has_kind(kinds, sample_cell(table, row, heading)))
			return false;
	}
	return kinds->count > 0;
}

/* Skip the kinds of rows that are not products, by a column such as the type of a row. */
static void
skip_kinds(struct map_guess *guess)
{
	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		const struct cell_profile *profile = &guess->profiles[heading];
		struct kinds kinds;

		if (guess->is_used[heading] || !guess->is_usable[heading] || profile->distinct < 2 ||
			profile->distinct > MOST_KINDS || profile->numbers > 0 ||
			!names_kind(guess->table->headings[heading]) || !collect_kinds(guess, heading, &kinds))
			continue;
		for (int i = 0; i < kinds.count; i++)
			add_skip(guess, (struct guessed_skip){.heading = heading,
												  .value = kinds.values[i],
												  .percent = KIND_PERCENT,
												  .what = "without a price"});
		return;
	}
}

/* Skip rows without a price, if they are no products. */
static void
skip_unpriced(struct map_guess *guess)
{
	int price = guess->columns[COLUMN_PRICE].heading;
	int compare = guess->columns[COLUMN_COMPARE_AT_PRICE].heading;
	/* Regular prices are in more rows than sale prices. */
	int marking = compare >= 0 && guess->profiles[compare].filled > guess->profiles[price].filled
					  ? compare
					  : price;
	int key = guess->columns[COLUMN_SKU].heading;
	int name = guess->columns[COLUMN_PRODUCT_NAME].heading;
	int count = 0;
	int keyed = 0;

	for (int row = 0; row < guess->table->row_count; row++)
	{
		if (!lacks_price(guess, row))
			continue;
		count++;
		keyed += !is_blank(guess, row, key) || (name >= 0 && !is_blank(guess, row, name));
	}
	if (keyed > 0)
		skip_kinds(guess);
	else if (count > 0)
		add_skip(guess, (struct guessed_skip){.heading = marking,
											  .value = text_of(""),
											  .percent = NO_KEY_PERCENT,
											  .what = "without a key or a price"});
}

void
row_kinds_find_skips(struct map_guess *guess)
{
	skip_totals(guess);
	skip_sums(guess);
	if (guess->columns[COLUMN_PRICE].heading >= 0 && guess->columns[COLUMN_SKU].heading >= 0)
		skip_unpriced(guess);
}

/* ----- cells to fill down ----- */

/* Return whether a row has a product's key and price, but not its name. */
static bool
continues_product(const struct map_guess *guess, int row)
{
	return !is_skipped(guess, row) &&
		   is_blank(guess, row, guess->columns[COLUMN_PRODUCT_NAME].heading) &&
		   !is_blank(guess, row, guess->columns[COLUMN_SKU].heading) && has_price(guess, row);
}

/*
 * Return whether a column has the same value in all rows of a product and another one
 * in the next: rows without a name repeat the value above, those with one do not.
 */
static bool
groups_rows(const struct map_guess *guess, int heading)
{
	const struct sample_table *table = guess->table;
	int name = guess->columns[COLUMN_PRODUCT_NAME].heading;
	int agree = 0;
	int disagree = 0;

	if (guess->profiles[heading].filled < table->row_count ||
		guess->profiles[heading].distinct == table->row_count)
		return false;
	for (int row = 1; row < table->row_count; row++)
	{
		bool repeats =
			text_equal(sample_cell(table, row, heading), sample_cell(table, row - 1, heading));

		if (repeats == is_blank(guess, row, name))
			agree++;
		else
			disagree++;
	}
	return agree > 0 && disagree * TOLERANCE <= agree;
}

static int
find_group(const struct map_guess *guess)
{
	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		if (guess->is_usable[heading] && groups_rows(guess, heading))
			return heading;
	}
	return -1;
}

/* Put fill_down before the steps of a column. */
static void
prepend_fill_down(struct map_guess *guess, struct guessed_column *column, int group)
{
	char steps[GUESS_STEPS_SIZE];
	struct text_builder builder;

	text_start(&builder, steps, sizeof(steps));
	text_add(&builder, text_of(" | fill_down"));
	if (group >= 0)
	{
		text_add(&builder, text_of("("));
		map_writing_add_text(&builder, guess->table->headings[group]);
		text_add(&builder, text_of(")"));
		guess->is_used[group] = true;
	}
	text_add(&builder, text_of(column->steps));
	text_finish(&builder);
	snprintf(column->steps, sizeof(column->steps), "%s", steps);
}

void
row_kinds_fill_down(struct map_guess *guess)
{
	int continuing = 0;
	int group;

	if (guess->columns[COLUMN_PRODUCT_NAME].heading < 0)
		return;
	for (int row = 1; row < guess->table->row_count; row++)
		continuing += continues_product(guess, row);
	if (continuing == 0)
		return;
	group = find_group(guess);
	/* A few rows without a name are faults of these rows. */
	if (group < 0 && continuing * TOLERANCE < guess->table->row_count)
		return;
	for (size_t i = 0; i < sizeof(shared_columns) / sizeof(shared_columns[0]); i++)
	{
		struct guessed_column *column = &guess->columns[shared_columns[i]];

		if (column->heading >= 0 &&
			guess->profiles[column->heading].filled < guess->table->row_count)
			prepend_fill_down(guess, column, group);
	}
}
