/*-------------------------------------------------------------------------
 *
 * upload_items.c
 *	  Write the rows of an upload as items of the DynamoDB table
 *	  UploadRecords.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lambda/status_updates.h"
#include "lambda/upload_items.h"
#include "shared/columns.h"

#define SECONDS_OF_DAY 86400

/* "REC_", the digits of any row number, and the NUL. */
#define RECORD_ID_SIZE 32

/* ----- an item ----- */

/*
 * Write a field that is not part of the product; position is negative if there
 * is none.
 */
static void
put_beside(struct dynamodb_json *json, const char *name, const struct record *record, int position)
{
	if (position >= 0 && record->fields[position].length > 0)
		dynamodb_put_text(json, text_of(name), record->fields[position]);
}

/*
 * Write the cells that the vendor's map changed or left out.
 */
static void
put_source_cells(struct dynamodb_json *json, const struct record *record)
{
	if (record->cell_count == 0)
		return;
	dynamodb_open_map(json, "source_cells");
	for (int i = 0; i < record->cell_count; i++)
		dynamodb_put_text(json, record->cells[i].name, record->cells[i].text);
	dynamodb_close_map(json);
}

/*
 * Write the product's fields, the row's action, the memo of its keys and source cells.  Empty
 * fields of unknown columns are omitted, as in COPY, so that both routes store
 * the same row.
 */
static void
put_product(struct dynamodb_json *json, const struct header_map *map, const struct record *record)
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
	put_beside(json, "action", record, map->action);
	put_beside(json, "key_memo", record, map->key_memo);
	put_source_cells(json, record);
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
write_item(struct upload_items *items, const struct record *record, struct glue_error *error)
{
	struct dynamodb_json json;
	char record_id[RECORD_ID_SIZE];

	snprintf(record_id, sizeof(record_id), "REC_%08" PRId64, record->row_number);
	if (!dynamodb_writer_item(items->writer, &json, error))
		return false;
	dynamodb_open(&json, NULL, '{');
	dynamodb_put_string(&json, "upload_id", items->upload_id);
	dynamodb_put_string(&json, "record_id", record_id);
	dynamodb_put_string(&json, "vendor_id", items->vendor_id);
	dynamodb_put_number(&json, "row_number", record->row_number);
	dynamodb_put_number(&json, "line_number", record->line_number);
	dynamodb_put_string(&json, "status", ITEM_PENDING);
	dynamodb_put_number(&json, "parse_attempt", items->attempt);
	dynamodb_put_number(&json, "created_at", items->created_at);
	dynamodb_put_number(&json, "expires_at", items->expires_at);
	if (record->defect_type == NULL)
		put_product(&json, items->map, record);
	else
		put_defect(&json, record);
	dynamodb_close(&json, '}');
	return dynamodb_writer_item_end(items->writer, &json, error);
}

/* ----- functions of a row_sink ----- */

static bool
items_begin(struct row_sink *sink, const char *upload_id, const struct header_map *map,
			struct glue_error *error)
{
	struct upload_items *items = (struct upload_items *) sink;

	(void) error;
	items->upload_id = upload_id;
	items->map = map;
	return true;
}

static bool
items_row(struct row_sink *sink, const struct record *record, struct glue_error *error)
{
	struct upload_items *items = (struct upload_items *) sink;

	if (!write_item(items, record, error))
		return false;
	sink->committed_rows++;
	return true;
}

static bool
items_finish(struct row_sink *sink, struct glue_error *error)
{
	struct upload_items *items = (struct upload_items *) sink;

	return dynamodb_writer_flush(items->writer, error);
}

/*
 * Nothing to undo: items already written are harmless.
 */
static void
items_abort(struct row_sink *sink)
{
	(void) sink;
}

/* ----- the sink ----- */

bool
upload_items_init(struct upload_items *items, struct sandbox *sandbox, int64_t deadline_ms,
				  const char *vendor_id, int64_t attempt, struct glue_error *error)
{
	const struct settings *settings = &sandbox->settings;

	memset(items, 0, sizeof(*items));
	items->sink = (struct row_sink){
		.begin = items_begin,
		.row = items_row,
		.finish = items_finish,
		.abort = items_abort,
	};
	items->vendor_id = vendor_id;
	items->attempt = attempt;
	items->created_at = (int64_t) time(NULL);
	items->expires_at = items->created_at + settings->item_ttl_days * SECONDS_OF_DAY;
	items->writer = dynamodb_writer_new(&sandbox->aws, settings->upload_records_table,
										(int) settings->aws_calls_in_flight, deadline_ms, error);
	return items->writer != NULL;
}

void
upload_items_clean_up(struct upload_items *items)
{
	dynamodb_writer_destroy(items->writer);
	memset(items, 0, sizeof(*items));
}
