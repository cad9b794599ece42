/*-------------------------------------------------------------------------
 *
 * report_object.c
 *	  Write a report on an upload from the database to an S3 object.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aws/s3.h"
#include "base/descriptor.h"
#include "lambda/report_object.h"

#define CSV_TYPE "text/csv; charset=utf-8"
#define WORKBOOK_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

/* ----- the file ----- */

static bool
file_error(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "TEMPORARY_FILE",
						  "cannot write a report to the temporary folder: %s", strerror(errno));
}

/*
 * Open an unlinked file, so that nothing is left if the process is killed.
 */
static bool
open_file(int *file, struct glue_error *error)
{
	char path[PATH_MAX];

	*file = descriptor_temporary("onboard-report", path, sizeof(path));
	if (*file < 0)
		return file_error(error);
	if (unlink(path) == 0)
		return true;
	file_error(error);
	close(*file);
	return false;
}

/*
 * begin() of the sink; context is the descriptor.
 */
static bool
begin_file(void *context, struct glue_error *error)
{
	const int *file = context;

	return descriptor_rewind(*file) || file_error(error);
}

static bool
write_bytes(void *context, const char *bytes, size_t length, struct glue_error *error)
{
	const int *file = context;

	return descriptor_write(*file, bytes, length) || file_error(error);
}

/* ----- the object ----- */

static bool
put_file(struct sandbox *sandbox, const struct report_object *object, int *file, int64_t length,
		 int64_t deadline_ms, struct glue_error *error)
{
	char hash[AWS_HASH_SIZE];
	char disposition[256];
	struct s3_put put = {
		.bucket = sandbox->settings.bucket,
		.key = object->key,
		.read = s3_read_file,
		.read_context = file,
		.length = length,
		.payload_hash = hash,
		.content_type = object->kind == REPORT_WORKBOOK ? WORKBOOK_TYPE : CSV_TYPE,
		.content_disposition = disposition,
		.deadline = deadline_ms,
	};

	snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s\"",
			 object->download_name);
	return s3_file_hash(*file, put.length, hash, error) && s3_put(&sandbox->aws, &put, NULL, error);
}

bool
report_object_write(struct sandbox *sandbox, const struct invocation *invocation,
					const struct report_object *object, struct report_size *size,
					struct glue_error *error)
{
	int file;
	struct report_sink sink = {begin_file, write_bytes, &file};
	bool done;

	if (!open_file(&file, error))
		return false;
	done = report_write(sandbox->database, object->kind, object->upload_id, &sink, size, error) &&
		   put_file(sandbox, object, &file, size->bytes, invocation->deadline_ms, error);
	close(file);
	return done;
}
