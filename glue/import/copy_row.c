/*-------------------------------------------------------------------------
 *
 * copy_row.c
 *	  Convert records of a file to rows of COPY onboard.intake, binary format.
 *
 * A row is a 16-bit number of columns, then for each column a 32-bit length (-1
 * for null) and that many bytes; all numbers are in network byte order.  Text
 * is sent verbatim, so a row costs one memcpy() per field.
 *
 *-------------------------------------------------------------------------
 */
#include <arpa/inet.h>
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "import/copy_row.h"
#include "shared/columns.h"
#include "shared/text.h"

/* upload_id, row_number, line_number */
#define FIXED_COLUMNS 3
/* defect_type, defect_message, raw_record */
#define DEFECT_COLUMNS 3

/* Length and value of a bigint column. */
#define BIGINT_SIZE 12

/* Version number that starts binary jsonb; binary json is only the text. */
#define JSONB_VERSION "\1"

/* ----- values ----- */

static inline void
put_int32(struct byte_buffer *buffer, int32_t number)
{
	uint32_t network = htonl((uint32_t) number);

	byte_buffer_put(buffer, &network, sizeof(network));
}

static inline void
put_bigint(struct byte_buffer *buffer, int64_t number)
{
	uint64_t network = htobe64((uint64_t) number);

	put_int32(buffer, sizeof(network));
	byte_buffer_put(buffer, &network, sizeof(network));
}

static inline void
put_text(struct byte_buffer *buffer, struct text_view text)
{
	put_int32(buffer, (int32_t) text.length);
	byte_buffer_put(buffer, text.data, text.length);
}

static inline void
put_null(struct byte_buffer *buffer)
{
	put_int32(buffer, -1);
}

/* ----- layout ----- */

/*
 * Build the COPY statement: the fixed columns, the header's columns in table
 * order, attributes, the action, the memo of keys, the source cells and defects.
 */
static bool
make_statement(struct copy_layout *layout, struct glue_error *error)
{
	const size_t size = COPY_STATEMENT_SIZE;
	int used;

	layout->statement = glue_allocate(size);
	if (layout->statement == NULL)
		return glue_error_memory(error);
	used = snprintf(layout->statement, size,
					"COPY onboard.intake (upload_id, row_number, line_number");
	layout->column_count = FIXED_COLUMNS;
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (layout->map->position[column] < 0)
			continue;
		used +=
			snprintf(layout->statement + used, size - used, ", %s", onboard_columns[column].name);
		layout->column_count++;
	}
	if (layout->map->attribute_count > 0)
	{
		used += snprintf(layout->statement + used, size - used, ", attributes");
		layout->column_count++;
	}
	if (layout->map->action >= 0)
	{
		used += snprintf(layout->statement + used, size - used, ", action");
		layout->column_count++;
	}
	if (layout->map->key_memo >= 0)
	{
		used += snprintf(layout->statement + used, size - used, ", key_memo");
		layout->column_count++;
	}
	if (layout->map->has_file_map)
	{
		used += snprintf(layout->statement + used, size - used, ", source_cells");
		layout->column_count++;
	}
	if (layout->with_defects)
	{
		used += snprintf(layout->statement + used, size - used,
						 ", defect_type, defect_message, raw_record");
		layout->column_count += DEFECT_COLUMNS;
	}
	snprintf(layout->statement + used, size - used, ") FROM STDIN WITH (FORMAT binary)");
	return true;
}

/*
 * Build the JSON keys of the attributes, once per file.
 */
