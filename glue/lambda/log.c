/*-------------------------------------------------------------------------
 *
 * log.c
 *	  Write the log for operators: one JSON object per line of standard
 *	  output.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "lambda/json_line.h"
#include "lambda/log.h"

/* "2026-01-04T09:00:00.123Z", the NUL, and room for a longer year. */
#define TIME_TEXT_SIZE 40

static const struct
{
	const char *name;
	bool is_name;
} known_fields[LOG_FIELD_COUNT] = {
	[LOG_UPLOAD_ID] = {"upload_id", true},
	[LOG_VENDOR_ID] = {"vendor_id", true},
	[LOG_CODE] = {"code", true},
	[LOG_STATUS] = {"status", true},
	[LOG_OPERATION] = {"operation", true},
	[LOG_SEQUENCE_NUMBER] = {"sequence_number", true},
	[LOG_MESSAGE_ID] = {"message_id", true},
	[LOG_VERSION] = {"version", true},
	[LOG_QUEUE] = {"queue", true},
	[LOG_ROWS] = {"rows", false},
	[LOG_VALID] = {"valid", false},
	[LOG_INVALID] = {"invalid", false},
	[LOG_BYTES] = {"bytes", false},
	[LOG_EVENTS] = {"events", false},
	[LOG_RECORDS] = {"records", false},
	[LOG_FILES] = {"files", false},
	[LOG_FAILED] = {"failed", false},
	[LOG_ATTEMPT] = {"attempt", false},
	[LOG_MILLISECONDS] = {"milliseconds", false},
	[LOG_HTTP_STATUS] = {"http_status", false},
	[LOG_FIRST_ROW] = {"first_row", false},
	[LOG_LAST_ROW] = {"last_row", false},
	[LOG_SECONDS] = {"seconds", false},
};

const char *
log_level_name(enum log_level level)
{
	static const char *const names[] = {
		[LOG_DEBUG] = "debug",
		[LOG_INFO] = "info",
		[LOG_WARNING] = "warning",
		[LOG_ERROR] = "error",
	};

	return names[level];
}

const char *
log_error_text(const struct glue_error *error)
{
	if (error->class == GLUE_FILE_FAULT || error->quotes_server)
		return NULL;
	return error->text;
}

static void
add_time(struct json_line *line)
{
	char text[TIME_TEXT_SIZE];
	int64_t now = day_milliseconds();
	time_t seconds = (time_t) (now / 1000);
	struct tm utc;
	size_t length;

	if (gmtime_r(&seconds, &utc) == NULL)
		return;
	length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + length, sizeof(text) - length, ".%03dZ", (int) (now % 1000));
	json_line_text(line, "time", text);
}

static void
add_name(struct json_line *line, const char *name, const char *text)
{
	static const char accepted[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/";
	char cleaned[LOG_NAME_LENGTH + 1];
	size_t length = strnlen(text, LOG_NAME_LENGTH);

	for (size_t i = 0; i < length; i++)
		cleaned[i] = strchr(accepted, text[i]) != NULL ? text[i] : '?';
	cleaned[length] = '\0';
	json_line_text(line, name, cleaned);
}

static void
begin_line(struct json_line *line, const struct log *log, enum log_level level, const char *message)
{
	json_line_init(line);
	add_time(line);
	json_line_text(line, "level", log_level_name(level));
	json_line_text(line, "message", message);
	if (log->handler != NULL)
		add_name(line, "handler", log->handler);
	if (log->request_id != NULL)
		add_name(line, "request_id", log->request_id);
}

static void
add_fields(struct json_line *line, const struct log_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		enum log_field_id id = fields[i].id;

		if (id == LOG_FIELD_COUNT)
			continue;
		if (!known_fields[id].is_name)
			json_line_integer(line, known_fields[id].name, fields[i].number);
		else if (fields[i].text != NULL)
			add_name(line, known_fields[id].name, fields[i].text);
	}
}

void
log_write_fields(const struct log *log, enum log_level level, const char *message,
				 const struct log_field *fields, size_t count)
{
	struct json_line line;

	if (level < log->lowest)
		return;
	begin_line(&line, log, level, message);
	add_fields(&line, fields, count);
	json_line_write(&line, log->descriptor);
}

void
log_failure_fields(const struct log *log, const char *message, const struct glue_error *failure,
				   const struct log_field *fields, size_t count)
{
	const char *text = log_error_text(failure);
	struct json_line line;

	begin_line(&line, log, LOG_ERROR, message);
	json_line_text(&line, "error_class", glue_error_class_name(failure->class));
	add_name(&line, "error_code", failure->code);
	add_fields(&line, fields, count);
	if (text != NULL)
		json_line_text(&line, "error_text", text);
	json_line_write(&line, log->descriptor);
}
