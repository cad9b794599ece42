/*-------------------------------------------------------------------------
 *
 * header_check.c
 *	  Whether a header has what the rows of its file need.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "base/heap.h"
#include "reader/file_map.h"
#include "reader/header_check.h"
#include "reader/header_fault.h"
#include "reader/header_line.h"
#include "reader/vocabulary.h"
#include "shared/heading.h"
#include "shared/suggest.h"
#include "shared/text.h"

/* Bytes shown of a heading in a message. */
#define SHOWN_HEADING_BYTES 40

/* Return how many bytes of a heading to show in a message. */
static int
shown_length(struct text_view heading)
{
	return (int) text_cut(heading, SHOWN_HEADING_BYTES);
}

/*
 * Return whether a line without any of our headings is nevertheless a header:
 * several of its fields are common names for our columns.
 */
static bool
has_aliases(const struct header_map *map)
{
	int count = 0;

	for (int i = 0; i < map->header_count; i++)
		count += vocabulary_column(map->fields[i].heading) != COLUMN_NONE;
	return count >= HEADER_FEWEST_HEADINGS;
}

/* Does the file have one of our columns?  A map may add others. */
static bool
has_columns(const struct header_map *map)
{
	for (int i = 0; i < map->header_count; i++)
	{
		if (map->fields[i].role == FIELD_COLUMN)
			return true;
	}
	return false;
}

static bool
check_known(const struct header_map *map, const struct record *header,
			const struct column_needs *needs, const struct row_source_found *found,
			struct glue_error *error)
{
	char cause[HEADER_CAUSE_SIZE];

	/* A recognized cause says more than columns that are missing. */
	return has_columns(map) ||
		   (!header_fault_recognize(header, found, needs->map, cause) && has_aliases(map)) ||
		   header_fault_set(header, cause, needs->map, error);
}

static int
compare_fields(const void *a, const void *b)
{
	const struct mapped_field *x = *(const struct mapped_field *const *) a;
	const struct mapped_field *y = *(const struct mapped_field *const *) b;
	int order = (int) x->role - (int) y->role;

	if (order == 0)
		order = (int) x->column - (int) y->column;
	if (order == 0 && x->role == FIELD_ATTRIBUTE)
		order = text_compare_folded(x->name, y->name);
	/* Order equal names by position, for a stable message. */
	return order != 0 ? order : x < y ? -1 : x > y;
}

/*
 * Return whether two fields have the same meaning.  Attributes are compared without
 * regard to case only, because other differences may matter to their vendor.
 */
static bool
are_same(const struct mapped_field *x, const struct mapped_field *y)
{
	return x->role == y->role && x->column == y->column && x->role != FIELD_IGNORED &&
		   x->role != FIELD_UNUSED &&
		   (x->role != FIELD_ATTRIBUTE || text_compare_folded(x->name, y->name) == 0);
}

bool
header_check_twice(const struct header_map *map, const struct mapped_field *first,
				   const struct mapped_field *second, struct glue_error *error)
{
	int positions[] = {(int) (first - map->fields) + 1, (int) (second - map->fields) + 1};

	if (text_compare_folded(first->heading, second->heading) == 0)
		return glue_error_set(
			error, GLUE_FILE_FAULT, "DUPLICATE_COLUMN",
			"columns %d and %d have the same name, \"%.*s\"; rename or remove one of them",
			positions[0], positions[1], shown_length(second->heading), second->heading.data);
	return glue_error_set(
		error, GLUE_FILE_FAULT, "DUPLICATE_COLUMN",
		"columns %d and %d, \"%.*s\" and \"%.*s\", are the same; rename or remove one of them",
		positions[0], positions[1], shown_length(first->heading), first->heading.data,
		shown_length(second->heading), second->heading.data);
}

/* Check that no two fields mean the same.  Ignored columns may repeat. */
static bool
check_duplicates(const struct header_map *map, struct glue_error *error)
{
	struct mapped_field **sorted;
	bool good = true;

	sorted = glue_allocate(sizeof(*sorted) * map->field_count);
	if (sorted == NULL)
		return glue_error_memory(error);
	for (int i = 0; i < map->field_count; i++)
		sorted[i] = &map->fields[i];
	qsort(sorted, map->field_count, sizeof(*sorted), compare_fields);
	for (int i = 1; i < map->field_count && good; i++)
	{
		const struct mapped_field *first = sorted[i - 1];
		const struct mapped_field *second = sorted[i];

		if (are_same(first, second))
			good = header_check_twice(map, first, second, error);
	}
	glue_release(sorted);
	return good;
}

