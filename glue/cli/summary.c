/*-------------------------------------------------------------------------
 *
 * summary.c
 *	  Print the result of a load or check, for people or for programs.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/summary.h"
#include "cli/terminal.h"

/* Causes shown in text output; JSON and the reports have all of them. */
#define SHOWN_CAUSES 5

const char *
summary_time(char *buffer, int64_t seconds)
{
	time_t moment = (time_t) seconds;
	struct tm local;

	if (localtime_r(&moment, &local) == NULL ||
		strftime(buffer, SUMMARY_TIME_SIZE, "%Y-%m-%d %H:%M", &local) == 0)
		snprintf(buffer, SUMMARY_TIME_SIZE, "?");
	return buffer;
}

/*
 * Return the success rate in tenths of a percent, rounded down: 100.0 only if
 * all rows are valid.
 */
static int
success_tenths(const struct summary *summary)
{
	if (summary->total <= 0)
		return 0;
	return (int) (summary->valid * 1000 / summary->total);
}

/* ----- what valid rows did ----- */

/* Does the upload have counts other than that of inserted rows? */
static bool
has_actions(const struct upload *upload)
{
	return upload != NULL && upload_mode_changes(upload->mode);
}

/*
 * Return whether something waited for approval when the upload ended.  Its exit
 * code stays the same after an operator has decided.
 */
static bool
has_held(const struct upload *upload)
{
	return has_actions(upload) && strcmp(upload->status, "partial") == 0;
}

void
summary_add_actions(struct line *line, const int64_t *actions)
{
	char count[TERMINAL_COUNT_SIZE];
	const char *separator = "";

	for (enum row_action action = 0; action < ACTION_COUNT; action++)
	{
		if (!action_is_valid(action) || actions[action] == 0)
			continue;
		line_add(line, "%s%s %s", separator, terminal_count(count, actions[action]),
				 action_name(action));
		separator = ", ";
	}
}

void
summary_json_actions(cJSON *object, enum upload_mode mode, const int64_t *actions, int64_t missing)
{
	json_add_text(object, "mode", upload_mode_name(mode));
	for (enum row_action action = 0; action < ACTION_COUNT; action++)
	{
		if (action_is_valid(action))
			json_add_integer(object, action_name(action), actions[action]);
	}
	json_add_integer(object, "discontinued_missing", missing);
}

/* ----- text ----- */

/* Column where the message of a cause begins. */
#define MESSAGE_COLUMN 17

static void
print_cause(const struct cause *cause)
{
	struct line line;
	char number[TERMINAL_COUNT_SIZE];

	line_begin(&line, stdout, MESSAGE_COLUMN);
	line_add(&line, "  %8s %s  ", terminal_count(number, cause->rows),
			 terminal_plural(cause->rows, "row ", "rows"));
	line_style(&line, STYLE_BOLD);
	line_add(&line, "%s", cause->error_type);
	line_style(&line, STYLE_PLAIN);
	if (cause->error_field != NULL)
		line_add(&line, " in %s", cause->error_field);
	line_end(&line);

	line_print(stdout, MESSAGE_COLUMN, "%*sline %s: %s", MESSAGE_COLUMN, "",
			   terminal_count(number, cause->line_number),
			   cause->message != NULL ? cause->message : "");
	if (cause->suggestion == NULL || cause->suggestion[0] == '\0')
		return;
	line_begin(&line, stdout, MESSAGE_COLUMN);
	line_add(&line, "%*s", MESSAGE_COLUMN, "");
	line_style(&line, STYLE_GOOD);
	line_add(&line, "perhaps: %s", cause->suggestion);
	line_style(&line, STYLE_PLAIN);
	line_end(&line);
}

/*
 * Print the cause that rejects nearly every row, which is to be corrected first.
 */
static void
print_main_cause(const struct causes *causes)
{
	struct line line;

	line_begin(&line, stdout, 2);
	line_add(&line, "  ");
	line_style(&line, STYLE_BOLD);
	line_add(&line, "Nearly every row has the same fault; correct it first:");
	line_style(&line, STYLE_PLAIN);
	line_end(&line);
	line_print(stdout, 2, "  %s", causes->advice);
}

