/*-------------------------------------------------------------------------
 *
 * outbox_delivery.c
 *	  Send the events that were committed with the rows to the queue.
 *
 * Claim, commit, send, acknowledge.  A kill between any two of these leaves
 * events leased, and they are sent after the lease ends: never lost,
 * sometimes sent twice.
 *
 * An event that the queue rejects as our fault is kept, because it is the
 * only record of what happened.  It is retried once per lease, and other
 * events do not wait for it.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "aws/sqs.h"
#include "base/clock.h"
#include "base/heap.h"
#include "database/postgres_value.h"
#include "lambda/outbox_delivery.h"
#include "shared/text.h"

/*
 * Null members, such as the rows of upload_ended, are omitted.  All events of
 * a claim share one token.
 */
#define CLAIM(arguments)                                                                                            \
	"SELECT e.event_id, e.token, e.upload_id, e.attempt, pg_catalog.json_strip_nulls(pg_catalog.json_build_object(" \
	"'v', 1, 'event_id', e.event_id, 'kind', e.kind, 'upload_id', e.upload_id,"                                     \
	" 'vendor_id', e.vendor_id, 'first_row', e.payload->'first_row',"                                               \
	" 'last_row', e.payload->'last_row', 'errors', e.payload->'errors'))::text"                                     \
	" FROM onboard_claim_events(" arguments ") e"

#define ACKNOWLEDGE "SELECT onboard_ack_events($1::bigint[], $2::uuid)"

/* Columns returned by CLAIM(). */
enum
{
	CLAIM_EVENT_ID,
	CLAIM_TOKEN,
	CLAIM_UPLOAD_ID,
	CLAIM_ATTEMPT,
	CLAIM_BODY
};

/* An event refused this often needs an operator. */
#define REFUSED_ATTEMPTS 10

/* One drain: a series of claims. */
struct drain
{
	struct sandbox *sandbox;
	struct metrics *metrics;
	const char *upload_id; /* NULL for all */
	int64_t deadline_ms;
	int64_t lease_end_ms; /* no event is claimed twice before it */
	int64_t sent;
	int64_t unsent; /* including refused ones */
	int64_t refused;
};

static bool
claim_events(const struct drain *drain, PGresult **events, struct glue_error *error)
{
	const struct settings *settings = &drain->sandbox->settings;
	char batch[INTEGER_TEXT_SIZE];
	char lease[INTEGER_TEXT_SIZE + 8];
	const char *const values[] = {integer_text(batch, settings->outbox_batch), lease,
								  drain->upload_id};
	bool of_upload = drain->upload_id != NULL;

	snprintf(lease, sizeof(lease), "%" PRId64 " seconds", settings->outbox_lease_seconds);
	return database_query(drain->sandbox->database, RUN_AGAIN,
						  of_upload ? CLAIM("$1::integer, $2::interval, $3::text")
									: CLAIM("$1::integer, $2::interval"),
						  of_upload ? 3 : 2, values, events, error);
}

/*
 * List the ids of the events that were sent, as a PostgreSQL array.
 */
static bool
list_sent(const PGresult *events, const struct sqs_message *messages, struct byte_buffer *ids,
		  int *sent, struct glue_error *error)
{
	*sent = 0;
	for (int i = 0; i < PQntuples(events); i++)
	{
		if (messages[i].result != SQS_SENT)
			continue;
		if (!byte_buffer_append(ids, *sent == 0 ? "{" : ",", 1, error) ||
			!byte_buffer_append_string(ids, PQgetvalue(events, i, CLAIM_EVENT_ID), error))
			return false;
		(*sent)++;
	}
	return *sent == 0 ||
		   (byte_buffer_append(ids, "}", 1, error) && byte_buffer_terminate(ids, error));
}

static bool
acknowledge(struct drain *drain, const PGresult *events, const struct sqs_message *messages,
			struct glue_error *error)
{
	struct byte_buffer ids = {0};
	int sent;
	bool done = list_sent(events, messages, &ids, &sent, error);

	if (done && sent > 0)
	{
		const char *const values[] = {ids.data, PQgetvalue(events, 0, CLAIM_TOKEN)};

		done = database_query(drain->sandbox->database, RUN_AGAIN, ACKNOWLEDGE, 2, values, NULL,
							  error);
	}
	drain->sent += sent;
	drain->unsent += PQntuples(events) - sent;
	byte_buffer_clean_up(&ids);
	return done;
}