/* List the names of columns; returns how many. */
static int
list_names(column_set columns, struct text_view *names)
{
	int count = 0;

	for (; columns != 0; columns &= columns - 1)
		names[count++] = text_of(onboard_columns[column_first(columns)].name);
	return count;
}

/* Return the index of the missing column that an unknown heading may mean, or -1. */
static int
meant_column(struct text_view heading, const struct text_view *missing, int count)
{
	enum onboard_column column = vocabulary_column(heading);

	for (int i = 0; i < count && column != COLUMN_NONE; i++)
	{
		if (text_equal(missing[i], text_of(onboard_columns[column].name)))
			return i;
	}
	return column == COLUMN_NONE ? name_suggest(heading, missing, count) : -1;
}

/* For each missing column, find the first unknown heading that may mean it. */
static void
find_meant(const struct header_map *map, const struct text_view *missing, int count,
		   const struct mapped_field **meant)
{
	for (int i = 0; i < map->header_count; i++)
	{
		const struct mapped_field *field = &map->fields[i];
		int index;

		if (field->role != FIELD_ATTRIBUTE)
			continue;
		index = meant_column(field->heading, missing, count);
		if (index >= 0 && meant[index] == NULL)
			meant[index] = field;
	}
}

static void
add_heading(struct text_builder *text, struct text_view heading)
{
	text_add(text, text_of("\""));
	text_add(text, (struct text_view){heading.data, shown_length(heading)});
	text_add(text, text_of("\""));
}

/* Add which headings the vendor's map looks for. */
static void
add_looked_for(struct text_builder *text, const struct map_use *use)
{
	text_add(text, text_of(" (the map looks for it in "));
	for (int i = 0; i < use->heading_count; i++)
	{
		text_add(text, text_of(i > 0 ? " or " : ""));
		add_heading(text, use->headings[i]);
	}
	text_add(text, text_of(")"));
}

/* Advise that a heading of the file may stand for a missing column. */
static void
advise_meant(struct glue_error *error, struct text_view heading, struct text_view column,
			 bool has_file_map)
{
	glue_error_advise(error, "; if \"%.*s\" is meant, %s %.*s", shown_length(heading), heading.data,
					  has_file_map ? "write it into the map for" : "rename it to",
					  (int) column.length, column.data);
}

/*
 * Report missing columns after this beginning of a sentence, and advise on the headings
 * that may stand for them.
 */
static bool
report_missing(const struct header_map *map, const struct column_needs *needs,
			   const char *beginning, column_set columns, struct glue_error *error)
{
	struct text_view missing[COLUMN_COUNT];
	const struct mapped_field *meant[COLUMN_COUNT] = {NULL};
	int count = list_names(columns, missing);
	char buffer[GLUE_ERROR_TEXT_SIZE];
	struct text_builder text;

	find_meant(map, missing, count, meant);
	text_start(&text, buffer, sizeof(buffer));
	for (int i = 0; i < count; i++, columns &= columns - 1)
	{
		const struct map_use *use =
			needs->map != NULL ? file_map_use(needs->map, column_first(columns)) : NULL;

		text_add(&text, text_of(i > 0 ? ", " : ""));
		text_add(&text, missing[i]);
		if (use != NULL)
			add_looked_for(&text, use);
	}
	text_finish(&text);
	glue_error_set(error, GLUE_FILE_FAULT, "MISSING_COLUMN", "%s: %s", beginning, buffer);
	for (int i = 0; i < count; i++)
	{
		if (meant[i] != NULL)
			advise_meant(error, meant[i]->heading, missing[i], needs->map != NULL);
	}
	return false;
}

/* Check that the header has all the columns that the rows need. */
static bool
check_required(const struct header_map *map, const struct column_needs *needs,
			   struct glue_error *error)
{
	column_set columns = header_map_columns(map);
	enum upload_match match = apply_match(needs->match, columns);
	column_set missing = apply_required_columns(needs->mode, match) & ~columns;

	if (missing == 0)
		return true;
	/* Either key would suffice, and the file has neither. */
	if (needs->mode == MODE_UPDATE && needs->match == MATCH_COUNT)
		return report_missing(map, needs, "the header must have one of these columns",
							  column_bit(COLUMN_VENDOR_PRODUCT_ID) | column_bit(COLUMN_SKU), error);
	return report_missing(map, needs,
						  (missing & (missing - 1)) != 0
							  ? "required columns missing from the header"
							  : "required column missing from the header",
						  missing, error);
}

bool
header_check(const struct header_map *map, const struct record *header,
			 const struct column_needs *needs, const struct row_source_found *found,
			 struct glue_error *error)
{
	return check_known(map, header, needs, found, error) && check_duplicates(map, error) &&
		   check_required(map, needs, error);
}
