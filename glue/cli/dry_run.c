/*-------------------------------------------------------------------------
 *
 * dry_run.c
 *	  Send the rows of a file to the database without storing them.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "cli/chosen_database.h"
#include "cli/chosen_map.h"
#include "cli/dry_run.h"
#include "cli/named.h"
#include "import/map_fit.h"
#include "import/vendor_map.h"
#include "report/report_content.h"
#include "shared/columns.h"
#include "shared/text.h"

/* A chunk also ends at this size. */
#define CHUNK_BYTES (4 * 1024 * 1024)

/* ----- opening ----- */

static bool
check_vendor(struct dry_run *run, struct glue_error *error)
{
	const char *vendor = run->options->vendor;
	char status[32];

	if (!named_vendor_status(run->database, vendor, status, sizeof(status), error))
		return false;
	return strcmp(status, "active") == 0 ||
		   glue_error_set(
			   error, GLUE_FILE_FAULT, "VENDOR_NOT_ACTIVE",
			   "vendor %s is %s; its files are not loaded until \"onboard vendor set-status %s active\"",
			   vendor, status, vendor);
}

static void
show_progress(void *context, int64_t done)
{
	progress_update(context, done);
}

/*
 * Run the first reading.
 */
static bool
inspect_file(struct dry_run *run, struct glue_error *error)
{
	bool good;

	run->started_ms = clock_milliseconds();
	progress_begin(&run->progress, !run->options->quiet, "Reading", "bytes",
				   run->local.source.bytes.size, 0);
	good = vendor_file_scan(&run->local.file, true, show_progress, &run->progress, error);
	progress_end(&run->progress);
	if (!good)
	{
		map_fit_explain(&run->local.file, run->database, run->options->vendor, error);
		*error = local_file_advice(&run->local, error);
	}
	else
		local_file_note_empty_rows(&run->local);
	return good;
}

/*
 * Find out how the rows would be applied, which decides the columns that the file
 * needs.
 */
static bool
apply_rows(struct dry_run *run, struct glue_error *error)
{
	const struct upload_apply *apply = &run->apply;
	struct column_needs needs = {MODE_INSERT, MATCH_COUNT, NULL};
	bool is_allowed; /* to load; comparing is always allowed */

	if (!upload_choose_mode(run->database, run->options->vendor, apply->mode, &needs.mode,
							&is_allowed, error))
		return false;
	if (apply->match != NULL && !upload_match_by_name(apply->match, &needs.match))
		needs.match = MATCH_COUNT;
	vendor_file_apply(&run->local.file, &needs, apply);
	return true;
}

/*
 * Describe a file that is read with a map, for messages with the vendor's headings.
 */
static bool
describe_file(struct dry_run *run, struct glue_error *error)
{
	if (run->local.file.map == NULL)
		return true;
	run->metadata = vendor_file_metadata(&run->local.file);
	return run->metadata != NULL || glue_error_memory(error);
}

bool
dry_run_open(struct dry_run *run, const struct options *options, const struct upload_apply *apply,
			 struct glue_error *error)
{
	memset(run, 0, sizeof(*run));
	run->options = options;
	if (apply != NULL)
		run->apply = *apply;
	return local_file_open(&run->local, options, error) &&
		   (run->database = chosen_database_open(options, error)) != NULL &&
		   check_vendor(run, error) &&
		   chosen_map_use(&run->local, run->database, &run->apply, error) &&
		   (apply == NULL || apply_rows(run, error)) && inspect_file(run, error) &&
		   describe_file(run, error);
}

/*
 * Read the fixed file as it was written, with double quotes and without limits, whatever
 * the map says of the vendor's files, and apply it as a load would.  It has only some of
 * the vendor's products, so it must not replace all: upload_apply.c of the extension does
 * the same.
 */
