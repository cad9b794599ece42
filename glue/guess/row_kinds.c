/*-------------------------------------------------------------------------
 *
 * row_kinds.c
 *	  Rows of a file that are not products, and cells that only the first of
 *	  several rows has.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "guess/row_kinds.h"
#include "reader/vocabulary.h"
#include "shared/map_writing.h"

/* Up to one exception in this many rows is a fault of a single row. */
#define TOLERANCE 20

/* A column that tells kinds of rows apart has at most so many values. */
#define MOST_KINDS 8

/* Columns that all rows of a product share. */
static const enum onboard_column shared_columns[] = {
	COLUMN_PRODUCT_NAME, COLUMN_CATEGORY, COLUMN_SUBCATEGORY,
	COLUMN_DESCRIPTION,  COLUMN_BRAND,    COLUMN_IMAGE_URL,
};

/* Is the cell of a heading blank in a row?  A heading of -1 is. */
static bool
is_blank(const struct map_guess *guess, int row, int heading)
{
	return heading < 0 || sample_cell(guess->table, row, heading).length == 0;
}

/* Is a value among those that are skipped? */
static bool
has_value(const struct guessed_skip *skip, struct text_view value)
{
	for (int i = 0; i < skip->count; i++)
	{
		if (text_equal(skip->values[i], value))
			return true;
	}
	return false;
}

static bool
is_skipped(const struct map_guess *guess, int row)
{
	const struct guessed_skip *skip = &guess->skip;

	if (skip->heading < 0)
		return false;
	return skip->count == 0 ? is_blank(guess, row, skip->heading)
							: has_value(skip, sample_cell(guess->table, row, skip->heading));
}

/* ----- rows that are not products ----- */

/* The price of a file with sale prices is in either column. */
static bool
has_price(const struct map_guess *guess, int row)
{
	return !is_blank(guess, row, guess->columns[COLUMN_PRICE].heading) ||
		   !is_blank(guess, row, guess->columns[COLUMN_COMPARE_AT_PRICE].heading);
}

/* Headings that tell the kind of a row. */
static bool
names_kind(struct text_view heading)
{
	return vocabulary_has_word(heading, "type,typ,tipo,art,kind,rodzaj,soort,action");
}

/* Add a value to those that are skipped; false if there are too many. */
static bool
add_value(struct guessed_skip *skip, struct text_view value)
{
	if (has_value(skip, value))
		return true;
	if (skip->count == GUESS_MOST_SKIPS)
		return false;
	skip->values[skip->count++] = value;
	return true;
}

/*
 * Collect the values that a column has in rows without a price; returns false unless these
 * are its values in no other row.
 */
static bool
collect_kinds(const struct map_guess *guess, int heading, struct guessed_skip *skip)
{
	const struct sample_table *table = guess->table;

	*skip = (struct guessed_skip){.heading = heading};
	for (int row = 0; row < table->row_count; row++)
	{
		struct text_view value = sample_cell(table, row, heading);

		if (!has_price(guess, row) && (value.length == 0 || !add_value(skip, value)))
			return false;
	}
	for (int row = 0; row < table->row_count; row++)
	{
		if (has_price(guess, row) && has_value(skip, sample_cell(table, row, heading)))
			return false;
	}
	return skip->count > 0;
}

/* Find a column such as the type of a row, some values of which mark rows that are not products. */
static bool
find_kind_column(struct map_guess *guess)
{
	for (int heading = 0; heading < guess->table->column_count; heading++)
	{
		const struct cell_profile *profile = &guess->profiles[heading];

		if (!guess->is_used[heading] && guess->is_usable[heading] && profile->distinct >= 2 &&
			profile->distinct <= MOST_KINDS && profile->numbers == 0 &&
			names_kind(guess->table->headings[heading]) &&
			collect_kinds(guess, heading, &guess->skip))
			return true;
	}
	guess->skip.heading = -1;
	return false;
}

void
row_kinds_find_skip(struct map_guess *guess)
{
	int price = guess->columns[COLUMN_PRICE].heading;
	int key = guess->columns[COLUMN_SKU].heading;
	int name = guess->columns[COLUMN_PRODUCT_NAME].heading;
	int count = 0;
	int keyed = 0;

	if (price < 0 || key < 0)
		return;
	for (int row = 0; row < guess->table->row_count; row++)
	{
		if (has_price(guess, row))
			continue;
		count++;
		keyed += !is_blank(guess, row, key) || (name >= 0 && !is_blank(guess, row, name));
	}
	if (count == 0)
		return;
	if (keyed == 0)
	{
		int compare = guess->columns[COLUMN_COMPARE_AT_PRICE].heading;

		/* Regular prices are in more rows than sale prices. */
		guess->skip.count = 0;
		guess->skip.heading =
			compare >= 0 && guess->profiles[compare].filled > guess->profiles[price].filled
				? compare
				: price;
	}
	else if (!find_kind_column(guess))
		return;
	guess->skip.rows = count;
	guess->is_used[guess->skip.heading] = true;
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