/*
 * Count the events that the queue refused.  One line per batch is enough to
 * see why; it describes the event with the most attempts.
 */
static void
note_refused(struct drain *drain, const PGresult *events, const struct sqs_message *messages)
{
	const struct log *log = &drain->sandbox->log;
	int64_t most = 0;
	int64_t refused = 0;
	int64_t given_up = 0;
	int worst = 0;

	for (int i = 0; i < PQntuples(events); i++)
	{
		int64_t attempt = postgres_integer(events, i, CLAIM_ATTEMPT);

		if (messages[i].result != SQS_REFUSED)
			continue;
		refused++;
		given_up += attempt >= REFUSED_ATTEMPTS;
		if (attempt > most)
		{
			most = attempt;
			worst = i;
		}
	}
	if (refused == 0)
		return;
	drain->refused += refused;
	metrics_add(drain->metrics, METRIC_EVENTS_REFUSED, given_up);
	log_write(log, given_up > 0 ? LOG_ERROR : LOG_WARNING, "the queue refused events",
			  LOG_NAME(LOG_CODE, messages[worst].code),
			  LOG_NAME(LOG_UPLOAD_ID, PQgetvalue(events, worst, CLAIM_UPLOAD_ID)),
			  LOG_COUNT(LOG_EVENTS, refused), LOG_COUNT(LOG_ATTEMPT, most));
}

/*
 * Send the claimed events and acknowledge those that were delivered, even if
 * some were not; in that case return false and the reason.
 */
static bool
send_events(struct drain *drain, const PGresult *events, struct glue_error *error)
{
	const struct settings *settings = &drain->sandbox->settings;
	int count = PQntuples(events);
	struct sqs_message *messages = glue_allocate_zero(count * sizeof(*messages));
	struct glue_error acknowledging = {0};
	bool sent;

	if (messages == NULL)
		return glue_error_memory(error);
	for (int i = 0; i < count; i++)
		messages[i].body = (struct text_view){
			PQgetvalue(events, i, CLAIM_BODY),
			PQgetlength(events, i, CLAIM_BODY),
		};
	sent = sqs_send(&drain->sandbox->aws, settings->error_queue_url, messages, count,
					(int) settings->aws_calls_in_flight, drain->deadline_ms, error);
	note_refused(drain, events, messages);
	if (!acknowledge(drain, events, messages, &acknowledging) && sent)
	{
		*error = acknowledging;
		sent = false;
	}
	glue_release(messages);
	return sent;
}

/*
 * Deliver one batch.  *more says whether there may be another: not if the
 * queue does not respond, and not if the next claim might contain events it
 * refused.
 */
static bool
drain_batch(struct drain *drain, bool *more, struct glue_error *error)
{
	int64_t waiting = drain->unsent - drain->refused;
	PGresult *events;
	bool done;

	if (!claim_events(drain, &events, error))
		return false;
	done = PQntuples(events) == 0 || send_events(drain, events, error);
	*more = PQntuples(events) == drain->sandbox->settings.outbox_batch &&
			drain->unsent - drain->refused == waiting &&
			(drain->refused == 0 || clock_milliseconds() < drain->lease_end_ms);
	PQclear(events);
	return done;
}

int64_t
outbox_drain(struct sandbox *sandbox, const struct invocation *invocation, const char *upload_id)
{
	struct drain drain = {
		.sandbox = sandbox,
		.metrics = invocation->metrics,
		.upload_id = upload_id,
		.deadline_ms = invocation->deadline_ms,
		.lease_end_ms = clock_milliseconds() + sandbox->settings.outbox_lease_seconds * 1000,
	};
	struct glue_error error = {0};
	bool more = true;
	bool done = true;

	while (done && more)
		done = drain_batch(&drain, &more, &error);
	if (!done)
		log_failure(&sandbox->log, "events remain in the outbox", &error,
					LOG_NAME(LOG_UPLOAD_ID, upload_id), LOG_COUNT(LOG_EVENTS, drain.unsent));
	else if (drain.sent > 0)
		log_write(&sandbox->log, LOG_INFO, "events sent", LOG_NAME(LOG_UPLOAD_ID, upload_id),
				  LOG_COUNT(LOG_EVENTS, drain.sent));
	return drain.sent;
}
