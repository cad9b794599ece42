/*-------------------------------------------------------------------------
 *
 * diff_command.c
 *	  onboard diff: show what loading a file would change, without loading it.
 *
 * onboard_diff() judges the records as an upload with the given mode would.
 * With carry it remembers the products that earlier chunks named, which
 * detects a second row for a product and shows what a replace would
 * discontinue at its end.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/moment.h"
#include "cli/causes.h"
#include "cli/chosen_map.h"
#include "cli/command.h"
#include "cli/csv_writer.h"
#include "cli/dry_run.h"
#include "cli/each_file.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/message.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "database/postgres_value.h"
#include "shared/action.h"
#include "shared/columns.h"
#include "shared/text.h"

/* Number of price changes and causes to show. */
#define SHOWN_PRICES 10
#define SHOWN_CAUSES 5

/* Longest SKU and price as text, with the NUL. */
#define SKU_SIZE 401
#define PRICE_SIZE 24

/* A row that would change a price, or be held because of it. */
struct price_change
{
	int64_t line_number;
	char sku[SKU_SIZE];
	char old_price[PRICE_SIZE];
	char new_price[PRICE_SIZE];
	double factor; /* ratio of the larger to the smaller price */
	double percent;
	bool held;
};

/* The number of rows that would change a column. */
struct column_count
{
	char *name;
	int64_t rows;
};

struct diff
{
	struct dry_run run;
	enum upload_mode mode;
	char source_time[MOMENT_SIZE]; /* "" if unknown */
	char *columns;                 /* of the file, as a PostgreSQL array; owned */

	/* found by the current attempt */
	int64_t actions[ACTION_COUNT];
	struct column_count *changed; /* owned, with the names */
	int changed_count;
	struct price_change prices[SHOWN_PRICES]; /* largest first */
	int price_count;
	int64_t missing;    /* products that a replace would discontinue at its end */
	bool missing_waits; /* that would wait for approval */
	struct causes causes;
	FILE *csv; /* or NULL */
};

/* Parameters of diff_query; also those of missing_query, as far as it has them. */
enum
{
	PARAMETER_VENDOR,
	PARAMETER_SOURCE_TIME,
	PARAMETER_RECORDS,
	PARAMETER_FIRST_ROW,
	PARAMETER_MODE,
	PARAMETER_MATCH,
	PARAMETER_BLANK,
	PARAMETER_COLUMNS,
	PARAMETER_METADATA,
	PARAMETER_COUNT
};

/* Columns of diff_query. */
enum
{
	DIFF_ROW,
	DIFF_ACTION,
	DIFF_SKU,
	DIFF_VENDOR_PRODUCT_ID,
	DIFF_COLUMN,
	DIFF_OLD,
	DIFF_NEW,
	DIFF_ERROR_TYPE,
	DIFF_ERROR_FIELD,
	DIFF_MESSAGE,
	DIFF_SUGGESTION
};

#define ERROR_COLUMNS DRY_RUN_ERROR("$9")

/*
 * One tuple for each column that a row would change, for each error of a
 * rejected row, and for every other row.
 */
static const char diff_query[] =
	"SELECT d.row_number, CASE d.status WHEN 'error' THEN 'rejected' ELSE d.action END, coalesce(p.sku, d.sku),"
	" coalesce($3::jsonb -> (d.row_number - $4::bigint)::integer -> 'product' ->> 'vendor_product_id',"
	" p.vendor_product_id), v.name, v.old, v.new,"
	" " ERROR_COLUMNS " FROM onboard_diff($1::text, $3::jsonb, $5::text, $6::text, $7::text,"
	" $2::timestamptz, $8::text[], true) d"
	" LEFT JOIN onboard.products p ON p.product_id = d.product_id AND d.new_values IS NOT NULL"
	" LEFT JOIN LATERAL (SELECT key AS name, o.value #>> '{}' AS old, n.value #>> '{}' AS new, a.attnum"
	" FROM jsonb_each(d.old_values) o FULL JOIN jsonb_each(d.new_values) n USING (key)"
	" LEFT JOIN pg_attribute a ON a.attrelid = 'onboard.products'::regclass AND a.attname = key) v"
	" ON d.action IN ('updated', 'held', 'discontinued')"
	" LEFT JOIN LATERAL jsonb_array_elements(d.errors) WITH ORDINALITY AS e (error, position)"
	" ON d.status = 'error' AND e.error ->> 'severity' = 'error'"
	" ORDER BY d.row_number, v.attnum, e.position";