void
summary_print_causes(const struct causes *causes, int limit)
{
	int shown = limit > 0 && causes->count > limit ? limit : causes->count;

	if (causes->count == 0)
		return;
	puts("\nWhat is wrong");
	if (causes->advice != NULL)
		print_main_cause(causes);
	for (int i = 0; i < shown; i++)
		print_cause(&causes->items[i]);
	if (shown < causes->count)
		line_print(stdout, MESSAGE_COLUMN, "  %8s and %d %s", "...", causes->count - shown,
				   terminal_plural(causes->count - shown, "other cause", "other causes"));
}

/*
 * Print a line of counts: number, label, share.
 */
static void
print_count(int64_t number, int tenths, const char *what, enum terminal_style style)
{
	struct line line;
	char count[TERMINAL_COUNT_SIZE];

	line_begin(&line, stdout, 2);
	line_add(&line, "  ");
	line_style(&line, style);
	line_add(&line, "%8s  %-9s %3d.%d %%", terminal_count(count, number), what, tenths / 10,
			 tenths % 10);
	line_style(&line, STYLE_PLAIN);
	line_end(&line);
}

/*
 * Print what the valid rows did, one line per action.
 */
static void
print_actions(const struct upload *upload)
{
	char count[TERMINAL_COUNT_SIZE];

	for (enum row_action action = 0; action < ACTION_COUNT; action++)
	{
		if (action_is_valid(action) && upload->actions[action] > 0)
			line_print(stdout, 16, "  %12s  %s%s", terminal_count(count, upload->actions[action]),
					   action_name(action),
					   action == ACTION_STALE ? ": older than what the catalogue has" : "");
	}
}

/*
 * Print what became of the products that are no longer in the file.
 */
static void
print_missing(const struct upload *upload)
{
	char count[TERMINAL_COUNT_SIZE];

	if (upload->discontinued_missing == 0 && !upload->waiting_step)
		return;
	putchar('\n');
	if (upload->discontinued_missing > 0)
		line_print(stdout, 2, "No longer in the file: %s discontinued",
				   terminal_count(count, upload->discontinued_missing));
	else
		line_print(stdout, 2, "No longer in the file: %s, which %s for approval",
				   terminal_count(count, upload->waiting_products),
				   terminal_plural(upload->waiting_products, "waits", "wait"));
}

/*
 * Print what waits for an operator, and how to see it.
 */
static void
print_waiting(const struct upload *upload)
{
	char count[TERMINAL_COUNT_SIZE];

	if (upload->waiting > 0)
		line_print(stdout, 2, "%s %s for approval; see \"onboard held %s\"",
				   terminal_count(count, upload->waiting),
				   terminal_plural(upload->waiting, "waits", "wait"), upload->upload_id);
}

static void
add_rate(struct line *line, const struct summary *summary)
{
	char rate[TERMINAL_COUNT_SIZE];
	int64_t rows = summary->total - summary->resumed_rows;

	if (summary->milliseconds <= 0)
		return;
	if (summary->milliseconds < 1000)
		line_add(line, " in %d ms", (int) summary->milliseconds);
	else
		line_add(line, " in %lld.%d s (%s rows/s)", (long long) summary->milliseconds / 1000,
				 (int) (summary->milliseconds % 1000 / 100),
				 terminal_count(rate, rows * 1000 / summary->milliseconds));
}

void
summary_print_skipped(int64_t skipped_rows, const char *map_name)
{
	char count[TERMINAL_COUNT_SIZE];

	if (skipped_rows > 0)
		line_print(stdout, 4, "  skipped: %s %s, by map \"%s\"",
				   terminal_count(count, skipped_rows),
				   terminal_plural(skipped_rows, "record", "records"), map_name);
}

static void
print_heading(const struct summary *summary)
{
	struct line line;
	char count[TERMINAL_COUNT_SIZE];
	char moment[SUMMARY_TIME_SIZE];

	line_begin(&line, stdout, 2);
	line_style(&line, STYLE_BOLD);
	line_add(&line, "%s", summary->file_name);
	line_style(&line, STYLE_PLAIN);
	line_add(&line, ": %s %s", terminal_count(count, summary->total),
			 terminal_plural(summary->total, "row", "rows"));
	add_rate(&line, summary);
	line_end(&line);
	if (summary->loaded_before && summary->upload != NULL)
		line_print(stdout, 4, "  loaded before, on %s%s; --again loads it as a new upload",
				   summary_time(moment, summary->upload->created_at),
				   summary->upload->undone ? ", and undone since" : "");
	if (summary->resumed_rows > 0)
		line_print(stdout, 4, "  resumed: %s %s were done by an earlier run",
				   terminal_count(count, summary->resumed_rows),
				   terminal_plural(summary->resumed_rows, "row", "rows"));
	summary_print_skipped(summary->skipped_rows, summary->map_name);
}

