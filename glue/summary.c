/*-------------------------------------------------------------------------
 *
 * summary.c
 *	  What came of a file, for people and for programs.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "json_out.h"
#include "summary.h"
#include "terminal.h"

/* Causes that the text shows; the document and the reports have all. */
#define SHOWN_CAUSES 5

const char *
summary_time(char *buffer, int64_t seconds)
{
	time_t		moment = (time_t) seconds;
	struct tm	local;

	if (localtime_r(&moment, &local) == NULL ||
		strftime(buffer, SUMMARY_TIME_SIZE, "%Y-%m-%d %H:%M", &local) == 0)
		snprintf(buffer, SUMMARY_TIME_SIZE, "?");
	return buffer;
}

/*
 * Tenths of a percent, rounded down: 100.0 only when all are good.
 */
static int
success_tenths(const struct summary *summary)
{
	if (summary->total <= 0)
		return 0;
	return (int) (summary->valid * 1000 / summary->total);
}

/* ----- text ----- */

static void
print_cause(const struct cause *cause)
{
	char		rows[TERMINAL_COUNT_SIZE];

	printf("  %8s %s  %s%s%s", terminal_count(rows, cause->rows),
		   terminal_plural(cause->rows, "row ", "rows"),
		   terminal_style(stdout, STYLE_BOLD), cause->error_type,
		   terminal_style(stdout, STYLE_PLAIN));
	if (cause->error_field != NULL)
	{
		fputs(" in ", stdout);
		terminal_text(stdout, cause->error_field);
	}
	printf("\n%17sline %s: ", "", terminal_count(rows, cause->line_number));
	terminal_text(stdout, cause->message != NULL ? cause->message : "");
	putchar('\n');
	if (cause->suggestion != NULL && cause->suggestion[0] != '\0')
	{
		printf("%17s%sperhaps: ", "", terminal_style(stdout, STYLE_GOOD));
		terminal_text(stdout, cause->suggestion);
		printf("%s\n", terminal_style(stdout, STYLE_PLAIN));
	}
}

void
summary_print_causes(const struct causes *causes, int limit)
{
	int			shown = limit > 0 && causes->count > limit ? limit : causes->count;

	for (int i = 0; i < shown; i++)
		print_cause(&causes->items[i]);
	if (shown < causes->count)
		printf("  %8s and %d %s\n", "...", causes->count - shown,
			   terminal_plural(causes->count - shown, "other cause", "other causes"));
}

/*
 * One line of counts: number, share, what it is.
 */
static void
print_count(int64_t number, int tenths, const char *what, enum terminal_style style)
{
	char		count[TERMINAL_COUNT_SIZE];

	printf("  %s%8s  %-9s %3d.%d %%%s\n", terminal_style(stdout, style),
		   terminal_count(count, number), what, tenths / 10, tenths % 10,
		   terminal_style(stdout, STYLE_PLAIN));
}

static void
print_rate(const struct summary *summary)
{
	char		rate[TERMINAL_COUNT_SIZE];
	int64_t		rows = summary->total - summary->resumed_rows;

	if (summary->milliseconds <= 0)
		return;
	if (summary->milliseconds < 1000)
		printf(" in %d ms", (int) summary->milliseconds);
	else
		printf(" in %lld.%d s (%s rows/s)", (long long) summary->milliseconds / 1000,
			   (int) (summary->milliseconds % 1000 / 100),
			   terminal_count(rate, rows * 1000 / summary->milliseconds));
}

static void
print_heading(const struct summary *summary)
{
	char		count[TERMINAL_COUNT_SIZE];
	char		moment[SUMMARY_TIME_SIZE];

	printf("%s", terminal_style(stdout, STYLE_BOLD));
	terminal_text(stdout, summary->file_name);
	printf("%s: %s %s", terminal_style(stdout, STYLE_PLAIN),
		   terminal_count(count, summary->total), terminal_plural(summary->total, "row", "rows"));
	print_rate(summary);
	putchar('\n');
	if (summary->loaded_before && summary->upload != NULL)
		printf("  loaded before, on %s%s; --again loads it as a new upload\n",
			   summary_time(moment, summary->upload->created_at),
			   summary->upload->undone ? ", and undone since" : "");
	if (summary->resumed_rows > 0)
		printf("  resumed: %s %s were done by an earlier run\n",
			   terminal_count(count, summary->resumed_rows),
			   terminal_plural(summary->resumed_rows, "row", "rows"));
}