static const char missing_query[] = "SELECT m.missing, m.held_cause IS NOT NULL"
									" FROM onboard_diff_missing($1::text, $2::timestamptz) m";

/*
 * Whether a load would be refused for its mode, and for its time: see
 * source_time_is_wrong() of the extension.
 */
static const char refusal_query[] =
	"SELECT NOT coalesce($2::text, v.default_mode) = ANY (v.modes), array_to_string(v.modes, ', '),"
	" coalesce($3::timestamptz > clock_timestamp() + interval '5 minutes', false)"
	" FROM onboard.vendors v WHERE v.vendor_id = $1::text";

/* Columns of refusal_query. */
enum
{
	REFUSAL_MODE,
	REFUSAL_MODES,
	REFUSAL_TIME
};

/* ----- how the rows would be applied ----- */

/*
 * Open the file and the database, and find out how the rows would be applied.
 */
static bool
open_file(struct diff *diff, const struct options *options, struct glue_error *error)
{
	const struct upload_apply apply = {
		.mode = options->mode,
		.match = options->match,
		.blank = options->blank,
	};
	const struct vendor_file *file = &diff->run.local.file;
	int64_t moment;

	if (!dry_run_open(&diff->run, options, &apply, error))
		return false;
	diff->mode = file->needs.mode;
	/* A fix file has only some of the vendor's products; see upload_apply.c of the extension. */
	if (diff->mode == MODE_REPLACE && header_map_is_fix_file(file->found.map))
		diff->mode = MODE_UPSERT;
	if (local_file_source_time(&diff->run.local, &moment))
		moment_write(moment, diff->source_time);
	diff->columns = vendor_file_columns(file);
	return diff->columns != NULL || glue_error_memory(error);
}

/*
 * Note why a load would be refused although the rows can be compared.
 */
static bool
note_refusal(const struct diff *diff, struct glue_error *error)
{
	const struct options *options = diff->run.options;
	/* In mode insert, a load ignores a future time that nobody stated. */
	bool is_used = diff->mode != MODE_INSERT || (options->given & OPTION_BIT(OPTION_AS_OF)) != 0;
	const char *const values[] = {
		options->vendor,
		diff->run.apply.mode,
		is_used && diff->source_time[0] != '\0' ? diff->source_time : NULL,
	};
	PGresult *result = NULL;

	if (!database_query(diff->run.database, RUN_AGAIN, refusal_query, 3, values, &result, error))
		return false;
	if (PQntuples(result) > 0 && PQgetvalue(result, 0, REFUSAL_MODE)[0] == 't')
		message_note(
			"a load would be refused: vendor \"%s\" may not use mode \"%s\"; its modes are: %s",
			options->vendor, upload_mode_name(diff->run.local.file.needs.mode),
			PQgetvalue(result, 0, REFUSAL_MODES));
	else if (PQntuples(result) > 0 && PQgetvalue(result, 0, REFUSAL_TIME)[0] == 't')
		message_note("a load would be refused: the time of the file, %s, is in the future",
					 diff->source_time);
	PQclear(result);
	return true;
}

/* ----- what was found ----- */

static void
forget_changes(struct diff *diff)
{
	for (int i = 0; i < diff->changed_count; i++)
		glue_release(diff->changed[i].name);
	glue_release(diff->changed);
	diff->changed = NULL;
	diff->changed_count = 0;
}

/*
 * Count a row that would change a column.
 */
