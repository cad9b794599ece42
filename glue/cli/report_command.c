/*-------------------------------------------------------------------------
 *
 * report_command.c
 *	  onboard report: write an upload's reports into a directory.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/chosen_database.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/named.h"
#include "cli/upload_reports.h"
#include "import/upload.h"

static void
print_path(const char *path)
{
	if (path[0] == '\0')
		return;
	line_print(stdout, 0, "%s", path);
}

static void
print_files_json(const struct upload *upload, const struct report_files *files)
{
	cJSON *document = cJSON_CreateObject();

	json_add_text(document, "upload_id", upload->upload_id);
	json_add_text(document, "status", upload->status);
	json_add_text(document, "errors", files->errors[0] != '\0' ? files->errors : NULL);
	json_add_text(document, "fix", files->fix[0] != '\0' ? files->fix : NULL);
	json_add_text(document, "workbook", files->workbook[0] != '\0' ? files->workbook : NULL);
	json_add_text(document, "mail", files->mail[0] != '\0' ? files->mail : NULL);
	json_out_print(document);
}

/* Write the reports, or only the workbook if that is the format asked for. */
static bool
write_reports(struct database *database, const struct options *options, const struct upload *upload,
			  struct report_files *files, struct glue_error *error)
{
	if (options->format == NULL)
		return upload_reports_write(database, upload, options->reports, files, error);
	memset(files, 0, sizeof(*files));
	if (strcmp(options->format, "xlsx") != 0)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE", "--format must be xlsx, not \"%s\"",
							  options->format);
	return report_file_write(database, REPORT_WORKBOOK, upload->upload_id, options->reports,
							 files->workbook, error);
}

int
command_report(const struct options *options)
{
	struct glue_error error = {0};
	struct upload upload = {0};
	struct report_files files;
	struct database *database = chosen_database_open(options, &error);
	int code = EXIT_ALL_GOOD;

	if (database == NULL ||
		!named_upload_or_latest(database, options->operands[0], &upload, &error) ||
		!write_reports(database, options, &upload, &files, &error))
		code = command_fail(options, &error);
	else if (options->json)
		print_files_json(&upload, &files);
	else
	{
		print_path(files.errors);
		print_path(files.fix);
		print_path(files.workbook);
		print_path(files.mail);
	}
	upload_clean_up(&upload);
	database_close(database);
	return code;
}
