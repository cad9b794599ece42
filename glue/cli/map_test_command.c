/*-------------------------------------------------------------------------
 *
 * map_test_command.c
 *	  onboard map test: show the first rows of a file before and after a map.
 *
 * The file is read as a load would read it, but its rows are not judged.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/json_text.h"
#include "cli/command.h"
#include "cli/dry_run.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/table.h"
#include "shared/text.h"

/* Rows to show. */
#define MOST_ROWS 10

/* PostgreSQL types of the table's columns. */
#define INT8OID 20
#define TEXTOID 25

/* Columns of the table. */
enum
{
	SHOWN_LINE,
	SHOWN_COLUMN,
	SHOWN_HEADING,
	SHOWN_BEFORE,
	SHOWN_AFTER,
	SHOWN_COUNT
};

struct test
{
	struct dry_run run;
	int rows;        /* shown so far */
	PGresult *table; /* for people; owned */
	cJSON *list;     /* for programs; owned */
	struct glue_error error;
};

/* ----- one row ----- */

/* A field of a row, before and after the map. */
struct change
{
	struct text_view column; /* ours, or the attribute's name */
	struct text_view heading;
	struct text_view before;
	struct text_view after;
};

/*
 * Return the vendor's cell of a field, which is the value unless the map changed it.
 */
static struct text_view
cell_of(const struct record *row, const struct mapped_field *field, struct text_view value)
{
	for (int i = 0; i < row->cell_count; i++)
	{
		if (text_equal(row->cells[i].name, field->key))
			return row->cells[i].text;
	}
	return value;
}

static bool
is_shown(const struct mapped_field *field)
{
	return field->role == FIELD_COLUMN || field->role == FIELD_ATTRIBUTE ||
		   field->role == FIELD_ACTION;
}

/*
 * Describe a field of a row.
 */
static struct change
change_of(const struct header_map *map, const struct record *row, int index)
{
	const struct mapped_field *field = &map->fields[index];
	const struct text_view nothing = {"", 0};
	struct text_view after = row->fields[index];

	if (header_map_is_constant(map, index))
		return (struct change){field->key, nothing, nothing, after};
	return (struct change){field->key, field->heading, cell_of(row, field, after), after};
}

/* ----- for people ----- */

static bool
set_cell(PGresult *table, int row, int column, struct text_view text)
{
	return PQsetvalue(table, row, column, (char *) text.data, (int) text.length) != 0;
}

static bool
add_line(struct test *test, int64_t line_number, const struct change *change)
{
	int row = PQntuples(test->table);
	char line[INTEGER_TEXT_SIZE];

	return (set_cell(test->table, row, SHOWN_LINE, text_of(integer_text(line, line_number))) &&
			set_cell(test->table, row, SHOWN_COLUMN, change->column) &&
			set_cell(test->table, row, SHOWN_HEADING, change->heading) &&
			set_cell(test->table, row, SHOWN_BEFORE, change->before) &&
			set_cell(test->table, row, SHOWN_AFTER, change->after)) ||
		   glue_error_memory(&test->error);
}

/*
 * Add a line for each field that is not blank, or one for a row that cannot be read.
 */
static bool
add_lines(struct test *test, const struct record *row)
{
	const struct header_map *map = test->run.local.file.found.map;
	const struct text_view nothing = {"", 0};

	if (row->defect_type != NULL)
	{
		struct change defect = {text_of(row->defect_type), nothing, row->raw,
								text_of(row->defect_message != NULL ? row->defect_message : "")};

		return add_line(test, row->line_number, &defect);
	}
	for (int i = 0; i < map->field_count; i++)
	{
		struct change change;

		if (!is_shown(&map->fields[i]))
			continue;
		change = change_of(map, row, i);
		if ((change.before.length > 0 || change.after.length > 0) &&
			!add_line(test, row->line_number, &change))
			return false;
	}
	return true;
}

/*
 * List the columns of the file that nothing uses.
 */
static void
print_unused(const struct header_map *map)
{
	struct line line;
	int count = 0;

	line_begin(&line, stdout, 2);
	for (int i = 0; i < map->header_count; i++)
	{
		const struct text_view heading = map->fields[i].heading;

		if (map->fields[i].role == FIELD_UNUSED)
			line_add(&line, "%s\"%.*s\"",
					 count++ == 0 ? "Not used, or only for other columns: " : ", ",
					 (int) heading.length, heading.data);
	}
	if (count > 0)
		line_add(&line, ".");
	line_end(&line);
}

static void
print_test(const struct test *test)
{
	static const char *const droppable[] = {"heading", NULL};
	const struct vendor_file *file = &test->run.local.file;
	const char *map_file = test->run.options->map_file;
	char rows[TERMINAL_COUNT_SIZE];
	char skipped[TERMINAL_COUNT_SIZE];

	table_print(test->table, droppable);
	putchar('\n');
	line_print(stdout, 2, "%s \"%s\": %s %s, %s skipped.", map_file != NULL ? "Map in" : "Map",
			   map_file != NULL ? map_file : file_map_name(file->map),
			   terminal_count(rows, file->found.row_count),
			   terminal_plural(file->found.row_count, "row", "rows"),
			   terminal_count(skipped, file->found.skipped_rows));
	print_unused(file->found.map);
}

