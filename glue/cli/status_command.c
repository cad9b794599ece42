/*-------------------------------------------------------------------------
 *
 * status_command.c
 *	  onboard status: show the latest uploads, or one in detail.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii_word.h"
#include "cli/causes.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/list.h"
#include "cli/named.h"
#include "cli/rejected_rows.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "import/upload.h"
#include "shared/text.h"

#define OPTIONS_CHOICE \
	(OPTION_BIT(OPTION_VENDOR) | OPTION_BIT(OPTION_UPLOAD_STATUS) | OPTION_BIT(OPTION_SINCE))

/* The uploads that the options select, newest first; see struct choice. */
#define CHOSEN_UPLOADS                                                                                \
	" WHERE ($2::text IS NULL OR u.vendor_id = $2::text)"                                             \
	" AND ($3::text IS NULL OR u.status = $3::text)"                                                  \
	" AND ($4::bigint IS NULL OR"                                                                     \
	" u.created_at >= '1970-01-01 00:00:00+00'::timestamptz + $4::bigint * interval '1 microsecond')" \
	" ORDER BY u.created_at DESC, u.upload_id LIMIT nullif($1::bigint, 0)"

/* The parameters of CHOSEN_UPLOADS. */
struct choice
{
	char limit[INTEGER_TEXT_SIZE];
	char since[INTEGER_TEXT_SIZE];
	const char *values[4];
};

static const char list_query[] =
	"SELECT u.upload_id AS upload, u.file_name AS file,"
	" CASE WHEN u.metadata ? 'undone_at' THEN 'undone, ' ELSE '' END || u.status AS status,"
	" coalesce(u.total_records, u.valid_records + u.error_records) AS rows,"
	" u.valid_records AS accepted, u.error_records AS rejected,"
	" onboard.success_rate(u.valid_records, coalesce(u.total_records, CASE WHEN u.failure_code IS NULL THEN u.valid_records + u.error_records END)) AS percent,"
	" u.failure_code AS reason, extract(epoch FROM u.created_at)::bigint AS begun_at"
	" FROM onboard.upload_history u" CHOSEN_UPLOADS;

static const char json_list_query[] =
	"SELECT u.upload_id, u.vendor_id, u.file_name, u.status, u.total_records, u.valid_records, u.error_records,"
	" u.mode, u.inserted, u.updated, u.unchanged, u.stale, u.held, u.discontinued, u.discontinued_missing,"
	" onboard.success_rate(u.valid_records, coalesce(u.total_records, CASE WHEN u.failure_code IS NULL THEN u.valid_records + u.error_records END)) AS success_rate_percent,"
	" u.failure_code, u.failure_message, u.metadata ? 'undone_at' AS undone, u.created_at, u.processing_completed_at"
	" FROM onboard.upload_history u" CHOSEN_UPLOADS;

static const char latest_query[] =
	"SELECT u.upload_id FROM onboard.upload_history u" CHOSEN_UPLOADS;

static void
fill_choice(struct choice *choice, const struct options *options, int64_t limit)
{
	(void) integer_text(choice->limit, limit);
	(void) integer_text(choice->since, options->since);
	choice->values[0] = choice->limit;
	choice->values[1] = options->vendor;
	choice->values[2] = options->upload_status;
	choice->values[3] = (options->given & OPTION_BIT(OPTION_SINCE)) != 0 ? choice->since : NULL;
}

/* Columns of list_query that a narrow terminal can do without. */
static const char *const droppable[] = {
	"percent", "reason", "begun_at", "rows", "accepted", "rejected", "file", "status", NULL,
};

static int
show_list(struct database *database, const struct options *options)
{
	struct choice choice;
	struct list uploads = {
		.table_query = list_query,
		.json_query = json_list_query,
		.nothing = "There are no uploads yet.  Start with: onboard load FILE --vendor ID",
		.droppable = droppable,
		.count = 4,
	};

	fill_choice(&choice, options, options->limit);
	uploads.values = choice.values;
	if ((options->given & OPTIONS_CHOICE) != 0)
		uploads.nothing = "No uploads match.";
	return list_print(database, options, &uploads);
}

/* ----- one upload ----- */

static void
print_fact(const char *what, const char *text)
{
	if (text == NULL)
		return;
	line_print(stdout, 12, "  %-10s%s", what, text);
}

/*
 * Print the number of valid rows and, for an upload that changes products, what
 * they did.
 */
static void
print_accepted(const struct upload *upload)
{
	struct line line;
	char count[TERMINAL_COUNT_SIZE];

	line_begin(&line, stdout, 12);
	line_add(&line, "  %-10s%s", "accepted", terminal_count(count, upload->valid_records));
	if (upload_mode_changes(upload->mode) && upload->valid_records > 0)
	{
		line_add(&line, ": ");
		summary_add_actions(&line, upload->actions);
	}
	line_end(&line);
}

