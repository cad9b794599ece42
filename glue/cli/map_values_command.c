/*-------------------------------------------------------------------------
 *
 * map_values_command.c
 *	  onboard map values: the lists with which maps replace a vendor's values.
 *
 * A list is a table of two columns, "value" and "replacement", in any format that
 * vendors' files may have.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/csv_writer.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/map_refusal.h"
#include "cli/named.h"
#include "database/postgres_value.h"
#include "reader/formats.h"
#include "reader/value_list.h"
#include "shared/heading.h"
#include "shared/text.h"

/* Most bytes of a list, packed or not: what the database accepts, and its JSON. */
#define MOST_BYTES (16 * 1024 * 1024)

#define VALUE_HEADING "value"
#define REPLACEMENT_HEADING "replacement"

/* ----- reading a list ----- */

/* A list that is being read.  Owns pairs. */
struct list_file
{
	const char *path;
	struct byte_buffer pairs; /* a JSON array of [line, value, replacement, key] */
	int value;                /* positions in the header */
	int replacement;
	struct glue_error error; /* why an event stopped the reading */
};

/*
 * Return the position of a heading, or -1.
 */
static int
find_heading(const struct record *header, const char *name)
{
	for (int i = 0; i < header->field_count; i++)
	{
		if (heading_matches(header->fields[i], name))
			return i;
	}
	return -1;
}

/* The test of a heading_test. */
static bool
is_heading(const void *context, struct text_view text)
{
	(void) context;
	return heading_matches(text, VALUE_HEADING) || heading_matches(text, REPLACEMENT_HEADING);
}

static bool
take_header(void *context, const struct record *header)
{
	struct list_file *list = context;

	list->value = find_heading(header, VALUE_HEADING);
	list->replacement = find_heading(header, REPLACEMENT_HEADING);
	return (list->value >= 0 && list->replacement >= 0) ||
		   glue_error_set(&list->error, GLUE_FILE_FAULT, "NO_HEADER",
						  "%s: the first line must have the headings " VALUE_HEADING
						  " and " REPLACEMENT_HEADING,
						  list->path);
}

static bool
append_pair(struct list_file *list, int64_t line, struct text_view value,
			struct text_view replacement)
{
	struct byte_buffer *pairs = &list->pairs;
	char beginning[32];
	char buffer[VALUE_LIST_KEY_BYTES];
	struct text_view key = {buffer, value_list_key(value, buffer)};

	if (!byte_buffer_reserve(pairs,
							 LONGEST_JSON_ESCAPE *
									 (value.length + replacement.length + key.length) +
								 sizeof(beginning) + 11,
							 &list->error))
		return false;
	snprintf(beginning, sizeof(beginning), "%c[%" PRId64 ",\"", pairs->used == 0 ? '[' : ',', line);
	byte_buffer_put(pairs, beginning, strlen(beginning));
	byte_buffer_append_json(pairs, value);
	byte_buffer_put(pairs, "\",\"", 3);
	byte_buffer_append_json(pairs, replacement);
	byte_buffer_put(pairs, "\",\"", 3);
	byte_buffer_append_json(pairs, key);
	byte_buffer_put(pairs, "\"]", 2);
	return true;
}

static bool
take_record(void *context, const struct record *record)
{
	struct list_file *list = context;
	struct text_view value;

	if (record->defect_type == NULL &&
		(list->value >= record->field_count || list->replacement >= record->field_count))
		return glue_error_set(&list->error, GLUE_FILE_FAULT, "MALFORMED_ROW",
							  "%s: line %" PRId64 " has no replacement", list->path,
							  record->line_number);
	if (record->defect_type != NULL)
		return glue_error_set(&list->error, GLUE_FILE_FAULT, record->defect_type,
							  "%s: line %" PRId64 ": %s", list->path, record->line_number,
							  record->defect_message != NULL ? record->defect_message : "");
	value = text_trim(record->fields[list->value]);
	if (value.length == 0)
		return true;
	return append_pair(list, record->line_number, value,
					   text_trim(record->fields[list->replacement]));
}

/*
 * Push a whole file through a source.
 */
static bool
push_file(FILE *file, struct row_source *source, const char *path, struct glue_error *error)
{
	char bytes[65536];
	size_t length;

	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
	{
		if (!row_source_push(source, bytes, length, error))
			return false;
	}
	if (ferror(file))
		return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE", "cannot read \"%s\": %s",
							  path, strerror(errno));
	return row_source_finish(source, error);
}

static bool
read_file(FILE *file, struct list_file *list, struct glue_error *error)
{
	const struct row_source_options options = {
		.max_bytes = MOST_BYTES,
		.known = {.test = is_heading},
	};
	const struct row_source_events events = {take_header, take_record, list};
	struct row_source *source = formats_open(&options, &events, error);
	bool done = source != NULL && push_file(file, source, list->path, error);

	if (source != NULL && !done && error->class == GLUE_NO_ERROR)
		*error = list->error;
	row_source_destroy(source);
	return done;
}

/*
 * Read the pairs of a file ("-" for standard input).
 */
static bool
read_list(struct list_file *list, struct glue_error *error)
{
	FILE *file = strcmp(list->path, "-") == 0 ? stdin : fopen(list->path, "r");
	bool done;

	if (file == NULL)
		return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE", "cannot read \"%s\": %s",
							  list->path, strerror(errno));
	done = read_file(file, list, error);
	if (file != stdin)
		fclose(file);
	if (done && list->pairs.used == 0)
		return glue_error_set(error, GLUE_FILE_FAULT, "NO_ROWS", "%s: the file has no values",
							  list->path);
	return done && byte_buffer_append(&list->pairs, "]", 2, error);
}

