/*-------------------------------------------------------------------------
 *
 * weight_unit.c
 *	  Units of weight, as they stand after numbers and in headings.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "guess/weight_unit.h"
#include "reader/vocabulary.h"

static const struct
{
	const char *words; /* of lower-case ASCII letters, separated by commas */
	const char *step;  /* to kilograms */
	bool is_vague;     /* in a heading, its words usually mean something else */
} units[WEIGHT_UNIT_COUNT] = {
	[WEIGHT_KILOGRAM] = {"kg,kgs,kilo", NULL, false},
	[WEIGHT_GRAM] = {"g,gr,gram,grams,gramm,grammes,gramos,grammi,gramas", "factor(0.001)", false},
	[WEIGHT_MILLIGRAM] = {"mg", "factor(0.000001)", false},
	/* A heading with a single T may be about depths or sizes. */
	[WEIGHT_TONNE] = {"t", "factor(1000)", true},
	[WEIGHT_POUND] = {"lb,lbs,pound,pounds", "factor(0.45359237)", false},
	[WEIGHT_OUNCE] = {"oz,ounces", "factor(0.028349523125)", false},
};

/* Is a word one of several, which are separated by commas? */
static bool
is_listed(const char *words, struct text_view word)
{
	for (const char *begin = words; *begin != '\0';)
	{
		size_t length = strcspn(begin, ",");

		if (text_compare_folded((struct text_view){begin, length}, word) == 0)
			return true;
		begin += length + (begin[length] == ',');
	}
	return false;
}

enum weight_unit
weight_unit_of(struct text_view word)
{
	for (int unit = 0; unit < WEIGHT_UNIT_COUNT; unit++)
	{
		if (is_listed(units[unit].words, word))
			return (enum weight_unit) unit;
	}
	return WEIGHT_UNIT_COUNT;
}

enum weight_unit
weight_unit_of_heading(struct text_view heading)
{
	for (int unit = 0; unit < WEIGHT_UNIT_COUNT; unit++)
	{
		if (!units[unit].is_vague && vocabulary_has_word(heading, units[unit].words))
			return (enum weight_unit) unit;
	}
	return WEIGHT_UNIT_COUNT;
}

const char *
weight_unit_step(enum weight_unit unit)
{
	return units[unit].step;
}
