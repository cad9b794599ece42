/*-------------------------------------------------------------------------
 *
 * report_files.h
 *	  The reports of an upload, as files in a folder.
 *
 * Each file appears complete under its name or not at all.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_REPORT_FILES_H
#define GLUE_REPORT_FILES_H

#include <limits.h>
#include <stdbool.h>

#include "base/failure.h"
#include "database/database.h"

/* Where reports go when nobody says. */
#define REPORT_DEFAULT_FOLDER "onboard-reports"

/* Paths as the user would write them; "" for a file that there is no need of. */
struct report_files
{
	char folder[PATH_MAX];
	char errors[PATH_MAX];
	char fix[PATH_MAX];
	char mail[PATH_MAX];
};

/* Which upload; borrowed. */
struct report_subject
{
	const char *upload_id;
	bool has_errors;
	bool has_ended;
};

/*
 * Write errors.csv and fix.csv if the upload has errors, and mail.txt, into
 * folder/UPLOAD (folder NULL: the default), and record where they are if the upload
 * has ended.  folder may be a symbolic link, folder/UPLOAD must not be one; files
 * that have these names are replaced, and links among them not followed.
 */
extern bool
report_files_write(struct database *database, const struct report_subject *subject,
				   const char *folder, struct report_files *files, struct glue_error *error);

#endif /* GLUE_REPORT_FILES_H */
