/*-------------------------------------------------------------------------
 *
 * transform.c
 *	  Applies a transformation of a map to a value.
 *
 *-------------------------------------------------------------------------
 */
#include "reader/transform.h"

/* The function of each transformation; NULL if row_map.c carries it out. */
static transform_function *const functions[TRANSFORMATION_COUNT] = {
	[TRANSFORMATION_DECIMAL_COMMA] = transform_decimal_comma,
	[TRANSFORMATION_THOUSANDS] = transform_thousands,
	[TRANSFORMATION_STRIP_CURRENCY] = transform_strip_currency,
	[TRANSFORMATION_PERCENT] = transform_percent,
	[TRANSFORMATION_FACTOR] = transform_factor,
	[TRANSFORMATION_EXCHANGE] = transform_exchange,
	[TRANSFORMATION_DECIMALS] = transform_decimals,
	[TRANSFORMATION_AT_LEAST] = transform_at_least,
	[TRANSFORMATION_BLANK_ZERO] = transform_blank_zero,
	[TRANSFORMATION_VALUES] = transform_values,
	[TRANSFORMATION_CATEGORY_PATH] = transform_category_path,
	[TRANSFORMATION_FIRST_OF] = transform_first_of,
	[TRANSFORMATION_FILL_DOWN] = NULL,
	[TRANSFORMATION_SPLIT] = transform_split,
	[TRANSFORMATION_JOIN] = NULL,
	[TRANSFORMATION_PREFIX] = transform_prefix,
	[TRANSFORMATION_REPLACE] = transform_replace,
	[TRANSFORMATION_SLUG] = transform_slug,
	[TRANSFORMATION_STRIP_HTML] = transform_strip_html,
	[TRANSFORMATION_HTML_ENTITIES] = transform_html_entities,
	[TRANSFORMATION_UPPER] = transform_upper,
	[TRANSFORMATION_LOWER] = transform_lower,
	[TRANSFORMATION_YES_NO] = transform_yes_no,
	[TRANSFORMATION_DEFAULT] = transform_default,
};

struct text_view
transform_apply(const struct transform_step *step, struct text_view value,
				struct transform_room *room)
{
	/* Only one transformation does anything to a blank value. */
	if (value.length == 0 && step->transformation != TRANSFORMATION_DEFAULT)
		return value;
	return functions[step->transformation](step, value, room);
}
