/*-------------------------------------------------------------------------
 *
 * number.h
 *	  Strict numbers as vendors may write them, and a mender for the others.
 *
 * The grammar, over ASCII digits only and with nothing around it:
 *
 *	  decimal	[-] digits [. [digits]]		or	[-] . digits
 *	  whole		[-] digits
 *
 * Any number of leading zeros; at most two digits after the point, counted as
 * written (10.500 has three).  No plus sign, exponent, grouping, currency or
 * NaN.  A minus sign is read, and puts any number below any range, also -0.
 * A number of any length is read to its end; one that no int64_t holds is
 * above any range.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_NUMBER_H
#define ONBOARD_NUMBER_H

#include "shared/text.h"

/* What is counted; says which grammar holds and what may be mended. */
enum number_kind
{
	NUMBER_MONEY,     /* decimal, in hundredths */
	NUMBER_KILOGRAMS, /* decimal, in hundredths */
	NUMBER_PIECES     /* whole */
};

/* Both ends belong to the range; hundredths for the decimal kinds. */
struct number_range
{
	enum number_kind kind;
	int64_t minimum;
	int64_t maximum;
};

/* When several hold, the first of them is told. */
enum number_verdict
{
	NUMBER_VALID,
	NUMBER_NOT_PLAIN,   /* not of the grammar */
	NUMBER_TOO_PRECISE, /* more than two digits after the point */
	NUMBER_BELOW,
	NUMBER_ABOVE
};

/* Enough for any suggestion, NUL included. */
#define NUMBER_SUGGESTION_SIZE 32

/* Read a number; *number is set only when the verdict is NUMBER_VALID. */
extern enum number_verdict
number_parse(struct text_view text, const struct number_range *range, int64_t *number);

/*
 * Write the number that a text plainly means, in the grammar above and within
 * the range, NUL-terminated.  Returns false, and an empty string, when it
 * means none plainly, when nothing is to be mended, or when size is too small.
 *
 * Understood: one currency, or unit of the kind, at either end; a plus sign;
 * an exponent; digits grouped in threes; a decimal comma with one or two
 * digits after it; zeros after the point that say nothing.
 */
extern bool number_suggest(struct text_view text, const struct number_range *range,
						   char *suggestion, size_t size);

#endif /* ONBOARD_NUMBER_H */
