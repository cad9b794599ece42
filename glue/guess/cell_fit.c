/*-------------------------------------------------------------------------
 *
 * cell_fit.c
 *	  How well the cells of a column fit one of our columns, and which
 *	  transformations make them fit.
 *
 * The numbers are estimates: they were chosen so that the files of
 * test/data/guess/ are mapped as a person would map them.
 *
 *-------------------------------------------------------------------------
 */
#include "guess/cell_fit.h"

#include "reader/vocabulary.h"

/* The fit of a column without values in the sample. */
#define FIT_WITHOUT_CELLS 60

/* Shares of the cells: nearly all of them, and a few. */
#define NEARLY_ALL 0.9
#define SOME 0.05

/* With fewer cells, what they have in common may be chance. */
#define FEW_CELLS 5

/* Weights above this, all of them whole, are grams. */
#define LARGEST_KILOGRAMS 200

/* Decimals of our numbers. */
#define OUR_DECIMALS 2

static double
mean_characters(const struct cell_profile *profile)
{
	return profile->filled > 0 ? (double) profile->characters / profile->filled : 0;
}

static double
distinct_share(const struct cell_profile *profile)
{
	return cell_share(profile, profile->distinct);
}

/* Are the cells addresses, and so no words? */
static bool
are_addresses(const struct cell_profile *profile)
{
	return cell_share(profile, profile->addresses) > 0.5;
}

static int
fractions(const struct cell_profile *profile)
{
	return profile->decimal[SIGN_POINT] + profile->decimal[SIGN_COMMA];
}

/* Return the sign that probably separates the categories of a cell. */
static enum list_sign
likely_list_sign(const struct cell_profile *profile)
{
	return profile->list_categories[LIST_SEMICOLON] > profile->list_categories[LIST_COMMA]
			   ? LIST_SEMICOLON
			   : LIST_COMMA;
}

/* Return how many cells are our categories after the steps that fit best. */
static int
known_categories(const struct cell_profile *profile)
{
	int listed = profile->list_categories[likely_list_sign(profile)];

	return listed > profile->path_categories ? listed : profile->path_categories;
}

/* ----- fit ----- */

static int
fit_key(const struct cell_profile *profile)
{
	double fit = distinct_share(profile);

	if (are_addresses(profile) || mean_characters(profile) > 50)
		return 5;
	if (fit < 0.6)
		return 10;
	if (cell_share(profile, fractions(profile)) > 0.5)
		fit *= 0.3;
	if (cell_share(profile, profile->sentences) > 0.7)
		fit *= 0.5;
	if (profile->filled < profile->cells * 0.3)
		fit *= 0.5;
	return (int) (100 * fit);
}

static int
fit_name(const struct cell_profile *profile)
{
	double mean = mean_characters(profile);

	if (are_addresses(profile) || cell_are_numbers(profile))
		return 5;
	if (mean < 3 || mean > 200)
		return 25;
	if (cell_share(profile, profile->html) > 0.3)
		return 40;
	return distinct_share(profile) < 0.1 && profile->filled > 20 ? 40 : 100;
}

static int
fit_category(const struct cell_profile *profile)
{
	if (cell_share(profile, known_categories(profile)) > 0.5)
		return 100;
	if (are_addresses(profile) || cell_are_numbers(profile))
		return 10;
	if (cell_share(profile, profile->paths) > 0.5)
		return 95;
	if (mean_characters(profile) > 60)
		return 15;
	return distinct_share(profile) > NEARLY_ALL && profile->filled > 10 ? 30 : 88;
}

static int
fit_description(const struct cell_profile *profile)
{
	if (are_addresses(profile) || cell_are_numbers(profile))
		return 5;
	if (cell_share(profile, profile->html) > SOME)
		return 100;
	return mean_characters(profile) >= 40 ? 100 : 55;
}

static int
fit_brand(const struct cell_profile *profile)
{
	if (are_addresses(profile) || cell_are_numbers(profile))
		return 10;
	if (mean_characters(profile) > 40)
		return 30;
	return distinct_share(profile) > NEARLY_ALL && profile->filled > 30 ? 60 : 100;
}

static int
fit_amount(const struct cell_profile *profile)
{
	if (cell_share(profile, profile->barcodes) > 0.5 || profile->largest > 1e8)
		return 5;
	if (profile->zeros == profile->filled)
		return 20;
	if (cell_share(profile, profile->percents) > 0.5)
		return 5;
	return (int) (100 * cell_share(profile, profile->numbers));
}