static bool
make_keys(struct copy_layout *layout, struct glue_error *error)
{
	const struct header_map *map = layout->map;
	int attribute = 0;

	if (map->attribute_count == 0)
		return true;
	layout->key_ends = glue_allocate(sizeof(size_t) * map->attribute_count);
	if (layout->key_ends == NULL)
		return glue_error_memory(error);
	for (int i = 0; i < map->field_count; i++)
	{
		struct text_view name = map->fields[i].name;

		if (map->fields[i].role != FIELD_ATTRIBUTE)
			continue;
		if (!byte_buffer_reserve(&layout->keys, LONGEST_JSON_ESCAPE * name.length + 3, error))
			return false;
		byte_buffer_put(&layout->keys, "\"", 1);
		byte_buffer_append_json(&layout->keys, name);
		byte_buffer_put(&layout->keys, "\":", 2);
		layout->key_ends[attribute++] = layout->keys.used;
	}
	return true;
}

/*
 * Build the prefix of every row.
 */
static bool
make_prefix(struct copy_layout *layout, const char *upload_id, struct glue_error *error)
{
	uint16_t columns = htons((uint16_t) layout->column_count);
	struct text_view id = text_of(upload_id);

	if (!byte_buffer_reserve(&layout->prefix, sizeof(columns) + 4 + id.length, error))
		return false;
	byte_buffer_put(&layout->prefix, &columns, sizeof(columns));
	put_text(&layout->prefix, id);
	return true;
}

bool
copy_layout_init(struct copy_layout *layout, const struct header_map *map, const char *upload_id,
				 bool with_defects, struct glue_error *error)
{
	memset(layout, 0, sizeof(*layout));
	layout->map = map;
	layout->with_defects = with_defects;
	if (make_statement(layout, error) && make_keys(layout, error) &&
		make_prefix(layout, upload_id, error))
		return true;
	copy_layout_clean_up(layout);
	return false;
}

void
copy_layout_clean_up(struct copy_layout *layout)
{
	glue_release(layout->statement);
	glue_release(layout->key_ends);
	byte_buffer_clean_up(&layout->prefix);
	byte_buffer_clean_up(&layout->keys);
	memset(layout, 0, sizeof(*layout));
}

/* ----- rows ----- */

bool
copy_append_header(struct byte_buffer *buffer, struct glue_error *error)
{
	/* Signature, flags, length of the header extension. */
	static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";

	/* The last zero byte is the string's terminator. */
	return byte_buffer_append(buffer, header, sizeof(header), error);
}

bool
copy_append_trailer(struct byte_buffer *buffer, struct glue_error *error)
{
	return byte_buffer_append(buffer, "\377\377", 2, error);
}

/*
 * Begin a JSON object, after what its type sends before it; returns where its length
 * belongs.
 */
static size_t
open_object(struct byte_buffer *buffer, struct text_view before)
{
	size_t length_at = buffer->used;

	put_int32(buffer, 0);
	byte_buffer_put(buffer, before.data, before.length);
	byte_buffer_put(buffer, "{", 1);
	return length_at;
}

/*
 * End the JSON object.
 */
static void
close_object(struct byte_buffer *buffer, size_t length_at)
{
	uint32_t length;

	byte_buffer_put(buffer, "}", 1);
	length = htonl((uint32_t) (buffer->used - length_at - sizeof(length)));
	memcpy(buffer->data + length_at, &length, sizeof(length));
}

/*
 * Append a text in quotes.
 */
static void
put_json(struct byte_buffer *buffer, struct text_view text)
{
	byte_buffer_put(buffer, "\"", 1);
	byte_buffer_append_json(buffer, text);
	byte_buffer_put(buffer, "\"", 1);
}

/*
 * Append the attributes as one JSON object of strings.  Omits empty fields; the
 * fix file shows an absent value as an empty field again.
 */
static void
put_attributes(const struct copy_layout *layout, const struct record *record,
			   struct byte_buffer *buffer)
{
	size_t length_at = open_object(buffer, text_of(JSONB_VERSION));
	size_t key_start = 0;
	int attribute = 0;
	bool first = true;

