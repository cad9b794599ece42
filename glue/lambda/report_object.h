/*-------------------------------------------------------------------------
 *
 * report_object.h
 *	  A report of an upload: from the database into an object of S3.
 *
 * S3 has to be told length and hash of an object before its first byte, so a
 * report goes through a file in the temporary folder that has no name any more
 * when the first row comes, and nothing of it is left whenever the process is
 * killed.  Memory does not grow with the report; the temporary folder has to
 * have room for the larger of the two.
 *
 * The same upload gives the same bytes whenever it is done, so doing it twice,
 * or two at once, is harmless.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_REPORT_OBJECT_H
#define GLUE_LAMBDA_REPORT_OBJECT_H

#include "lambda/handler.h"
#include "report/report_content.h"

/* What to write.  All is borrowed. */
struct report_object
{
	const char *upload_id;
	enum report_kind kind; /* a CSV file */
	const char *key;
	const char *download_name; /* letters, digits and "._-" */
};

/*
 * Write a report.  Errors are those of the database and of s3_put(), and
 * infrastructure error TEMPORARY_FILE.
 */
extern bool report_object_write(struct sandbox *sandbox, const struct invocation *invocation,
								const struct report_object *object, struct report_size *size,
								struct glue_error *error);

#endif /* GLUE_LAMBDA_REPORT_OBJECT_H */
