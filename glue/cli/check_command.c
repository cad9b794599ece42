/*-------------------------------------------------------------------------
 *
 * check_command.c
 *	  onboard check: show what loading a file would do, without loading it.
 *
 * Sends all records to onboard_check() in chunks, in one read-only transaction.
 * With carry, the function remembers the keys of earlier chunks and so finds
 * duplicates across the whole file.  Memory use is constant: one chunk and one
 * counter per cause.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "base/clock.h"
#include "base/heap.h"
#include "cli/causes.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/csv_writer.h"
#include "cli/local_file.h"
#include "cli/message.h"
#include "cli/named.h"
#include "cli/progress.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "database/postgres_value.h"
#include "import/upload.h"
#include "shared/columns.h"
#include "shared/report_cells.h"
#include "shared/text.h"

/* A chunk ends at whichever limit it reaches first. */
#define CHUNK_ROWS 2000
#define CHUNK_BYTES (4 * 1024 * 1024)

struct check
{
	const struct options *options;
	struct local_file local;
	struct database *database;
	struct progress progress;
	struct byte_buffer records; /* JSON of the chunk, without the closing ']' */
	int64_t lines[CHUNK_ROWS];  /* line numbers of its rows */
	int64_t first_row;          /* row number of its first row */
	int rows;                   /* in the chunk */
	int64_t checked;            /* in earlier chunks */
	int64_t errors;
	struct causes causes;
	bool loaded_before;
	FILE *errors_file;        /* or NULL */
	struct byte_buffer query; /* see make_query() */
	struct glue_error error;
};

/* Columns of the query; AT_PRODUCT is the first of the product columns. */
enum
{
	AT_ROW,
	AT_TYPE,
	AT_FIELD,
	AT_MESSAGE,
	AT_REJECTED,
	AT_SUGGESTION,
	AT_PRODUCT
};

/* One result row per error, grouped by row of the file. */
static const char query_beginning[] =
	"SELECT c.row_number, e.error ->> 'error_type', e.error ->> 'error_field',"
	" e.error ->> 'error_message', e.error ->> 'rejected_value', e.error ->> 'suggestion'";
static const char query_end[] =
	" FROM onboard_check($1::text, $2::jsonb, true) c"
	" CROSS JOIN LATERAL jsonb_array_elements(c.errors) WITH ORDINALITY AS e (error, position)"
	" CROSS JOIN LATERAL (SELECT $2::jsonb -> (c.row_number - $3::bigint)::integer -> 'product') AS p (product)"
	" WHERE c.status = 'error' AND e.error ->> 'severity' = 'error'"
	" ORDER BY c.row_number, e.position";

/*
 * Append the expression for a column of the error report.
 */
static bool
append_column(struct byte_buffer *query, const struct report_cell *cell, struct glue_error *error)
{
	char expression[128];
	const char *name = onboard_columns[cell->column].name;

	if (cell->max_characters > 0)
		snprintf(expression, sizeof(expression), ", left(p.product ->> '%s', %d)", name,
				 cell->max_characters);
	else
		snprintf(expression, sizeof(expression), ", p.product ->> '%s'", name);
	return byte_buffer_append_string(query, expression, error);
}

/*
 * Build the query that judges a chunk and returns the error report's columns.
 */
static bool
make_query(struct check *check, struct glue_error *error)
{
	struct byte_buffer *query = &check->query;

	if (!byte_buffer_append_string(query, query_beginning, error))
		return false;
	for (int i = 0; i < REPORT_CELL_COUNT; i++)
	{
		if (report_cells[i].source == REPORT_COLUMN &&
			!append_column(query, &report_cells[i], error))
			return false;
	}
	return byte_buffer_append_string(query, query_end, error) &&
		   byte_buffer_terminate(query, error);
}

/* ----- the error file ----- */

static void
write_headings(FILE *file)
{
	for (int i = 0; i < REPORT_CELL_COUNT; i++)
		csv_write_cell(file, report_cell_heading(&report_cells[i]), i == 0, ',');
	fputs("\r\n", file);
}

/*
 * Open the file named by --errors and write the header.
 */
static bool
open_errors_file(struct check *check, struct glue_error *error)
{
	const char *path = check->options->errors;

	if (path == NULL)
		return true;
	check->errors_file = fopen(path, "we");
	if (check->errors_file == NULL)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR",
							  "cannot write %s: %s", path, strerror(errno));
	fputs("\xEF\xBB\xBF", check->errors_file);
	write_headings(check->errors_file);
	return true;
}

static bool
close_errors_file(struct check *check, struct glue_error *error)
{
	FILE *file = check->errors_file;
	bool failed;

	if (file == NULL)
		return true;
	check->errors_file = NULL;
	failed = ferror(file) != 0;
	if (fclose(file) == 0 && !failed)
		return true;
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR", "cannot write %s",
						  check->options->errors);
}

/*
 * Return the query column of a cell; -1 for the line number, which the query
 * does not return.
 */
