/*-------------------------------------------------------------------------
 *
 * row_map.c
 *	  Applies a vendor's map to the rows of a file, in their order.
 *
 * Values are made in two buffers in turn, and the last one is copied to the memory
 * of the row, which is emptied for each row and has the size that a record may have.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/heap.h"
#include "reader/record_text.h"
#include "reader/row_map.h"
#include "reader/row_source.h"

/* What fills the blank cells of a column. */
struct fill
{
	struct byte_buffer text;  /* the last cell that was not blank, or the group's first one */
	struct byte_buffer group; /* trimmed; not used without groups */
	bool has_group;           /* a row was read */
	bool is_lost;             /* the row above cannot be read, so its group is unknown */
};

struct row_map
{
	/* immutable */
	const struct header_map *columns;
	const struct map_binding *binding;

	/* mutable: for each row */
	struct text_view *cells;     /* of the file, blank ones filled */
	struct text_view *values;    /* of all fields */
	struct source_cell *sources; /* cells that the values do not show */
	int source_count;
	char *memory; /* of the values */
	size_t used;
	char *buffers[2];
	const struct mapped_field *too_long; /* a value that has no room */
	char message[RECORD_MESSAGE_SIZE];
	struct byte_buffer raw; /* what the row looks like, if it is too large */
	struct record row;

	/* mutable: from row to row */
	struct fill *fills;
	int64_t skipped;
};

/* ----- the whole ----- */

static bool
make_room(struct row_map *map, struct glue_error *error)
{
	size_t fields = (size_t) map->columns->field_count;
	size_t sources = (size_t) (map->binding->unused_count + map->binding->use_count + 1);

	map->cells = glue_allocate(sizeof(*map->cells) * fields);
	map->values = glue_allocate(sizeof(*map->values) * fields);
	map->sources = glue_allocate(sizeof(*map->sources) * sources);
	map->memory = glue_allocate(ONBOARD_MAX_RECORD_BYTES);
	map->buffers[0] = glue_allocate(ONBOARD_MAX_FIELD_BYTES);
	map->buffers[1] = glue_allocate(ONBOARD_MAX_FIELD_BYTES);
	map->fills = glue_allocate_zero(sizeof(*map->fills) * (size_t) (map->binding->fill_count + 1));
	return (map->cells != NULL && map->values != NULL && map->sources != NULL &&
			map->memory != NULL && map->buffers[0] != NULL && map->buffers[1] != NULL &&
			map->fills != NULL) ||
		   glue_error_memory(error);
}

struct row_map *
row_map_new(const struct header_map *columns, const struct map_binding *binding,
			struct glue_error *error)
{
	struct row_map *map = glue_allocate_zero(sizeof(*map));

