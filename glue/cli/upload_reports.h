/*-------------------------------------------------------------------------
 *
 * upload_reports.h
 *	  Write the reports of an upload.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_UPLOAD_REPORTS_H
#define GLUE_UPLOAD_REPORTS_H

#include "base/failure.h"
#include "database/database.h"
#include "import/upload.h"
#include "report/report_files.h"

/* Write the reports into folder/UPLOAD; see report_files_write(). */
extern bool
upload_reports_write(struct database *database, const struct upload *upload, const char *folder,
					 struct report_files *files, struct glue_error *error);

#endif /* GLUE_UPLOAD_REPORTS_H */
