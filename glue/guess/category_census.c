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
#include "reader/mapped_header.h"
#include "reader/row_map.h"
#include "reader/value_list.h"
#include "shared/suggest.h"

/* Nobody would fill in a list of more categories. */
#define MOST_VALUES 500

struct category_census
{
	/* immutable */
	const struct category_list *categories;
	struct file_map *map;
	struct mapped_header header;
	int place; /* of the category in a row; -1: the map has none */

	/* mutable */
	struct row_map *rows;
	int count;
	struct unknown_category values[MOST_VALUES]; /* value and key of each are in one block */
	int64_t more;                                /* rows with a value beyond these */
};

static bool
start_rows(struct category_census *census, struct glue_error *error)
{
	row_map_destroy(census->rows);
	census->rows = row_map_new(&census->header.columns, census->header.binding, error);
	return census->rows != NULL;
}

struct category_census *
category_census_new(struct text_view definition, const struct record *header,
					const struct category_list *categories, struct glue_error *error)
{
	struct category_census *census = glue_allocate_zero(sizeof(*census));

	if (census == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	census->categories = categories;
	census->map = file_map_of_definition(definition, categories, error);
	if (census->map != NULL && mapped_header_bind(&census->header, header, census->map, error) &&
		start_rows(census, error))
	{
		census->place = census->header.columns.position[COLUMN_CATEGORY];
		return census;
	}
	category_census_destroy(census);
	return NULL;
}

static void
forget_values(struct category_census *census)
{
	for (int i = 0; i < census->count; i++)
		glue_release((char *) census->values[i].value.data);
	census->count = 0;
	census->more = 0;
}

bool
category_census_reset(struct category_census *census)
{
	forget_values(census);
	return start_rows(census, NULL);
}

void
category_census_destroy(struct category_census *census)
{
	if (census == NULL)
		return;
	forget_values(census);
	row_map_destroy(census->rows);
	mapped_header_clean_up(&census->header);
	file_map_destroy(census->map);
	glue_release(census);
}

/* ----- counting ----- */

static struct unknown_category *
find_value(struct category_census *census, struct text_view key)
{
	for (int i = 0; i < census->count; i++)
	{
		if (text_equal(census->values[i].key, key))
			return &census->values[i];
	}
	return NULL;
}

/* Keep a value that was not found before. */
static bool
keep_value(struct category_census *census, struct text_view value, struct text_view key)
{
	char *copy = glue_allocate(value.length + 1 + key.length);

	if (copy == NULL)
		return false;
	memcpy(copy, value.data, value.length);
	copy[value.length] = '\0';
	memcpy(copy + value.length + 1, key.data, key.length);
	census->values[census->count++] = (struct unknown_category){
		.value = {copy, value.length},
		.rows = 1,
		.meant = category_suggest(value, census->categories),
		.key = {copy + value.length + 1, key.length},
	};
	return true;
}

/* Count a value that the list is asked for, unless it is one that no list can have. */
static bool
count_value(struct category_census *census, struct text_view value)
{
	const struct category_list *categories = census->categories;
	char buffer[VALUE_LIST_KEY_BYTES];
	struct text_view key = {buffer, 0};
	struct unknown_category *found;

	if (value.length == 0 || name_find(value, categories->names, categories->count) >= 0)
		return true;
	key.length = value_list_key(value, buffer);
	if (key.length == 0)
		return true;
	found = find_value(census, key);
	if (found != NULL)
		found->rows++;
	else if (census->count < MOST_VALUES)
		return keep_value(census, value, key);
	else
		census->more++;
	return true;
}

bool
category_census_take(struct category_census *census, const struct record *row)
{
	const struct record *applied;

	if (census->place < 0 || row->field_count < census->header.columns.header_count)
		return true;
	if (row_map_skips(census->rows, row))
		return row_map_pass(census->rows, row, true, NULL);
	applied = row_map_apply(census->rows, row);
	return (applied->defect_type != NULL ||
			count_value(census, text_trim(applied->fields[census->place]))) &&
		   row_map_pass(census->rows, row, false, NULL);
}

/* ----- results ----- */

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
	*count = 0;
	*more = 0;
	if (census == NULL)
		return NULL;
	qsort(census->values, (size_t) census->count, sizeof(census->values[0]), compare_values);
	*count = census->count;
	*more = census->more;
	return census->values;
}
