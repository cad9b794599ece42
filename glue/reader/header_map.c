/*-------------------------------------------------------------------------
 *
 * header_map.c
 *	  Maps the raw header of a file to the meaning of each field.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "reader/header_map.h"
#include "shared/heading.h"
#include "shared/text.h"

/* "column_4096" and its NUL. */
#define BLANK_NAME_SIZE 12

/* Bytes shown of a heading in a message. */
#define SHOWN_NAME_BYTES 40

bool
header_map_is_heading(const void *needs, struct text_view text)
{
	return file_map_is_heading(needs != NULL ? ((const struct column_needs *) needs)->map : NULL,
							   text);
}

struct text_view
header_map_header_mark(const void *needs)
{
	const struct file_map *map = needs != NULL ? ((const struct column_needs *) needs)->map : NULL;

	return map != NULL ? map->header : (struct text_view){NULL, 0};
}

/* ----- the header ----- */

/* Return the total size of the names in bytes. */
static size_t
names_size(const struct text_view *fields, int field_count)
{
	size_t size = 1; /* never zero */

	for (int i = 0; i < field_count; i++)
		size += fields[i].length + BLANK_NAME_SIZE;
	return size;
}

/* Copy the headings, and give those that are blank a name. */
static void
copy_headings(struct header_map *map, const struct text_view *fields)
{
	char *next = map->names;

	for (int i = 0; i < map->header_count; i++)
	{
		struct text_view *heading = &map->fields[i].heading;
		struct text_view text = text_trim(fields[i]);

		*heading = (struct text_view){next, text.length};
		if (text.length > 0)
			memcpy(next, text.data, text.length);
		else
			heading->length = (size_t) snprintf(next, BLANK_NAME_SIZE, "column_%d", i + 1);
		next += heading->length;
	}
}

bool
header_map_init(struct header_map *map, const struct record *header, int more,
				struct glue_error *error)
{
	memset(map, 0, sizeof(*map));
	map->action = -1;
	map->key_memo = -1;
	for (int column = 0; column < COLUMN_COUNT; column++)
		map->position[column] = -1;
	map->names = glue_allocate(names_size(header->fields, header->field_count));
	map->fields =
		glue_allocate_zero(sizeof(*map->fields) * (size_t) (header->field_count + more + 1));
	if (map->names == NULL || map->fields == NULL)
	{
		header_map_clean_up(map);
		return glue_error_memory(error);
	}
	map->field_count = header->field_count;
	map->header_count = header->field_count;
	copy_headings(map, header->fields);
	return true;
}

/* Return the role that a heading has by itself, and its column. */
static enum field_role
own_role(struct text_view heading, enum onboard_column *column)
{
	*column = heading_column(heading);
	if (*column != COLUMN_NONE)
		return FIELD_COLUMN;
	if (heading_matches(heading, ONBOARD_ACTION_COLUMN))
		return FIELD_ACTION;
	if (heading_matches(heading, ONBOARD_KEY_COLUMN))
		return FIELD_KEY_MEMO;
	return heading_is_added(heading) ? FIELD_IGNORED : FIELD_ATTRIBUTE;
}

void
header_map_assign(struct header_map *map, int index, enum field_role role,
				  enum onboard_column column, struct text_view name)
{
	struct mapped_field *field = &map->fields[index];

	field->role = role;
	field->column = column;
	field->name = name;
	field->key = name;
	if (role == FIELD_COLUMN)
	{
		field->key = text_of(onboard_columns[column].name);
		if (map->position[column] < 0)
			map->position[column] = index;
	}
	else if (role == FIELD_ACTION)
	{
		field->key = text_of(ONBOARD_ACTION_COLUMN);
		map->action = index;
	}
	else if (role == FIELD_KEY_MEMO)
		map->key_memo = index;
	else if (role == FIELD_ATTRIBUTE)
		map->attribute_count++;
}

void
header_map_assign_own(struct header_map *map, int index)
{
	struct text_view heading = map->fields[index].heading;
	enum onboard_column column;
	enum field_role role = own_role(heading, &column);

	header_map_assign(map, index, role, column, heading);
}

/* ----- what a header is ----- */

/* Return whether a fix file added the field. */
static bool
is_added(const struct mapped_field *field)
{
	return field->role == FIELD_IGNORED || field->role == FIELD_KEY_MEMO;
}

bool
header_map_is_constant(const struct header_map *map, int index)
{
	for (int i = 0; i < map->header_count; i++)
	{
		if (map->fields[i].heading.data == map->fields[index].heading.data)
			return false;
	}
	return true;
}