static bool
count_column(struct diff *diff, const char *name, struct glue_error *error)
{
	struct column_count *changed = diff->changed;
	size_t size = strlen(name) + 1;

	for (int i = 0; i < diff->changed_count; i++)
	{
		if (strcmp(changed[i].name, name) == 0)
		{
			changed[i].rows++;
			return true;
		}
	}
	changed = glue_reallocate(changed, sizeof(*changed) * (size_t) (diff->changed_count + 1));
	if (changed == NULL)
		return glue_error_memory(error);
	diff->changed = changed;
	changed += diff->changed_count;
	changed->name = glue_allocate(size);
	if (changed->name == NULL)
		return glue_error_memory(error);
	memcpy(changed->name, name, size);
	changed->rows = 1;
	diff->changed_count++;
	return true;
}

/*
 * Keep the price change if it is one of the largest.  Equal ones are kept in
 * file order.
 */
static void
keep_price(struct diff *diff, const struct price_change *change)
{
	int place = diff->price_count;

	while (place > 0 && diff->prices[place - 1].factor < change->factor)
		place--;
	if (place == SHOWN_PRICES)
		return;
	if (diff->price_count < SHOWN_PRICES)
		diff->price_count++;
	memmove(&diff->prices[place + 1], &diff->prices[place],
			sizeof(*change) * (size_t) (diff->price_count - place - 1));
	diff->prices[place] = *change;
}

static void
take_price(struct diff *diff, const PGresult *result, int row, int64_t line_number, bool held)
{
	struct price_change change = {.line_number = line_number, .held = held};
	double old_price = strtod(PQgetvalue(result, row, DIFF_OLD), NULL);
	double new_price = strtod(PQgetvalue(result, row, DIFF_NEW), NULL);

	if (old_price <= 0 || new_price <= 0)
		return;
	change.factor = new_price > old_price ? new_price / old_price : old_price / new_price;
	change.percent = (new_price / old_price - 1) * 100;
	snprintf(change.sku, sizeof(change.sku), "%s", PQgetvalue(result, row, DIFF_SKU));
	snprintf(change.old_price, sizeof(change.old_price), "%s", PQgetvalue(result, row, DIFF_OLD));
	snprintf(change.new_price, sizeof(change.new_price), "%s", PQgetvalue(result, row, DIFF_NEW));
	keep_price(diff, &change);
}

static void
write_change(struct diff *diff, const PGresult *result, int row, int64_t line_number)
{
	static const int cells[] = {DIFF_SKU,   DIFF_VENDOR_PRODUCT_ID, DIFF_COLUMN, DIFF_OLD, DIFF_NEW,
								DIFF_ACTION};
	char line[INTEGER_TEXT_SIZE];

	csv_write_cell(diff->csv, integer_text(line, line_number), true, ',');
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		csv_write_cell(diff->csv, postgres_text(result, row, cells[i]), false, ',');
	fputs("\r\n", diff->csv);
}

/*
 * Record a column that a row would change, or would change if it were not held.
 */
static bool
take_change(struct diff *diff, const PGresult *result, int row, int64_t line_number,
			enum row_action action, struct glue_error *error)
{
	const char *column = PQgetvalue(result, row, DIFF_COLUMN);

	if (strcmp(column, onboard_columns[COLUMN_PRICE].name) == 0)
		take_price(diff, result, row, line_number, action == ACTION_HOLD);
	if (diff->csv != NULL)
		write_change(diff, result, row, line_number);
	return action != ACTION_UPDATE || count_column(diff, column, error);
}

/*
 * Record the results of a chunk.
 */
static bool
take_chunk(struct diff *diff, const PGresult *result, struct glue_error *error)
{
	int64_t previous = 0;

	for (int row = 0; row < PQntuples(result); row++)
	{
		int64_t row_number = postgres_integer(result, row, DIFF_ROW);
		int64_t line_number = dry_run_line(&diff->run, row_number);
		enum row_action action = ACTION_UNCHANGED;

		/* A later version of the extension may have other actions. */
		(void) action_by_name(PQgetvalue(result, row, DIFF_ACTION), &action);
		if (row_number != previous)
			diff->actions[action]++;
		previous = row_number;
		if (!PQgetisnull(result, row, DIFF_COLUMN) &&
			!take_change(diff, result, row, line_number, action, error))
			return false;
		if (!PQgetisnull(result, row, DIFF_ERROR_TYPE) &&
			!causes_count(&diff->causes, PQgetvalue(result, row, DIFF_ERROR_TYPE),
						  postgres_text(result, row, DIFF_ERROR_FIELD), line_number,
						  postgres_text(result, row, DIFF_MESSAGE),
						  postgres_text(result, row, DIFF_SUGGESTION), error))
			return false;
	}
	return true;
}

