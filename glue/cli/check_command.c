/*-------------------------------------------------------------------------
 *
 * check_command.c
 *	  onboard check: show what loading a file would do, without loading it.
 *
 * With carry, onboard_check() remembers the keys of earlier chunks and so finds
 * duplicates across the whole file.  Memory use is constant: one chunk and one
 * counter per cause.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "base/clock.h"
#include "base/heap.h"
#include "cli/causes.h"
#include "cli/chosen_map.h"
#include "cli/command.h"
#include "cli/csv_writer.h"
#include "cli/dry_run.h"
#include "cli/each_file.h"
#include "cli/message.h"
#include "cli/summary.h"
#include "database/postgres_value.h"
#include "import/upload.h"
#include "shared/columns.h"
#include "shared/report_cells.h"
#include "shared/text.h"

struct check
{
	struct dry_run run;
	int64_t errors;
	struct causes causes;
	bool loaded_before;
	FILE *errors_file;        /* or NULL */
	struct byte_buffer query; /* see make_query() */
};

/* Columns of the query; AT_PRODUCT is the first of the product columns. */
enum
{
	AT_ROW,
	AT_TYPE,
	AT_FIELD,
	AT_MESSAGE,
	AT_SUGGESTION,
	AT_REJECTED,
	AT_PRODUCT
};

/* One result row per error, grouped by row of the file. */
static const char query_beginning[] =
	"SELECT c.row_number, " DRY_RUN_ERROR("$4") ", e.error ->> 'rejected_value'";
static const char query_end[] =
	" FROM onboard_check($1::text, $2::jsonb, true) c"
	" CROSS JOIN LATERAL jsonb_array_elements(c.errors) WITH ORDINALITY AS e (error, position)"
	" CROSS JOIN LATERAL (SELECT $2::jsonb -> (c.row_number - $3::bigint)::integer) AS r (record)"
	" CROSS JOIN LATERAL (SELECT (r.record -> 'product') || coalesce(r.record -> 'source_cells', '{}'))"
	" AS p (product)"
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

/* Cells that are not in the result of the query. */
#define NOT_LINE (-1)
#define NOT_SHEET_ROW (-2)

/* Return the delimiter of the vendor's file, or a comma. */
static char
delimiter_of(const struct check *check)
{
	char delimiter = check->run.local.file.found.delimiter;

	return delimiter != '\0' ? delimiter : ',';
}

static void
write_headings(FILE *file, char delimiter)
{
	for (int i = 0; i < REPORT_CELL_COUNT; i++)
		csv_write_cell(file, report_cell_heading(&report_cells[i]), i == 0, delimiter);
	fputs("\r\n", file);
}

/*
 * Open the file named by --errors, again for each attempt, and write the header.
 */
static bool
open_errors_file(struct check *check, struct glue_error *error)
{
	const char *path = check->run.options->errors;

	if (check->errors_file != NULL)
		(void) csv_close(&check->errors_file, path, NULL);
	if (path == NULL)
		return true;
	check->errors_file = csv_open(path, error);
	if (check->errors_file == NULL)
		return false;
	write_headings(check->errors_file, delimiter_of(check));
	return true;
}

/*
 * Return the query column of a cell; negative for the line and the row of a spreadsheet,
 * which the query does not return.
 */
static int
query_column(const struct report_cell *cell)
{
	static const int columns[REPORT_SOURCE_COUNT] = {
		[REPORT_ROW_NUMBER] = AT_ROW,          [REPORT_LINE_NUMBER] = NOT_LINE,
		[REPORT_SHEET_ROW] = NOT_SHEET_ROW,    [REPORT_ERROR_TYPE] = AT_TYPE,
		[REPORT_ERROR_FIELD] = AT_FIELD,       [REPORT_ERROR_MESSAGE] = AT_MESSAGE,
		[REPORT_REJECTED_VALUE] = AT_REJECTED, [REPORT_SUGGESTION] = AT_SUGGESTION,
	};

	return columns[cell->source];
}

