/*-------------------------------------------------------------------------
 *
 * report_files.c
 *	  Write the reports of an upload as files in a folder.
 *
 * The folder is opened once and must not be a symbolic link: if others can
 * write to its parent, such a link could redirect our files anywhere.  All
 * files are then created relative to the open folder under a temporary name and
 * renamed over existing entries without following links.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "report/report_content.h"
#include "report/report_files.h"
#include "report/report_record.h"
#include "report/workbook.h"

/* The folder and its path as shown to users. */
struct report_folder
{
	int descriptor;
	const char *path;
};

static bool
write_error(const char *path, struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR",
						  "cannot write %s: %s; name another folder with --reports", path,
						  strerror(errno));
}

/* ----- one report ----- */

/* A file being written under a temporary name; the context of its sink. */
struct report_file
{
	int descriptor;
	const char *path; /* its final path */
};

static bool
begin_file(void *context, struct glue_error *error)
{
	const struct report_file *file = context;

	return descriptor_rewind(file->descriptor) || write_error(file->path, error);
}

static bool
write_bytes(void *context, const char *bytes, size_t length, struct glue_error *error)
{
	const struct report_file *file = context;

	return descriptor_write(file->descriptor, bytes, length) || write_error(file->path, error);
}

/*
 * Write a report to an open file and close it.
 */
static bool
fill_file(struct database *database, enum report_kind kind, const char *upload_id,
		  struct report_file *file, struct glue_error *error)
{
	struct report_sink sink = {begin_file, write_bytes, file};
	struct report_size size;
	bool done = report_write(database, kind, upload_id, &sink, &size, error);

	if (done && fsync(file->descriptor) != 0)
		done = write_error(file->path, error);
	if (close(file->descriptor) != 0 && done)
		done = write_error(file->path, error);
	return done;
}

/*
 * Write a report under a temporary name and rename it, so that a partial file
 * is never visible.
 */
static bool
write_file(struct database *database, enum report_kind kind, const char *upload_id,
		   const struct report_folder *folder, const char *path, struct glue_error *error)
{
	const char *name = report_name(kind);
	char unfinished[64];
	struct report_file file = {.path = path};

	snprintf(unfinished, sizeof(unfinished), "%s.%ld.tmp", name, (long) getpid());
	(void) unlinkat(folder->descriptor, unfinished, 0);
	file.descriptor = openat(folder->descriptor, unfinished,
							 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (file.descriptor < 0)
		return write_error(path, error);
	if (fill_file(database, kind, upload_id, &file, error))
	{
		if (renameat(folder->descriptor, unfinished, folder->descriptor, name) == 0)
			return true;
		write_error(path, error);
	}
	(void) unlinkat(folder->descriptor, unfinished, 0);
	return false;
}

static bool
write_report(struct database *database, enum report_kind kind, const char *upload_id,
			 const struct report_folder *folder, char *path, struct glue_error *error)
{
	if (snprintf(path, PATH_MAX, "%s/%s", folder->path, report_name(kind)) >= PATH_MAX)
	{
		errno = ENAMETOOLONG;
		return write_error(folder->path, error);
	}
	if (write_file(database, kind, upload_id, folder, path, error))
		return true;
	path[0] = '\0';
	return false;
}

/* ----- the folder ----- */

/*
 * Create folder/UPLOAD.  Rejects ids with unexpected characters, which could
 * form any path.
 */
static bool
make_folder(struct report_files *files, const char *folder, const char *upload_id,
			struct glue_error *error)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

	if (upload_id[0] == '\0' || upload_id[strspn(upload_id, allowed)] != '\0')
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "BAD_UPLOAD_ID",
							  "the upload id \"%s\" cannot be used as a folder name", upload_id);
	if (snprintf(files->folder, sizeof(files->folder), "%s/%s", folder, upload_id) >=
		(int) sizeof(files->folder))
	{
		errno = ENAMETOOLONG;
		return write_error(folder, error);
	}
	if ((mkdir(folder, 0777) != 0 && errno != EEXIST) ||
		(mkdir(files->folder, 0777) != 0 && errno != EEXIST))
		return write_error(files->folder, error);
	return true;
}

/*
 * Open the folder, new or existing; the caller closes it.
 */
