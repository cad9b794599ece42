/*-------------------------------------------------------------------------
 *
 * report_object.h
 *	  Write a report on an upload from the database to an S3 object.
 *
 * S3 needs the length and hash of an object before its first byte, so a
 * report is first written to a temporary file.  The file is unlinked before
 * the first row is written, so nothing remains if the process is killed.
 * Memory does not grow with the report; the temporary folder needs room for
 * the largest report; for a workbook, see WORKBOOK_MAX_BYTES.
 *
 * An upload always produces the same bytes, so repeated or concurrent runs
 * are harmless.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_REPORT_OBJECT_H
#define GLUE_LAMBDA_REPORT_OBJECT_H

#include "lambda/handler.h"
#include "report/report_content.h"

/* What to write; all borrowed. */
struct report_object
{
	const char *upload_id;
	enum report_kind kind; /* not the mail */
	const char *key;
	const char *download_name; /* letters, digits and "._-" */
};

/*
 * Write a report.  Errors: those of the database and of s3_put(), and
 * infrastructure error TEMPORARY_FILE.
 */
extern bool report_object_write(struct sandbox *sandbox, const struct invocation *invocation,
								const struct report_object *object, struct report_size *size,
								struct glue_error *error);

#endif /* GLUE_LAMBDA_REPORT_OBJECT_H */