static int
fit_stock(const struct cell_profile *profile)
{
	if (cell_share(profile, profile->barcodes) > 0.5 || profile->largest > 1e6)
		return 5;
	if (profile->currencies > 0 || cell_share(profile, profile->numbers) < 0.5)
		return 10;
	/* Only yes or no. */
	if (profile->largest <= 1 && profile->filled > FEW_CELLS)
		return 40;
	return (int) (100 * cell_share(profile, profile->wholes));
}

static int
fit_unit(const struct cell_profile *profile)
{
	if (cell_share(profile, profile->units) > 0.5)
		return 100;
	if (cell_are_numbers(profile) || are_addresses(profile) || mean_characters(profile) > 15)
		return 5;
	return profile->distinct <= 10 ? 80 : 40;
}

static int
fit_dimensions(const struct cell_profile *profile)
{
	double share = cell_share(profile, profile->dimensions);

	return share > 0.5 ? (int) (100 * share) : 20;
}

static int
fit_image(const struct cell_profile *profile)
{
	return (int) (100 * cell_share(profile, profile->addresses + profile->without_scheme));
}

int
cell_fit(const struct cell_profile *profile, enum onboard_column column)
{
	if (profile->filled == 0)
		return FIT_WITHOUT_CELLS;
	switch (column)
	{
		case COLUMN_VENDOR_PRODUCT_ID:
		case COLUMN_SKU:
			return fit_key(profile);
		case COLUMN_PRODUCT_NAME:
			return fit_name(profile);
		case COLUMN_CATEGORY:
		case COLUMN_SUBCATEGORY:
			return fit_category(profile);
		case COLUMN_DESCRIPTION:
			return fit_description(profile);
		case COLUMN_BRAND:
			return fit_brand(profile);
		case COLUMN_PRICE:
		case COLUMN_COMPARE_AT_PRICE:
		case COLUMN_WEIGHT_KG:
			return fit_amount(profile);
		case COLUMN_STOCK_QUANTITY:
			return fit_stock(profile);
		case COLUMN_UNIT:
			return fit_unit(profile);
		case COLUMN_DIMENSIONS_CM:
			return fit_dimensions(profile);
		case COLUMN_IMAGE_URL:
			return fit_image(profile);
		default:
			return 0;
	}
}

/* ----- evidence ----- */

/* Are nearly all cells of this kind? */
static bool
are_nearly_all(const struct cell_profile *profile, int count)
{
	return cell_share(profile, count) >= NEARLY_ALL;
}

static bool
are_prices(const struct cell_profile *profile)
{
	int weights = 0;

	for (int unit = 0; unit < WEIGHT_UNIT_COUNT; unit++)
		weights += profile->weights[unit];
	return are_nearly_all(profile, profile->numbers) && profile->largest < 1e6 && weights == 0 &&
		   profile->percents == 0 && profile->most_decimals <= OUR_DECIMALS &&
		   (are_nearly_all(profile, profile->currencies) ||
			cell_share(profile, fractions(profile)) > 0.7);
}

static bool
are_codes(const struct cell_profile *profile)
{
	return are_nearly_all(profile, profile->codes) && profile->distinct == profile->filled &&
		   profile->filled == profile->cells && fractions(profile) == 0 &&
		   profile->addresses == 0 && profile->image_names == 0;
}

int
cell_evidence(const struct cell_profile *profile, enum onboard_column column)
{
	double mean = mean_characters(profile);

	if (profile->filled == 0)
		return 0;
	switch (column)
	{
		case COLUMN_SKU:
			if (!are_codes(profile))
				return 0;
			/* Barcodes are not the vendor's own keys. */
			return cell_share(profile, profile->barcodes) > 0.5 ? 0 : 48;
		case COLUMN_PRODUCT_NAME:
			return cell_share(profile, profile->sentences) > 0.7 && mean < 90 &&
						   distinct_share(profile) > 0.8 && profile->html == 0 &&
						   profile->dimensions == 0 && !cell_are_numbers(profile) &&
						   profile->filled == profile->cells
					   ? 50
					   : 0;
		case COLUMN_CATEGORY:
			return cell_share(profile, profile->path_categories) > 0.7 ? 85 : 0;
		case COLUMN_DESCRIPTION:
			return cell_share(profile, profile->html) > 0.5 ||
						   (mean > 120 && !are_addresses(profile))
					   ? 60
					   : 0;
		case COLUMN_PRICE:
			return are_prices(profile) && profile->filled > profile->cells * NEARLY_ALL ? 45 : 0;
		case COLUMN_IMAGE_URL:
			return are_nearly_all(profile, profile->images) ? 75 : 0;
		case COLUMN_DIMENSIONS_CM:
			return are_nearly_all(profile, profile->dimensions) ? 60 : 0;
		case COLUMN_UNIT:
			return are_nearly_all(profile, profile->units) && profile->distinct <= 10 ? 45 : 0;
		default:
			return 0;
	}
}