static int
query_column(const struct report_cell *cell)
{
	static const int columns[REPORT_SOURCE_COUNT] = {
		[REPORT_ROW_NUMBER] = AT_ROW,        [REPORT_LINE_NUMBER] = -1,
		[REPORT_ERROR_TYPE] = AT_TYPE,       [REPORT_ERROR_FIELD] = AT_FIELD,
		[REPORT_ERROR_MESSAGE] = AT_MESSAGE, [REPORT_REJECTED_VALUE] = AT_REJECTED,
		[REPORT_SUGGESTION] = AT_SUGGESTION,
	};

	return columns[cell->source];
}

static void
write_error_record(struct check *check, const PGresult *result, int row, int64_t line_number)
{
	char line[INTEGER_TEXT_SIZE];
	int product = AT_PRODUCT;

	(void) integer_text(line, line_number);
	for (int i = 0; i < REPORT_CELL_COUNT; i++)
	{
		const struct report_cell *cell = &report_cells[i];
		int column = cell->source == REPORT_COLUMN ? product++ : query_column(cell);

		csv_write_cell(check->errors_file, column < 0 ? line : postgres_text(result, row, column),
					   i == 0, ',');
	}
	fputs("\r\n", check->errors_file);
}

/* ----- chunks ----- */

/*
 * Count the errors of a chunk.
 */
static bool
take_errors(struct check *check, const PGresult *result, struct glue_error *error)
{
	int64_t previous = 0;

	for (int row = 0; row < PQntuples(result); row++)
	{
		int64_t row_number = postgres_integer(result, row, AT_ROW);
		int64_t index = row_number - check->first_row;
		int64_t line_number = index >= 0 && index < check->rows ? check->lines[index] : 0;

		if (row_number != previous)
			check->errors++;
		previous = row_number;
		if (!causes_count(&check->causes, PQgetvalue(result, row, AT_TYPE),
						  postgres_text(result, row, AT_FIELD), line_number,
						  postgres_text(result, row, AT_MESSAGE),
						  postgres_text(result, row, AT_SUGGESTION), error))
			return false;
		if (check->errors_file != NULL)
			write_error_record(check, result, row, line_number);
	}
	return true;
}

/*
 * Send the current chunk to the server and count its errors.
 */
static bool
judge_chunk(struct check *check, struct glue_error *error)
{
	char first[INTEGER_TEXT_SIZE];
	const char *const *values;
	PGresult *result = NULL;
	bool done;

	if (check->rows == 0)
		return true;
	if (!byte_buffer_append(&check->records, "]", 2, error))
		return false;
	values = (const char *const[]){
		check->options->vendor,
		check->records.data,
		integer_text(first, check->first_row),
	};
	if (!database_query(check->database, RUN_ONCE, check->query.data, 3, values, &result, error))
		return false;
	done = take_errors(check, result, error);
	PQclear(result);
	check->checked += check->rows;
	check->rows = 0;
	check->records.used = 0;
	progress_update(&check->progress, check->checked);
	return done;
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
 * Append the product or the defect of a record.  The caller has reserved room.
 */
static void
append_content(struct check *check, const struct record *record)
{
	struct byte_buffer *buffer = &check->records;
	const struct column_map *map = check->local.file.found.map;
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

		if (field->role == FIELD_IGNORED || record->fields[i].length == 0)
			continue;
		if (field->role == FIELD_COLUMN)
			name = text_of(onboard_columns[field->column].name);
		append_json_member(buffer, name, record->fields[i], first);
		first = false;
	}
	(void) byte_buffer_append(buffer, "}}", 2, NULL);
}

/*
 * Return the maximum size of a record as JSON: every byte escaped, plus names
 * and punctuation.
 */
static size_t
record_bound(const struct column_map *map, const struct record *record)
{
	size_t bytes = record->raw.length + RECORD_MESSAGE_SIZE;

	for (int i = 0; i < record->field_count; i++)
		bytes += record->fields[i].length;
	for (int i = 0; i < map->field_count; i++)
		bytes += map->fields[i].name.length + 32;
	return 6 * bytes + 256;
}

static bool
append_record(struct check *check, const struct record *record)
{
	struct byte_buffer *buffer = &check->records;
	char beginning[96];
	int length;

	if (!byte_buffer_reserve(buffer, record_bound(check->local.file.found.map, record),
							 &check->error))
		return false;
	length = snprintf(beginning, sizeof(beginning),
					  "%c{\"row_number\":%" PRId64 ",\"line_number\":%" PRId64 ",",
					  check->rows == 0 ? '[' : ',', record->row_number, record->line_number);
	(void) byte_buffer_append(buffer, beginning, (size_t) length, NULL);
	append_content(check, record);
	if (check->rows == 0)
		check->first_row = record->row_number;
	check->lines[check->rows++] = record->line_number;
	return true;
}

/*
 * row_reader callback for one row.
 */
static bool
take_row(void *context, const struct record *record)
{
	struct check *check = context;

	if (!append_record(check, record))
		return false;
	if (check->rows == CHUNK_ROWS || check->records.used >= CHUNK_BYTES)
		return judge_chunk(check, &check->error);
	return true;
}

/* ----- the whole file ----- */