/* ----- the whole file: functions of dry_run_events ----- */

static bool
begin_attempt(void *context, struct glue_error *error)
{
	struct diff *diff = context;
	const char *path = diff->run.options->csv;

	memset(diff->actions, 0, sizeof(diff->actions));
	forget_changes(diff);
	diff->price_count = 0;
	diff->missing = 0;
	diff->missing_waits = false;
	causes_clean_up(&diff->causes);
	if (diff->csv != NULL)
		(void) csv_close(&diff->csv, path, NULL);
	if (path == NULL)
		return true;
	diff->csv = csv_open(path, error);
	if (diff->csv == NULL)
		return false;
	fputs("Line Number,SKU,Vendor Product ID,Column,Old Value,New Value,Action\r\n", diff->csv);
	return true;
}

/*
 * Run one of the queries with the parameters that it uses.
 */
static bool
run_query(struct diff *diff, const char *query, int count, PGresult **result,
		  struct glue_error *error)
{
	const struct options *options = diff->run.options;
	char first[INTEGER_TEXT_SIZE];
	const char *const values[PARAMETER_COUNT] = {
		[PARAMETER_VENDOR] = options->vendor,
		[PARAMETER_SOURCE_TIME] = diff->source_time[0] != '\0' ? diff->source_time : NULL,
		[PARAMETER_RECORDS] = diff->run.records.data,
		[PARAMETER_FIRST_ROW] = integer_text(first, diff->run.first_row),
		[PARAMETER_MODE] = upload_mode_name(diff->mode),
		[PARAMETER_MATCH] = diff->run.apply.match,
		[PARAMETER_BLANK] = diff->run.apply.blank != NULL ? diff->run.apply.blank : "clear",
		[PARAMETER_COLUMNS] = diff->columns,
		[PARAMETER_METADATA] = diff->run.metadata,
	};

	return database_query(diff->run.database, RUN_ONCE, query, count, values, result, error);
}

static bool
judge_chunk(void *context, struct glue_error *error)
{
	struct diff *diff = context;
	PGresult *result = NULL;
	bool done;

	if (!run_query(diff, diff_query, PARAMETER_COUNT, &result, error))
		return false;
	done = take_chunk(diff, result, error);
	PQclear(result);
	return done;
}

/*
 * Count what the last step of a replace would discontinue.
 */
static bool
count_missing(void *context, struct glue_error *error)
{
	struct diff *diff = context;
	PGresult *result = NULL;

	/* A file without a valid row fails and discontinues nothing. */
	if (diff->mode != MODE_REPLACE || diff->actions[ACTION_REJECT] == diff->run.judged)
		return true;
	if (!run_query(diff, missing_query, PARAMETER_SOURCE_TIME + 1, &result, error))
		return false;
	diff->missing = postgres_integer(result, 0, 0);
	diff->missing_waits = strcmp(PQgetvalue(result, 0, 1), "t") == 0;
	PQclear(result);
	return true;
}

static bool
compare_file(struct diff *diff, struct glue_error *error)
{
	static const struct dry_run_events events = {
		.begin = begin_attempt,
		.judge = judge_chunk,
		.end = count_missing,
	};
	bool done = dry_run_judge(&diff->run, "Comparing", &events, diff, error);

	if (diff->csv == NULL)
		return done;
	return csv_close(&diff->csv, diff->run.options->csv, done ? error : NULL) && done;
}

/* ----- output ----- */

