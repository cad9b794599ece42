/*-------------------------------------------------------------------------
 *
 * log.h
 *	  Write the log for operators: one JSON object per line of standard
 *	  output.
 *
 *	  log_write(&log, LOG_INFO, "batch stored", LOG_COUNT(LOG_ROWS, 17),
 *				LOG_NAME(LOG_UPLOAD_ID, upload_id));
 *
 * A line holds ids, counts and codes, never vendor data.  The interface
 * enforces this: a message is a string literal, and a field is one of the
 * list below, either an integer or a name.  Names are cut to LOG_NAME_LENGTH
 * characters, and any character other than letters, digits and "-_.:/" is
 * written as "?".
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_LOG_H
#define GLUE_LAMBDA_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

enum log_level
{
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARNING,
	LOG_ERROR
};

/*
 * To add a field, add a constant here and its name and kind to the table in
 * log.c.
 */
enum log_field_id
{
	/* names */
	LOG_UPLOAD_ID,
	LOG_VENDOR_ID,
	LOG_CODE,
	LOG_STATUS,
	LOG_OPERATION,       /* of AWS or of the database */
	LOG_SEQUENCE_NUMBER, /* of a stream record */
	LOG_MESSAGE_ID,      /* of a queue message */
	LOG_VERSION,
	LOG_QUEUE,
	/* integers */
	LOG_ROWS,
	LOG_VALID,
	LOG_INVALID,
	LOG_BYTES,
	LOG_EVENTS,
	LOG_RECORDS,
	LOG_FILES,
	LOG_FAILED,
	LOG_ATTEMPT,
	LOG_MILLISECONDS,
	LOG_HTTP_STATUS,
	LOG_FIRST_ROW,
	LOG_LAST_ROW,
	LOG_SECONDS,
	LOG_FIELD_COUNT
};

/* Most characters written of a name. */
#define LOG_NAME_LENGTH 128

/*
 * One field of a line.  text is borrowed and only for names; a NULL name is
 * omitted.
 */
struct log_field
{
	enum log_field_id id;
	const char *text;
	int64_t number;
};

#define LOG_NAME(id, text) ((struct log_field){(id), (text), 0})
#define LOG_COUNT(id, number) ((struct log_field){(id), NULL, (number)})

/* What every line repeats.  Strings are borrowed, NULL while unknown. */
struct log
{
	enum log_level lowest; /* lines below this level are not written */
	int descriptor;        /* 1 except in tests */
	const char *handler;
	const char *request_id;
};

/*
 * Write a line.  message is a string literal; the fields that follow are
 * LOG_NAME() and LOG_COUNT().
 */
#define log_write(log, level, message, ...)                                                       \
	log_write_fields((log), (level), "" message,                                                  \
					 (const struct log_field[]){{.id = LOG_FIELD_COUNT}, ##__VA_ARGS__},          \
					 sizeof((const struct log_field[]){{.id = LOG_FIELD_COUNT}, ##__VA_ARGS__}) / \
						 sizeof(struct log_field))

/*
 * Write a line of level error: the failure's class and code, and its text if
 * it is safe to show.
 */
#define log_failure(log, message, failure, ...)                                      \
	log_failure_fields(                                                              \
		(log), "" message, (failure),                                                \
		(const struct log_field[]){{.id = LOG_FIELD_COUNT}, ##__VA_ARGS__},          \
		sizeof((const struct log_field[]){{.id = LOG_FIELD_COUNT}, ##__VA_ARGS__}) / \
			sizeof(struct log_field))

/*
 * Return the text of an error if it may be shown to operators, otherwise
 * NULL: the text of a file fault is for its vendor and describes the file's
 * content, and server messages may quote a value.
 */
extern const char *log_error_text(const struct glue_error *error);

/* Return "debug", "info", "warning" or "error". */
extern const char *log_level_name(enum log_level level);

/* Implementation of the macros; a field with id LOG_FIELD_COUNT is skipped. */
extern void log_write_fields(const struct log *log, enum log_level level, const char *message,
							 const struct log_field *fields, size_t count);
extern void
log_failure_fields(const struct log *log, const char *message, const struct glue_error *failure,
				   const struct log_field *fields, size_t count);

#endif /* GLUE_LAMBDA_LOG_H */