	if (map == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	map->columns = columns;
	map->binding = binding;
	if (make_room(map, error))
		return map;
	row_map_destroy(map);
	return NULL;
}

void
row_map_destroy(struct row_map *map)
{
	if (map == NULL)
		return;
	for (int i = 0; map->fills != NULL && i < map->binding->fill_count; i++)
	{
		byte_buffer_clean_up(&map->fills[i].text);
		byte_buffer_clean_up(&map->fills[i].group);
	}
	glue_release(map->cells);
	glue_release(map->values);
	glue_release(map->sources);
	glue_release(map->memory);
	glue_release(map->buffers[0]);
	glue_release(map->buffers[1]);
	glue_release(map->fills);
	byte_buffer_clean_up(&map->raw);
	glue_release(map);
}

int64_t
row_map_skipped(const struct row_map *map)
{
	return map->skipped;
}

/* ----- filling down ----- */

static struct text_view
buffered(const struct byte_buffer *buffer)
{
	return (struct text_view){buffer->used > 0 ? buffer->data : "", buffer->used};
}

/* Replace the contents of a buffer. */
static bool
set_buffer(struct byte_buffer *buffer, struct text_view text, struct glue_error *error)
{
	buffer->used = 0;
	return byte_buffer_append(buffer, text.data, text.length, error);
}

/* Return the group that a record names: its first cell that is not blank; empty if none is. */
static struct text_view
named_group(const struct bound_fill *bound, const struct record *record)
{
	struct text_view cell = {"", 0};

	for (int i = 0; i < bound->group_count && cell.length == 0; i++)
		cell = text_trim(record->fields[bound->groups[i]]);
	return cell;
}

/* Does a record belong to the group of the row above?  One that names no group does. */
static bool
is_in_group(const struct bound_fill *bound, const struct fill *fill, const struct record *record)
{
	struct text_view group = named_group(bound, record);

	if (bound->group_count == 0)
		return true;
	if (group.length == 0)
		return fill->has_group && !fill->is_lost;
	return fill->has_group && text_equal(group, buffered(&fill->group));
}

/* Return a record's cell, filled if it is blank. */
static struct text_view
filled_cell(const struct row_map *map, int index, const struct record *record)
{
	const struct bound_fill *bound = &map->binding->fills[index];
	const struct fill *fill = &map->fills[index];
	struct text_view cell = record->fields[bound->source];

	if (fill->text.used > 0 && text_trim(cell).length == 0 && is_in_group(bound, fill, record))
		return buffered(&fill->text);
	return cell;
}

/* Fill the blank cells. */
static void
fill_cells(struct row_map *map, const struct record *record)
{
	for (int i = 0; i < map->binding->fill_count; i++)
	{
		const struct bound_fill *bound = &map->binding->fills[i];

		if (!bound->is_for_skip)
			map->cells[bound->source] = filled_cell(map, i, record);
	}
}

/* Remember a record's cell for a fill. */
static bool
note_fill(const struct bound_fill *bound, struct fill *fill, const struct record *record,
		  struct glue_error *error)
{
	struct text_view cell = record->fields[bound->source];
	struct text_view group = named_group(bound, record);
	bool is_blank = text_trim(cell).length == 0;

	if (bound->group_count == 0)
		return is_blank || set_buffer(&fill->text, cell, error);
	if (fill->is_lost && group.length == 0)
		return true;
	fill->is_lost = false;
	if (is_in_group(bound, fill, record))
		return true;
	fill->has_group = true;
	return set_buffer(&fill->group, group, error) &&
		   set_buffer(&fill->text, is_blank ? text_of("") : cell, error);
}

/*
 * Forget what an unreadable row may have changed, because no product may be filled with
 * the text of another one.  A group that a later row names is still known.
 */
static void
lose_fill(const struct bound_fill *bound, struct fill *fill)
{
	if (bound->group_count == 0)
		fill->text.used = 0;
	fill->is_lost = true;
}

/* ----- rows that are left out ----- */

bool
row_map_skips(const struct row_map *map, const struct record *record)
{
	const struct map_binding *binding = map->binding;

	if (record->defect_type != NULL)
		return false;
	for (int i = 0; i < binding->skip_count; i++)
	{
		const struct bound_skip *skip = &binding->skips[i];
		struct text_view cell = text_trim(skip->fill >= 0 ? filled_cell(map, skip->fill, record)
														  : record->fields[skip->source]);
		bool has_value = skip->value.data == NULL
							 ? cell.length == 0
							 : text_compare_folded(cell, text_trim(skip->value)) == 0;

		if (has_value != skip->is_not && !(skip->spares_blank && cell.length == 0))
			return true;
	}
	return false;
}

bool
row_map_pass(struct row_map *map, const struct record *record, bool is_skipped,
			 struct glue_error *error)
{
	map->skipped += is_skipped;
	if (record_is_empty_row(record))
		return true;
	for (int i = 0; i < map->binding->fill_count; i++)
	{
		const struct bound_fill *bound = &map->binding->fills[i];

		if (record->defect_type != NULL)
			lose_fill(bound, &map->fills[i]);
		else if (!note_fill(bound, &map->fills[i], record, error))
			return false;
	}
	return true;
}

/* ----- values ----- */

/* Append the cells of a join that are not blank. */
static struct text_view
join(const struct row_map *map, const struct bound_use *bound, struct text_view value,
	 struct transform_room *room)
{
	bool is_joined = false;