/* ----- for programs ----- */

static void
add_object(struct test *test, const struct record *row)
{
	const struct header_map *map = test->run.local.file.found.map;
	cJSON *object = cJSON_CreateObject();
	cJSON *fields;

	json_add_integer(object, "row_number", row->row_number);
	json_add_integer(object, "line_number", row->line_number);
	json_add_text(object, "error_type", row->defect_type);
	json_add_text(object, "message", row->defect_message);
	fields = cJSON_AddArrayToObject(object, "fields");
	for (int i = 0; row->defect_type == NULL && i < map->field_count; i++)
	{
		struct change change;
		cJSON *field;

		if (!is_shown(&map->fields[i]))
			continue;
		change = change_of(map, row, i);
		field = cJSON_CreateObject();
		json_add_view(field, "column", change.column);
		cJSON_AddBoolToObject(field, "is_attribute", map->fields[i].role == FIELD_ATTRIBUTE);
		json_add_view(field, "heading", change.heading);
		json_add_view(field, "before", change.before);
		json_add_view(field, "after", change.after);
		cJSON_AddItemToArray(fields, field);
	}
	cJSON_AddItemToArray(test->list, object);
}

static void
print_test_json(struct test *test)
{
	const struct vendor_file *file = &test->run.local.file;
	const struct header_map *map = file->found.map;
	cJSON *document = cJSON_CreateObject();
	cJSON *unused;

	json_add_text(document, "vendor_id", test->run.options->vendor);
	json_add_text(document, "file_name", test->run.local.source.name);
	json_add_text(document, "map_name", file_map_name(file->map));
	json_add_integer(document, "total_records", file->found.row_count);
	json_add_integer(document, "skipped_rows", file->found.skipped_rows);
	unused = cJSON_AddArrayToObject(document, "unused");
	for (int i = 0; i < map->header_count; i++)
	{
		if (map->fields[i].role == FIELD_UNUSED)
			cJSON_AddItemToArray(unused, json_text(map->fields[i].heading));
	}
	cJSON_AddItemToObject(document, "rows", test->list);
	test->list = NULL;
	json_out_print(document);
}

/* ----- the command ----- */

/*
 * A record_fn.
 */
static bool
take_row(void *context, const struct record *row)
{
	struct test *test = context;

	if (test->rows == MOST_ROWS)
		return false;
	test->rows++;
	if (test->list == NULL)
		return add_lines(test, row);
	add_object(test, row);
	return true;
}

/*
 * Prepare the output, either for people or for programs.
 */
static bool
begin_output(struct test *test, struct glue_error *error)
{
	static PGresAttDesc columns[SHOWN_COUNT] = {
		[SHOWN_LINE] = {.name = "line", .typid = INT8OID},
		[SHOWN_COLUMN] = {.name = "column", .typid = TEXTOID},
		[SHOWN_HEADING] = {.name = "heading", .typid = TEXTOID},
		[SHOWN_BEFORE] = {.name = "before", .typid = TEXTOID},
		[SHOWN_AFTER] = {.name = "after", .typid = TEXTOID},
	};

	if (test->run.options->json)
		test->list = cJSON_CreateArray();
	else
	{
		test->table = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
		if (test->table != NULL && !PQsetResultAttrs(test->table, SHOWN_COUNT, columns))
			return glue_error_memory(error);
	}
	return test->list != NULL || test->table != NULL || glue_error_memory(error);
}

static bool
open_file(struct test *test, const struct options *options, struct glue_error *error)
{
	const struct upload_apply as_the_map_says = {0};

	if (!dry_run_open(&test->run, options, &as_the_map_says, error))
		return false;
	return test->run.local.file.map != NULL ||
		   glue_error_set(
			   error, GLUE_USAGE_ERROR, "USAGE",
			   "vendor %s has no default map; name one with --map, or a file with --map-file",
			   options->vendor);
}

static bool
read_rows(struct test *test, struct glue_error *error)
{
	struct vendor_file_reading reading = {0};
	const struct row_reader_events events = {.row = take_row, .context = test};

	if (vendor_file_read(&test->run.local.file, &reading, NULL, &events, error))
		return true;
	if (error->class == GLUE_NO_ERROR)
		*error = test->error;
	return error->class == GLUE_NO_ERROR;
}

int
command_map_test(const struct options *options)
{
	struct test test = {0};
	struct glue_error error = {0};
	int code = EXIT_ALL_GOOD;

	if (!open_file(&test, options, &error) || !begin_output(&test, &error) ||
		!read_rows(&test, &error))
		code = command_fail(options, &error);
	else if (options->json)
		print_test_json(&test);
	else
		print_test(&test);
	PQclear(test.table);
	cJSON_Delete(test.list);
	dry_run_close(&test.run);
	return code;
}
