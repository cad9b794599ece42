/*-------------------------------------------------------------------------
 *
 * validator_handler.c
 *	  The handler "validator": judge a batch of a DynamoDB stream.
 *
 * The rows of each upload go into one call of onboard_ingest(), which is one
 * transaction; uploads are handled in the order of their first rows.  What
 * follows a commit cannot change it: undecodable records go to quarantine,
 * items get their status, events are sent.
 *
 * A stream is redelivered from a given record on, so the first infrastructure
 * failure ends the work, and the reply names the first record that is not
 * done.  Rows of several uploads are interleaved, so records after it may be
 * done; redelivered, they get their existing verdict.  So no state is kept
 * between invocations, and a kill at any moment only costs a repetition.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "lambda/batch_response.h"
#include "lambda/handler.h"
#include "lambda/item_repair.h"
#include "lambda/outbox_delivery.h"
#include "lambda/quarantine.h"
#include "lambda/row_outcome.h"
#include "lambda/status_updates.h"
#include "lambda/stream_event.h"

/*
 * Fraction of the time (one part in ...) reserved for the work after judging.
 */
#define RESERVED_PART 10

struct verdict_counts
{
	int64_t valid;
	int64_t invalid;
	int64_t refused; /* no verdict: the upload has ended or is unknown */
};

/* One invocation.  Owns event, updates and records. */
struct batch
{
	struct sandbox *sandbox;
	const struct invocation *invocation;
	struct stream_event event;
	struct status_updates updates;
	struct byte_buffer records; /* of one call, as JSON */
	struct verdict_counts counts;
	size_t judged;     /* uploads with committed rows */
	size_t first_open; /* the first record that is not done, or the number of records */
};

/* ----- judging ----- */

/*
 * Return whether an error is caused by the rows themselves, so that retrying
 * cannot help: data exception, constraint violation, program limit exceeded.
 */
static bool
is_about_rows(const struct glue_error *error)
{
	static const char *const classes[] = {"22", "23", "54"};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
	{
		if (strncmp(error->code, classes[i], strlen(classes[i])) == 0)
			return true;
	}
	return false;
}

/*
 * Write the records for a call: one row or, if all is true, also the rows of
 * its upload that follow.
 */
static bool
write_records(struct batch *batch, size_t first, bool all, struct glue_error *error)
{
	const struct stream_event *event = &batch->event;
	struct byte_buffer *records = &batch->records;

	records->used = 0;
	for (size_t i = first; i != STREAM_NO_ROW; i = all ? event->records[i].next : STREAM_NO_ROW)
	{
		if (!byte_buffer_append_string(records, i == first ? "[" : ",", error) ||
			!stream_event_append_row(event, &event->records[i], records, error))
			return false;
	}
	return byte_buffer_append_string(records, "]", error) && byte_buffer_terminate(records, error);
}

/*
 * Count a verdict, and note the status of its item.  The verdict is committed,
 * so running out of memory only loses the status update.
 */
static void
take_verdict(struct batch *batch, const PGresult *result, int tuple)
{
	struct row_outcome outcome = row_outcome_read(result, tuple);
	struct glue_error error = {0};
	bool is_new;

	if (!status_updates_add(&batch->updates, &outcome, &is_new, &error))
		log_failure(&batch->sandbox->log, "cannot note the status of a row", &error);
	/* A batch may contain the same row twice. */
	if (!is_new)
		return;
	if (!outcome.is_judged)
		batch->counts.refused++;
	else if (action_is_valid(outcome.action))
		batch->counts.valid++;
	else
		batch->counts.invalid++;
}

/*
 * Judge a row or, if all is true, also the rows of its upload that follow.
 */