/*
 * Print what was decided on held rows, if anything was.
 */
static void
print_decisions(const struct upload *upload)
{
	char count[TERMINAL_COUNT_SIZE];
	char text[256] = "";
	size_t used = 0;

	for (int decision = 0; decision < HELD_DECISION_COUNT; decision++)
	{
		if (upload->decisions[decision] > 0)
			used += (size_t) snprintf(
				text + used, sizeof(text) - used, "%s%s %s", used > 0 ? ", " : "",
				terminal_count(count, upload->decisions[decision]), held_decision_names[decision]);
	}
	print_fact("decided", used > 0 ? text : NULL);
}

/*
 * Print the facts that only an upload that changes products has.
 */
static void
print_changes(const struct upload *upload)
{
	char count[TERMINAL_COUNT_SIZE];
	char text[256];

	if (upload->discontinued_missing > 0)
	{
		snprintf(text, sizeof(text), "%s discontinued, no longer in the file",
				 terminal_count(count, upload->discontinued_missing));
		print_fact("missing", text);
	}
	if (upload->waiting > 0)
	{
		snprintf(text, sizeof(text), "%s; see \"onboard held %s\"",
				 terminal_count(count, upload->waiting), upload->upload_id);
		print_fact("waiting", text);
	}
	print_decisions(upload);
}

/*
 * Print the map with which the file is read; presets have no versions.
 */
static void
print_map(const struct upload *upload)
{
	char count[TERMINAL_COUNT_SIZE];
	char text[128];

	if (upload->map_name == NULL)
		return;
	if (upload->map_version > 0)
		snprintf(text, sizeof(text), "%s, version %s", upload->map_name,
				 terminal_count(count, upload->map_version));
	else
		snprintf(text, sizeof(text), "%s", upload->map_name);
	print_fact("map", text);
	if (upload->skipped_rows > 0)
		print_fact("skipped", terminal_count(count, upload->skipped_rows));
}

static void
print_details(const struct upload *upload, const struct causes *causes)
{
	struct line line;
	char buffer[SUMMARY_TIME_SIZE];
	char text[256];
	int64_t judged = upload->valid_records + upload->error_records;

	line_begin(&line, stdout, 2);
	line_style(&line, STYLE_BOLD);
	line_add(&line, "Upload %s", upload->upload_id);
	line_style(&line, STYLE_PLAIN);
	line_end(&line);
	print_fact("file", upload->file_name);
	print_fact("from", upload->source);
	print_fact("vendor", upload->vendor_id);
	if (upload_mode_changes(upload->mode))
		print_fact("mode", upload_mode_name(upload->mode));
	print_map(upload);
	print_fact("begun", summary_time(buffer, upload->created_at));
	print_fact("status", upload->status);
	if (upload->failure_code != NULL)
	{
		snprintf(text, sizeof(text), "%s: %s", upload->failure_code,
				 upload->failure_message != NULL ? upload->failure_message : "");
		print_fact("reason", text);
	}
	if (upload->undone)
		print_fact("undone", summary_time(buffer, upload->undone_at));
	if (upload->total_records >= 0)
		print_fact("rows", terminal_count(buffer, upload->total_records));
	if (upload->total_records >= 0 && judged < upload->total_records)
		print_fact("open", terminal_count(buffer, upload->total_records - judged));
	print_accepted(upload);
	print_fact("rejected", terminal_count(buffer, upload->error_records));
	if (upload_mode_changes(upload->mode))
		print_changes(upload);
	snprintf(text, sizeof(text), "%s %%", upload->success_rate);
	print_fact("success", text);
	print_fact("errors", upload->error_file);
	print_fact("fix", upload->fix_file);
	summary_print_causes(causes, 0);
}

/*
 * Print an upload as JSON. rows may be NULL; the document takes ownership.
 */
static void
print_upload_json(const struct upload *upload, const struct causes *causes, cJSON *rows)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *decisions;

	json_add_text(document, "upload_id", upload->upload_id);
	json_add_text(document, "vendor_id", upload->vendor_id);
	json_add_text(document, "file_name", upload->file_name);
	json_add_text(document, "source", upload->source);
	json_add_text(document, "status", upload->status);
	if (upload->total_records >= 0)
		json_add_integer(document, "total_records", upload->total_records);
	else
		cJSON_AddNullToObject(document, "total_records");
	json_add_integer(document, "valid_records", upload->valid_records);
	json_add_integer(document, "error_records", upload->error_records);
	json_add_integer(document, "skipped_rows", upload->skipped_rows);
	json_add_text(document, "map_name", upload->map_name);
	if (upload->map_version > 0)
		json_add_integer(document, "map_version", upload->map_version);
	else
		cJSON_AddNullToObject(document, "map_version");
	summary_json_actions(document, upload->mode, upload->actions, upload->discontinued_missing);
	json_add_integer(document, "waiting", upload->waiting);
	decisions = cJSON_AddObjectToObject(document, "decisions");
	for (int decision = 0; decision < HELD_DECISION_COUNT; decision++)
		json_add_integer(decisions, held_decision_names[decision], upload->decisions[decision]);
	cJSON_AddRawToObject(document, "success_rate_percent", upload->success_rate);
	json_add_text(document, "failure_code", upload->failure_code);
	json_add_text(document, "failure_message", upload->failure_message);
	cJSON_AddBoolToObject(document, "undone", upload->undone);
	json_add_time(document, "created_at", upload->begun_text);
	json_add_time(document, "processing_completed_at", upload->ended_text);
	json_add_time(document, "undone_at", upload->undone_text);
	json_add_text(document, "errors", upload->error_file);
	json_add_text(document, "fix", upload->fix_file);
	cJSON_AddItemToObject(document, "causes", summary_json_causes(causes));
	if (rows != NULL)
		cJSON_AddItemToObject(document, "row_errors", rows);
	json_out_print(document);
}

