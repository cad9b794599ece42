/*-------------------------------------------------------------------------
 *
 * cell_profile.h
 *	  What the cells of a column look like: prices, addresses, codes, prose.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CELL_PROFILE_H
#define GLUE_CELL_PROFILE_H

#include <stdbool.h>

#include "guess/sample.h"
#include "guess/weight_unit.h"
#include "shared/category.h"
#include "shared/text.h"

/* Signs between the digits of numbers. */
enum number_sign
{
	SIGN_POINT,
	SIGN_COMMA,
	SIGN_APOSTROPHE,
	SIGN_BLANK,
	SIGN_COUNT
};

/* Signs between several categories in a cell; they do not occur in paths. */
enum list_sign
{
	LIST_COMMA,
	LIST_SEMICOLON,
	LIST_SIGN_COUNT
};

/* Counts of cells, of a column or of those in which it has a value. */
struct cell_profile
{
	int cells;
	int filled;
	int distinct;       /* values */
	int64_t characters; /* of all values */

	/* numbers */
	int numbers;
	int wholes; /* without a fraction, however grouped */
	int negatives;
	int zeros;
	int decimal[SIGN_COUNT];    /* the sign is certainly decimal */
	int grouping[SIGN_COUNT];   /* it certainly groups thousands */
	int uncertain[SIGN_COUNT];  /* the only one, before the last three digits */
	bool may_group[SIGN_COUNT]; /* it groups in other columns of the file */
	int most_decimals;          /* digits of a fraction */
	int currencies;             /* a currency at one end */
	int percents;
	int pieces;                     /* a word such as "pcs" at the end */
	int weights[WEIGHT_UNIT_COUNT]; /* that unit at the end */
	int spaced_units;               /* a blank before the word or unit */
	double largest;                 /* digits as written, with the likely decimal sign */

	/* texts */
	int addresses; /* http:// or https:// */
	int images;    /* addresses whose path looks like that of a picture */
	int several_addresses;
	int image_names;    /* a picture's name without an address before it */
	int without_scheme; /* //host/picture.jpg */
	int codes;          /* short, no blanks, at least one digit */
	int barcodes;       /* 8 to 14 digits with a valid check digit */
	int sentences;      /* two words or more */
	int html;
	int entities;
	int paths;      /* parts divided by > or / or | */
	int dimensions; /* 10 x 20 x 30 */
	int units;      /* piece, kg, Stk., ... */

	/* categories */
	int categories;                       /* is one of ours */
	int path_categories;                  /* category_path finds one of ours */
	int list_categories[LIST_SIGN_COUNT]; /* it does in what first_of with the sign returns */
};

/*
 * Fill the profile of a column of a table.  Returns false if out of memory.
 */
extern bool cell_profile_fill(struct cell_profile *profile, const struct sample_table *table,
							  int column, const struct category_list *categories);

/* Return how many of the filled cells a count is, from 0 to 1; 0 if none is filled. */
static inline double
cell_share(const struct cell_profile *profile, int count)
{
	return profile->filled > 0 ? (double) count / profile->filled : 0;
}

/* Are the filled cells of a column numbers, with few exceptions? */
extern bool cell_are_numbers(const struct cell_profile *profile);

/*
 * Settle what the cells of a column of numbers leave open, by how often each sign is
 * certainly decimal, and certainly groups thousands, in the whole file.
 */
extern void cell_profile_settle(struct cell_profile *profile, const int decimal[SIGN_COUNT],
								const int grouping[SIGN_COUNT]);

/* Return the decimal sign of a column of numbers: SIGN_POINT, SIGN_COMMA. */
extern enum number_sign cell_decimal_sign(const struct cell_profile *profile);

/* Does this sign group thousands in the column? */
extern bool cell_sign_groups(const struct cell_profile *profile, enum number_sign sign);

/* Return the sign as a character; a blank stands for any. */
extern char number_sign_character(enum number_sign sign);

/*
 * Read a number with this decimal sign, whatever else is in the cell; false if it has
 * no number.
 */
extern bool cell_number(struct text_view cell, enum number_sign decimal, double *number);

/* Is a cell a number with little around it, such as a currency or a unit? */
extern bool cell_is_number(struct text_view cell);

/* Return the sign as a text, such as the argument of first_of. */
extern const char *list_sign_text(enum list_sign sign);

#endif /* GLUE_CELL_PROFILE_H */
