/*-------------------------------------------------------------------------
 *
 * check_command.c
 *	  onboard check: what loading a file would do, without doing it.
 *
 * All records go through onboard_check() in one read only transaction, in
 * chunks; with carry it remembers the keys of earlier chunks, so duplicates
 * are found over the whole file.  Memory is flat: a chunk, and a counter for
 * each cause.
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
#include "cli/command.h"
#include "cli/csv_writer.h"
#include "cli/database.h"
#include "cli/message.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "database/postgres_value.h"
#include "import/upload_calls.h"
#include "import/vendor_file.h"
#include "shared/columns.h"
#include "shared/error_report.h"
#include "shared/text.h"

/* A chunk ends with whichever comes first. */
#define CHUNK_ROWS 2000
#define CHUNK_BYTES (4 * 1024 * 1024)

struct check
{
	const struct options *options;
	struct vendor_file file;
	struct database *database;
	struct progress progress;
	struct byte_buffer records; /* JSON of the chunk, without the last ']' */
	int64_t lines[CHUNK_ROWS];  /* line numbers of its rows */
	int64_t first_row;          /* row number of its first */
	int rows;                   /* in it */
	int64_t checked;            /* in earlier chunks */
	int64_t errors;
	struct causes causes;
	bool loaded_before;
	FILE *errors_file; /* or NULL */
	struct glue_error error;
};

/* Bytes of the statement that judges a chunk. */
#define CHUNK_QUERY_SIZE 2048

/* The columns of its result; those of the product that the report shows follow. */
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

/* One row per error, those of a row together. */
static void
write_chunk_query(char query[CHUNK_QUERY_SIZE])
{
	struct text_builder builder;

	text_start(&builder, query, CHUNK_QUERY_SIZE);
	text_add(&builder,
			 text_of("SELECT c.row_number, e.error ->> 'error_type', e.error ->> 'error_field',"
					 " e.error ->> 'error_message', e.error ->> 'rejected_value',"
					 " e.error ->> 'suggestion'"));
	for (int i = 0; i < ERROR_REPORT_COLUMNS; i++)
	{
		const struct report_column *column = &error_report_columns[i];

		if (column->value != REPORT_PRODUCT)
			continue;
		/* No value is as long as the cap on a field. */
		text_add(&builder, text_of(", left(p.product ->> '"));
		text_add(&builder, text_of(onboard_columns[column->column].name));
		text_add(&builder, text_of("', "));
		text_add_integer(&builder, column->max_characters > 0 ? column->max_characters
															  : ONBOARD_MAX_FIELD_BYTES);
		text_add(&builder, text_of(")"));
	}
	text_add(
		&builder,
		text_of(
			" FROM onboard_check($1::text, $2::jsonb, true) c"
			" CROSS JOIN LATERAL jsonb_array_elements(c.errors) WITH ORDINALITY AS e (error, position)"
			" CROSS JOIN LATERAL (SELECT $2::jsonb -> (c.row_number - $3::bigint)::integer -> 'product') AS p (product)"
			" WHERE c.status = 'error'"
			" ORDER BY c.row_number, e.position"));
	text_finish(&builder);
}

/* ----- the error file ----- */

static void
write_error_cells(FILE *file, const char *const *cells)
{
	for (int i = 0; i < ERROR_REPORT_COLUMNS; i++)
		csv_write_cell(file, cells[i], i == 0, ',');
	fputs("\r\n", file);
}

/*
 * Open the file that --errors names, and write its beginning.
 */
static bool
open_errors_file(struct check *check, struct glue_error *error)
{
	const char *path = check->options->errors;
	const char *cells[ERROR_REPORT_COLUMNS];

	if (path == NULL)
		return true;
	check->errors_file = fopen(path, "we");
	if (check->errors_file == NULL)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR",
							  "cannot write %s: %s", path, strerror(errno));
	fputs("\xEF\xBB\xBF", check->errors_file);
	for (int i = 0; i < ERROR_REPORT_COLUMNS; i++)
		cells[i] = error_report_columns[i].heading;
	write_error_cells(check->errors_file, cells);
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
 * Where the result of the query has what a column of the report shows.
 * *product is the next of its columns of the product.
 */