/* ----- storing a list ----- */

/* A value that has two replacements, in whatever case, with the lines that say so. */
static const char conflict_query[] =
	"SELECT min(p ->> 1), min((p ->> 0)::bigint), max((p ->> 0)::bigint)"
	" FROM jsonb_array_elements($1::jsonb) p WHERE p ->> 3 <> '' GROUP BY p ->> 3"
	" HAVING count(DISTINCT p ->> 2) > 1 ORDER BY 2 LIMIT 1";

static const char set_query[] =
	"SELECT onboard_set_map_values($1::text, $2::text, CASE WHEN $3::text IS NOT NULL THEN"
	" (SELECT jsonb_object_agg(p ->> 1, p ->> 2) FROM jsonb_array_elements($3::jsonb) p) END)";

/*
 * Refuse a list with two replacements for one value.
 */
static bool
check_conflicts(struct database *database, const struct list_file *list, struct glue_error *error)
{
	const char *const values[] = {list->pairs.data};
	PGresult *result = NULL;
	bool good;

	if (!database_query(database, RUN_AGAIN, conflict_query, 1, values, &result, error))
		return false;
	good = PQntuples(result) == 0 ||
		   glue_error_set(error, GLUE_FILE_FAULT, "DUPLICATE_VALUE",
						  "%s: lines %s and %s have different replacements of \"%s\"", list->path,
						  PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 2),
						  PQgetvalue(result, 0, 0));
	PQclear(result);
	return good;
}

static void
print_set(const struct options *options, int64_t count)
{
	char number[TERMINAL_COUNT_SIZE];
	cJSON *document;

	if (options->json)
	{
		document = cJSON_CreateObject();
		json_add_text(document, "list_name", options->operands[0]);
		json_add_text(document, "vendor_id", options->vendor);
		json_add_text(document, "change", options->remove ? "removed" : "set");
		json_add_integer(document, "values", count);
		json_out_print(document);
	}
	else if (options->remove)
		line_print(stdout, 2, "Value list \"%s\" of vendor %s is removed.", options->operands[0],
				   options->vendor);
	else
		line_print(stdout, 2, "Value list \"%s\" of vendor %s has %s %s.", options->operands[0],
				   options->vendor, terminal_count(number, count),
				   terminal_plural(count, "value", "values"));
}

/*
 * Store the list, or remove it if pairs is NULL.
 */
static bool
set_list(struct database *database, const struct options *options, const char *pairs,
		 struct glue_error *error)
{
	const char *const values[] = {options->vendor, options->operands[0], pairs};
	PGresult *result = NULL;

	if (!database_query(database, RUN_AGAIN, set_query, 3, values, &result, error))
		return map_refusal(database, options, options->remove ? NULL : options->operands[1], error);
	print_set(options, postgres_integer(result, 0, 0));
	PQclear(result);
	return true;
}

static bool
store_list(struct database *database, const struct options *options, struct glue_error *error)
{
	struct list_file list = {.path = options->operands[1]};
	bool done = read_list(&list, error) && check_conflicts(database, &list, error) &&
				set_list(database, options, list.pairs.data, error);

	byte_buffer_clean_up(&list.pairs);
	return done;
}

/* ----- showing a list ----- */

static const char show_query[] =
	"SELECT p.key AS value, p.value #>> '{}' AS replacement FROM onboard.map_values m"
	" CROSS JOIN LATERAL jsonb_each(m.pairs) p"
	" WHERE m.vendor_id = $1::text AND m.list_name = $2::text ORDER BY 1";

static void
print_list(const struct options *options, const PGresult *result)
{
	if (options->json)
	{
		json_out_print(json_of_result(result));
		return;
	}
	puts(VALUE_HEADING "," REPLACEMENT_HEADING);
	for (int row = 0; row < PQntuples(result); row++)
	{
		csv_write_verbatim(stdout, PQgetvalue(result, row, 0), true);
		csv_write_verbatim(stdout, PQgetvalue(result, row, 1), false);
		putchar('\n');
	}
}

static bool
show_list(struct database *database, const struct options *options, struct glue_error *error)
{
	const char *const values[] = {options->vendor, options->operands[0]};
	PGresult *result = NULL;
	char status[32];
	bool found;

	if (!named_vendor_status(database, options->vendor, status, sizeof(status), error) ||
		!database_query(database, RUN_AGAIN, show_query, 2, values, &result, error))
		return false;
	found = PQntuples(result) > 0;
	if (found)
		print_list(options, result);
	PQclear(result);
	return found || glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_VALUE_LIST",
								   "vendor %s has no value list \"%s\"", values[0], values[1]);
}

/* ----- the command ----- */

int
command_map_values(const struct options *options)
{
	struct glue_error error = {0};
	bool has_file = options->operand_count > 1;
	struct database *database = NULL;
	bool done = !options->remove || !has_file ||
				glue_error_set(&error, GLUE_USAGE_ERROR, "USAGE",
							   "\"onboard map values\" accepts either FILE or --remove, not both");

	if (done)
		database = chosen_database_open(options, &error);
	if (database == NULL)
		done = false;
	else if (options->remove)
		done = set_list(database, options, NULL, &error);
	else if (has_file)
		done = store_list(database, options, &error);
	else
		done = show_list(database, options, &error);
	database_close(database);
	return done ? EXIT_ALL_GOOD : command_fail(options, &error);
}
