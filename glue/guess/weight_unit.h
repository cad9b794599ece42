/*-------------------------------------------------------------------------
 *
 * weight_unit.h
 *	  Units of weight, as they stand after numbers and in headings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_WEIGHT_UNIT_H
#define GLUE_WEIGHT_UNIT_H

#include "shared/text.h"

enum weight_unit
{
	WEIGHT_KILOGRAM,
	WEIGHT_GRAM,
	WEIGHT_MILLIGRAM,
	WEIGHT_TONNE,
	WEIGHT_POUND,
	WEIGHT_OUNCE,
	WEIGHT_UNIT_COUNT
};

/* Return the unit that a word is, whatever its case; WEIGHT_UNIT_COUNT for none. */
extern enum weight_unit weight_unit_of(struct text_view word);

/*
 * Return the unit that a heading names, such as "Gewicht (g)"; WEIGHT_UNIT_COUNT for
 * none.  Of several, it is the first in the order above.
 */
extern enum weight_unit weight_unit_of_heading(struct text_view heading);

/*
 * Return the transformation, as a map has it, that converts the unit to kilograms; NULL
 * for kilograms.
 */
extern const char *weight_unit_step(enum weight_unit unit);

#endif /* GLUE_WEIGHT_UNIT_H */