column_set
header_map_columns(const struct header_map *map)
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
has_heading(const struct header_map *map, const char *heading)
{
	for (int i = 0; i < map->header_count; i++)
	{
		if (heading_matches(map->fields[i].heading, heading))
			return true;
	}
	return false;
}

bool
header_map_is_fix_file(const struct header_map *map)
{
	return has_heading(map, ONBOARD_LINE_HEADING) && has_heading(map, ONBOARD_ERRORS_HEADING);
}

bool
header_map_ends_in_ours(const struct header_map *map)
{
	return is_added(&map->fields[map->header_count - 1]);
}

bool
header_map_no_header(struct glue_error *error)
{
	return glue_error_set(error, GLUE_FILE_FAULT, "NO_HEADER", "the file holds blank lines only");
}

void
header_map_clean_up(struct header_map *map)
{
	glue_release(map->fields);
	glue_release(map->names);
	memset(map, 0, sizeof(*map));
}

/* ----- rows ----- */

/*
 * Write the message of a defect with the field number and, unless it is empty, the
 * name of its column, because people look for columns.
 */
static void
write_message(const struct record *record, struct text_view column,
			  char message[RECORD_MESSAGE_SIZE])
{
	int shown = (int) text_cut(column, SHOWN_NAME_BYTES);

	if (record->defect_field == 0)
		snprintf(message, RECORD_MESSAGE_SIZE, "%s", record->defect_message);
	else if (shown == 0)
		snprintf(message, RECORD_MESSAGE_SIZE, "field %d %s", record->defect_field,
				 record->defect_message);
	else
		snprintf(message, RECORD_MESSAGE_SIZE, "field %d (%.*s) %s", record->defect_field, shown,
				 column.data, record->defect_message);
}

/*
 * Return the name of a field, counted from 1, or an empty text: a vendor with a map
 * knows the heading, others our columns.
 */
static struct text_view
name_of(const struct header_map *map, int number)
{
	const struct mapped_field *field;

	if (number > map->header_count)
		return text_of("");
	field = &map->fields[number - 1];
	if (map->has_file_map)
		return field->heading;
	return text_of(field->column != COLUMN_NONE ? onboard_columns[field->column].name : "");
}

/*
 * Return whether a record contains nothing of the vendor's: only our own
 * columns may have cells.
 */
static bool
is_empty(const struct header_map *map, const struct record *record)
{
	for (int i = 0; i < record->field_count; i++)
	{
		if ((i >= map->header_count || !is_added(&map->fields[i])) &&
			text_trim(record->fields[i]).length > 0)
			return false;
	}
	return record->fields != NULL;
}

/* Return whether a cell repeats the heading of its field. */
static bool
is_heading_again(const struct header_map *map, const struct mapped_field *field,
				 struct text_view cell)
{
	if (map->has_file_map)
		return cell.length == 0 || heading_same(cell, field->heading);
	if (field->role == FIELD_COLUMN)
		return heading_matches(cell, onboard_columns[field->column].name);
	return cell.length == 0 || text_compare_folded(cell, field->heading) == 0;
}

/* Return whether a record repeats the header line, as in files that were joined.  */
static bool
is_header_again(const struct header_map *map, const struct record *record)
{
	if (record->field_count != map->header_count)
		return false;
	for (int i = 0; i < map->header_count; i++)
	{
		if (!is_added(&map->fields[i]) &&
			!is_heading_again(map, &map->fields[i], text_trim(record->fields[i])))
			return false;
	}
	return true;
}

static const struct record *
with_defect(const struct record *record, const char *type, const char *message,
			struct header_map_scratch *scratch)
{
	scratch->row = *record;
	scratch->row.defect_type = type;
	scratch->row.defect_field = 0;
	scratch->row.defect_message = message;
	return &scratch->row;
}

const struct record *
header_map_row(const struct header_map *map, const struct record *record,
			   struct header_map_scratch *scratch)
{
	if (is_empty(map, record))
		return with_defect(record, RECORD_EMPTY_ROW, COLUMN_MAP_EMPTY_ROW, scratch);
	if (is_header_again(map, record))
		return with_defect(record, "MALFORMED_ROW",
						   "this is the header line again, not a row; remove the line", scratch);
	if (record->defect_field == 0)
		return record;
	write_message(record, name_of(map, record->defect_field), scratch->message);
	return with_defect(record, record->defect_type, scratch->message, scratch);
}
