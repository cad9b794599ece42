/*-------------------------------------------------------------------------
 *
 * backlog.c
 *	  Report the uploads and events in progress, and their age.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/postgres_value.h"
#include "lambda/backlog.h"
#include "lambda/stalled.h"
#include "shared/text.h"

/*
 * Values of onboard_backlog().  One without a metric appears only in the
 * response.
 */
static const struct
{
	const char *name;
	enum metric_id metric;
} known_values[] = {
	{"uploads_processing", METRIC_UPLOADS_PROCESSING},
	{"uploads_oldest_seconds", METRIC_UPLOADS_OLDEST},
	{"uploads_unreported", METRIC_UPLOADS_UNREPORTED},
	{"unreported_oldest_seconds", METRIC_UNREPORTED_OLDEST},
	{"events_waiting", METRIC_EVENTS_WAITING},
	{"events_oldest_seconds", METRIC_EVENTS_OLDEST},
	{"items_missed", METRIC_STATUS_UPDATES_MISSED},
	{"held_oldest_seconds", METRIC_HELD_OLDEST},
};

#define STUCK                                                                        \
	"SELECT " STALLED_COLUMNS " FROM onboard.upload_history u"                       \
	" WHERE u.status = 'processing' AND u.updated_at < pg_catalog.clock_timestamp()" \
	" - " POSTGRES_SECONDS("$1") " ORDER BY u.updated_at LIMIT $2::integer"

#define UNREPORTED                                                                                 \
	"SELECT " STALLED_COLUMNS " FROM onboard.upload_history u"                                     \
	" WHERE u.status <> 'processing' AND NOT u.metadata ? 'reported_at'"                           \
	" AND u.processing_completed_at < pg_catalog.clock_timestamp()"                                \
	" - " POSTGRES_SECONDS(                                                                        \
		"$1") " AND u.processing_completed_at > pg_catalog.clock_timestamp() - '7 days'::interval" \
			  " ORDER BY u.processing_completed_at LIMIT $2::integer"

/* ----- the values ----- */

static void
set_metric(struct metrics *metrics, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(known_values) / sizeof(known_values[0]); i++)
	{
		if (strcmp(known_values[i].name, name) == 0)
			metrics_add(metrics, known_values[i].metric, strtoll(value, NULL, 10));
	}
}

static bool
append_value(struct byte_buffer *response, const char *comma, const char *name, const char *value,
			 struct glue_error *error)
{
	return byte_buffer_append_string(response, comma, error) &&
		   byte_buffer_append_string(response, "\"", error) &&
		   byte_buffer_append_string(response, name, error) &&
		   byte_buffer_append_string(response, "\":", error) &&
		   byte_buffer_append_string(response, value, error);
}

bool
backlog_report(struct sandbox *sandbox, const struct invocation *invocation,
			   struct glue_error *error)
{
	struct byte_buffer *response = invocation->response;
	PGresult *values = NULL;
	bool done;

	if (!database_query(sandbox->database, RUN_AGAIN,
						"SELECT b.name, b.value FROM onboard_backlog() b", 0, NULL, &values, error))
		return false;
	done = byte_buffer_append_string(response, "{", error);
	for (int row = 0; done && row < PQntuples(values); row++)
	{
		const char *name = PQgetvalue(values, row, 0);
		const char *value = PQgetvalue(values, row, 1);

		set_metric(invocation->metrics, name, value);
		done = append_value(response, row > 0 ? "," : "", name, value, error);
	}
	PQclear(values);
	return done && byte_buffer_append_string(response, "}", error);
}

/* ----- uploads ----- */

void
backlog_log_upload_line(const struct log *log, enum log_level level, const char *message,
						const PGresult *list, int row)
{
	/* An unknown total is left out: this id is skipped. */
	enum log_field_id total = PQgetisnull(list, row, STALLED_TOTAL) ? LOG_FIELD_COUNT : LOG_ROWS;
	const struct log_field fields[] = {
		LOG_NAME(LOG_UPLOAD_ID, PQgetvalue(list, row, STALLED_UPLOAD_ID)),
		LOG_NAME(LOG_VENDOR_ID, PQgetvalue(list, row, STALLED_VENDOR_ID)),
		LOG_COUNT(total, postgres_integer(list, row, STALLED_TOTAL)),
		LOG_COUNT(LOG_VALID, postgres_integer(list, row, STALLED_VALID)),
		LOG_COUNT(LOG_INVALID, postgres_integer(list, row, STALLED_ERRORS)),
		LOG_COUNT(LOG_ATTEMPT, postgres_integer(list, row, STALLED_REVIVALS)),
		LOG_COUNT(LOG_SECONDS, postgres_integer(list, row, STALLED_IDLE_SECONDS)),
	};

	log_write_fields(log, level, message, fields, sizeof(fields) / sizeof(fields[0]));
}

/*
 * Run a query for uploads older than SWEEP_IDLE_SECONDS and log a line for
 * each.
 */
#define log_each(sandbox, statement, message, error) \
	log_each_line((sandbox), (statement), "" message, (error))

static bool
log_each_line(struct sandbox *sandbox, const char *statement, const char *message,
			  struct glue_error *error)
{
	char seconds[INTEGER_TEXT_SIZE];
	char most[INTEGER_TEXT_SIZE];
	const char *const values[] = {
		integer_text(seconds, sandbox->settings.sweep_idle_seconds),
		integer_text(most, BACKLOG_LINES),
	};
	PGresult *list = NULL;

	if (!database_query(sandbox->database, RUN_AGAIN, statement, 2, values, &list, error))
		return false;
	for (int row = 0; row < PQntuples(list); row++)
		backlog_log_upload_line(&sandbox->log, LOG_WARNING, message, list, row);
	PQclear(list);
	return true;
}

bool
backlog_log_stuck(struct sandbox *sandbox, struct glue_error *error)
{
	return log_each(sandbox, STUCK, "upload is stuck", error) &&
		   log_each(sandbox, UNREPORTED, "upload is not reported", error);
}