	transform_put(room, value);
	for (int i = 0; i < bound->joined_count; i++)
	{
		struct text_view cell = text_trim(map->cells[bound->joined[i]]);

		if (cell.length == 0)
			continue;
		if (room->used > 0)
			transform_put(room, bound->sign);
		transform_put(room, cell);
		is_joined = true;
	}
	return is_joined ? transform_result(room, value) : value;
}

static struct text_view
apply_step(const struct row_map *map, const struct bound_use *bound,
		   const struct transform_step *step, struct text_view value, struct transform_room *room)
{
	switch (step->transformation)
	{
		case TRANSFORMATION_FILL_DOWN:
			return value;
		case TRANSFORMATION_JOIN:
			return join(map, bound, value, room);
		default:
			return transform_apply(step, value, room);
	}
}

/* Copy a value to the memory of the row; sets too_long if it does not fit. */
static struct text_view
keep(struct row_map *map, const struct mapped_field *field, struct text_view value)
{
	char *copy = map->memory + map->used;

	if (value.length > ONBOARD_MAX_RECORD_BYTES - map->used)
	{
		map->too_long = field;
		return value;
	}
	memcpy(copy, value.data, value.length);
	map->used += value.length;
	return (struct text_view){copy, value.length};
}

/* Return whether a value lies in this buffer, at its start or later. */
static bool
is_in(const char *buffer, struct text_view value)
{
	uintptr_t offset = (uintptr_t) value.data - (uintptr_t) buffer;

	return offset < ONBOARD_MAX_FIELD_BYTES;
}

/* Return the value of a field. */
static struct text_view
make_value(struct row_map *map, const struct bound_use *bound)
{
	const struct mapped_field *field = &map->columns->fields[bound->field];
	struct text_view cell = map->cells[bound->source];
	struct text_view trimmed = text_trim(cell);
	struct text_view value = trimmed;

	for (int i = 0; i < bound->use->step_count; i++)
	{
		char *buffer = map->buffers[is_in(map->buffers[0], value)];
		struct transform_room room = {buffer, ONBOARD_MAX_FIELD_BYTES, 0, false};

		value = apply_step(map, bound, &bound->use->steps[i], value, &room);
		if (room.is_full)
			map->too_long = field;
	}
	/* An unchanged value keeps its blanks. */
	if (value.data == trimmed.data && value.length == trimmed.length)
		return cell;
	if (is_in(map->buffers[0], value) || is_in(map->buffers[1], value))
		return keep(map, field, value);
	return value;
}

static void
add_source(struct row_map *map, struct text_view name, struct text_view cell)
{
	map->sources[map->source_count++] = (struct source_cell){name, cell};
}

/* Make the values, and keep the cells that they do not show. */
static void
make_values(struct row_map *map)
{
	const struct map_binding *binding = map->binding;
	const struct mapped_field *fields = map->columns->fields;

	for (int i = 0; i < binding->use_count; i++)
	{
		const struct bound_use *bound = &binding->uses[i];
		struct text_view cell = map->cells[bound->source];
		struct text_view value = make_value(map, bound);

		map->values[bound->field] = value;
		if (!text_equal(value, cell))
			add_source(map, fields[bound->field].key, cell);
	}
	for (int i = 0; i < binding->constant_count; i++)
		map->values[binding->constants[i].field] = binding->constants[i].value;
	for (int i = 0; i < binding->unused_count; i++)
	{
		struct text_view cell = map->cells[binding->unused[i]];

		if (text_trim(cell).length > 0)
			add_source(map, fields[binding->unused[i]].key, cell);
	}
}

/* Return how many bytes the values and the source cells have. */
static size_t
row_size(const struct row_map *map)
{
	size_t size = 0;

	for (int i = 0; i < map->columns->field_count; i++)
	{
		if (map->columns->fields[i].role != FIELD_UNUSED)
			size += map->values[i].length;
	}
	for (int i = 0; i < map->source_count; i++)
		size += map->sources[i].text.length;
	return size;
}

/* Give the row a defect if the map made it too large. */
static void
check_size(struct row_map *map)
{
	if (map->too_long != NULL)
		snprintf(map->message, sizeof(map->message),
				 "%.*s is longer than %d bytes after the transformations of the map",
				 (int) text_cut(map->too_long->name, 40), map->too_long->name.data,
				 ONBOARD_MAX_FIELD_BYTES);
	else if (row_size(map) > ONBOARD_MAX_RECORD_BYTES)
		snprintf(map->message, sizeof(map->message),
				 "the record is longer than %d bytes with what the map makes of it",
				 ONBOARD_MAX_RECORD_BYTES);
	else
		return;
	map->row.defect_type = "MALFORMED_ROW";
	map->row.defect_field = 0;
	map->row.defect_message = map->message;
	map->row.cell_count = 0;
	/* A row of a workbook has no text yet; without memory, it remains without. */
	if (map->row.raw.length == 0)
		(void) record_text_write(map->cells, map->columns->header_count, &map->raw, &map->row.raw,
								 NULL);
}

const struct record *
row_map_number(struct row_map *map, const struct record *record)
{
	map->row = *record;
	map->row.row_number -= map->skipped;
	return &map->row;
}

const struct record *
row_map_apply(struct row_map *map, const struct record *record)
{
	size_t header = (size_t) map->columns->header_count;

	(void) row_map_number(map, record);
	if (record->defect_type != NULL)
		return &map->row;
	memcpy(map->cells, record->fields, sizeof(*map->cells) * header);
	fill_cells(map, record);
	memcpy(map->values, map->cells, sizeof(*map->cells) * header);
	map->used = 0;
	map->source_count = 0;
	map->too_long = NULL;
	make_values(map);
	map->row.field_count = map->columns->field_count;
	map->row.fields = map->values;
	map->row.cell_count = map->source_count;
	map->row.cells = map->sources;
	check_size(map);
	return &map->row;
}

/* ----- the state ----- */

/* Append a text of the state. */
static bool
append_text(struct byte_buffer *buffer, const char *before, struct text_view text,
			struct glue_error *error)
{
	return byte_buffer_append_string(buffer, before, error) &&
		   byte_buffer_append_json_string(buffer, text, error);
}

/* Append the state of a fill; "group" is left out before the first row. */
static bool
write_fill(const struct fill *fill, struct byte_buffer *buffer, struct glue_error *error)
{
	return append_text(buffer, "{\"text\":", buffered(&fill->text), error) &&
		   (!fill->has_group ||
			append_text(buffer, ",\"group\":", buffered(&fill->group), error)) &&
		   byte_buffer_append_string(buffer, fill->is_lost ? ",\"lost\":true}" : "}", error);
}

bool
row_map_write(const struct row_map *map, struct byte_buffer *buffer, struct glue_error *error)
{
	char beginning[48];

	snprintf(beginning, sizeof(beginning), "{\"skipped\":%" PRId64 ",\"fill\":[", map->skipped);
	if (!byte_buffer_append_string(buffer, beginning, error))
		return false;
	for (int i = 0; i < map->binding->fill_count; i++)
	{
		if ((i > 0 && !byte_buffer_append(buffer, ",", 1, error)) ||
			!write_fill(&map->fills[i], buffer, error))
			return false;
	}
	return byte_buffer_append(buffer, "]}", 2, error);
}

static bool
read_fill(struct fill *fill, const cJSON *state, struct glue_error *error)
{
	const char *group = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(state, "group"));
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(state, "text"));

	if (text == NULL)
		return row_source_foreign_token(error);
	fill->has_group = group != NULL;
	fill->is_lost = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(state, "lost"));
	return set_buffer(&fill->group, text_of(group != NULL ? group : ""), error) &&
		   set_buffer(&fill->text, text_of(text), error);
}

bool
row_map_read(struct row_map *map, const struct cJSON *state, struct glue_error *error)
{
	const cJSON *skipped = cJSON_GetObjectItemCaseSensitive(state, "skipped");
	const cJSON *fills = cJSON_GetObjectItemCaseSensitive(state, "fill");
	const cJSON *fill;
	int count = 0;

	if (!cJSON_IsNumber(skipped) || skipped->valuedouble < 0 || !cJSON_IsArray(fills) ||
		cJSON_GetArraySize(fills) != map->binding->fill_count)
		return row_source_foreign_token(error);
	map->skipped = (int64_t) skipped->valuedouble;
	cJSON_ArrayForEach(fill, fills)
	{
		if (!read_fill(&map->fills[count++], fill, error))
			return false;
	}
	return true;
}
