/*-------------------------------------------------------------------------
 *
 * rules_fuzz.c
 *	  Fuzz target: the rules and their suggestions.
 *
 * Each line of an input is the value of a column, in their order.  Findings are valid
 * texts, and what they suggest breaks the rule no more.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "shared/rule_standard.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct text_view categories[] = {
	{"Books", 5},           {"Children", 8}, {"Garden & Tools", 14},
	{"Home, Kitchen", 13},  {"Kitchen", 7},  {"Knives", 6},
	{"Men's Clothing", 14}, {"Shoes", 5},    {"T\303\251l", 4},
};
static const int parents[] = {-1, 0, -1, -1, 3, 4, -1, 6, -1};

/* Copy a value, so that a byte read after its end is found. */
static struct text_view
copy_value(const char *data, size_t length)
{
	char *copy = malloc(length + (length == 0));

	memcpy(copy, data, length);
	return (struct text_view){copy, length};
}

static void
check_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	if (length == size || !utf8_is_valid((struct text_view){text, length}))
		abort();
}

/* Judge the row with a suggestion in place: the rule must accept it. */
static void
check_suggestion(const struct product_row *row, const struct rule_settings *settings,
				 const struct finding *finding)
{
	struct product_row mended = *row;
	struct findings findings;

	mended.raw[finding->column] = copy_value(finding->suggestion, strlen(finding->suggestion));
	row_trim(&mended);
	rules_judge(&mended, settings, &findings);
	for (int i = 0; i < findings.count; i++)
	{
		if (findings.items[i].column == finding->column && findings.items[i].rule == finding->rule)
			abort();
	}
	free((char *) mended.raw[finding->column].data);
}

static void
judge(struct product_row *row, const struct rule_settings *settings)
{
	struct findings findings;

	row_trim(row);
	rules_judge(row, settings, &findings);
	for (int i = 0; i < findings.count; i++)
	{
		const struct finding *finding = &findings.items[i];

		check_text(finding->message, sizeof(finding->message));
		check_text(finding->suggestion, sizeof(finding->suggestion));
		(void) rule_is_guess(text_of(finding->rule->code), finding->rejected,
							 text_of(finding->suggestion));
		if (finding->suggestion[0] != '\0' && finding->column != COLUMN_NONE)
			check_suggestion(row, settings, finding);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rule_settings settings = rule_settings_standard;
	struct product_row row = {.category_number = -1};
	const char *value = (const char *) data;
	const char *end = value + size;

	if (!utf8_is_valid((struct text_view){value, size}) || memchr(data, '\0', size) != NULL)
		return -1;
	settings.categories = (struct category_list){
		.names = categories,
		.parents = parents,
		.count = sizeof(categories) / sizeof(categories[0]),
	};
	for (int column = 0; column < COLUMN_COUNT && value < end; column++)
	{
		const char *stop = memchr(value, '\n', (size_t) (end - value));
		size_t length = (size_t) ((stop != NULL ? stop : end) - value);

		row.raw[column] = copy_value(value, length);
		value += length + 1;
	}
	judge(&row, &settings);
	for (int column = 0; column < COLUMN_COUNT; column++)
		free((char *) row.raw[column].data);
	return 0;
}