static bool
open_folder(const char *path, struct report_folder *folder, struct glue_error *error)
{
	struct stat found;

	folder->path = path;
	folder->descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder->descriptor >= 0)
		return true;
	if (lstat(path, &found) == 0 && S_ISLNK(found.st_mode))
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "WRITE_ERROR",
			"cannot write into %s: it is a symbolic link; remove it, or name another folder with --reports",
			path);
	return write_error(path, error);
}

/*
 * Determine whether this login may record reports.  Checked first, because each
 * refused call would log an error on the server.
 */
static bool
may_record(struct database *database, bool *allowed, struct glue_error *error)
{
	PGresult *result = NULL;

	if (!database_query(
			database, RUN_AGAIN,
			"SELECT has_function_privilege('onboard_record_report(text, text, text, text)', 'EXECUTE')",
			0, NULL, &result, error))
		return false;
	*allowed = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	return true;
}

/*
 * Record the locations of the files and thereby that the vendor was notified.
 * Only a reporter may do that; a login that only loads gets its files and
 * leaves recording to the reporter that sends the mails.
 */
static bool
record_files(struct database *database, const char *upload_id, const struct report_files *files,
			 struct glue_error *error)
{
	char errors[PATH_MAX];
	char fix[PATH_MAX];
	char workbook[PATH_MAX];
	bool allowed;
	bool recorded;

	if (!may_record(database, &allowed, error))
		return false;
	if (!allowed)
		return true;
	return report_record(
		database, upload_id, files->errors[0] != '\0' ? realpath(files->errors, errors) : NULL,
		files->fix[0] != '\0' ? realpath(files->fix, fix) : NULL,
		files->workbook[0] != '\0' ? realpath(files->workbook, workbook) : NULL, &recorded, error);
}

/* Write the workbook if the rows fit into one. */
static bool
write_workbook(struct database *database, const char *upload_id, const struct report_folder *folder,
			   char *path, struct glue_error *error)
{
	if (write_report(database, REPORT_WORKBOOK, upload_id, folder, path, error))
		return true;
	if (strcmp(error->code, WORKBOOK_TOO_LARGE) != 0)
		return false;
	(void) unlinkat(folder->descriptor, report_name(REPORT_WORKBOOK), 0);
	glue_error_clear(error);
	return true;
}

static bool
write_reports(struct database *database, const struct report_subject *subject,
			  const struct report_folder *folder, struct report_files *files,
			  struct glue_error *error)
{
	const char *upload_id = subject->upload_id;

	if (subject->has_errors &&
		(!write_report(database, REPORT_ERRORS, upload_id, folder, files->errors, error) ||
		 !write_report(database, REPORT_FIX, upload_id, folder, files->fix, error) ||
		 !write_workbook(database, upload_id, folder, files->workbook, error)))
		return false;
	if (subject->has_ended && !record_files(database, upload_id, files, error))
		return false;
	return write_report(database, REPORT_MAIL, upload_id, folder, files->mail, error);
}

/*
 * Create and open folder/UPLOAD; the caller closes it.
 */
static bool
open_upload_folder(const char *folder, const char *upload_id, struct report_files *files,
				   struct report_folder *opened, struct glue_error *error)
{
	memset(files, 0, sizeof(*files));
	return make_folder(files, folder != NULL ? folder : REPORT_DEFAULT_FOLDER, upload_id, error) &&
		   open_folder(files->folder, opened, error);
}

bool
report_files_write(struct database *database, const struct report_subject *subject,
				   const char *folder, struct report_files *files, struct glue_error *error)
{
	struct report_folder opened;
	bool done;

	if (!open_upload_folder(folder, subject->upload_id, files, &opened, error))
		return false;
	done = write_reports(database, subject, &opened, files, error);
	close(opened.descriptor);
	return done;
}

bool
report_file_write(struct database *database, enum report_kind kind, const char *upload_id,
				  const char *folder, char path[PATH_MAX], struct glue_error *error)
{
	struct report_files files;
	struct report_folder opened;
	bool done;

	if (!open_upload_folder(folder, upload_id, &files, &opened, error))
		return false;
	done = write_report(database, kind, upload_id, &opened, path, error);
	close(opened.descriptor);
	return done;
}