/*
 * Print an upload, with its rejected rows if requested.
 */
static bool
print_upload(struct database *database, const struct options *options, const struct upload *upload,
			 const struct causes *causes, struct glue_error *error)
{
	bool with_rows = (options->given & OPTION_BIT(OPTION_ROW_ERRORS)) != 0;
	cJSON *rows = NULL;

	if (options->json)
	{
		if (with_rows)
			rows = rejected_rows_json(database, upload, options->row_errors, error);
		if (with_rows && rows == NULL)
			return false;
		print_upload_json(upload, causes, rows);
		return true;
	}
	print_details(upload, causes);
	return !with_rows || rejected_rows_print(database, upload, options->row_errors, error);
}

/*
 * Read the newest of the uploads that the options select.
 */
static bool
read_latest(struct database *database, const struct options *options, struct upload *upload,
			struct glue_error *error)
{
	struct choice choice;
	PGresult *result = NULL;
	bool done;

	if ((options->given & OPTIONS_CHOICE) == 0)
		return named_upload_latest(database, upload, error);
	fill_choice(&choice, options, 1);
	if (!database_query(database, RUN_AGAIN, latest_query, 4, choice.values, &result, error))
		return false;
	if (PQntuples(result) > 0)
		done = upload_read(database, PQgetvalue(result, 0, 0), upload, error);
	else
		done = glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_UPLOAD", "no upload matches");
	PQclear(result);
	return done;
}

static bool
is_latest(const struct options *options)
{
	return options->operand_count > 0 && strcmp(options->operands[0], NAMED_LATEST) == 0;
}

static int
show_upload(struct database *database, const struct options *options)
{
	struct glue_error error = {0};
	struct upload upload = {0};
	struct causes causes = {0};
	int code = EXIT_ALL_GOOD;
	bool found = is_latest(options) ? read_latest(database, options, &upload, &error)
									: named_upload(database, options->operands[0], &upload, &error);

	if (!found || !upload_read_held(database, &upload, &error) ||
		!causes_read(database, upload.upload_id, &causes, &error) ||
		!causes_find_main(database, &causes, upload.valid_records + upload.error_records, &error) ||
		!print_upload(database, options, &upload, &causes, &error))
		code = command_fail(options, &error);
	causes_clean_up(&causes);
	upload_clean_up(&upload);
	return code;
}

/* ----- the command ----- */

static bool
is_upload_status(const char *text)
{
	static const char *const known[] = {"processing", "completed", "partial", "failed", NULL};

	return ascii_word_is_in(text, known);
}

/*
 * Check which options may be combined, which the option table cannot express.
 */
static bool
check_options(const struct options *options, struct glue_error *error)
{
	uint64_t choosing = options->given & (OPTIONS_CHOICE | OPTION_BIT(OPTION_LIMIT));

	if (options->upload_status != NULL && !is_upload_status(options->upload_status))
		return glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"option --status takes processing, completed, partial or failed, not \"%s\"",
			options->upload_status);
	if (options->operand_count == 0 && (options->given & OPTION_BIT(OPTION_ROW_ERRORS)) != 0)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "--errors requires an upload: onboard status UPLOAD --errors");
	if (options->operand_count > 0 && choosing != 0 && !is_latest(options))
		return glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"--vendor, --status, --since and --limit filter the list and cannot be combined with upload \"%s\"",
			options->operands[0]);
	return true;
}

int
command_status(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = NULL;
	char vendor_status[sizeof("pending_approval")];
	int code;

	if (check_options(options, &error))
		database = chosen_database_open(options, &error);
	if (database == NULL ||
		(options->vendor != NULL && !named_vendor_status(database, options->vendor, vendor_status,
														 sizeof(vendor_status), &error)))
		code = command_fail(options, &error);
	else
		code = options->operand_count > 0 ? show_upload(database, options)
										  : show_list(database, options);
	database_close(database);
	return code;
}