static void
print_file(const char *what, const char *path, const char *advice)
{
	struct line line;

	if (path[0] == '\0')
		return;
	line_begin(&line, stdout, 4);
	line_add(&line, "  %-8s%s", what, path);
	line_style(&line, STYLE_DIM);
	line_add(&line, "%s", advice);
	line_style(&line, STYLE_PLAIN);
	line_end(&line);
}

static void
print_files(const struct summary *summary)
{
	if (summary->errors_path != NULL)
	{
		puts("\nReports");
		print_file("errors", summary->errors_path, "");
	}
	if (summary->files != NULL)
	{
		puts("\nReports");
		print_file("errors", summary->files->errors, "");
		print_file("fix", summary->files->fix, "   correct this one and load it");
		print_file("xlsx", summary->files->workbook, "  the same, for a spreadsheet");
		print_file("mail", summary->files->mail, "");
	}
}

static void
print_summary(const struct summary *summary)
{
	int tenths = success_tenths(summary);
	bool dry = summary->upload == NULL;

	print_heading(summary);
	print_count(summary->valid, tenths, dry ? "good" : "accepted", STYLE_GOOD);
	if (has_actions(summary->upload))
		print_actions(summary->upload);
	print_count(summary->errors, summary->total > 0 ? 1000 - tenths : 0, dry ? "bad" : "rejected",
				summary->errors > 0 ? STYLE_BAD : STYLE_DIM);
	if (has_actions(summary->upload))
		print_missing(summary->upload);
	summary_print_causes(summary->causes, SHOWN_CAUSES);
	print_files(summary);
	putchar('\n');
	if (dry)
		line_print(stdout, 2, "Nothing was written: this was a dry run.");
	else
		line_print(stdout, 2, "Upload %s: %s", summary->upload->upload_id,
				   summary->valid == 0 ? "failed, no row was accepted" : summary->upload->status);
	if (has_actions(summary->upload))
		print_waiting(summary->upload);
}

/*
 * Print the summary on one line.
 */
static void
print_one_line(const struct summary *summary)
{
	struct line line;
	char total[TERMINAL_COUNT_SIZE];
	char valid[TERMINAL_COUNT_SIZE];
	char errors[TERMINAL_COUNT_SIZE];
	bool dry = summary->upload == NULL;

	line_begin(&line, stdout, 2);
	line_add(&line, "%s: %s %s, %s %s", summary->file_name, terminal_count(total, summary->total),
			 terminal_plural(summary->total, "row", "rows"), terminal_count(valid, summary->valid),
			 dry ? "good" : "accepted");
	if (has_actions(summary->upload) && summary->valid > 0)
	{
		line_add(&line, " (");
		summary_add_actions(&line, summary->upload->actions);
		line_add(&line, ")");
	}
	line_add(&line, ", %s %s", terminal_count(errors, summary->errors), dry ? "bad" : "rejected");
	if (summary->skipped_rows > 0)
		line_add(&line, ", %s skipped", terminal_count(total, summary->skipped_rows));
	if (has_actions(summary->upload) && summary->upload->discontinued_missing > 0)
		line_add(&line, ", no longer in the file: %s discontinued",
				 terminal_count(total, summary->upload->discontinued_missing));
	if (!dry)
		line_add(&line, ", upload %s%s", summary->upload->upload_id,
				 summary->loaded_before ? ", loaded before" : "");
	line_end(&line);
}

/* ----- several files ----- */

void
summary_add(struct summary_total *total, const struct summary *summary)
{
	total->total += summary->total;
	total->valid += summary->valid;
	total->errors += summary->errors;
}

