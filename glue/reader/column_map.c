/*-------------------------------------------------------------------------
 *
 * column_map.c
 *	  Maps the raw header of a file to the meaning of each field.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "reader/column_map.h"
#include "reader/header_fault.h"
#include "shared/heading.h"
#include "shared/suggest.h"
#include "shared/text.h"

/* "column_4096" and its NUL. */
#define BLANK_NAME_SIZE 12

/* Bytes shown of a heading in a message. */
#define SHOWN_NAME_BYTES 40

bool
column_map_is_heading(struct text_view text)
{
	return heading_column(text) != COLUMN_NONE;
}

/* Return how many bytes of a name to show in a message. */
static int
shown_length(struct text_view name)
{
	return (int) text_cut(name, SHOWN_NAME_BYTES);
}

/*
 * Write the message of a defect with the field number and, if known, the
 * column name, because people look for columns.
 */
static void
write_message(const struct record *record, const char *column, char message[RECORD_MESSAGE_SIZE])
{
	if (record->defect_field == 0)
		snprintf(message, RECORD_MESSAGE_SIZE, "%s", record->defect_message);
	else if (column == NULL)
		snprintf(message, RECORD_MESSAGE_SIZE, "field %d %s", record->defect_field,
				 record->defect_message);
	else
		snprintf(message, RECORD_MESSAGE_SIZE, "field %d (%s) %s", record->defect_field, column,
				 record->defect_message);
}

/* Return the total size of the names in bytes. */
static size_t
names_size(const struct text_view *fields, int field_count)
{
	size_t size = 1; /* never zero */

	for (int i = 0; i < field_count; i++)
		size += fields[i].length + BLANK_NAME_SIZE;
	return size;
}

/* Copy the names and assign each field its role. */
static void
assign_roles(struct column_map *map, const struct text_view *fields)
{
	char *next = map->names;

	for (int i = 0; i < map->field_count; i++)
	{
		struct mapped_field *field = &map->fields[i];
		struct text_view name = text_trim(fields[i]);

		field->name.data = next;
		field->name.length = name.length;
		if (name.length > 0)
			memcpy(next, name.data, name.length);
		else
			field->name.length = snprintf(next, BLANK_NAME_SIZE, "column_%d", i + 1);
		next += field->name.length;

		field->heading = field->name;
		field->key = field->name;
		field->column = heading_column(field->name);
		if (field->column != COLUMN_NONE)
		{
			field->role = FIELD_COLUMN;
			field->key = text_of(onboard_columns[field->column].name);
			if (map->position[field->column] < 0)
				map->position[field->column] = i;
		}
		else if (heading_matches(field->name, ONBOARD_ACTION_COLUMN))
		{
			field->role = FIELD_ACTION;
			map->action = i;
		}
		else if (heading_matches(field->name, ONBOARD_KEY_COLUMN))
		{
			field->role = FIELD_KEY_MEMO;
			map->key_memo = i;
		}
		else if (heading_is_reserved(field->name))
			field->role = FIELD_IGNORED;
		else
		{
			field->role = FIELD_ATTRIBUTE;
			map->attribute_count++;
		}
	}
}

/* Return whether a fix file added the field. */
static bool
is_added(const struct mapped_field *field)
{
	return field->role == FIELD_IGNORED || field->role == FIELD_KEY_MEMO;
}

column_set
column_map_columns(const struct column_map *map)
{
	column_set columns = 0;

	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (map->position[column] >= 0)
			columns |= column_bit((enum onboard_column) column);
	}
	return columns;
}

static bool
has_heading(const struct column_map *map, const char *heading)
{
	for (int i = 0; i < map->field_count; i++)
	{
		if (heading_matches(map->fields[i].name, heading))
			return true;
	}
	return false;
}

bool
column_map_is_fix_file(const struct column_map *map)
{
	return has_heading(map, ONBOARD_LINE_HEADING) && has_heading(map, ONBOARD_ERRORS_HEADING);
}

/*
 * Return whether a line without any of our headings is nevertheless a header:
 * several of its fields are common names for our columns.
 */
static bool
has_aliases(const struct column_map *map)
{
	int count = 0;

	for (int i = 0; i < map->field_count; i++)
		count += heading_alias(map->fields[i].name) != COLUMN_NONE;
	return count > 1;
}

