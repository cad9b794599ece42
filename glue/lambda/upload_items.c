/*-------------------------------------------------------------------------
 *
 * upload_items.c
 *	  Rows of an upload -> items of the DynamoDB table UploadRecords.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aws/dynamodb.h"
#include "lambda/upload_items.h"
#include "shared/columns.h"

#define JUDGED_QUERY                                                        \
	"SELECT r.first_row, r.last_row FROM onboard_judged_ranges($1::text) r" \
	" ORDER BY r.first_row"

#define SECONDS_OF_DAY 86400

/* "REC_", the digits of any row number, and the NUL. */
#define RECORD_ID_SIZE 32

/* One reading. */
struct items
{
	const struct object_upload *object;
	const struct column_map *map; /* borrowed from the reading */
	struct dynamodb_writer *writer;
	int64_t created_at;
	int64_t expires_at;
	PGresult *judged; /* owned; ranges of rows, ascending */
	int range;        /* the first that may hold the next row */
	int64_t written;
	struct glue_error error;
};

/* ----- rows that have a verdict ----- */

static int64_t
judged_row(const struct items *items, int column)
{
	return strtoll(PQgetvalue(items->judged, items->range, column), NULL, 10);
}

/*
 * Rows are asked for in ascending order.
 */
static bool
is_judged(struct items *items, int64_t row_number)
{
	while (items->range < PQntuples(items->judged) && judged_row(items, 1) < row_number)
		items->range++;
	return items->range < PQntuples(items->judged) && judged_row(items, 0) <= row_number;
}

/* ----- an item ----- */

/*
 * Empty fields of columns that are not ours are left out, as in COPY: a row is
 * stored alike by both ways.
 */
static void
put_product(struct dynamodb_json *json, const struct column_map *map, const struct record *record)
{
	dynamodb_open_map(json, "product_data");
	for (int i = 0; i < map->field_count; i++)
	{
		const struct mapped_field *field = &map->fields[i];

		if (field->role == FIELD_COLUMN)
			dynamodb_put_text(json, text_of(onboard_columns[field->column].name),
							  record->fields[i]);
		else if (field->role == FIELD_ATTRIBUTE && record->fields[i].length > 0)
			dynamodb_put_text(json, field->name, record->fields[i]);
	}
	dynamodb_close_map(json);
}

static void
put_defect(struct dynamodb_json *json, const struct record *record)
{
	dynamodb_open_map(json, "defect");
	dynamodb_put_string(json, "error_type", record->defect_type);
	dynamodb_put_string(json, "message", record->defect_message);
	dynamodb_put_text(json, text_of("raw"), record->raw);
	dynamodb_close_map(json);
}

static bool
write_item(struct items *items, const struct record *record)
{
	const struct object_upload *object = items->object;
	struct dynamodb_json json;
	char record_id[RECORD_ID_SIZE];

	snprintf(record_id, sizeof(record_id), "REC_%08" PRId64, record->row_number);
	if (!dynamodb_writer_item(items->writer, &json, &items->error))
		return false;
	dynamodb_open(&json, NULL, '{');
	dynamodb_put_string(&json, "upload_id", object->upload_id);
	dynamodb_put_string(&json, "record_id", record_id);
	dynamodb_put_string(&json, "vendor_id", object->vendor_id);
	dynamodb_put_number(&json, "row_number", record->row_number);
	dynamodb_put_number(&json, "line_number", record->line_number);
	dynamodb_put_string(&json, "status", "pending_validation");
	dynamodb_put_number(&json, "parse_attempt", object->attempt);
	dynamodb_put_number(&json, "created_at", items->created_at);
	dynamodb_put_number(&json, "expires_at", items->expires_at);
	if (record->defect_type == NULL)
		put_product(&json, items->map, record);
	else
		put_defect(&json, record);
	dynamodb_close(&json, '}');
	return dynamodb_writer_item_end(items->writer, &json, &items->error);
}

static bool
take_header(void *context, const struct column_map *map)
{
	struct items *items = context;

	items->map = map;
	return true;
}

static bool
take_record(void *context, const struct record *record)
{
	struct items *items = context;

	if (is_judged(items, record->row_number))
		return true;
	if (!write_item(items, record))
		return false;
	items->written++;
	return true;
}

/* ----- all of them ----- */

static bool
write_all(struct items *items, struct object_upload *object, struct sandbox *sandbox,
		  const struct invocation *invocation, struct glue_error *error)
{
	struct row_reader_events events = {take_header, take_record, items};

	if (!object_upload_read(object, sandbox, invocation, &events, error))
	{
		if (items->error.class != GLUE_NO_ERROR)
			*error = items->error;
		return false;
	}
	/* Of an upload that has ended meanwhile nobody waits for the rest. */
	return object->has_ended || dynamodb_writer_flush(items->writer, error);
}

bool
upload_items_write(struct object_upload *object, struct sandbox *sandbox,
				   const struct invocation *invocation, int64_t *written, struct glue_error *error)
{
	const struct settings *settings = &sandbox->settings;
	const char *const values[] = {object->upload_id};
	struct items items = {.object = object, .created_at = (int64_t) time(NULL)};
	bool done = false;

	*written = 0;
	items.expires_at = items.created_at + settings->item_ttl_days * SECONDS_OF_DAY;
	if (!connection_query(sandbox->connection, invocation->deadline_ms, JUDGED_QUERY, 1, values,
						  &items.judged, error))
		return false;
	items.writer =
		dynamodb_writer_new(&sandbox->aws, settings->upload_records_table,
							(int) settings->aws_calls_in_flight, invocation->deadline_ms, error);
	if (items.writer != NULL)
		done = write_all(&items, object, sandbox, invocation, error);
	*written = items.written;
	dynamodb_writer_destroy(items.writer);
	PQclear(items.judged);
	return done;
}
