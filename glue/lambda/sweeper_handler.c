/*-------------------------------------------------------------------------
 *
 * sweeper_handler.c
 *	  The handler "sweeper": resume or end stalled uploads.
 *
 * It runs on a schedule, or for an operator, whose event is {}.  One run
 *
 *	  reads the files of stalled uploads again, one after another,
 *	  ends those that did not recover as PROCESSING_ABANDONED,
 *	  repairs items whose status is out of date,
 *	  repeats the events of ended uploads that were not reported,
 *	  drains the outbox of all uploads,
 *	  returns dead letters to their queues,
 *	  reads files whose notification was lost,
 *	  reports the backlog, as metrics and as log lines.
 *
 * Rereading uses the parser's code: it is harmless, and may find that the
 * object is gone, which also ends the upload.  Work that does not fit into the
 * time is left to the next run.  A part that fails does not stop the others;
 * the invocation fails at the end.
 *
 * It answers {"claimed": 2, "failed": 1, "abandoned": 0, "checked": 3,
 * "renewed": 0, "events": 5, "redriven": 0, "reconciled": 0, "busy": false,
 * "backlog": {...}}; busy means that another sweeper was running, which claims
 * and ends uploads instead.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "lambda/backlog.h"
#include "lambda/event_source.h"
#include "lambda/handler.h"
#include "lambda/item_repair.h"
#include "lambda/outbox_delivery.h"
#include "lambda/parse.h"
#include "lambda/reconcile.h"
#include "lambda/redrive.h"
#include "lambda/stalled.h"

/* Most time reserved for the parts after reading, which get a quarter of it. */
#define MOST_RESERVE_MS 30000

/* One run. */
struct sweep
{
	struct sandbox *sandbox;
	const struct invocation *invocation;
	int64_t claimed;
	int64_t failed; /* of these, could not be read completely */
	int64_t abandoned;
	int64_t checked; /* their items */
	int64_t renewed; /* events written again */
	int64_t events;  /* events sent */
	struct redrive_counts redriven;
	struct reconcile_counts reconciled;
	bool busy;
	bool exhausted;            /* nothing more to claim */
	struct glue_error failure; /* of the first part that failed */
};

/*
 * Record that a part failed; the run continues.
 */
static void
note_failure(struct sweep *sweep, const struct glue_error *error)
{
	log_failure(&sweep->sandbox->log, "a part of the sweep failed", error);
	if (sweep->failure.class == GLUE_NO_ERROR)
		sweep->failure = *error;
}

/* ----- reading again ----- */

static int64_t
reading_deadline(const struct invocation *invocation)
{
	int64_t reserve = (invocation->deadline_ms - clock_milliseconds()) / 4;

	return invocation->deadline_ms - (reserve < MOST_RESERVE_MS ? reserve : MOST_RESERVE_MS);
}

static void
read_again(struct sweep *sweep, const struct invocation *limited,
		   const struct stalled_upload *upload)
{
	struct glue_error error = {0};

	log_write(&sweep->sandbox->log, LOG_WARNING, "reading upload again",
			  LOG_NAME(LOG_UPLOAD_ID, upload->upload_id),
			  LOG_NAME(LOG_VENDOR_ID, upload->vendor_id), LOG_COUNT(LOG_ATTEMPT, upload->revivals));
	if (!parse_upload(sweep->sandbox, limited, upload->upload_id, &error))
	{
		sweep->failed++;
		log_failure(&sweep->sandbox->log, "cannot read upload again", &error,
					LOG_NAME(LOG_UPLOAD_ID, upload->upload_id));
	}
}

static void
revive(struct sweep *sweep)
{
	struct sandbox *sandbox = sweep->sandbox;
	struct invocation limited = *sweep->invocation;
	enum stalled_result result = STALLED_FOUND;
	struct glue_error error = {0};

	limited.deadline_ms = reading_deadline(sweep->invocation);
	database_set_deadline(sandbox->database, limited.deadline_ms);
	while (result == STALLED_FOUND && sweep->claimed < sandbox->settings.sweep_uploads &&
		   clock_milliseconds() < limited.deadline_ms)
	{
		struct stalled_upload upload = {0};

		result = stalled_claim(sandbox->database, &sandbox->settings, &upload, &error);
		if (result == STALLED_FOUND)
		{
			sweep->claimed++;
			read_again(sweep, &limited, &upload);
		}
		stalled_upload_clean_up(&upload);
	}
	database_set_deadline(sandbox->database, sweep->invocation->deadline_ms);
	sweep->exhausted = result == STALLED_NONE;
	sweep->busy = result == STALLED_BUSY;
	if (result == STALLED_FAILED)
		note_failure(sweep, &error);
}

/* ----- giving up ----- */