static bool
check_known(const struct column_map *map, const struct record *header,
			const struct row_source_found *found, struct glue_error *error)
{
	return column_map_columns(map) != 0 || has_aliases(map) ||
		   header_fault_set(header, found, error);
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
		   (x->role != FIELD_ATTRIBUTE || text_compare_folded(x->name, y->name) == 0);
}

bool
column_map_ends_in_ours(const struct column_map *map)
{
	return is_added(&map->fields[map->header_count - 1]);
}

static bool
duplicate_fault(const struct column_map *map, const struct mapped_field *first,
				const struct mapped_field *second, struct glue_error *error)
{
	int positions[] = {(int) (first - map->fields) + 1, (int) (second - map->fields) + 1};

	if (text_compare_folded(first->name, second->name) == 0)
		return glue_error_set(
			error, GLUE_FILE_FAULT, "DUPLICATE_COLUMN",
			"columns %d and %d have the same name, \"%.*s\"; rename or remove one of them",
			positions[0], positions[1], shown_length(second->name), second->name.data);
	return glue_error_set(
		error, GLUE_FILE_FAULT, "DUPLICATE_COLUMN",
		"columns %d and %d, \"%.*s\" and \"%.*s\", are the same; rename or remove one of them",
		positions[0], positions[1], shown_length(first->name), first->name.data,
		shown_length(second->name), second->name.data);
}

/* Check that no two fields mean the same.  Ignored columns may repeat. */
static bool
check_duplicates(const struct column_map *map, struct glue_error *error)
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
			good = duplicate_fault(map, first, second, error);
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
	enum onboard_column column = heading_alias(heading);

	for (int i = 0; i < count && column != COLUMN_NONE; i++)
	{
		if (text_equal(missing[i], text_of(onboard_columns[column].name)))
			return i;
	}
	return column == COLUMN_NONE ? name_suggest(heading, missing, count) : -1;
}

/* For each missing column, find the first unknown heading that may mean it. */
static void
find_meant(const struct column_map *map, const struct text_view *missing, int count,
		   const struct mapped_field **meant)
{
	for (int i = 0; i < map->field_count; i++)
	{
		const struct mapped_field *field = &map->fields[i];
		int index;

		if (field->role != FIELD_ATTRIBUTE)
			continue;
		index = meant_column(field->name, missing, count);
		if (index >= 0 && meant[index] == NULL)
			meant[index] = field;
	}
}

/*
 * Report missing columns after this beginning of a sentence, with the headings
 * that may stand for them.
 */
static bool
report_missing(const struct column_map *map, const char *beginning, column_set columns,
			   struct glue_error *error)
{
	struct text_view missing[COLUMN_COUNT];
	const struct mapped_field *meant[COLUMN_COUNT] = {NULL};
	int count = list_names(columns, missing);
	char buffer[GLUE_ERROR_TEXT_SIZE];
	struct text_builder text;

	find_meant(map, missing, count, meant);
	text_start(&text, buffer, sizeof(buffer));
	for (int i = 0; i < count; i++)
	{
		text_add(&text, text_of(i > 0 ? ", " : ""));
		text_add(&text, missing[i]);
	}
	for (int i = 0; i < count; i++)
	{
		if (meant[i] == NULL)
			continue;
		text_add(&text, text_of("; if \""));
		text_add(&text, (struct text_view){meant[i]->name.data, shown_length(meant[i]->name)});
		text_add(&text, text_of("\" is meant, rename it to "));
		text_add(&text, missing[i]);
	}
	text_finish(&text);
	return glue_error_set(error, GLUE_FILE_FAULT, "MISSING_COLUMN", "%s: %s", beginning, buffer);
}

/* Check that the header has all the columns that the rows need. */
static bool
check_required(const struct column_map *map, const struct column_needs *needs,
			   struct glue_error *error)
{
	column_set columns = column_map_columns(map);
	enum upload_match match = apply_match(needs->match, columns);
	column_set missing = apply_required_columns(needs->mode, match) & ~columns;

	if (missing == 0)
		return true;
	/* Either key would suffice, and the file has neither. */
	if (needs->mode == MODE_UPDATE && needs->match == MATCH_COUNT)
		return report_missing(map, "the header must have one of these columns",
							  column_bit(COLUMN_VENDOR_PRODUCT_ID) | column_bit(COLUMN_SKU), error);
	return report_missing(map,
						  (missing & (missing - 1)) != 0
							  ? "required columns missing from the header"
							  : "required column missing from the header",
						  missing, error);
}

