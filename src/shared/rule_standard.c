/*-------------------------------------------------------------------------
 *
 * rule_standard.c
 *	  The standard rule settings, and the bounds that they set for all
 *	  others.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/rule_standard.h"

#define ALL_COLUMNS (~UINT64_C(0) >> (COLUMN_SET_SIZE - COLUMN_COUNT))

#define IF_REQUIRED(symbol, name, kind, required, ...) \
	| ((column_set) (required) << COLUMN_##symbol)
#define MAX_CHARACTERS(symbol, name, kind, required, minimum, maximum, ...) \
	[COLUMN_##symbol] = VALUE_##kind < VALUE_TEXT ? 0 : (int) (maximum),
#define RANGE(symbol, name, kind, required, minimum, maximum, ...) \
	[COLUMN_##symbol] = {(enum number_kind) VALUE_##kind, minimum, maximum},

/* Every rule has severity error, which is 0. */
const struct rule_settings rule_settings_standard = {
	.required = 0 ONBOARD_COLUMNS(IF_REQUIRED),
	.max_characters = {ONBOARD_COLUMNS(MAX_CHARACTERS)},
	.ranges = {ONBOARD_COLUMNS(RANGE)},
};

static void
narrow_range(struct number_range *range, const struct number_range *widest)
{
	range->kind = widest->kind;
	if (range->minimum < widest->minimum)
		range->minimum = widest->minimum;
	if (range->maximum > widest->maximum)
		range->maximum = widest->maximum;
}

void
rule_settings_narrow(struct rule_settings *settings)
{
	settings->required |= rule_settings_standard.required;
	settings->required &= ALL_COLUMNS;
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		int *limit = &settings->max_characters[column];
		int widest = rule_settings_standard.max_characters[column];

		if (*limit <= 0 || *limit > widest)
			*limit = widest;
		narrow_range(&settings->ranges[column], &rule_settings_standard.ranges[column]);
	}
}