static void
abandon_exhausted(struct sweep *sweep)
{
	struct sandbox *sandbox = sweep->sandbox;
	PGresult *ended = NULL;
	struct glue_error error = {0};

	switch (
		stalled_abandon(sandbox->database, &sandbox->settings, sweep->exhausted, &ended, &error))
	{
		case STALLED_FOUND:
			sweep->abandoned = PQntuples(ended);
			for (int row = 0; row < PQntuples(ended); row++)
				backlog_log_upload(&sandbox->log, LOG_ERROR, "upload abandoned", ended, row);
			break;
		case STALLED_NONE:
			break;
		case STALLED_BUSY:
			sweep->busy = true;
			break;
		case STALLED_FAILED:
			note_failure(sweep, &error);
			break;
	}
	PQclear(ended);
}

/* ----- items ----- */

static void
repair_items(struct sweep *sweep)
{
	struct glue_error error = {0};

	if (!item_repair_due(sweep->sandbox, sweep->invocation, &sweep->checked, &error))
		note_failure(sweep, &error);
}

/* ----- reporting ----- */

/*
 * Return whether the database answers.
 */
static bool
renew_and_send_events(struct sweep *sweep)
{
	struct sandbox *sandbox = sweep->sandbox;
	struct glue_error error = {0};
	bool answers =
		stalled_renew_events(sandbox->database, &sandbox->settings, &sweep->renewed, &error);

	if (!answers)
		note_failure(sweep, &error);
	sweep->events = outbox_drain(sandbox, sweep->invocation, NULL);
	return answers;
}

/* ----- what the queues lost ----- */

/*
 * Return dead letters, which would die again without a database; and read files
 * whose notification was lost, unless notifications were just returned.
 */
static void
recover_lost_messages(struct sweep *sweep)
{
	struct sandbox *sandbox = sweep->sandbox;
	struct invocation limited = *sweep->invocation;
	struct glue_error error = {0};

	limited.deadline_ms = reading_deadline(sweep->invocation);
	if (!redrive_dead_letters(sandbox, &limited, &sweep->redriven, &error))
		note_failure(sweep, &error);
	if (sweep->redriven.uploads > 0)
		return;
	glue_error_clear(&error);
	database_set_deadline(sandbox->database, limited.deadline_ms);
	if (!reconcile_uploads(sandbox, &limited, &sweep->reconciled, &error))
		note_failure(sweep, &error);
	database_set_deadline(sandbox->database, sweep->invocation->deadline_ms);
}

static bool
append_counts(struct sweep *sweep, struct glue_error *error)
{
	const struct invocation *invocation = sweep->invocation;
	int64_t redriven = sweep->redriven.uploads + sweep->redriven.events;
	char counts[320];

	metrics_add(invocation->metrics, METRIC_UPLOADS_REVIVED, sweep->claimed);
	metrics_add(invocation->metrics, METRIC_UPLOADS_ABANDONED, sweep->abandoned);
	metrics_add(invocation->metrics, METRIC_MESSAGES_REDRIVEN, redriven);
	metrics_add(invocation->metrics, METRIC_UPLOADS_RECONCILED, sweep->reconciled.read);
	if (sweep->reconciled.unknown > 0)
		metrics_add(invocation->metrics, METRIC_UNKNOWN_VENDORS, sweep->reconciled.unknown);
	snprintf(counts, sizeof(counts),
			 "{\"claimed\":%" PRId64 ",\"failed\":%" PRId64 ",\"abandoned\":%" PRId64
			 ",\"checked\":%" PRId64 ",\"renewed\":%" PRId64 ",\"events\":%" PRId64
			 ",\"redriven\":%" PRId64 ",\"reconciled\":%" PRId64 ",\"busy\":%s,\"backlog\":",
			 sweep->claimed, sweep->failed, sweep->abandoned, sweep->checked, sweep->renewed,
			 sweep->events, redriven, sweep->reconciled.read, sweep->busy ? "true" : "false");
	return byte_buffer_append_string(invocation->response, counts, error) &&
		   backlog_report(sweep->sandbox, invocation, error) &&
		   byte_buffer_append_string(invocation->response, "}", error);
}

static bool
sweeper_invoke(struct sandbox *sandbox, const struct invocation *invocation,
			   struct glue_error *error)
{
	struct sweep sweep = {.sandbox = sandbox, .invocation = invocation};
	enum event_origin origin =
		event_source_origin((struct text_view){invocation->event, invocation->event_length});

	if (origin != EVENT_OF_SCHEDULE && origin != EVENT_EMPTY)
		return event_source_refuse(error, "is neither a schedule's nor {}");
	revive(&sweep);
	if (!sweep.busy)
		abandon_exhausted(&sweep);
	repair_items(&sweep);
	if (renew_and_send_events(&sweep))
		recover_lost_messages(&sweep);
	if (!append_counts(&sweep, error) || !backlog_log_stuck(sandbox, error))
		return false;
	if (sweep.failure.class == GLUE_NO_ERROR)
		return true;
	*error = sweep.failure;
	return false;
}

const struct handler sweeper_handler = {
	.id = HANDLER_SWEEPER,
	.invoke = sweeper_invoke,
};
