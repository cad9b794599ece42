/*-------------------------------------------------------------------------
 *
 * transformation.c
 *	  The transformations that a map can apply to a cell.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/transformation.h"

#include "shared/suggest.h"

const struct transformation_info transformations[TRANSFORMATION_COUNT] = {
#define ONBOARD_TRANSFORMATION_INFO(symbol, name, usage, minimum, maximum, first, second, is_safe, \
									help)                                                          \
	{#name, usage, minimum, maximum, ARGUMENT_##first, ARGUMENT_##second, is_safe, help},
	ONBOARD_TRANSFORMATIONS(ONBOARD_TRANSFORMATION_INFO)
#undef ONBOARD_TRANSFORMATION_INFO
};

bool
transformation_by_name(struct text_view name, enum transformation *transformation)
{
	for (int i = 0; i < TRANSFORMATION_COUNT; i++)
	{
		if (text_equal(name, text_of(transformations[i].name)))
		{
			*transformation = (enum transformation) i;
			return true;
		}
	}
	return false;
}

const struct transformation_info *
transformation_suggest(struct text_view name)
{
	struct text_view names[TRANSFORMATION_COUNT];
	int found;

	for (int i = 0; i < TRANSFORMATION_COUNT; i++)
		names[i] = text_of(transformations[i].name);
	found = name_suggest(name, names, TRANSFORMATION_COUNT);
	return found >= 0 ? &transformations[found] : NULL;
}
