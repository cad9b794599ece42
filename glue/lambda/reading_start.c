/*-------------------------------------------------------------------------
 *
 * reading_start.c
 *	  Where the reading of an object begins.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/heap.h"
#include "lambda/reading_start.h"
#include "shared/columns.h"
#include "shared/text.h"

#define LOOK                                                                            \
	"SELECT u.status, coalesce(u.total_records, -1), u.checkpoint ->> 'byte_offset',"   \
	" u.checkpoint ->> 'row_number', u.checkpoint ->> 'line_number',"                   \
	" u.checkpoint -> 'state' ->> 'skip', u.checkpoint -> 'state' ->> 'encoding',"      \
	" u.checkpoint -> 'state' ->> 'delimiter', u.checkpoint -> 'state' -> 'header',"    \
	" (SELECT j.last_row FROM onboard_judged_ranges($1::text) j WHERE j.first_row = 1)" \
	" FROM onboard_describe_upload($1::text) u"

enum
{
	START_STATUS,
	START_TOTAL,
	START_BYTE_OFFSET,
	START_ROW_NUMBER,
	START_LINE_NUMBER,
	START_SKIP,
	START_ENCODING,
	START_DELIMITER,
	START_HEADER,
	START_JUDGED_TO
};

/* ----- reading a state ----- */

static bool
foreign_state(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INTERNAL_ERROR, "CHECKPOINT",
						  "the checkpoint of the upload was not written by this program");
}

static int64_t
number(const PGresult *result, int column)
{
	return strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

static bool
read_names(struct reading_start *start, struct glue_error *error)
{
	const cJSON *name;
	int count;

	start->parsed = cJSON_Parse(PQgetvalue(start->result, 0, START_HEADER));
	count = cJSON_GetArraySize(start->parsed);
	if (!cJSON_IsArray((cJSON *) start->parsed) || count < 1 || count > ONBOARD_MAX_COLUMNS)
		return foreign_state(error);
	start->names = glue_allocate(sizeof(*start->names) * count);
	if (start->names == NULL)
		return glue_error_memory(error);
	cJSON_ArrayForEach(name, (cJSON *) start->parsed)
	{
		if (!cJSON_IsString(name))
			return foreign_state(error);
		start->names[start->file.header_count++] = text_of(name->valuestring);
	}
	start->file.header = start->names;
	return true;
}

static bool
read_checkpoint(struct reading_start *start, struct glue_error *error)
{
	const PGresult *result = start->result;

	start->has_point = !PQgetisnull(result, 0, START_BYTE_OFFSET);
	if (!start->has_point)
		return true;
	start->point.bytes.byte_offset = number(result, START_BYTE_OFFSET);
	start->point.bytes.skip = number(result, START_SKIP);
	start->point.row_number = number(result, START_ROW_NUMBER) + 1;
	start->point.line_number = number(result, START_LINE_NUMBER);
	start->file.encoding = PQgetvalue(result, 0, START_ENCODING);
	start->file.delimiter = PQgetvalue(result, 0, START_DELIMITER)[0];
	return read_names(start, error);
}

bool
reading_start_init(struct reading_start *start, struct database *database, const char *upload_id,
				   struct glue_error *error)
{
	const char *const values[] = {upload_id};

	memset(start, 0, sizeof(*start));
	if (!database_query(database, RUN_AGAIN, LOOK, 1, values, &start->result, error))
		return false;
	start->status = PQgetvalue(start->result, 0, START_STATUS);
	start->processing = strcmp(start->status, "processing") == 0;
	start->total_records = number(start->result, START_TOTAL);
	start->judged_to = number(start->result, START_JUDGED_TO);
	if (read_checkpoint(start, error))
		return true;
	reading_start_clean_up(start);
	return false;
}

void
reading_start_clean_up(struct reading_start *start)
{
	PQclear(start->result);
	cJSON_Delete(start->parsed);
	glue_release(start->names);
	memset(start, 0, sizeof(*start));
}

struct csv_source *
reading_start_source(const struct reading_start *start, const struct csv_events *events,
					 int64_t *offset, struct glue_error *error)
{
	*offset = start->has_point ? start->point.bytes.byte_offset : 0;
	if (start->has_point)
		return csv_source_resume(&start->point, &start->file, events, error);
	return csv_source_new(NULL, events, error);
}

/* ----- writing a state ----- */

static bool
append_json(struct byte_buffer *buffer, struct text_view text, struct glue_error *error)
{
	if (!byte_buffer_reserve(buffer, LONGEST_JSON_ESCAPE * text.length + 3, error))
		return false;
	byte_buffer_put(buffer, "\"", 1);
	byte_buffer_append_json(buffer, text);
	byte_buffer_put(buffer, "\"", 1);
	return true;
}

bool
reading_state_write(struct byte_buffer *buffer, const struct csv_source *source, int64_t skip,
					struct glue_error *error)
{
	const struct csv_header *header = csv_source_header(source);
	char delimiter = csv_source_delimiter(source);
	char beginning[48];

	buffer->used = 0;
	snprintf(beginning, sizeof(beginning), "{\"skip\":%" PRId64 ",\"encoding\":", skip);
	if (!byte_buffer_append_string(buffer, beginning, error) ||
		!append_json(buffer, text_of(csv_source_encoding(source)), error) ||
		!byte_buffer_append_string(buffer, ",\"delimiter\":", error) ||
		!append_json(buffer, (struct text_view){&delimiter, 1}, error) ||
		!byte_buffer_append_string(buffer, ",\"header\":", error))
		return false;
	for (int i = 0; i < header->field_count; i++)
	{
		if (!byte_buffer_append(buffer, i == 0 ? "[" : ",", 1, error) ||
			!append_json(buffer, header->fields[i].name, error))
			return false;
	}
	return byte_buffer_append(buffer, "]}", 2, error) && byte_buffer_terminate(buffer, error);
}
