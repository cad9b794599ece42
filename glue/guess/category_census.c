/*-------------------------------------------------------------------------
 *
 * category_census.c
 *	  Counts the categories of a file that we do not have.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "guess/category_census.h"
#include "shared/category.h"
#include "shared/suggest.h"

/* Nobody would fill in a list of more categories. */
#define MOST_VALUES 500

struct category_census
{
	const struct category_list *categories;
	bool reads_paths;
	bool reads_lists;
	int count;
	struct unknown_category values[MOST_VALUES]; /* each value is a block of its own */
	int64_t more;                                /* rows with a value beyond these */
};

struct category_census *
category_census_new(const struct category_list *categories, bool reads_paths, bool reads_lists)
{
	struct category_census *census = glue_allocate_zero(sizeof(*census));

	if (census == NULL)
		return NULL;
	census->categories = categories;
	census->reads_paths = reads_paths;
	census->reads_lists = reads_lists;
	return census;
}

void
category_census_reset(struct category_census *census)
{
	for (int i = 0; i < census->count; i++)
		glue_release((char *) census->values[i].value.data);
	census->count = 0;
	census->more = 0;
}

void
category_census_destroy(struct category_census *census)
{
	if (census == NULL)
		return;
	category_census_reset(census);
	glue_release(census);
}

/* Will the map find one of our categories in a value? */
static bool
is_known(const struct category_census *census, struct text_view value)
{
	const struct category_list *categories = census->categories;

	if (census->reads_lists)
	{
		const char *end = memchr(value.data, ',', value.length);

		if (end != NULL)
			value.length = end - value.data;
	}
	return name_find(text_trim(value), categories->names, categories->count) >= 0 ||
		   (census->reads_paths && cell_has_known_part(value, categories));
}

static struct unknown_category *
find_value(struct category_census *census, struct text_view value)
{
	for (int i = 0; i < census->count; i++)
	{
		if (text_equal(census->values[i].value, value))
			return &census->values[i];
	}
	return NULL;
}

bool
category_census_add(struct category_census *census, struct text_view value)
{
	struct unknown_category *found = find_value(census, value);
	char *copy;

	if (found != NULL)
	{
		found->rows++;
		return true;
	}
	if (value.length == 0 || is_known(census, value))
		return true;
	if (census->count == MOST_VALUES)
	{
		census->more++;
		return true;
	}
	copy = glue_allocate(value.length + 1);
	if (copy == NULL)
		return false;
	memcpy(copy, value.data, value.length);
	copy[value.length] = '\0';
	census->values[census->count++] =
		(struct unknown_category){.value = {copy, value.length},
								  .rows = 1,
								  .meant = category_suggest(value, census->categories)};
	return true;
}

/* Most rows first, then by their bytes. */
static int
compare_values(const void *a, const void *b)
{
	const struct unknown_category *x = a;
	const struct unknown_category *y = b;

	if (x->rows != y->rows)
		return x->rows < y->rows ? 1 : -1;
	return text_compare(x->value, y->value);
}

const struct unknown_category *
category_census_unknown(struct category_census *census, int *count, int64_t *more)
{
	qsort(census->values, census->count, sizeof(census->values[0]), compare_values);
	*count = census->count;
	*more = census->more;
	return census->values;
}