static bool
init_fixed(struct dry_run *run, const struct upload *upload, struct glue_error *error)
{
	struct vendor_file *file = &run->local.file;
	const struct vendor_file_request request = {
		.options = {.delimiter = upload->delimiter != 0 ? upload->delimiter : ','},
		.has_quote = true,
		.has_max_bytes = true,
		.has_max_rows = true,
	};
	const struct column_needs needs = {
		.mode = upload->mode == MODE_REPLACE ? MODE_UPSERT : upload->mode,
		.match = upload->match,
	};
	struct file_map *map;

	if (!vendor_file_init(file, &run->local.source.bytes, run->local.source.name, &request,
						  error) ||
		!vendor_map_of_upload(run->database, upload->upload_id, &map, error) ||
		!vendor_file_use_map(file, map, error))
		return false;
	vendor_file_apply(file, &needs, &run->apply);
	return true;
}

bool
dry_run_open_fixed(struct dry_run *run, const struct options *options, struct database *database,
				   const struct upload *upload, int descriptor, struct glue_error *error)
{
	memset(run, 0, sizeof(*run));
	run->options = run->local.options = options;
	run->database = database;
	run->database_is_borrowed = true;
	return file_source_take(&run->local.source, descriptor, report_name(REPORT_FIXED), error) &&
		   init_fixed(run, upload, error) &&
		   vendor_file_scan(&run->local.file, true, NULL, NULL, error);
}

void
dry_run_close(struct dry_run *run)
{
	byte_buffer_clean_up(&run->records);
	cJSON_free(run->metadata);
	if (!run->database_is_borrowed)
		database_close(run->database);
	local_file_close(&run->local);
	memset(run, 0, sizeof(*run));
}

int64_t
dry_run_line(const struct dry_run *run, int64_t row_number)
{
	int64_t index = row_number - run->first_row;

	return index >= 0 && index < run->rows ? run->lines[index] : 0;
}

/* ----- chunks ----- */

/*
 * Send the current chunk to be judged and begin the next.
 */
static bool
judge_chunk(struct dry_run *run, struct glue_error *error)
{
	if (run->rows == 0)
		return true;
	if (!byte_buffer_append(&run->records, "]", 2, error) ||
		!run->events->judge(run->context, error))
		return false;
	run->judged += run->rows;
	run->rows = 0;
	run->records.used = 0;
	progress_update(&run->progress, run->judged);
	return true;
}

/*
 * Append "name":"value".
 */
static void
append_json_member(struct byte_buffer *buffer, struct text_view name, struct text_view value,
				   bool first)
{
	static const struct text_view comma = {",", 1};
	static const struct text_view quote = {"\"", 1};
	static const struct text_view middle = {"\":\"", 3};
	struct text_view parts[] = {first ? (struct text_view){"", 0} : comma, quote};

	for (int i = 0; i < 2; i++)
		(void) byte_buffer_append(buffer, parts[i].data, parts[i].length, NULL);
	byte_buffer_append_json(buffer, name);
	(void) byte_buffer_append(buffer, middle.data, middle.length, NULL);
	byte_buffer_append_json(buffer, value);
	(void) byte_buffer_append(buffer, quote.data, quote.length, NULL);
}

/*
 * Append a field that is not part of the product; position is negative if there
 * is none.
 */
static void
append_beside(struct byte_buffer *buffer, const char *name, const struct record *record,
			  int position)
{
	if (record->defect_type == NULL && position >= 0 && record->fields[position].length > 0)
		append_json_member(buffer, text_of(name), record->fields[position], false);
}

/*
 * Append the cells that the vendor's map changed or left out.
 */
static void
append_source_cells(struct byte_buffer *buffer, const struct record *record)
{
	if (record->cell_count == 0)
		return;
	(void) byte_buffer_append(buffer, ",\"source_cells\":{", 17, NULL);
	for (int i = 0; i < record->cell_count; i++)
		append_json_member(buffer, record->cells[i].name, record->cells[i].text, i == 0);
	(void) byte_buffer_append(buffer, "}", 1, NULL);
}

/*
 * Append the product and what is beside it, or the defect, of a record.  The
 * caller has reserved room.
 */