static bool
judge_rows(struct batch *batch, size_t first, bool all, struct glue_error *error)
{
	const char *values[2] = {batch->event.records[first].upload_id, NULL};
	PGresult *result = NULL;

	if (clock_milliseconds() >= database_deadline(batch->sandbox->database))
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, GLUE_DEADLINE,
							  "no time left to judge rows");
	if (!write_records(batch, first, all, error))
		return false;
	values[1] = batch->records.data;
	if (!database_query(batch->sandbox->database, RUN_AGAIN, ROW_OUTCOMES("$1, $2::jsonb"), 2,
						values, &result, error))
		return false;
	for (int i = 0; i < PQntuples(result); i++)
		take_verdict(batch, result, i);
	PQclear(result);
	return true;
}

/*
 * The rows cannot be judged together: judge them one by one, and set aside
 * those that fail alone too.  Return the first row that is not done, or
 * STREAM_NO_ROW.
 */
static size_t
judge_one_by_one(struct batch *batch, const struct stream_upload *upload, struct glue_error *error)
{
	for (size_t i = upload->first; i != STREAM_NO_ROW; i = batch->event.records[i].next)
	{
		struct stream_record *record = &batch->event.records[i];

		glue_error_clear(error);
		if (judge_rows(batch, i, false, error))
			continue;
		if (!is_about_rows(error))
			return i;
		log_failure(&batch->sandbox->log, "the database rejected a row", error,
					LOG_NAME(LOG_UPLOAD_ID, record->upload_id),
					LOG_NAME(LOG_SEQUENCE_NUMBER, record->sequence_number));
		record->kind = STREAM_UNDECODABLE;
		record->fault = STREAM_REFUSED_ROW;
	}
	glue_error_clear(error);
	return STREAM_NO_ROW;
}

/*
 * Judge all rows of an upload.  Return the first that is not done, or
 * STREAM_NO_ROW.
 */
static size_t
judge_upload(struct batch *batch, const struct stream_upload *upload, struct glue_error *error)
{
	if (!status_updates_begin_upload(&batch->updates, upload->upload_id, error))
		return upload->first;
	if (judge_rows(batch, upload->first, true, error))
		return STREAM_NO_ROW;
	if (!is_about_rows(error))
		return upload->first;
	return judge_one_by_one(batch, upload, error);
}

/*
 * Judge the uploads in turn, until one fails with an infrastructure error.
 */
static void
judge_uploads(struct batch *batch)
{
	const struct stream_event *event = &batch->event;
	struct glue_error error = {0};

	batch->first_open = event->count;
	for (size_t i = 0; i < event->upload_count; i++)
	{
		const struct stream_upload *upload = &event->uploads[i];
		size_t open = judge_upload(batch, upload, &error);

		if (open != upload->first)
			batch->judged = i + 1;
		if (open == STREAM_NO_ROW)
			continue;
		log_failure(&batch->sandbox->log, "rows not judged", &error,
					LOG_NAME(LOG_UPLOAD_ID, upload->upload_id),
					LOG_NAME(LOG_SEQUENCE_NUMBER, event->records[open].sequence_number));
		/* Rows of later uploads may precede it. */
		batch->first_open = open;
		while (++i < event->upload_count)
		{
			if (event->uploads[i].first < batch->first_open)
				batch->first_open = event->uploads[i].first;
		}
	}
}

/*
 * Judge, reserving part of the time for what follows.
 */
static void
judge(struct batch *batch)
{
	int64_t deadline_ms = batch->invocation->deadline_ms;
	int64_t left = deadline_ms - clock_milliseconds();
	int64_t reserved = left > 0 ? left / RESERVED_PART : 0;

	database_set_deadline(batch->sandbox->database, deadline_ms - reserved);
	judge_uploads(batch);
	database_set_deadline(batch->sandbox->database, deadline_ms);
}

/* ----- what follows ----- */

/*
 * Quarantine undecodable records.  Records from the first open one on are
 * redelivered, so only those before it are sent.  A record that could not be
 * sent is not done.
 */
