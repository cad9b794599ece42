/*-------------------------------------------------------------------------
 *
 * number.h
 *	  Strict parsing of vendors' numbers, and suggestions for the others.
 *
 * The grammar has ASCII digits only, and nothing may surround the number:
 *
 *	  decimal	[-] digits [. [digits]]		or	[-] . digits
 *	  whole		[-] digits
 *
 * Leading zeros are allowed; at most two digits may follow the decimal point,
 * counted as written (10.500 has three).  Plus signs, exponents, grouping,
 * currencies and NaN are not allowed.  A minus sign is accepted, and puts any
 * number below any range, even -0.  A number of any length is read to its end; one
 * that does not fit in an int64_t is above any range.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_NUMBER_H
#define ONBOARD_NUMBER_H

#include "shared/text.h"

/* The kind of quantity, which decides the grammar and what may be mended. */
enum number_kind
{
	NUMBER_MONEY,     /* decimal, in hundredths */
	NUMBER_KILOGRAMS, /* decimal, in hundredths */
	NUMBER_PIECES     /* whole */
};

/* Both ends are inclusive; hundredths for the decimal kinds. */
struct number_range
{
	enum number_kind kind;
	int64_t minimum;
	int64_t maximum;
};

/* If several apply, the first is reported. */
enum number_verdict
{
	NUMBER_VALID,
	NUMBER_NOT_PLAIN,   /* does not match the grammar */
	NUMBER_TOO_PRECISE, /* more than two digits after the point */
	NUMBER_BELOW,
	NUMBER_ABOVE
};

/* Enough for any suggestion, including the NUL. */
#define NUMBER_SUGGESTION_SIZE 32

/* Parse a number; *number is set only if the verdict is NUMBER_VALID. */
extern enum number_verdict
number_parse(struct text_view text, const struct number_range *range, int64_t *number);

/*
 * Write the number that a text plainly means, in the grammar above and within the
 * range, NUL-terminated.  Returns false, and an empty string, if the meaning is
 * not plain, if nothing needs mending, or if size is too small.
 *
 * Understood: one currency, or unit of the kind, at either end; a plus sign; an
 * exponent; digits grouped in threes, or as in India; a decimal comma with one or two
 * digits, or dashes, after it; insignificant zeros after the point; invisible and
 * full-width characters; a formula with the number as text.  A text with several
 * meanings has no plain one: a comma, or the point of a price, before the last three
 * digits may be decimal or not.
 */
extern bool number_suggest(struct text_view text, const struct number_range *range,
						   char *suggestion, size_t size);

/*
 * Return a trimmed text without the currency sign or code at one of its ends, and the
 * blanks beside it, if a number is next to it; otherwise the text itself.
 */
extern struct text_view number_without_currency(struct text_view text);

/*
 * Return whether the sign or code that number_without_currency() removes from a text
 * may stand for the currency with this code, which ends with NUL; an unknown sign
 * stands for none.
 */
extern bool number_has_currency(struct text_view text, struct text_view code);

#endif /* ONBOARD_NUMBER_H */