/*
 * Make one attempt.  A lost connection loses its transaction, so every attempt
 * starts at the first row.
 */
static bool
check_once(struct check *check, struct glue_error *error)
{
	struct vendor_file_reading reading = {0};
	struct row_reader_events events = {.row = take_row, .context = check};

	check->rows = 0;
	check->checked = 0;
	check->errors = 0;
	check->records.used = 0;
	causes_clean_up(&check->causes);
	if (!open_errors_file(check, error) || database_begin(check->database, error) == NULL ||
		!database_query(check->database, RUN_ONCE, "SET TRANSACTION READ ONLY", 0, NULL, NULL,
						error))
		return false;
	if (!vendor_file_read(&check->local.file, &reading, NULL, &events, error))
	{
		if (error->class == GLUE_NO_ERROR)
			*error = check->error;
		return false;
	}
	return judge_chunk(check, error) &&
		   database_commit(check->database, error) == TRANSACTION_COMMITTED &&
		   close_errors_file(check, error);
}

static bool
check_file(struct check *check, struct glue_error *error)
{
	struct patience patience;
	bool done;

	database_patience(&patience);
	do
	{
		progress_begin(&check->progress, !check->options->quiet, "Checking", "rows",
					   check->local.file.found.row_count, 0);
		done = check_once(check, error);
		progress_end(&check->progress);
		if (!done)
			(void) close_errors_file(check, NULL);
	} while (!done && database_recover(check->database, &patience, error));
	return done;
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
inspect_file(struct check *check, struct glue_error *error)
{
	bool good;

	progress_begin(&check->progress, !check->options->quiet, "Reading", "bytes",
				   check->local.source.bytes.size, 0);
	good = vendor_file_scan(&check->local.file, true, show_progress, &check->progress, error);
	progress_end(&check->progress);
	return good;
}

/*
 * Find an earlier load of this file.  Loading it again would only show the
 * earlier result; the check reports what "load --again" would do.
 */
static bool
find_earlier_load(struct check *check, struct glue_error *error)
{
	const struct options *options = check->options;
	struct upload upload = {0};
	char content_id[VENDOR_FILE_CONTENT_ID_SIZE];
	char moment[SUMMARY_TIME_SIZE];
	bool done;

	snprintf(content_id, sizeof(content_id), "%s", check->local.file.content_id);
	done = upload_choose_content(check->database, options->vendor, false, content_id,
								 sizeof(content_id), error) &&
		   upload_find(check->database, options->vendor, content_id, &upload, error);
	check->loaded_before = upload.upload_id != NULL && !upload.undone && !upload.may_retry &&
						   strcmp(upload.status, "processing") != 0;
	if (check->loaded_before && !options->quiet)
		message_note("loaded before, on %s as %s; judged as --again would",
					 summary_time(moment, upload.created_at), upload.upload_id);
	upload_clean_up(&upload);
	return done;
}

static int
show_check_result(struct check *check, int64_t milliseconds)
{
	struct summary summary = {
		.file_name = check->local.source.name,
		.vendor_id = check->options->vendor,
		.loaded_before = check->loaded_before,
		.total = check->checked,
		.valid = check->checked - check->errors,
		.errors = check->errors,
		.milliseconds = milliseconds,
		.causes = &check->causes,
		.errors_path = check->options->errors,
	};

	causes_sort(&check->causes);
	return summary_print(&summary, check->options);
}

static int
run_check(struct check *check)
{
	struct glue_error error = {0};
	char vendor_status[32];
	int64_t started_ms;

	if (!local_file_open(&check->local, check->options, &error) ||
		(check->database = chosen_database_open(check->options, &error)) == NULL ||
		!named_vendor_status(check->database, check->options->vendor, vendor_status,
							 sizeof(vendor_status), &error))
		return command_fail(check->options, &error);
	if (strcmp(vendor_status, "active") != 0)
	{
		glue_error_set(
			&error, GLUE_FILE_FAULT, "VENDOR_NOT_ACTIVE",
			"vendor %s is %s; its files are not loaded until \"onboard vendor set-status %s active\"",
			check->options->vendor, vendor_status, check->options->vendor);
		return command_fail(check->options, &error);
	}
	started_ms = clock_milliseconds();
	if (!inspect_file(check, &error))
	{
		error = local_file_advice(&check->local, &error);
		return command_fail(check->options, &error);
	}
	if (!find_earlier_load(check, &error) || !make_query(check, &error) ||
		!check_file(check, &error))
		return command_fail(check->options, &error);
	return show_check_result(check, clock_milliseconds() - started_ms);
}

int
command_check(const struct options *options)
{
	struct check *check = glue_allocate_zero(sizeof(*check));
	struct glue_error error = {0};
	int code;

	if (check == NULL)
	{
		glue_error_memory(&error);
		return command_fail(options, &error);
	}
	check->options = options;
	code = run_check(check);
	causes_clean_up(&check->causes);
	byte_buffer_clean_up(&check->records);
	byte_buffer_clean_up(&check->query);
	database_close(check->database);
	local_file_close(&check->local);
	glue_release(check);
	return code;
}
