/*-------------------------------------------------------------------------
 *
 * vendor_file.c
 *	  The two readings of a vendor's file: for faults, then for rows.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/byte_buffer.h"
#include "base/json_text.h"
#include "import/vendor_file.h"
#include "reader/encoding_check.h"

/* ----- how it is read ----- */

/*
 * Decide how to read the file: as requested, else as its map says.
 */
static void
choose_options(struct vendor_file *file)
{
	const struct vendor_file_request *request = &file->request;
	struct file_map_defaults defaults = {0};

	if (file->map != NULL)
		defaults = *file_map_defaults(file->map);
	file->options = request->options;
	file->limits = request->limits;
	if (request->options.encoding == NULL)
		file->options.encoding = defaults.encoding;
	if (request->options.delimiter == 0)
		file->options.delimiter = defaults.delimiter;
	if (!request->has_quote && defaults.has_quote)
		file->options.quote = defaults.quote;
	if (request->options.sheet == NULL)
		file->options.sheet = defaults.sheet;
	if (!request->has_max_bytes && defaults.max_bytes > 0)
		file->limits.max_bytes = defaults.max_bytes;
	if (!request->has_max_rows && defaults.max_rows > 0)
		file->limits.max_rows = defaults.max_rows;
	file->options.kept = &file->kept;
	file->options.max_bytes = file->limits.max_bytes;
}

/*
 * Prepare the first reading, discarding what was prepared before.
 */
static bool
renew_scan(struct vendor_file *file, struct glue_error *error)
{
	scan_destroy(file->scan);
	file->scan = scan_new(&file->options, &file->limits, file->name, error);
	if (file->scan == NULL)
		return false;
	scan_need(file->scan, &file->needs);
	return true;
}

bool
vendor_file_init(struct vendor_file *file, struct byte_source *bytes, const char *name,
				 const struct vendor_file_request *request, struct glue_error *error)
{
	memset(file, 0, sizeof(*file));
	file->bytes = bytes;
	file->name = name;
	file->request = *request;
	file->needs = (struct column_needs){MODE_INSERT, MATCH_COUNT, NULL};
	kept_rows_init(&file->kept);
	choose_options(file);
	return renew_scan(file, error);
}

bool
vendor_file_has_map(const struct vendor_file *file, const char *hash)
{
	if (file->map == NULL || hash == NULL)
		return file->map == NULL && hash == NULL;
	return strcmp(file_map_hash(file->map), hash) == 0;
}

/*
 * Destroy the map, once no reader uses it.
 */
static void
release_map(struct file_map *map, bool is_shared)
{
	if (!is_shared)
		file_map_destroy(map);
}

static bool
set_map(struct vendor_file *file, struct file_map *map, bool is_shared, struct glue_error *error)
{
	struct file_map *previous = file->map;
	bool was_shared = file->map_is_shared;
	bool done;

	if (map == NULL && previous == NULL)
		return true;
	file->map = map;
	file->map_is_shared = is_shared;
	file->needs.map = map;
	choose_options(file);
	done = renew_scan(file, error);
	release_map(previous, was_shared);
	return done;
}

bool
vendor_file_use_map(struct vendor_file *file, struct file_map *map, struct glue_error *error)
{
	return set_map(file, map, false, error);
}

bool
vendor_file_share_map(struct vendor_file *file, const struct vendor_file *other,
					  struct glue_error *error)
{
	return set_map(file, other->map, true, error);
}

void
vendor_file_apply(struct vendor_file *file, const struct column_needs *needs,
				  const struct upload_apply *apply)
{
	file->needs = *needs;
	file->needs.map = file->map;
	file->apply = *apply;
	scan_need(file->scan, &file->needs);
}

static void
set_encoding(struct vendor_file *file, const char *encoding)
{
	snprintf(file->encoding, sizeof(file->encoding), "%s", encoding);
	file->options.encoding = file->encoding;
}

bool
vendor_file_use_encoding(struct vendor_file *file, const char *encoding, struct glue_error *error)
{
	set_encoding(file, encoding);
	/* A map that is chosen later must not replace it. */
	file->request.options.encoding = file->encoding;
	return renew_scan(file, error);
}

void
vendor_file_keep_reading(struct vendor_file *file, char delimiter, const char *encoding)
{
	file->options.delimiter = delimiter;
	if (encoding != NULL)
		set_encoding(file, encoding);
}

