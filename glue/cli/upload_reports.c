/*-------------------------------------------------------------------------
 *
 * upload_reports.c
 *	  Write the reports of an upload.
 *
 *-------------------------------------------------------------------------
 */
#include "cli/upload_reports.h"

bool
upload_reports_write(struct database *database, const struct upload *upload, const char *folder,
					 struct report_files *files, struct glue_error *error)
{
	const struct report_subject subject = {
		.upload_id = upload->upload_id,
		.has_errors = upload->error_records > 0,
		.has_ended = !upload_is_open(upload),
	};

	return report_files_write(database, &subject, folder, files, error);
}
