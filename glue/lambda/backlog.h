/*-------------------------------------------------------------------------
 *
 * backlog.h
 *	  Report the uploads and events in progress, and their age: metrics, and a
 *	  log line for each stuck upload.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_BACKLOG_H
#define GLUE_LAMBDA_BACKLOG_H

#include "lambda/handler.h"

/* Most log lines of each kind per report. */
#define BACKLOG_LINES 100

/*
 * Read the backlog, set its metrics, and append it to the response as a JSON
 * object, {"uploads_processing": 3, ...}.
 */
extern bool backlog_report(struct sandbox *sandbox, const struct invocation *invocation,
						   struct glue_error *error);

/*
 * Log a line for each upload that is processing and has made no progress for
 * SWEEP_IDLE_SECONDS, and for each that ended that long ago and is still not
 * reported.
 */
extern bool backlog_log_stuck(struct sandbox *sandbox, struct glue_error *error);

/* Log a line for one upload of a list with STALLED_COLUMNS. */
#define backlog_log_upload(log, level, message, list, row) \
	backlog_log_upload_line((log), (level), "" message, (list), (row))

/* Implementation of the macro; message is a string literal. */
extern void backlog_log_upload_line(const struct log *log, enum log_level level,
									const char *message, const PGresult *list, int row);

#endif /* GLUE_LAMBDA_BACKLOG_H */