static void
set_aside(struct batch *batch)
{
	struct glue_error error = {0};
	size_t open = quarantine_send(batch->sandbox, batch->invocation, &batch->event,
								  batch->first_open, &error);

	if (open < batch->first_open)
		log_failure(&batch->sandbox->log, "cannot quarantine a record", &error,
					LOG_NAME(LOG_SEQUENCE_NUMBER, batch->event.records[open].sequence_number));
	for (size_t i = 0; i < open; i++)
	{
		const struct stream_record *record = &batch->event.records[i];

		if (record->kind != STREAM_UNDECODABLE)
			continue;
		metrics_add(batch->invocation->metrics, METRIC_RECORDS_QUARANTINED, 1);
		log_write(&batch->sandbox->log, LOG_WARNING, "record quarantined",
				  LOG_NAME(LOG_CODE, stream_fault_name(record->fault)),
				  LOG_NAME(LOG_UPLOAD_ID, record->upload_id),
				  LOG_NAME(LOG_SEQUENCE_NUMBER, record->sequence_number));
	}
	batch->first_open = open;
}

/*
 * Update the items, using at most half of the time left: the events follow.
 */
static void
update_items(struct batch *batch)
{
	struct sandbox *sandbox = batch->sandbox;
	int64_t now = clock_milliseconds();
	int64_t left = batch->invocation->deadline_ms - now;
	struct status_counts counts = {0};
	struct glue_error error = {0};

	if (status_updates_execute(&batch->updates, &sandbox->aws,
							   (int) sandbox->settings.aws_calls_in_flight, now + left / 2, &counts,
							   &error))
		return;
	log_failure(&sandbox->log, "items keep an old status", &error,
				LOG_COUNT(LOG_FAILED, counts.failed));
	metrics_add(batch->invocation->metrics, METRIC_STATUS_UPDATES_FAILED, counts.failed);
	item_repair_note(sandbox, &batch->updates);
}

static bool
reply(const struct batch *batch, struct glue_error *error)
{
	const struct stream_event *event = &batch->event;
	struct batch_response response;

	return batch_response_begin(&response, batch->invocation->response, error) &&
		   (batch->first_open == event->count ||
			batch_response_fail(&response, event->records[batch->first_open].sequence_number,
								error)) &&
		   batch_response_end(&response, error);
}

/*
 * Log what this invocation did.  Rows that were delivered before are included;
 * the reporter counts each once.
 */
static void
account(const struct batch *batch)
{
	const struct verdict_counts *counts = &batch->counts;

	if (counts->refused > 0)
		log_write(&batch->sandbox->log, LOG_WARNING, "uploads accepted no more rows",
				  LOG_COUNT(LOG_ROWS, counts->refused));
	log_write(&batch->sandbox->log, LOG_INFO, "batch judged",
			  LOG_COUNT(LOG_RECORDS, (int64_t) batch->event.count),
			  LOG_COUNT(LOG_ROWS, counts->valid + counts->invalid),
			  LOG_COUNT(LOG_VALID, counts->valid), LOG_COUNT(LOG_INVALID, counts->invalid),
			  LOG_COUNT(LOG_FAILED, (int64_t) (batch->event.count - batch->first_open)));
}

static bool
validator_invoke(struct sandbox *sandbox, const struct invocation *invocation,
				 struct glue_error *error)
{
	struct batch batch = {.sandbox = sandbox, .invocation = invocation};
	bool done;

	if (!stream_event_init(&batch.event,
						   (struct text_view){invocation->event, invocation->event_length},
						   sandbox->settings.upload_records_table, error))
		return false;
	status_updates_init(&batch.updates, sandbox->settings.upload_records_table);
	judge(&batch);
	set_aside(&batch);
	update_items(&batch);
	for (size_t i = 0; i < batch.judged; i++)
		(void) outbox_drain(sandbox, invocation, batch.event.uploads[i].upload_id);
	account(&batch);
	done = reply(&batch, error);
	stream_event_clean_up(&batch.event);
	status_updates_clean_up(&batch.updates);
	byte_buffer_clean_up(&batch.records);
	return done;
}

const struct handler validator_handler = {
	.id = HANDLER_VALIDATOR,
	.invoke = validator_invoke,
};