static void
append_content(struct dry_run *run, const struct record *record)
{
	struct byte_buffer *buffer = &run->records;
	const struct header_map *map = run->local.file.found.map;
	bool first = true;

	if (record->defect_type != NULL)
	{
		(void) byte_buffer_append(buffer, "\"defect\":{", 10, NULL);
		append_json_member(buffer, text_of("error_type"), text_of(record->defect_type), true);
		append_json_member(buffer, text_of("message"), text_of(record->defect_message), false);
		append_json_member(buffer, text_of("raw"), record->raw, false);
	}
	else
		(void) byte_buffer_append(buffer, "\"product\":{", 11, NULL);
	for (int i = 0; record->defect_type == NULL && i < record->field_count; i++)
	{
		const struct mapped_field *field = &map->fields[i];
		struct text_view name = field->name;

		if ((field->role != FIELD_COLUMN && field->role != FIELD_ATTRIBUTE) ||
			record->fields[i].length == 0)
			continue;
		if (field->role == FIELD_COLUMN)
			name = text_of(onboard_columns[field->column].name);
		append_json_member(buffer, name, record->fields[i], first);
		first = false;
	}
	(void) byte_buffer_append(buffer, "}", 1, NULL);
	append_beside(buffer, "action", record, map->action);
	append_beside(buffer, "key_memo", record, map->key_memo);
	append_source_cells(buffer, record);
	(void) byte_buffer_append(buffer, "}", 1, NULL);
}

/*
 * Return the maximum size of a record as JSON: every byte escaped, plus names
 * and punctuation.
 */
static size_t
record_bound(const struct header_map *map, const struct record *record)
{
	size_t bytes = record->raw.length + RECORD_MESSAGE_SIZE;

	for (int i = 0; i < record->field_count; i++)
		bytes += record->fields[i].length;
	for (int i = 0; i < record->cell_count; i++)
		bytes += record->cells[i].name.length + record->cells[i].text.length;
	for (int i = 0; i < map->field_count; i++)
		bytes += map->fields[i].name.length + 32;
	return 6 * bytes + 256;
}

static bool
append_record(struct dry_run *run, const struct record *record)
{
	struct byte_buffer *buffer = &run->records;
	char beginning[96];
	int length;

	if (!byte_buffer_reserve(buffer, record_bound(run->local.file.found.map, record), &run->error))
		return false;
	length = snprintf(beginning, sizeof(beginning),
					  "%c{\"row_number\":%" PRId64 ",\"line_number\":%" PRId64 ",",
					  run->rows == 0 ? '[' : ',', record->row_number, record->line_number);
	(void) byte_buffer_append(buffer, beginning, (size_t) length, NULL);
	append_content(run, record);
	if (run->rows == 0)
		run->first_row = record->row_number;
	run->lines[run->rows++] = record->line_number;
	return true;
}

/*
 * row_reader callback for one row.
 */
static bool
take_row(void *context, const struct record *record)
{
	struct dry_run *run = context;

	if (!append_record(run, record))
		return false;
	if (run->rows == DRY_RUN_ROWS || run->records.used >= CHUNK_BYTES)
		return judge_chunk(run, &run->error);
	return true;
}

/* ----- the whole file ----- */

/*
 * Make one attempt.  A lost connection loses its transaction, so every attempt
 * starts at the first row.
 */
static bool
judge_once(struct dry_run *run, struct glue_error *error)
{
	struct vendor_file_reading reading = {0};
	struct row_reader_events events = {.row = take_row, .context = run};

	run->rows = 0;
	run->judged = 0;
	run->records.used = 0;
	if (!run->events->begin(run->context, error) || database_begin(run->database, error) == NULL ||
		!database_query(run->database, RUN_ONCE, "SET TRANSACTION READ ONLY", 0, NULL, NULL, error))
		return false;
	if (!vendor_file_read(&run->local.file, &reading, NULL, &events, error))
	{
		if (error->class == GLUE_NO_ERROR)
			*error = run->error;
		return false;
	}
	return judge_chunk(run, error) &&
		   (run->events->end == NULL || run->events->end(run->context, error)) &&
		   database_commit(run->database, error) == TRANSACTION_COMMITTED;
}

bool
dry_run_judge(struct dry_run *run, const char *label, const struct dry_run_events *events,
			  void *context, struct glue_error *error)
{
	struct patience patience;
	bool done;

	run->events = events;
	run->context = context;
	database_patience(&patience);
	do
	{
		progress_begin(&run->progress, !run->options->quiet, label, "rows",
					   run->local.file.found.row_count, 0);
		done = judge_once(run, error);
		progress_end(&run->progress);
	} while (!done && database_recover(run->database, &patience, error));
	return done;
}