static void
write_error_record(struct check *check, const PGresult *result, int row, int64_t line_number)
{
	char line[INTEGER_TEXT_SIZE];
	char sheet_row[INTEGER_TEXT_SIZE] = "";
	int64_t sheet_row_number = sheet_rows_find(&check->run.local.file.found.sheet_rows,
											   postgres_integer(result, row, AT_ROW));
	int product = AT_PRODUCT;

	(void) integer_text(line, line_number);
	if (sheet_row_number > 0)
		(void) integer_text(sheet_row, sheet_row_number);
	for (int i = 0; i < REPORT_CELL_COUNT; i++)
	{
		const struct report_cell *cell = &report_cells[i];
		int column = cell->source == REPORT_COLUMN ? product++ : query_column(cell);
		const char *text = column == NOT_LINE        ? line
						   : column == NOT_SHEET_ROW ? sheet_row
													 : postgres_text(result, row, column);

		csv_write_cell(check->errors_file, text, i == 0, delimiter_of(check));
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
		int64_t line_number = dry_run_line(&check->run, row_number);

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

static bool
begin_attempt(void *context, struct glue_error *error)
{
	struct check *check = context;

	check->errors = 0;
	causes_clean_up(&check->causes);
	return open_errors_file(check, error);
}

/*
 * Send the current chunk to the server and count its errors.
 */
static bool
judge_chunk(void *context, struct glue_error *error)
{
	struct check *check = context;
	char first[INTEGER_TEXT_SIZE];
	const char *const values[] = {
		check->run.options->vendor,
		check->run.records.data,
		integer_text(first, check->run.first_row),
		check->run.metadata,
	};
	PGresult *result = NULL;
	bool done;

	if (!database_query(check->run.database, RUN_ONCE, check->query.data, 4, values, &result,
						error))
		return false;
	done = take_errors(check, result, error);
	PQclear(result);
	return done;
}

/* ----- the whole file ----- */

static bool
check_file(struct check *check, struct glue_error *error)
{
	static const struct dry_run_events events = {.begin = begin_attempt, .judge = judge_chunk};
	bool done = dry_run_judge(&check->run, "Checking", &events, check, error);

	if (check->errors_file == NULL)
		return done;
	return csv_close(&check->errors_file, check->run.options->errors, done ? error : NULL) && done;
}

/*
 * Find an earlier load of this file.  Loading it again would only show the
 * earlier result; the check reports what "load --again" would do.
 */
static bool
find_earlier_load(struct check *check, struct glue_error *error)
{
	const struct options *options = check->run.options;
	struct upload upload = {0};
	char content_id[VENDOR_FILE_CONTENT_ID_SIZE];
	char moment[SUMMARY_TIME_SIZE];
	bool done;

	snprintf(content_id, sizeof(content_id), "%s", check->run.local.file.content_id);
	done = upload_choose_content(check->run.database, options->vendor, false, content_id,
								 sizeof(content_id), error) &&
		   upload_find(check->run.database, options->vendor, content_id, &upload, error);
	check->loaded_before = upload.upload_id != NULL && !upload.undone && !upload.may_retry &&
						   strcmp(upload.status, "processing") != 0;
	if (check->loaded_before && !options->quiet)
		message_note("loaded before, on %s as %s; judged as --again would",
					 summary_time(moment, upload.created_at), upload.upload_id);
	upload_clean_up(&upload);
	return done;
}

static int
show_check_result(struct check *check, struct summary_total *total, int64_t milliseconds)
{
	struct glue_error error = {0};
	const struct vendor_file *file = &check->run.local.file;
	struct summary summary = {
		.file_name = check->run.local.source.name,
		.vendor_id = check->run.options->vendor,
		.loaded_before = check->loaded_before,
		.total = check->run.judged,
		.valid = check->run.judged - check->errors,
		.errors = check->errors,
		.milliseconds = milliseconds,
		.skipped_rows = file->found.skipped_rows,
		.map_name = file->map != NULL ? file_map_name(file->map) : NULL,
		.causes = &check->causes,
		.errors_path = check->run.options->errors,
	};

	chosen_map_note_list(&check->run.local, check->errors);
	causes_sort(&check->causes);
	if (!causes_find_main(check->run.database, &check->causes, check->run.judged, &error))
		return command_fail(check->run.options, &error);
	summary_add(total, &summary);
	return summary_print(&summary, check->run.options);
}

/*
 * Remark that a load would not judge the rows like this, if the map has another mode.
 */
static void
note_mode(const struct check *check)
{
	const struct vendor_file *file = &check->run.local.file;
	const char *mode = check->run.apply.mode;

	if (mode != NULL && strcmp(mode, "insert") != 0 && !check->run.options->quiet)
		message_note(
			"judged as new products; map \"%s\" loads with mode %s, which \"onboard diff\" "
			"compares",
			file_map_name(file->map), mode);
}

static int
run_check(struct check *check, const struct options *options, struct summary_total *total)
{
	struct glue_error error = {0};

	if (!dry_run_open(&check->run, options, NULL, &error) || !find_earlier_load(check, &error) ||
		!make_query(check, &error) || !check_file(check, &error))
		return command_fail(options, &error);
	note_mode(check);
	return show_check_result(check, total, clock_milliseconds() - check->run.started_ms);
}

/*
 * An each_file_fn.
 */
static int
check_one(const struct options *options, struct summary_total *total)
{
	struct check *check = glue_allocate_zero(sizeof(*check));
	struct glue_error error = {0};
	int code;

	if (check == NULL)
	{
		glue_error_memory(&error);
		return command_fail(options, &error);
	}
	total->is_dry = true;
	code = run_check(check, options, total);
	causes_clean_up(&check->causes);
	byte_buffer_clean_up(&check->query);
	dry_run_close(&check->run);
	glue_release(check);
	return code;
}

int
command_check(const struct options *options)
{
	return each_file(options, check_one);
}