/* ----- reasons ----- */

static void
add(struct text_builder *builder, const char *text)
{
	text_add(builder, text_of(text));
}

static void
add_number_reason(const struct cell_profile *profile, const char *what, struct text_builder *reason)
{
	static const char *const names[SIGN_COUNT] = {[SIGN_POINT] = "a point",
												  [SIGN_COMMA] = "a comma",
												  [SIGN_APOSTROPHE] = "an apostrophe",
												  [SIGN_BLANK] = "a space"};

	add(reason, what);
	if (fractions(profile) > 0)
		add(reason, cell_decimal_sign(profile) == SIGN_COMMA ? " with a decimal comma"
															 : " with a decimal point");
	for (int sign = 0; sign < SIGN_COUNT; sign++)
	{
		if (cell_sign_groups(profile, (enum number_sign) sign))
		{
			add(reason, ", thousands with ");
			add(reason, names[sign]);
		}
	}
}

static void
add_distinct_reason(const struct cell_profile *profile, struct text_builder *reason)
{
	if (profile->distinct == profile->filled)
		add(reason, "every value is different");
	else
	{
		text_add_integer(reason, profile->distinct);
		add(reason, profile->distinct == 1 ? " value" : " different values");
	}
}

static void
add_category_reason(const struct cell_profile *profile, struct text_builder *reason)
{
	int known = known_categories(profile);

	if (known == profile->filled)
		add(reason, known == profile->categories ? "our categories"
					: profile->paths > 0         ? "paths to our categories"
												 : "our categories, written differently");
	else
	{
		add_distinct_reason(profile, reason);
		add(reason, known > 0 ? ", some are our categories" : ", none is one of our categories");
	}
}

void
cell_fit_reason(const struct cell_profile *profile, enum onboard_column column,
				struct text_builder *reason)
{
	if (profile->filled == 0)
	{
		add(reason, "no values yet");
		return;
	}
	switch (column)
	{
		case COLUMN_PRICE:
		case COLUMN_COMPARE_AT_PRICE:
			add_number_reason(profile, "prices", reason);
			break;
		case COLUMN_WEIGHT_KG:
			add_number_reason(profile, "numbers", reason);
			break;
		case COLUMN_STOCK_QUANTITY:
			add_number_reason(profile, "whole numbers", reason);
			break;
		case COLUMN_IMAGE_URL:
			add(reason,
				profile->several_addresses > 0 ? "addresses, several in a cell" : "addresses");
			break;
		case COLUMN_CATEGORY:
			add_category_reason(profile, reason);
			break;
		case COLUMN_DIMENSIONS_CM:
			add(reason, profile->dimensions > 0 ? "dimensions" : "texts");
			break;
		case COLUMN_DESCRIPTION:
		case COLUMN_PRODUCT_NAME:
			add(reason, profile->html > 0 ? "HTML" : "texts");
			break;
		default:
			add_distinct_reason(profile, reason);
			break;
	}
}

/* ----- steps ----- */

static void
add_step(struct text_builder *steps, const char *step)
{
	add(steps, " | ");
	add(steps, step);
}

/* Later prices may exceed a thousand, so prices are grouped like the file's other numbers. */
static void
add_thousands(const struct cell_profile *profile, bool are_prices, struct text_builder *steps)
{
	for (int sign = 0; sign < SIGN_COUNT; sign++)
	{
		char text[] = "thousands(\"?\")";

		if (!cell_sign_groups(profile, (enum number_sign) sign) &&
			!(are_prices && profile->may_group[sign]))
			continue;
		text[11] = number_sign_character((enum number_sign) sign);
		add_step(steps, text);
	}
}

/* Do three digits follow a sign that is assumed to be decimal? */
static bool
has_uncertain_fractions(const struct cell_profile *profile)
{
	return (profile->uncertain[SIGN_POINT] > 0 && !cell_sign_groups(profile, SIGN_POINT)) ||
		   (profile->uncertain[SIGN_COMMA] > 0 && !cell_sign_groups(profile, SIGN_COMMA));
}

/* Steps from a number as written to one with a decimal point. */
static void
add_number_steps(const struct cell_profile *profile, bool are_prices, struct text_builder *steps)
{
	if (profile->currencies > 0)
		add_step(steps, "strip_currency");
	add_thousands(profile, are_prices, steps);
	if (profile->decimal[SIGN_COMMA] > 0 ||
		(profile->uncertain[SIGN_COMMA] > 0 && !cell_sign_groups(profile, SIGN_COMMA)))
		add_step(steps, "decimal_comma");
}

