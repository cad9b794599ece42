/*-------------------------------------------------------------------------
 *
 * report_files.h
 *	  Write the reports of an upload as files in a folder.
 *
 * Each file appears under its name complete or not at all.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_REPORT_FILES_H
#define GLUE_REPORT_FILES_H

#include <limits.h>
#include <stdbool.h>

#include "base/failure.h"
#include "database/database.h"
#include "report/report_content.h"

/* Default folder for reports. */
#define REPORT_DEFAULT_FOLDER "onboard-reports"

/* Paths as the user would write them; "" for files not written. */
struct report_files
{
	char folder[PATH_MAX];
	char errors[PATH_MAX];
	char fix[PATH_MAX];
	char workbook[PATH_MAX];
	char mail[PATH_MAX];
};

/* The upload; upload_id is borrowed. */
struct report_subject
{
	const char *upload_id;
	bool has_errors;
	bool has_ended;
};

/*
 * Write mail.txt and, if the upload has errors, errors.csv, fix.csv and fix.xlsx into
 * folder/UPLOAD (folder NULL: the default).  A workbook that would be too large is left
 * out, and an older one removed.  If the upload has ended, record
 * their locations. folder may be a symbolic link, folder/UPLOAD must not.
 * Replaces existing files, and symbolic links of the same names without
 * following them.
 */
extern bool
report_files_write(struct database *database, const struct report_subject *subject,
				   const char *folder, struct report_files *files, struct glue_error *error);

/*
 * Write only one report, as above, and set its path; nothing is recorded.
 */
extern bool
report_file_write(struct database *database, enum report_kind kind, const char *upload_id,
				  const char *folder, char path[PATH_MAX], struct glue_error *error);

#endif /* GLUE_REPORT_FILES_H */
