/*-------------------------------------------------------------------------
 *
 * reading_start.h
 *	  Where the reading of an object begins: what the database knows of the
 *	  upload, and the checkpoint of an earlier reading.
 *
 * A checkpoint's byte_offset, row_number and line_number are columns of the
 * database's own.  Its state is ours, all that a new csv_source has to know:
 *
 *	  {"skip": 0, "encoding": "UTF-8", "delimiter": ",", "header": ["sku", ...]}
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_READING_START_H
#define GLUE_LAMBDA_READING_START_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "database/database.h"
#include "reader/csv_source.h"

/* Owns result and names; file borrows from them: reading_start_clean_up(). */
struct reading_start
{
	bool processing; /* the upload has not ended */
	const char *status;
	int64_t total_records; /* -1: not known yet */
	int64_t judged_to;     /* all rows up to this one have a verdict */
	bool has_point;
	struct csv_resume_point point;
	struct csv_resume_file file;
	PGresult *result;
	struct text_view *names;
	void *parsed; /* cJSON, which has the names' text */
};

/*
 * Say where the next reading of the upload begins.  Nothing is counted: that
 * object_upload_begin() does, once for each delivery.  False on the errors of
 * database.h, or class internal, CHECKPOINT, when the state is not ours.
 */
extern bool reading_start_init(struct reading_start *start, struct database *database,
							   const char *upload_id, struct glue_error *error);

/* Accepts a zeroed start, and leaves one. */
extern void reading_start_clean_up(struct reading_start *start);

/*
 * A new source for the bytes from *offset on: the point's, or the file's
 * beginning.  NULL on the errors of csv_source_new() and csv_source_resume().
 */
extern struct csv_source *
reading_start_source(const struct reading_start *start, const struct csv_events *events,
					 int64_t *offset, struct glue_error *error);

/*
 * Write the state of a checkpoint into the buffer, with a NUL behind it.  What
 * was in it is gone.
 */
extern bool reading_state_write(struct byte_buffer *buffer, const struct csv_source *source,
								int64_t skip, struct glue_error *error);

#endif /* GLUE_LAMBDA_READING_START_H */
