/*-------------------------------------------------------------------------
 *
 * report_files.c
 *	  The reports of an upload, as files in a folder.
 *
 * The folder is opened once, and must not be a symbolic link: where others may
 * write beside it, such a link would lead our files anywhere.  All files are
 * then named relative to it, are new ones under a name of ours, and replace
 * what has theirs without looking where that leads.
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

#include "report/report_files.h"
#include "report/report_form.h"

/* A report: its file, the query that gives its lines, how they are written. */
struct report
{
	const char *name;
	const char *query; /* one text column, $1 is the upload */
	const char *beginning;
	const char *line_end;
};

static const struct report error_report = {
	"errors.csv",
	ERROR_REPORT_QUERY,
	REPORT_BEGINNING,
	REPORT_LINE_END,
};
static const struct report fix_report = {
	"fix.csv",
	FIX_FILE_QUERY,
	REPORT_BEGINNING,
	REPORT_LINE_END,
};
static const struct report mail_report = {
	"mail.txt",
	"SELECT 'To: ' || v.email || E'\\nSubject: ' || n.subject || E'\\n\\n' || n.body"
	" FROM onboard_notification($1::text) n,"
	" onboard.upload_history u JOIN onboard.vendors v ON v.vendor_id = u.vendor_id"
	" WHERE u.upload_id = $1::text",
	"",
	"",
};

/* Where to write, and how users would name it. */
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

/*
 * Write the rows of a query in single row mode.  All results are read, also
 * after an error, so that the connection can be used again.
 */
static bool
copy_rows(PGconn *connection, const struct report *report, FILE *file, struct glue_error *error)
{
	PGresult *result;
	bool done = true;

	while ((result = PQgetResult(connection)) != NULL)
	{
		ExecStatusType status = PQresultStatus(result);

		if (done && status == PGRES_SINGLE_TUPLE)
		{
			fwrite(PQgetvalue(result, 0, 0), 1, PQgetlength(result, 0, 0), file);
			fputs(report->line_end, file);
		}
		else if (done && status != PGRES_TUPLES_OK)
			done = postgres_error(connection, result, error);
		PQclear(result);
		if (PQstatus(connection) == CONNECTION_BAD)
			break;
	}
	if (done && PQstatus(connection) == CONNECTION_BAD)
		done = postgres_error(connection, NULL, error);
	return done;
}

/*
 * One attempt to write a report into an open file.
 */
static bool
fill_file(struct database *database, const struct report *report, const char *upload_id, FILE *file,
		  struct glue_error *error)
{
	const char *const values[] = {upload_id};
	PGconn *connection = database_connection(database);

	if (PQsendQueryParams(connection, report->query, 1, NULL, values, NULL, NULL, 0) != 1 ||
		PQsetSingleRowMode(connection) != 1)
		return postgres_error(connection, NULL, error);
	fputs(report->beginning, file);
	return copy_rows(connection, report, file, error);
}

/*
 * Write a report under another name and rename it, so that nobody ever sees
 * half of it.
 */
static bool
write_once(struct database *database, const struct report *report, const char *upload_id,
		   const struct report_folder *folder, const char *path, struct glue_error *error)
{
	char unfinished[64];
	FILE *file;
	int descriptor;
	bool done;

	snprintf(unfinished, sizeof(unfinished), "%s.%ld.tmp", report->name, (long) getpid());
	(void) unlinkat(folder->descriptor, unfinished, 0);
	descriptor = openat(folder->descriptor, unfinished,
						O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
	if (file == NULL)
	{
		if (descriptor >= 0)
			close(descriptor);
		return write_error(path, error);
	}
	done = fill_file(database, report, upload_id, file, error);
	if (done && (ferror(file) || fflush(file) != 0 || fsync(descriptor) != 0))
		done = write_error(path, error);
	if (fclose(file) != 0 && done)
		done = write_error(path, error);
	if (done && renameat(folder->descriptor, unfinished, folder->descriptor, report->name) != 0)
		done = write_error(path, error);
	if (!done)
		(void) unlinkat(folder->descriptor, unfinished, 0);
	return done;
}

static bool
write_report(struct database *database, const struct report *report, const struct upload *upload,
			 const struct report_folder *folder, char *path, struct glue_error *error)
{
	struct patience patience;

	if (snprintf(path, PATH_MAX, "%s/%s", folder->path, report->name) >= PATH_MAX)
	{
		errno = ENAMETOOLONG;
		return write_error(folder->path, error);
	}
	database_patience(database, &patience);
	while (!write_once(database, report, upload->upload_id, folder, path, error))
	{
		if (!database_recover(database, &patience, error))
		{
			path[0] = '\0';
			return false;
		}
	}
	return true;
}

/* ----- the folder ----- */

/*
 * Make folder/UPLOAD.  An id of other characters than ours could lead
 * anywhere.
 */
static bool
make_folder(struct report_files *files, const char *folder, const char *upload_id,
			struct glue_error *error)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

	if (upload_id[0] == '\0' || upload_id[strspn(upload_id, allowed)] != '\0')
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "BAD_UPLOAD_ID",
							  "the upload's id \"%s\" is no name for a folder", upload_id);
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
 * Open the folder that is there now, made by us or found; closed by the caller.
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
 * Whether this login may record reports.  Checked first, because each refused
 * call would be an error in the server's log.
 */
static bool
may_record(struct database *database, bool *allowed, struct glue_error *error)
{
	PGresult *result = NULL;

	if (!database_query(
			database, RUN_AGAIN,
			"SELECT has_function_privilege('onboard_record_report(text, text, text)', 'EXECUTE')",
			0, NULL, &result, error))
		return false;
	*allowed = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	return true;
}

/*
 * Tell the database where the files are, which also records that the vendor was
 * told.  Only a reporter may do that; a login that only loads leaves it to the one
 * that sends the mails, and still gets its files.
 */
static bool
record_files(struct database *database, const struct upload *upload,
			 const struct report_files *files, struct glue_error *error)
{
	char errors[PATH_MAX];
	char fix[PATH_MAX];
	const char *values[3] = {upload->upload_id, NULL, NULL};
	bool allowed;

	if (!may_record(database, &allowed, error))
		return false;
	if (!allowed)
		return true;
	if (files->errors[0] != '\0')
		values[1] = realpath(files->errors, errors);
	if (files->fix[0] != '\0')
		values[2] = realpath(files->fix, fix);
	return database_query(database, RUN_AGAIN,
						  "SELECT onboard_record_report($1::text, $2::text, $3::text)", 3, values,
						  NULL, error);
}

static bool
write_reports(struct database *database, const struct upload *upload,
			  const struct report_folder *folder, struct report_files *files,
			  struct glue_error *error)
{
	if (upload->error_records > 0 &&
		(!write_report(database, &error_report, upload, folder, files->errors, error) ||
		 !write_report(database, &fix_report, upload, folder, files->fix, error)))
		return false;
	if (strcmp(upload->status, "processing") != 0 && !record_files(database, upload, files, error))
		return false;
	return write_report(database, &mail_report, upload, folder, files->mail, error);
}

bool
report_files_write(struct database *database, const struct upload *upload, const char *folder,
				   struct report_files *files, struct glue_error *error)
{
	struct report_folder opened;
	bool done;

	memset(files, 0, sizeof(*files));
	if (folder == NULL)
		folder = REPORT_DEFAULT_FOLDER;
	if (!make_folder(files, folder, upload->upload_id, error) ||
		!open_folder(files->folder, &opened, error))
		return false;
	done = write_reports(database, upload, &opened, files, error);
	close(opened.descriptor);
	return done;
}