void
summary_print_total(const struct summary_total *total)
{
	char files[TERMINAL_COUNT_SIZE];
	char rows[TERMINAL_COUNT_SIZE];
	char valid[TERMINAL_COUNT_SIZE];
	char errors[TERMINAL_COUNT_SIZE];
	struct line line;

	line_begin(&line, stdout, 2);
	line_add(&line, "%s %s: %s %s, %s %s, %s %s", terminal_count(files, total->files),
			 terminal_plural(total->files, "file", "files"), terminal_count(rows, total->total),
			 terminal_plural(total->total, "row", "rows"), terminal_count(valid, total->valid),
			 total->is_dry ? "good" : "accepted", terminal_count(errors, total->errors),
			 total->is_dry ? "bad" : "rejected");
	if (total->refused > 0)
		line_add(&line, "; %s %s refused", terminal_count(files, total->refused),
				 terminal_plural(total->refused, "file", "files"));
	line_end(&line);
}

/* ----- JSON ----- */

cJSON *
summary_json_causes(const struct causes *causes)
{
	cJSON *array = cJSON_CreateArray();

	for (int i = 0; i < causes->count; i++)
	{
		const struct cause *cause = &causes->items[i];
		cJSON *object = cJSON_CreateObject();

		json_add_text(object, "error_type", cause->error_type);
		json_add_text(object, "error_field", cause->error_field);
		json_add_integer(object, "rows", cause->rows);
		json_add_integer(object, "example_line", cause->line_number);
		json_add_text(object, "message", cause->message);
		json_add_text(object, "suggestion", cause->suggestion);
		json_add_text(object, "advice", i == 0 ? causes->advice : NULL);
		cJSON_AddItemToArray(array, object);
	}
	return array;
}

static void
add_path(cJSON *object, const char *name, const char *path)
{
	json_add_text(object, name, path != NULL && path[0] != '\0' ? path : NULL);
}

static void
print_summary_json(const struct summary *summary)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *reports;
	const struct upload *upload = summary->upload;
	int tenths = success_tenths(summary);
	char rate[16];

	json_add_text(document, "upload_id", upload != NULL ? upload->upload_id : NULL);
	json_add_text(document, "vendor_id", summary->vendor_id);
	json_add_text(document, "file_name", summary->file_name);
	json_add_text(document, "status", upload != NULL ? upload->status : NULL);
	cJSON_AddBoolToObject(document, "dry_run", upload == NULL);
	cJSON_AddBoolToObject(document, "loaded_before", summary->loaded_before);
	cJSON_AddBoolToObject(document, "undone", upload != NULL && upload->undone);
	json_add_integer(document, "resumed_records", summary->resumed_rows);
	json_add_integer(document, "total_records", summary->total);
	json_add_integer(document, "valid_records", summary->valid);
	json_add_integer(document, "error_records", summary->errors);
	json_add_integer(document, "skipped_rows", summary->skipped_rows);
	json_add_text(document, "map_name", summary->map_name);
	if (upload != NULL)
	{
		summary_json_actions(document, upload->mode, upload->actions, upload->discontinued_missing);
		json_add_integer(document, "waiting", upload->waiting);
	}
	snprintf(rate, sizeof(rate), "%d.%d", tenths / 10, tenths % 10);
	cJSON_AddRawToObject(document, "success_rate_percent", rate);
	json_add_integer(document, "milliseconds", summary->milliseconds);
	json_add_time(document, "created_at", upload != NULL ? upload->begun_text : NULL);
	cJSON_AddItemToObject(document, "causes", summary_json_causes(summary->causes));
	reports = cJSON_AddObjectToObject(document, "reports");
	add_path(reports, "errors",
			 summary->files != NULL ? summary->files->errors : summary->errors_path);
	add_path(reports, "fix", summary->files != NULL ? summary->files->fix : NULL);
	add_path(reports, "workbook", summary->files != NULL ? summary->files->workbook : NULL);
	add_path(reports, "mail", summary->files != NULL ? summary->files->mail : NULL);
	if (summary->problem != NULL)
		json_add_error(document, summary->problem, EXIT_INFRASTRUCTURE);
	json_out_print(document);
}

int
summary_print(const struct summary *summary, const struct options *options)
{
	if (options->json)
		print_summary_json(summary);
	else if (options->quiet || options->one_line)
		print_one_line(summary);
	else
		print_summary(summary);
	if (summary->errors > 0 || has_held(summary->upload))
		return EXIT_SOME_REJECTED;
	return EXIT_ALL_GOOD;
}