void
vendor_file_clean_up(struct vendor_file *file)
{
	scan_destroy(file->scan);
	release_map(file->map, file->map_is_shared);
	if (file->options.kept != NULL)
		kept_rows_clean_up(&file->kept);
	memset(file, 0, sizeof(*file));
}

/* ----- what the file is ----- */

static void
append(struct vendor_file *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Append to the content id.
 */
static void
append(struct vendor_file *file, const char *format, ...)
{
	size_t used = strlen(file->content_id);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(file->content_id + used, sizeof(file->content_id) - used, format, arguments);
	va_end(arguments);
}

/*
 * Append the encoding's name in upper case, because case is insignificant;
 * without toupper(), which depends on the locale.
 */
static void
append_encoding(struct vendor_file *file)
{
	char name[DECODE_NAME_SIZE];

	snprintf(name, sizeof(name), "%s", file->found.encoding);
	for (char *letter = name; *letter != '\0'; letter++)
	{
		if (*letter >= 'a' && *letter <= 'z')
			*letter += 'A' - 'a';
	}
	append(file, ",encoding=%s", name);
}

/*
 * Append how the rows are applied.
 */
static void
append_apply(struct vendor_file *file)
{
	const struct upload_apply *apply = &file->apply;

	append(file, ",mode=%s", upload_mode_name(file->needs.mode));
	if (apply->match != NULL)
		append(file, ",match=%s", apply->match);
	if (apply->blank != NULL)
		append(file, ",blank=%s", apply->blank);
	if (apply->source_time != NULL)
		append(file, ",source-time=%s", apply->source_time);
}

/*
 * Set the content id of a file that was read completely; fault may be none.
 */
static void
identify(struct vendor_file *file, const struct glue_error *fault)
{
	char delimiter = file->found.delimiter;

	snprintf(file->content_id, sizeof(file->content_id), "%s", file->found.content_id);
	if (delimiter == 0)
		delimiter = file->options.delimiter;
	if (delimiter != 0 && delimiter != ',')
		append(file, ",delimiter=%02x", (unsigned char) delimiter);
	if (file->options.quote != QUOTE_DOUBLE)
		append(file, ",quote=%s", quote_sign_name(file->options.quote));
	if (!decode_is_utf8(file->found.encoding) || file->found.encoding_mattered)
		append_encoding(file);
	if (file->found.sheet_number > 1)
		append(file, ",sheet=%d", file->found.sheet_number);
	if (strcmp(fault->code, "FILE_TOO_LARGE") == 0)
		append(file, ",max-bytes=%" PRId64, file->limits.max_bytes);
	else if (strcmp(fault->code, "TOO_MANY_ROWS") == 0)
		append(file, ",max-rows=%" PRId64, file->limits.max_rows);
	if (file->map != NULL)
		append(file, ",map=%s", file_map_hash(file->map));
	if (upload_mode_changes(file->needs.mode))
		append_apply(file);
	/* Further options for reading and applying a file go here. */
}

/*
 * Add the vendor's headings as a JSON array.
 */
static void
add_header(cJSON *metadata, const struct header_map *map)
{
	cJSON *headings = cJSON_AddArrayToObject(metadata, "header");

	for (int i = 0; i < map->header_count; i++)
		cJSON_AddItemToArray(headings, json_text(map->fields[i].heading));
}

/*
 * Add the headings of our columns, and of the action, that share a column of the file
 * with another one.
 */
static void
add_sources(cJSON *metadata, const struct header_map *map)
{
	cJSON *sources = cJSON_AddObjectToObject(metadata, "sources");

	for (int i = map->header_count; i < map->field_count; i++)
	{
		const struct mapped_field *field = &map->fields[i];

		if (header_map_is_constant(map, i))
			continue;
		if (field->role == FIELD_COLUMN)
			cJSON_AddItemToObject(sources, onboard_columns[field->column].name,
								  json_text(field->heading));
		else if (field->role == FIELD_ACTION)
			cJSON_AddItemToObject(sources, ONBOARD_ACTION_COLUMN, json_text(field->heading));
	}
}

/*
 * Add what the reports need to know of the vendor's map: under which name each of the
 * header's cells is kept, and which columns have cells that cannot take a corrected
 * value.
 */
static void
add_map(cJSON *metadata, const struct vendor_file *file)
{
	const struct header_map *map = file->found.map;
	cJSON *keys = cJSON_AddArrayToObject(metadata, "keys");
	cJSON *converted;

	for (int i = 0; i < map->header_count; i++)
		cJSON_AddItemToArray(keys, json_text(map->fields[i].key));
	add_sources(metadata, map);
	cJSON_AddStringToObject(metadata, "map", file_map_name(file->map));
	converted = cJSON_AddArrayToObject(metadata, "converted");
	for (int i = 0; i < map->field_count; i++)
	{
		if (map->fields[i].is_converted && map->fields[i].role == FIELD_COLUMN)
			cJSON_AddItemToArray(converted, json_text(map->fields[i].key));
	}
	if (file->found.skipped_rows > 0)
		cJSON_AddNumberToObject(metadata, "skipped_rows", (double) file->found.skipped_rows);
}

/*
 * Add the rows in which a spreadsheet shows the records, as pairs.
 */
static void
add_sheet_rows(cJSON *metadata, const struct sheet_rows *rows)
{
	cJSON *list = cJSON_AddArrayToObject(metadata, "sheet_rows");

	for (int i = 0; i < rows->count; i++)
	{
		cJSON *pair = cJSON_CreateArray();

		cJSON_AddItemToArray(pair, cJSON_CreateNumber((double) rows->steps[i].row_number));
		cJSON_AddItemToArray(pair, rows->steps[i].above == SHEET_STEP_UNKNOWN
									   ? cJSON_CreateNull()
									   : cJSON_CreateNumber((double) rows->steps[i].above));
		cJSON_AddItemToArray(list, pair);
	}
}

/*
 * Add what the file is, unless it is plain CSV.
 */
static void
add_format(cJSON *metadata, const struct scan_result *found)
{
	if (strcmp(found->format, "csv") != 0)
		cJSON_AddStringToObject(metadata, "format", found->format);
	if (found->sheet != NULL)
		cJSON_AddStringToObject(metadata, "sheet", found->sheet);
	if (found->compression != NULL)
		cJSON_AddStringToObject(metadata, "compression", found->compression);
}

char *
vendor_file_metadata(const struct vendor_file *file)
{
	const struct scan_result *found = &file->found;
	cJSON *metadata = cJSON_CreateObject();
	char delimiter[2] = {found->delimiter, '\0'};
	char *text;

	if (found->map != NULL)
	{
		add_header(metadata, found->map);
		if (file->map != NULL)
			add_map(metadata, file);
		cJSON_AddStringToObject(metadata, "delimiter", delimiter);
		if (found->quote != QUOTE_DOUBLE)
			cJSON_AddStringToObject(metadata, "quote", quote_sign_name(found->quote));
		if (found->empty_rows > 0)
			cJSON_AddNumberToObject(metadata, "empty_rows", (double) found->empty_rows);
		add_sheet_rows(metadata, &found->sheet_rows);
	}
	add_format(metadata, found);
	cJSON_AddStringToObject(metadata, "encoding", found->encoding);
	text = cJSON_PrintUnformatted(metadata);
	cJSON_Delete(metadata);
	return text;
}

/*
 * Append a name to a PostgreSQL array, quoted.
 */
static bool
append_name(struct byte_buffer *array, struct text_view name)
{
	if (!byte_buffer_reserve(array, 2 * name.length + 3, NULL))
		return false;
	byte_buffer_put(array, array->used > 1 ? ",\"" : "\"", array->used > 1 ? 2 : 1);
	for (size_t i = 0; i < name.length; i++)
	{
		if (name.data[i] == '"' || name.data[i] == '\\')
			byte_buffer_put(array, "\\", 1);
		byte_buffer_put(array, &name.data[i], 1);
	}
	byte_buffer_put(array, "\"", 1);
	return true;
}

char *
vendor_file_columns(const struct vendor_file *file)
{
	const struct header_map *map = file->found.map;
	struct byte_buffer array = {0};
	bool done;

	if (map == NULL)
		return NULL;
	done = byte_buffer_append(&array, "{", 1, NULL);
	for (int i = 0; done && i < map->field_count; i++)
	{
		const struct mapped_field *field = &map->fields[i];

		if (field->role == FIELD_COLUMN)
			done = append_name(&array, text_of(onboard_columns[field->column].name));
		else if (field->role == FIELD_ATTRIBUTE)
			done = append_name(&array, field->name);
	}
	if (done && byte_buffer_append(&array, "}", 2, NULL))
		return array.data;
	byte_buffer_clean_up(&array);
	return NULL;
}

/* ----- the first reading ----- */

struct inspection
{
	struct vendor_file *file;
	bool to_end;
	vendor_file_progress_fn progress;
	void *context;
	int64_t bytes;
	bool is_refused; /* the scan found a fault */
};

/*
 * A byte_source_take_fn.  Input of unknown size may be endless, so a refused
 * one is read only up to the default limit.
 */
static bool
inspect_bytes(void *context, const char *bytes, size_t length)
{
	struct inspection *inspection = context;
	const struct vendor_file *file = inspection->file;
	bool is_wanted;

	if (!scan_push(file->scan, bytes, length, NULL))
		inspection->is_refused = true;
	inspection->bytes += (int64_t) length;
	if (inspection->progress != NULL)
		inspection->progress(inspection->context, inspection->bytes);
	is_wanted = inspection->to_end || !scan_is_settled(file->scan);
	return !inspection->is_refused ||
		   (is_wanted && (file->bytes->size > 0 || inspection->bytes <= SCAN_DEFAULT_MAX_BYTES));
}

static bool
scan_once(struct vendor_file *file, struct inspection *inspection, bool *is_whole,
		  struct glue_error *error)
{
	inspection->bytes = 0;
	inspection->is_refused = false;
	*is_whole = file->bytes->read(file->bytes, 0, inspect_bytes, inspection, error);
	if (!*is_whole && error->class != GLUE_NO_ERROR)
		return false;
	return scan_finish(file->scan, &file->found, error);
}

bool
vendor_file_scan(struct vendor_file *file, bool to_end, vendor_file_progress_fn progress,
				 void *context, struct glue_error *error)
{
	struct inspection inspection = {
		.file = file,
		.to_end = to_end,
		.progress = progress,
		.context = context,
	};
	bool is_whole;
	bool done = scan_once(file, &inspection, &is_whole, error);

	if (!done && encoding_is_auto(file->options.encoding) && file->found.encoding_guess[0] != '\0')
		done = vendor_file_use_encoding(file, file->found.encoding_guess, error) &&
			   scan_once(file, &inspection, &is_whole, error);
	if (!done && error->class != GLUE_FILE_FAULT)
		return false;
	if (is_whole && to_end)
		identify(file, error);
	if (done)
		vendor_file_keep_reading(file, file->found.delimiter, file->found.encoding);
	if (done && file->kept.is_complete)
		file->options.format = &kept_format;
	return done;
}

/* ----- the second reading ----- */

struct pass
{
	struct vendor_file_reading *reading;
	struct glue_error error; /* of the reader; none if a callback stopped it */
};

/*
 * A byte_source_take_fn.
 */
static bool
read_rows(void *context, const char *bytes, size_t length)
{
	struct pass *pass = context;
	struct vendor_file_reading *reading = pass->reading;

	return (reading->piece == NULL || reading->piece(reading->context)) &&
		   row_reader_push(reading->reader, bytes, length, &pass->error);
}

/*
 * Report a replaced file as such rather than its new faults.
 */
static bool
explain(struct vendor_file *file, bool done, struct glue_error *error)
{
	if ((done || error->class == GLUE_FILE_FAULT) && file->bytes->is_replaced != NULL &&
		file->bytes->is_replaced(file->bytes))
		return byte_source_replaced(file->bytes, error);
	return done;
}

bool
vendor_file_read(struct vendor_file *file, struct vendor_file_reading *reading,
				 const struct resume_token *from, const struct row_reader_events *events,
				 struct glue_error *error)
{
	struct pass pass = {.reading = reading};
	int64_t offset = from != NULL ? from->byte_offset : 0;
	bool done;

	glue_error_clear(error);
	reading->reader = from != NULL ? row_reader_resume(from, events, error)
								   : row_reader_open(&file->options, events, error);
	if (reading->reader == NULL)
		return false;
	row_reader_need(reading->reader, &file->needs);
	done = file->bytes->read(file->bytes, offset, read_rows, &pass, error);
	if (done)
		done = row_reader_finish(reading->reader, error);
	else if (pass.error.class != GLUE_NO_ERROR)
		*error = pass.error;
	row_reader_destroy(reading->reader);
	reading->reader = NULL;
	return explain(file, done, error);
}