/* Fill a zeroed map. */
static bool
map_fields(struct column_map *map, const struct record *header, const struct column_needs *needs,
		   const struct row_source_found *found, struct glue_error *error)
{
	map->action = -1;
	map->key_memo = -1;
	for (int column = 0; column < COLUMN_COUNT; column++)
		map->position[column] = -1;
	map->names = glue_allocate(names_size(header->fields, header->field_count));
	map->fields = glue_allocate_zero(sizeof(*map->fields) * (header->field_count + 1));
	if (map->names == NULL || map->fields == NULL)
		return glue_error_memory(error);
	map->field_count = header->field_count;
	map->header_count = header->field_count;
	assign_roles(map, header->fields);
	return check_known(map, header, found, error) && check_duplicates(map, error) &&
		   check_required(map, needs, error);
}

/* Check that the header is readable, regardless of its names. */
static bool
check_header(const struct record *header, struct glue_error *error)
{
	char message[RECORD_MESSAGE_SIZE];

	if (header->fields != NULL)
		return true;
	write_message(header, NULL, message);
	return header_fault_set_unreadable(header, message, error);
}

bool
column_map_init(struct column_map *map, const struct record *header,
				const struct column_needs *needs, const struct row_source_found *found,
				struct glue_error *error)
{
	memset(map, 0, sizeof(*map));
	if (check_header(header, error) && map_fields(map, header, needs, found, error))
		return true;
	column_map_clean_up(map);
	return false;
}

bool
column_map_no_header(struct glue_error *error)
{
	return glue_error_set(error, GLUE_FILE_FAULT, "NO_HEADER", "the file holds blank lines only");
}

void
column_map_clean_up(struct column_map *map)
{
	glue_release(map->fields);
	glue_release(map->names);
	memset(map, 0, sizeof(*map));
}

/* ----- rows ----- */

/* Return the name of the column of a field, counted from 1, or NULL. */
static const char *
column_of(const struct column_map *map, int number)
{
	enum onboard_column column =
		number <= map->field_count ? map->fields[number - 1].column : COLUMN_NONE;

	return column != COLUMN_NONE ? onboard_columns[column].name : NULL;
}

/*
 * Return whether a record contains nothing of the vendor's: only our own
 * columns may have cells.
 */
static bool
is_empty(const struct column_map *map, const struct record *record)
{
	for (int i = 0; i < record->field_count; i++)
	{
		if ((i >= map->field_count || !is_added(&map->fields[i])) &&
			text_trim(record->fields[i]).length > 0)
			return false;
	}
	return record->fields != NULL;
}

/* Return whether a record repeats the header line, as in files that were joined.  */
static bool
is_header_again(const struct column_map *map, const struct record *record)
{
	if (record->field_count != map->field_count)
		return false;
	for (int i = 0; i < map->field_count; i++)
	{
		const struct mapped_field *field = &map->fields[i];
		struct text_view cell = text_trim(record->fields[i]);

		if (is_added(field))
			continue;
		if (field->role == FIELD_COLUMN
				? !heading_matches(cell, onboard_columns[field->column].name)
				: cell.length > 0 && text_compare_folded(cell, field->name) != 0)
			return false;
	}
	return true;
}

static const struct record *
with_defect(const struct record *record, const char *type, const char *message,
			struct column_map_scratch *scratch)
{
	scratch->row = *record;
	scratch->row.defect_type = type;
	scratch->row.defect_field = 0;
	scratch->row.defect_message = message;
	return &scratch->row;
}

const struct record *
column_map_row(const struct column_map *map, const struct record *record,
			   struct column_map_scratch *scratch)
{
	if (is_empty(map, record))
		return with_defect(record, RECORD_EMPTY_ROW, COLUMN_MAP_EMPTY_ROW, scratch);
	if (is_header_again(map, record))
		return with_defect(record, "MALFORMED_ROW",
						   "this is the header line again, not a row; remove the line", scratch);
	if (record->defect_field == 0)
		return record;
	write_message(record, column_of(map, record->defect_field), scratch->message);
	return with_defect(record, record->defect_type, scratch->message, scratch);
}