static void
print_file(const char *what, const char *path, const char *advice)
{
	if (path[0] == '\0')
		return;
	printf("  %-8s", what);
	terminal_text(stdout, path);
	printf("%s%s%s\n", terminal_style(stdout, STYLE_DIM), advice,
		   terminal_style(stdout, STYLE_PLAIN));
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
		print_file("mail", summary->files->mail, "");
	}
}

static void
print_text(const struct summary *summary)
{
	int			tenths = success_tenths(summary);
	bool		dry = summary->upload == NULL;

	print_heading(summary);
	print_count(summary->valid, tenths, dry ? "good" : "accepted", STYLE_GOOD);
	print_count(summary->errors, summary->total > 0 ? 1000 - tenths : 0,
				dry ? "bad" : "rejected", summary->errors > 0 ? STYLE_BAD : STYLE_DIM);
	if (summary->causes->count > 0)
	{
		puts("\nWhat is wrong");
		summary_print_causes(summary->causes, SHOWN_CAUSES);
	}
	print_files(summary);
	if (dry)
		puts("\nNothing was written: this was a dry run.");
	else
		printf("\nUpload %s: %s\n", summary->upload->upload_id,
			   summary->valid == 0 ? "failed, no row was accepted" : summary->upload->status);
}

/*
 * All in one line.
 */
static void
print_line(const struct summary *summary)
{
	char		total[TERMINAL_COUNT_SIZE];
	char		valid[TERMINAL_COUNT_SIZE];
	char		errors[TERMINAL_COUNT_SIZE];
	bool		dry = summary->upload == NULL;

	terminal_text(stdout, summary->file_name);
	printf(": %s %s, %s %s, %s %s", terminal_count(total, summary->total),
		   terminal_plural(summary->total, "row", "rows"),
		   terminal_count(valid, summary->valid), dry ? "good" : "accepted",
		   terminal_count(errors, summary->errors), dry ? "bad" : "rejected");
	if (!dry)
		printf(", upload %s%s", summary->upload->upload_id,
			   summary->loaded_before ? ", loaded before" : "");
	putchar('\n');
}

/* ----- JSON ----- */

cJSON *
summary_json_causes(const struct causes *causes)
{
	cJSON	   *array = cJSON_CreateArray();

	for (int i = 0; i < causes->count; i++)
	{
		const struct cause *cause = &causes->items[i];
		cJSON	   *object = cJSON_CreateObject();

		json_add_text(object, "error_type", cause->error_type);
		json_add_text(object, "error_field", cause->error_field);
		json_add_integer(object, "rows", cause->rows);
		json_add_integer(object, "example_line", cause->line_number);
		json_add_text(object, "message", cause->message);
		json_add_text(object, "suggestion", cause->suggestion);
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
print_json(const struct summary *summary)
{
	cJSON	   *document = cJSON_CreateObject();
	cJSON	   *reports;
	const struct upload *upload = summary->upload;
	int			tenths = success_tenths(summary);
	char		rate[16];

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
	snprintf(rate, sizeof(rate), "%d.%d", tenths / 10, tenths % 10);
	cJSON_AddRawToObject(document, "success_rate_percent", rate);
	json_add_integer(document, "milliseconds", summary->milliseconds);
	json_add_time(document, "created_at", upload != NULL ? upload->begun_text : NULL);
	cJSON_AddItemToObject(document, "causes", summary_json_causes(summary->causes));
	reports = cJSON_AddObjectToObject(document, "reports");
	add_path(reports, "errors", summary->files != NULL ? summary->files->errors : summary->errors_path);
	add_path(reports, "fix", summary->files != NULL ? summary->files->fix : NULL);
	add_path(reports, "mail", summary->files != NULL ? summary->files->mail : NULL);
	if (summary->problem != NULL)
		json_add_error(document, summary->problem, EXIT_INFRASTRUCTURE);
	json_out_print(document);
}

int
summary_print(const struct summary *summary, const struct options *options)
{
	if (options->json)
		print_json(summary);
	else if (options->quiet)
		print_line(summary);
	else
		print_text(summary);
	return summary->errors > 0 ? EXIT_SOME_REJECTED : EXIT_ALL_GOOD;
}