/* What would happen to rows, as the summary words it. */
static const char *const outcomes[ACTION_COUNT] = {
	[ACTION_INSERT] = "would be inserted",
	[ACTION_UPDATE] = "would change",
	[ACTION_UNCHANGED] = "unchanged",
	[ACTION_STALE] = "stale: older than what the catalogue has",
	[ACTION_HOLD] = "held: would wait for approval",
	[ACTION_DISCONTINUE] = "would be discontinued",
	[ACTION_REJECT] = "rejected",
};

static void
print_changed_columns(const struct diff *diff)
{
	char count[TERMINAL_COUNT_SIZE];

	for (int i = 0; i < diff->changed_count; i++)
		line_print(stdout, 16, "  %12s  %s", terminal_count(count, diff->changed[i].rows),
				   diff->changed[i].name);
}

static void
print_actions(const struct diff *diff)
{
	char count[TERMINAL_COUNT_SIZE];

	for (enum row_action action = 0; action < ACTION_COUNT; action++)
	{
		if (diff->actions[action] == 0)
			continue;
		line_print(stdout, 12, "  %8s  %s", terminal_count(count, diff->actions[action]),
				   outcomes[action]);
		if (action == ACTION_UPDATE)
			print_changed_columns(diff);
	}
}

static void
print_prices(const struct diff *diff)
{
	char line[TERMINAL_COUNT_SIZE];

	if (diff->price_count == 0)
		return;
	putchar('\n');
	line_print(stdout, 2, "Largest price changes");
	for (int i = 0; i < diff->price_count; i++)
	{
		const struct price_change *change = &diff->prices[i];

		line_print(stdout, 6, "  line %s  %s  %s -> %s  %+.1f %%%s",
				   terminal_count(line, change->line_number), change->sku, change->old_price,
				   change->new_price, change->percent, change->held ? "  held" : "");
	}
}

/* Return the name of the map that the file was read with; NULL for none. */
static const char *
map_name(const struct diff *diff)
{
	const struct file_map *map = diff->run.local.file.map;

	return map != NULL ? file_map_name(map) : NULL;
}

static void
print_diff(const struct diff *diff, int64_t milliseconds)
{
	struct line line;
	char count[TERMINAL_COUNT_SIZE];

	line_begin(&line, stdout, 2);
	line_style(&line, STYLE_BOLD);
	line_add(&line, "%s", diff->run.local.source.name);
	line_style(&line, STYLE_PLAIN);
	line_add(&line, ": %s %s in %" PRId64 " ms, mode %s", terminal_count(count, diff->run.judged),
			 terminal_plural(diff->run.judged, "row", "rows"), milliseconds,
			 upload_mode_name(diff->mode));
	line_end(&line);
	summary_print_skipped(diff->run.local.file.found.skipped_rows, map_name(diff));
	print_actions(diff);
	print_prices(diff);
	if (diff->missing > 0)
	{
		putchar('\n');
		line_print(stdout, 2, "No longer in the file: %s%s", terminal_count(count, diff->missing),
				   diff->missing_waits ? ", which would wait for approval"
									   : " would be discontinued");
	}
	summary_print_causes(&diff->causes, SHOWN_CAUSES);
	putchar('\n');
	line_print(stdout, 2, "Nothing was written: this was a comparison.");
}

static void
print_one_line(const struct diff *diff)
{
	struct line line;
	char count[TERMINAL_COUNT_SIZE];

	line_begin(&line, stdout, 2);
	line_add(&line, "%s: %s %s", diff->run.local.source.name,
			 terminal_count(count, diff->run.judged),
			 terminal_plural(diff->run.judged, "row", "rows"));
	if (diff->run.judged > diff->actions[ACTION_REJECT])
		line_add(&line, ", ");
	summary_add_actions(&line, diff->actions);
	line_add(&line, ", %s %s", terminal_count(count, diff->actions[ACTION_REJECT]),
			 action_name(ACTION_REJECT));
	if (diff->missing > 0)
		line_add(&line, ", no longer in the file: %s %s", terminal_count(count, diff->missing),
				 action_name(diff->missing_waits ? ACTION_HOLD : ACTION_DISCONTINUE));
	line_end(&line);
}

