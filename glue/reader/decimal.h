/*-------------------------------------------------------------------------
 *
 * decimal.h
 *	  Exact arithmetic on decimal numbers that are written as text.
 *
 * Prices must not pass through binary fractions, and a factor may have more digits
 * than any integer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_DECIMAL_H
#define GLUE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

/* Digits that a text may have, and a product of two. */
#define DECIMAL_READ_DIGITS 40
#define DECIMAL_MAX_DIGITS (2 * DECIMAL_READ_DIGITS)

/* Enough for any decimal as text: a sign, digits, a point, a zero before it, and a NUL. */
#define DECIMAL_TEXT_SIZE (DECIMAL_MAX_DIGITS + 4)

struct decimal
{
	bool is_negative;
	int digit_count;                          /* with leading zeros */
	int fraction;                             /* of these digits, how many follow the point */
	unsigned char digits[DECIMAL_MAX_DIGITS]; /* 0 to 9, the most significant first */
};

/*
 * Read digits with an optional minus sign before and an optional point in them.
 * Returns false if the text is anything else or has more than DECIMAL_READ_DIGITS.
 */
extern bool decimal_read(struct text_view text, struct decimal *number);

/* Is the number zero, with whatever sign? */
extern bool decimal_is_zero(const struct decimal *number);

/* Return a negative number, 0 or a positive one if a is less than b, equal or greater. */
extern int decimal_compare(const struct decimal *a, const struct decimal *b);

/* Multiply two numbers that were read. */
extern void
decimal_multiply(const struct decimal *a, const struct decimal *b, struct decimal *product);

/*
 * Round to this many digits after the point, half away from zero, and add zeros up to
 * them.  Returns false if the number would have too many digits.
 */
extern bool decimal_round(struct decimal *number, int fraction);

/* Drop the zeros that end the fraction, and the point with them. */
extern void decimal_drop_zeros(struct decimal *number);

/* Write a number without leading zeros, NUL-terminated; returns its length. */
extern size_t decimal_write(const struct decimal *number, char text[DECIMAL_TEXT_SIZE]);

#endif /* GLUE_DECIMAL_H */
