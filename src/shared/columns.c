/*-------------------------------------------------------------------------
 *
 * columns.c
 *	  The column table of columns.h as data.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/columns.h"

#include <stddef.h>

/* A string of the table, where "" stands for none. */
#define STRING_OR_NULL(string) (sizeof(string) > 1 ? (string) : NULL)

const struct onboard_column_info onboard_columns[COLUMN_COUNT] = {
#define COLUMN_ROW(symbol, column_name, value_kind, is_required, lowest, highest, rule, \
				   blank_value, report_heading, template_value)                         \
	[COLUMN_##symbol] = {                                                               \
		.name = #column_name,                                                           \
		.kind = VALUE_##value_kind,                                                     \
		.required = is_required,                                                        \
		.max_characters = VALUE_##value_kind < VALUE_TEXT ? 0 : (int) (highest),        \
		.minimum = lowest,                                                              \
		.maximum = highest,                                                             \
		.blank = STRING_OR_NULL(blank_value),                                           \
		.heading = STRING_OR_NULL(report_heading),                                      \
		.example = template_value,                                                      \
	},
	ONBOARD_COLUMNS(COLUMN_ROW)
#undef COLUMN_ROW
};

enum onboard_column
column_by_name(struct text_view name)
{
	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		const char *known = onboard_columns[i].name;

		/* Most names differ in their first character. */
		if (name.length > 0 && name.data[0] == known[0] && text_equal(name, text_of(known)))
			return (enum onboard_column) i;
	}
	return COLUMN_NONE;
}

/* What the table guarantees for each column. */
#define COLUMN_CHECK(symbol, name, kind, required, minimum, maximum, ...)             \
	_Static_assert(0 <= (minimum) && (minimum) < (maximum), #name " has no range");   \
	_Static_assert(VALUE_##kind < VALUE_TEXT || (maximum) <= ONBOARD_MAX_FIELD_BYTES, \
				   #name " may be longer than a field");                              \
	_Static_assert(VALUE_##kind != VALUE_PIECES || (maximum) <= INT32_MAX,            \
				   #name " does not fit an integer");                                 \
	_Static_assert(VALUE_##kind != VALUE_MONEY || (maximum) <= INT64_C(9999999999),   \
				   #name " does not fit numeric(10,2)");                              \
	_Static_assert(VALUE_##kind != VALUE_KILOGRAMS || (maximum) <= INT64_C(99999999), \
				   #name " does not fit numeric(8,2)");
ONBOARD_COLUMNS(COLUMN_CHECK)
#undef COLUMN_CHECK
