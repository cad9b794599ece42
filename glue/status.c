/*-------------------------------------------------------------------------
 *
 * status.c
 *	  onboard status: the latest uploads, or one in detail.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "causes.h"
#include "command.h"
#include "database.h"
#include "json_out.h"
#include "line.h"
#include "list.h"
#include "summary.h"
#include "terminal.h"
#include "upload.h"

static const char list_query[] =
"SELECT u.upload_id AS upload, u.file_name AS file,"
" u.status || CASE WHEN u.metadata ? 'undone_at' THEN ', undone' ELSE '' END AS status,"
" coalesce(u.total_records, u.valid_records + u.error_records) AS rows,"
" u.valid_records AS accepted, u.error_records AS rejected,"
" onboard.success_rate(u.valid_records, coalesce(u.total_records, CASE WHEN u.failure_code IS NULL THEN u.valid_records + u.error_records END)) AS percent,"
" u.failure_code AS reason, extract(epoch FROM u.created_at)::bigint AS begun_at"
" FROM onboard.upload_history u"
" ORDER BY u.created_at DESC, u.upload_id LIMIT nullif($1::bigint, 0)";

static const char json_list_query[] =
"SELECT u.upload_id, u.vendor_id, u.file_name, u.status, u.total_records, u.valid_records, u.error_records,"
" onboard.success_rate(u.valid_records, coalesce(u.total_records, CASE WHEN u.failure_code IS NULL THEN u.valid_records + u.error_records END)) AS success_rate_percent,"
" u.failure_code, u.failure_message, u.metadata ? 'undone_at' AS undone, u.created_at, u.processing_completed_at"
" FROM onboard.upload_history u"
" ORDER BY u.created_at DESC, u.upload_id LIMIT nullif($1::bigint, 0)";

/* Columns of list_query that a narrow terminal can do without. */
static const char *const droppable[] = {
	"percent", "reason", "begun_at", "rows", "accepted", "rejected", "file", "status", NULL
};

static int
show_list(struct database *database, const struct options *options)
{
	char		limit[24];
	const char *const values[] = {limit};
	const struct list uploads = {
		.table_query = list_query,
		.json_query = json_list_query,
		.nothing = "There are no uploads yet.  Begin with: onboard load FILE --vendor ID",
		.droppable = droppable,
		.count = 1,
		.values = values,
	};

	snprintf(limit, sizeof(limit), "%" PRId64, options->limit);
	return list_print(database, options, &uploads);
}

/* ----- one upload ----- */

static void
print_line(const char *what, const char *text)
{
	if (text == NULL)
		return;
	line_print(stdout, 12, "  %-10s%s", what, text);
}

static void
print_details(const struct upload *upload, const struct causes *causes)
{
	struct line line;
	char		buffer[SUMMARY_TIME_SIZE];
	char		text[256];
	int64_t		judged = upload->valid_records + upload->error_records;

	line_begin(&line, stdout, 2);
	line_style(&line, STYLE_BOLD);
	line_add(&line, "Upload %s", upload->upload_id);
	line_style(&line, STYLE_PLAIN);
	line_end(&line);
	print_line("file", upload->file_name);
	print_line("from", upload->source);
	print_line("vendor", upload->vendor_id);
	print_line("begun", summary_time(buffer, upload->created_at));
	print_line("status", upload->status);
	if (upload->failure_code != NULL)
	{
		snprintf(text, sizeof(text), "%s: %s", upload->failure_code,
				 upload->failure_message != NULL ? upload->failure_message : "");
		print_line("reason", text);
	}
	if (upload->undone)
		print_line("undone", "its products were taken out again");
	if (upload->total_records >= 0)
		print_line("rows", terminal_count(buffer, upload->total_records));
	if (upload->total_records >= 0 && judged < upload->total_records)
		print_line("open", terminal_count(buffer, upload->total_records - judged));
	print_line("accepted", terminal_count(buffer, upload->valid_records));
	print_line("rejected", terminal_count(buffer, upload->error_records));
	snprintf(text, sizeof(text), "%s %%", upload->success_rate);
	print_line("success", text);
	print_line("errors", upload->error_file);
	print_line("fix", upload->fix_file);
	if (causes->count > 0)
	{
		puts("\nWhat is wrong");
		summary_print_causes(causes, 0);
	}
}

static void
print_json(const struct upload *upload, const struct causes *causes)
{
	cJSON	   *document = cJSON_CreateObject();

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
	json_out_print(document);
}

static int
show_upload(struct database *database, const struct options *options)
{
	struct glue_error error = {0};
	struct upload upload = {0};
	struct causes causes = {0};
	int			code = EXIT_ALL_GOOD;

	if (!upload_read(database, options->operands[0], &upload, &error) ||
		!causes_read(database, upload.upload_id, &causes, &error))
		code = command_fail(options, &error);
	else if (options->json)
		print_json(&upload, &causes);
	else
		print_details(&upload, &causes);
	causes_clean_up(&causes);
	upload_clean_up(&upload);
	return code;
}

int
command_status(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = database_open(options, &error);
	int			code;

	if (database == NULL)
		return command_fail(options, &error);
	code = options->operand_count > 0 ? show_upload(database, options) :
		show_list(database, options);
	database_close(database);
	return code;
}