	for (int i = 0; i < layout->map->field_count; i++)
	{
		struct text_view value = record->fields[i];
		size_t key_end;

		if (layout->map->fields[i].role != FIELD_ATTRIBUTE)
			continue;
		key_end = layout->key_ends[attribute++];
		if (value.length > 0)
		{
			if (!first)
				byte_buffer_put(buffer, ",", 1);
			first = false;
			byte_buffer_put(buffer, layout->keys.data + key_start, key_end - key_start);
			put_json(buffer, value);
		}
		key_start = key_end;
	}
	close_object(buffer, length_at);
}

/*
 * Append the cells that the vendor's map changed or left out as one JSON object of
 * strings, null if there are none.
 */
static void
put_source_cells(const struct record *record, struct byte_buffer *buffer)
{
	size_t length_at;

	if (record->cell_count == 0)
	{
		put_null(buffer);
		return;
	}
	length_at = open_object(buffer, text_of(""));
	for (int i = 0; i < record->cell_count; i++)
	{
		if (i > 0)
			byte_buffer_put(buffer, ",", 1);
		put_json(buffer, record->cells[i].name);
		byte_buffer_put(buffer, ":", 1);
		put_json(buffer, record->cells[i].text);
	}
	close_object(buffer, length_at);
}

/*
 * Return the maximum size of the source cells as JSON.
 */
static size_t
cells_bound(const struct record *record)
{
	size_t bytes = 0;

	for (int i = 0; i < record->cell_count; i++)
		bytes +=
			LONGEST_JSON_ESCAPE * (record->cells[i].name.length + record->cells[i].text.length) + 6;
	return bytes;
}

/*
 * Return the maximum size of a row: every byte escaped, plus the lengths.
 */
static size_t
row_bound(const struct copy_layout *layout, const struct record *record)
{
	size_t bytes = record->raw.length;

	for (int i = 0; i < record->field_count; i++)
		bytes += record->fields[i].length;
	if (layout->map->attribute_count > 0)
		bytes = LONGEST_JSON_ESCAPE * bytes + layout->keys.used +
				4 * (size_t) layout->map->attribute_count;
	bytes += cells_bound(record);
	if (record->defect_type != NULL)
		bytes += strlen(record->defect_type) + RECORD_MESSAGE_SIZE;
	return layout->prefix.used + 2 * BIGINT_SIZE + bytes + 4 * (size_t) layout->column_count + 16;
}

static void
put_product(const struct copy_layout *layout, const struct record *record,
			struct byte_buffer *buffer)
{
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		int position = layout->map->position[column];

		if (position >= 0)
			put_text(buffer, record->fields[position]);
	}
	if (layout->map->attribute_count > 0)
		put_attributes(layout, record, buffer);
	if (layout->map->action >= 0)
		put_text(buffer, record->fields[layout->map->action]);
	if (layout->map->key_memo >= 0)
		put_text(buffer, record->fields[layout->map->key_memo]);
	if (layout->map->has_file_map)
		put_source_cells(record, buffer);
	if (layout->with_defects)
	{
		for (int i = 0; i < DEFECT_COLUMNS; i++)
			put_null(buffer);
	}
}

static void
put_defect(const struct copy_layout *layout, const struct record *record,
		   struct byte_buffer *buffer)
{
	for (int i = FIXED_COLUMNS + DEFECT_COLUMNS; i < layout->column_count; i++)
		put_null(buffer);
	put_text(buffer, text_of(record->defect_type));
	put_text(buffer, text_of(record->defect_message != NULL ? record->defect_message : ""));
	put_text(buffer, record->raw);
}

bool
copy_append_row(const struct copy_layout *layout, const struct record *record,
				struct byte_buffer *buffer, struct glue_error *error)
{
	if (!byte_buffer_reserve(buffer, row_bound(layout, record), error))
		return false;
	byte_buffer_put(buffer, layout->prefix.data, layout->prefix.used);
	put_bigint(buffer, record->row_number);
	put_bigint(buffer, record->line_number);
	if (record->defect_type == NULL)
		put_product(layout, record, buffer);
	else
		put_defect(layout, record, buffer);
	return true;
}
