/*-------------------------------------------------------------------------
 *
 * report_object.c
 *	  A report of an upload: from the database into an object of S3.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/s3.h"
#include "lambda/report_object.h"
#include "report/report_form.h"

#define PATH_SIZE 4096

/* Bytes that are gathered before they are written. */
#define CHUNK_SIZE ((size_t) 64 * 1024)

#define CONTENT_TYPE "text/csv; charset=utf-8"

/* A report on its way into its file. */
struct report_writing
{
	const struct report_object *object;
	int file;                 /* without a name */
	struct byte_buffer chunk; /* owned; not written yet */
	struct report_size size;
};

/* ----- the file ----- */

static bool
file_error(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "TEMPORARY_FILE",
						  "cannot write a report to the temporary folder: %s", strerror(errno));
}

/*
 * A file without a name: it is gone when it is closed, by whatever.
 */
static bool
open_file(int *file, struct glue_error *error)
{
	const char *folder = getenv("TMPDIR");
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/onboard-report-XXXXXX",
			 folder != NULL && folder[0] == '/' ? folder : "/tmp");
	*file = mkostemp(path, O_CLOEXEC);
	if (*file < 0)
		return file_error(error);
	if (unlink(path) == 0)
		return true;
	file_error(error);
	close(*file);
	return false;
}

static bool
write_chunk(struct report_writing *writing, struct glue_error *error)
{
	const char *next = writing->chunk.data;
	size_t left = writing->chunk.used;

	while (left > 0)
	{
		ssize_t written = write(writing->file, next, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return file_error(error);
		next += written;
		left -= written;
	}
	writing->size.bytes += writing->chunk.used;
	writing->chunk.used = 0;
	return true;
}

/* ----- the records ----- */

/*
 * A postgres_row_fn.
 */
static bool
take_report_record(void *context, const PGresult *row, struct glue_error *error)
{
	struct report_writing *writing = context;
	size_t length = PQgetlength(row, 0, 0);

	writing->size.records++;
	if (!byte_buffer_append(&writing->chunk, PQgetvalue(row, 0, 0), length, error) ||
		!byte_buffer_append_string(&writing->chunk, REPORT_LINE_END, error))
		return false;
	return writing->chunk.used < CHUNK_SIZE || write_chunk(writing, error);
}

/*
 * A transaction_fn: fill the file from its beginning.
 */
static bool
fill_report_file(PGconn *connection, int64_t deadline_ms, void *context, struct glue_error *error)
{
	struct report_writing *writing = context;
	const char *const values[] = {writing->object->upload_id};

	memset(&writing->size, 0, sizeof(writing->size));
	writing->size.records = -1; /* the header is none */
	writing->chunk.used = 0;
	if (ftruncate(writing->file, 0) != 0 || lseek(writing->file, 0, SEEK_SET) != 0)
		return file_error(error);
	return byte_buffer_append_string(&writing->chunk, REPORT_BEGINNING, error) &&
		   postgres_each_row(connection, writing->object->query, 1, values, deadline_ms,
							 take_report_record, writing, error) &&
		   write_chunk(writing, error);
}

/* ----- the object ----- */

static bool
put_file(struct sandbox *sandbox, const struct report_writing *writing, int64_t deadline_ms,
		 struct glue_error *error)
{
	char hash[AWS_HASH_SIZE];
	char disposition[256];
	int file = writing->file;
	struct s3_put put = {
		.bucket = sandbox->settings.bucket,
		.key = writing->object->key,
		.read = s3_read_file,
		.read_context = &file,
		.length = writing->size.bytes,
		.payload_hash = hash,
		.content_type = CONTENT_TYPE,
		.content_disposition = disposition,
		.deadline = deadline_ms,
	};

	snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s\"",
			 writing->object->download_name);
	return s3_file_hash(file, put.length, hash, error) && s3_put(&sandbox->aws, &put, NULL, error);
}

bool
report_object_write(struct sandbox *sandbox, const struct invocation *invocation,
					const struct report_object *object, struct report_size *size,
					struct glue_error *error)
{
	struct report_writing writing = {.object = object};
	bool done;

	if (!open_file(&writing.file, error))
		return false;
	done = connection_transaction(sandbox->connection, invocation->deadline_ms, fill_report_file,
								  &writing, error) != TRANSACTION_ROLLED_BACK;
	/* It only read: what became of its COMMIT does not matter. */
	done = done && put_file(sandbox, &writing, invocation->deadline_ms, error);
	*size = writing.size;
	byte_buffer_clean_up(&writing.chunk);
	close(writing.file);
	return done;
}