static cJSON *
json_of_prices(const struct diff *diff)
{
	cJSON *array = cJSON_CreateArray();
	char percent[64];

	for (int i = 0; i < diff->price_count; i++)
	{
		const struct price_change *change = &diff->prices[i];
		cJSON *object = cJSON_CreateObject();

		json_add_integer(object, "line_number", change->line_number);
		json_add_text(object, "sku", change->sku);
		cJSON_AddRawToObject(object, "old_price", change->old_price);
		cJSON_AddRawToObject(object, "new_price", change->new_price);
		snprintf(percent, sizeof(percent), "%.1f", change->percent);
		cJSON_AddRawToObject(object, "percent", percent);
		cJSON_AddBoolToObject(object, "held", change->held);
		cJSON_AddItemToArray(array, object);
	}
	return array;
}

static void
print_diff_json(const struct diff *diff, int64_t milliseconds)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *changed;

	json_add_text(document, "vendor_id", diff->run.options->vendor);
	json_add_text(document, "file_name", diff->run.local.source.name);
	json_add_integer(document, "total_records", diff->run.judged);
	json_add_integer(document, "valid_records", diff->run.judged - diff->actions[ACTION_REJECT]);
	json_add_integer(document, "error_records", diff->actions[ACTION_REJECT]);
	json_add_integer(document, "skipped_rows", diff->run.local.file.found.skipped_rows);
	json_add_text(document, "map_name", map_name(diff));
	summary_json_actions(document, diff->mode, diff->actions,
						 diff->missing_waits ? 0 : diff->missing);
	json_add_integer(document, "held_missing", diff->missing_waits ? diff->missing : 0);
	changed = cJSON_AddObjectToObject(document, "changed_columns");
	for (int i = 0; i < diff->changed_count; i++)
		json_add_integer(changed, diff->changed[i].name, diff->changed[i].rows);
	cJSON_AddItemToObject(document, "price_changes", json_of_prices(diff));
	cJSON_AddItemToObject(document, "causes", summary_json_causes(&diff->causes));
	json_add_text(document, "csv", diff->run.options->csv);
	json_add_integer(document, "milliseconds", milliseconds);
	json_out_print(document);
}

/* ----- the command ----- */

static int
run_diff(struct diff *diff, const struct options *options, struct summary_total *total)
{
	struct glue_error error = {0};
	int64_t milliseconds;

	if (!open_file(diff, options, &error) || (!options->quiet && !note_refusal(diff, &error)) ||
		!compare_file(diff, &error))
		return command_fail(options, &error);
	milliseconds = clock_milliseconds() - diff->run.started_ms;
	total->total += diff->run.judged;
	total->valid += diff->run.judged - diff->actions[ACTION_REJECT];
	total->errors += diff->actions[ACTION_REJECT];
	chosen_map_note_list(&diff->run.local, diff->actions[ACTION_REJECT]);
	causes_sort(&diff->causes);
	if (!causes_find_main(diff->run.database, &diff->causes, diff->run.judged, &error))
		return command_fail(options, &error);
	if (options->json)
		print_diff_json(diff, milliseconds);
	else if (options->quiet || options->one_line)
		print_one_line(diff);
	else
		print_diff(diff, milliseconds);
	if (diff->actions[ACTION_REJECT] > 0 || diff->actions[ACTION_HOLD] > 0 || diff->missing_waits)
		return EXIT_SOME_REJECTED;
	return EXIT_ALL_GOOD;
}

/*
 * An each_file_fn.
 */
static int
diff_one(const struct options *options, struct summary_total *total)
{
	struct diff *diff = glue_allocate_zero(sizeof(*diff));
	struct glue_error error = {0};
	int code;

	if (diff == NULL)
	{
		glue_error_memory(&error);
		return command_fail(options, &error);
	}
	total->is_dry = true;
	code = run_diff(diff, options, total);
	forget_changes(diff);
	causes_clean_up(&diff->causes);
	glue_release(diff->columns);
	dry_run_close(&diff->run);
	glue_release(diff);
	return code;
}

int
command_diff(const struct options *options)
{
	return each_file(options, diff_one);
}
