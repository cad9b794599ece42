/*-------------------------------------------------------------------------
 *
 * reading_start.h
 *	  Where the reading of an object begins: what the database knows of the
 *	  upload, and the checkpoint of an earlier reading.
 *
 * A checkpoint is a resume token of the reader, see row_source.h, which the
 * database stores and compares.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_READING_START_H
#define GLUE_LAMBDA_READING_START_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/failure.h"
#include "lambda/connection.h"
#include "reader/row_reader.h"

/* Owns result, which the token borrows from: reading_start_clean_up(). */
struct reading_start
{
	bool processing; /* the upload has not ended */
	const char *status;
	int64_t total_records; /* -1: not known yet */
	int64_t judged_to;     /* all rows up to this one have a verdict */
	bool has_token;
	struct resume_token token;
	PGresult *result;
};

/*
 * Say where the next reading of the upload begins.  Nothing is counted: that
 * object_upload_begin() does, once for each delivery.  False on the errors of
 * connection.h.
 */
extern bool
reading_start_init(struct reading_start *start, struct connection *connection, int64_t deadline_ms,
				   const char *upload_id, struct glue_error *error);

/* Accepts a zeroed start, and leaves one. */
extern void reading_start_clean_up(struct reading_start *start);

/*
 * A new reader for the bytes from *offset on: the token's, or the file's
 * beginning.  NULL on the errors of row_reader_open() and row_reader_resume().
 */
extern struct row_reader *
reading_start_reader(const struct reading_start *start, const struct row_reader_events *events,
					 int64_t *offset, struct glue_error *error);

#endif /* GLUE_LAMBDA_READING_START_H */