static int
result_column(enum report_value value, int *product)
{
	switch (value)
	{
		case REPORT_ROW_NUMBER:
			return AT_ROW;
		case REPORT_ERROR_TYPE:
			return AT_TYPE;
		case REPORT_ERROR_FIELD:
			return AT_FIELD;
		case REPORT_ERROR_MESSAGE:
			return AT_MESSAGE;
		case REPORT_REJECTED_VALUE:
			return AT_REJECTED;
		case REPORT_SUGGESTION:
			return AT_SUGGESTION;
		case REPORT_PRODUCT:
			return (*product)++;
		case REPORT_LINE_NUMBER:
			break;
	}
	return -1;
}

static void
write_error_record(struct check *check, const PGresult *result, int row, int64_t line_number)
{
	char line[INTEGER_TEXT_SIZE];
	const char *cells[ERROR_REPORT_COLUMNS];
	int product = AT_PRODUCT;

	(void) integer_text(line, line_number);
	for (int i = 0; i < ERROR_REPORT_COLUMNS; i++)
	{
		int column = result_column(error_report_columns[i].value, &product);

		cells[i] = column < 0 ? line : postgres_text(result, row, column);
	}
	write_error_cells(check->errors_file, cells);
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
 * Have the gathered chunk judged.
 */
static bool
judge_chunk(struct check *check, struct glue_error *error)
{
	char query[CHUNK_QUERY_SIZE];
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
	write_chunk_query(query);
	if (!database_query(check->database, RUN_ONCE, query, 3, values, &result, error))
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
 * Append the product, or the defect, of a record.  There is room.
 */
static void
append_content(struct check *check, const struct record *record)
{
	struct byte_buffer *buffer = &check->records;
	const struct column_map *map = check->file.found.map;
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
 * The most bytes that a record takes as JSON: each byte escaped, the names,
 * and what stands around them.
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

	if (!byte_buffer_reserve(buffer, record_bound(check->file.found.map, record), &check->error))
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
 * Callback of the file's reader: one row.
 */
static bool
check_row(void *context, const struct record *record)
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
 * One attempt: a transaction is lost with its connection, so each begins with
 * the first row.
 */
static bool
check_once(struct check *check, struct glue_error *error)
{
	check->rows = 0;
	check->checked = 0;
	check->errors = 0;
	check->records.used = 0;
	causes_clean_up(&check->causes);
	if (!open_errors_file(check, error) ||
		!database_query(check->database, RUN_ONCE, "BEGIN READ ONLY", 0, NULL, NULL, error))
		return false;
	if (!vendor_file_read(&check->file, check_row, check, error))
	{
		if (error->class == GLUE_NO_ERROR)
			*error = check->error;
		return false;
	}
	return judge_chunk(check, error) &&
		   database_query(check->database, RUN_ONCE, "COMMIT", 0, NULL, NULL, error) &&
		   close_errors_file(check, error);
}

static bool
check_file(struct check *check, struct glue_error *error)
{
	struct patience patience;
	bool done;

	database_patience(check->database, &patience);
	do
	{
		progress_begin(&check->progress, !check->options->quiet, "Checking", "rows",
					   check->file.found.row_count, 0);
		done = check_once(check, error);
		progress_end(&check->progress);
		if (!done)
			(void) close_errors_file(check, NULL);
	} while (!done && database_recover(check->database, &patience, error));
	return done;
}

/*
 * Loading a file that is in the catalogue would show the result it had; the
 * verdicts here are those of loading it again.
 */
static bool
find_earlier_load(struct check *check, struct glue_error *error)
{
	const struct options *options = check->options;
	struct upload upload = {0};
	char content_id[VENDOR_FILE_CONTENT_ID_SIZE];
	char moment[SUMMARY_TIME_SIZE];
	bool done;

	snprintf(content_id, sizeof(content_id), "%s", check->file.content_id);
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
		.file_name = check->file.input.name,
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

	if (!vendor_file_open(&check->file, check->options, &error) ||
		(check->database = database_open(check->options, &error)) == NULL ||
		!vendor_read_status(check->database, check->options->vendor, vendor_status,
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
	if (!vendor_file_scan(&check->file, &error))
	{
		error = vendor_file_advice(&check->file, &error);
		return command_fail(check->options, &error);
	}
	if (!find_earlier_load(check, &error) || !check_file(check, &error))
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
	database_close(check->database);
	vendor_file_clean_up(&check->file);
	glue_release(check);
	return code;
}