static void
add_price_steps(const struct cell_profile *profile, enum onboard_column column,
				struct text_view heading, struct text_builder *steps)
{
	add_number_steps(profile, true, steps);
	if (fractions(profile) == 0 && vocabulary_has_word(heading, "cents,cent"))
		add_step(steps, "factor(0.01)");
	if (profile->most_decimals > OUR_DECIMALS)
		add_step(steps, "decimals(2)");
	/* Shops write 0 for "no list price". */
	if (column == COLUMN_COMPARE_AT_PRICE && profile->zeros > 0)
		add_step(steps, "blank_zero");
}

static void
add_stock_steps(const struct cell_profile *profile, struct text_builder *steps)
{
	if (profile->pieces > 0 && profile->spaced_units > 0)
		add_step(steps, "split(\" \", 1)");
	add_number_steps(profile, false, steps);
	if (fractions(profile) > 0 || has_uncertain_fractions(profile))
		add_step(steps, "decimals(0)");
	if (profile->negatives > 0)
		add_step(steps, "at_least(0)");
}

/* Return the unit that most weights have, or that the heading names. */
static enum weight_unit
find_weight_unit(const struct cell_profile *profile, struct text_view heading)
{
	enum weight_unit unit = WEIGHT_KILOGRAM;

	for (int i = 0; i < WEIGHT_UNIT_COUNT; i++)
	{
		if (profile->weights[i] > profile->weights[unit])
			unit = (enum weight_unit) i;
	}
	if (profile->weights[unit] > 0)
		return unit;
	unit = weight_unit_of_heading(heading);
	if (unit != WEIGHT_UNIT_COUNT)
		return unit;
	return fractions(profile) == 0 && profile->largest > LARGEST_KILOGRAMS ? WEIGHT_GRAM
																		   : WEIGHT_KILOGRAM;
}

static void
add_weight_steps(const struct cell_profile *profile, struct text_view heading,
				 struct text_builder *steps)
{
	enum weight_unit unit = find_weight_unit(profile, heading);
	const char *factor = weight_unit_step(unit);

	if (profile->weights[unit] > 0 && profile->spaced_units > 0)
		add_step(steps, "split(\" \", 1)");
	add_number_steps(profile, false, steps);
	if (factor != NULL)
		add_step(steps, factor);
	if (factor != NULL || profile->most_decimals > OUR_DECIMALS || has_uncertain_fractions(profile))
		add_step(steps, "decimals(2)");
	if (profile->zeros > 0 || factor != NULL)
		add_step(steps, "blank_zero");
}

static void
add_text_steps(const struct cell_profile *profile, struct text_builder *steps)
{
	if (profile->html > 0)
		add_step(steps, "strip_html");
	if (profile->entities > 0)
		add_step(steps, "html_entities");
}

static void
add_image_steps(const struct cell_profile *profile, struct text_builder *steps)
{
	if (profile->several_addresses > 0)
		add_step(steps, "first_of");
	if (profile->without_scheme > profile->addresses)
		add_step(steps, "prefix(\"https:\")");
}

static void
add_category_steps(const struct cell_profile *profile, struct text_builder *steps)
{
	enum list_sign sign = likely_list_sign(profile);
	bool are_lists = profile->list_categories[sign] > profile->path_categories;

	if (are_lists)
	{
		add_step(steps, "first_of(\"");
		add(steps, list_sign_text(sign));
		add(steps, "\")");
	}
	if (are_lists || profile->path_categories > profile->categories ||
		cell_share(profile, profile->paths) > 0.5)
		add_step(steps, "category_path");
}

void
cell_fit_steps(const struct cell_profile *profile, enum onboard_column column,
			   struct text_view heading, struct text_builder *steps)
{
	switch (column)
	{
		case COLUMN_PRICE:
		case COLUMN_COMPARE_AT_PRICE:
			add_price_steps(profile, column, heading, steps);
			break;
		case COLUMN_STOCK_QUANTITY:
			add_stock_steps(profile, steps);
			break;
		case COLUMN_WEIGHT_KG:
			add_weight_steps(profile, heading, steps);
			break;
		case COLUMN_PRODUCT_NAME:
		case COLUMN_DESCRIPTION:
			add_text_steps(profile, steps);
			break;
		case COLUMN_IMAGE_URL:
			add_image_steps(profile, steps);
			break;
		case COLUMN_CATEGORY:
			add_category_steps(profile, steps);
			break;
		default:
			break;
	}
}
