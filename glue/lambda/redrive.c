/*-------------------------------------------------------------------------
 *
 * redrive.c
 *	  Return messages from the dead-letter queues of uploads and events.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "aws/sqs_queue.h"
#include "base/clock.h"
#include "lambda/redrive.h"

/* The message attribute that counts redrives. */
#define REDRIVES "onboard_redrives"

/*
 * Most messages received from one queue per run, so that a long queue leaves
 * time for the rest.
 */
#define MOST_RECEIVED 1000

/*
 * How long a received message is hidden: longer than sending and deleting a
 * batch takes, and shorter than the period of an alarm on the queue, which must
 * not clear while the messages that stay are examined.
 */
#define HIDDEN_SECONDS 30

/* A queue and its dead-letter queue. */
struct redrive_route
{
	const char *queue_url;
	const char *dead_queue_url;
	int64_t returned;
	int64_t kept;
};

/*
 * Return the last part of a queue's URL: its name.
 */
static const char *
queue_name(const char *queue_url)
{
	const char *slash = strrchr(queue_url, '/');

	return slash != NULL ? slash + 1 : queue_url;
}

/*
 * Prepare the messages of a batch that may be sent again; indexes tells where
 * each is in the batch.
 */
static int
select_messages(const struct sqs_batch *batch, int64_t most_redrives, struct sqs_message *messages,
				int *indexes)
{
	int count = 0;

	for (int i = 0; i < batch->count; i++)
	{
		const struct sqs_received *received = &batch->messages[i];

		if (received->number < 0 || received->number >= most_redrives)
			continue;
		indexes[count] = i;
		messages[count++] = (struct sqs_message){
			.body = received->body,
			.attribute = REDRIVES,
			.attribute_value = received->number + 1,
		};
	}
	return count;
}

/*
 * Send the messages of a batch again, and delete those that were sent, even if
 * others were not: a copy of what stays is sent in each run.
 */
static bool
return_batch(struct sandbox *sandbox, const struct invocation *invocation,
			 struct redrive_route *route, const struct sqs_batch *batch, struct glue_error *error)
{
	struct sqs_message messages[SQS_BATCH];
	struct text_view sent[SQS_BATCH];
	int indexes[SQS_BATCH];
	int count = select_messages(batch, sandbox->settings.sweep_redrives, messages, indexes);
	int sent_count = 0;
	struct glue_error ignored = {0};
	bool all_sent = sqs_send(&sandbox->aws, route->queue_url, messages, count, 1,
							 invocation->deadline_ms, error);

	for (int i = 0; i < count; i++)
	{
		if (messages[i].result == SQS_SENT)
			sent[sent_count++] = batch->messages[indexes[i]].receipt_handle;
	}
	route->returned += sent_count;
	route->kept += batch->count - sent_count;
	return sqs_delete(&sandbox->aws, route->dead_queue_url, sent, sent_count,
					  invocation->deadline_ms, all_sent ? error : &ignored) &&
		   all_sent;
}

/*
 * Receive as many messages as the queue had at the beginning: those that stay
 * become visible again, and need not be examined twice.
 */
static bool
return_messages(struct sandbox *sandbox, const struct invocation *invocation,
				struct redrive_route *route, struct glue_error *error)
{
	struct sqs_counts counts = {0};
	struct sqs_batch batch = {0};
	int64_t received = 0;
	bool success =
		sqs_count(&sandbox->aws, route->dead_queue_url, invocation->deadline_ms, &counts, error);

	if (counts.visible > MOST_RECEIVED)
		counts.visible = MOST_RECEIVED;
	while (success && received < counts.visible && clock_milliseconds() < invocation->deadline_ms)
	{
		success = sqs_receive(&sandbox->aws, route->dead_queue_url, REDRIVES, HIDDEN_SECONDS,
							  invocation->deadline_ms, &batch, error);
		if (!success || batch.count == 0)
			break;
		received += batch.count;
		success = return_batch(sandbox, invocation, route, &batch, error);
	}
	sqs_batch_clean_up(&batch);
	return success;
}

static void
log_route(const struct log *log, const struct redrive_route *route)
{
	if (route->returned > 0)
		log_write(log, LOG_WARNING, "dead letters returned to their queue",
				  LOG_NAME(LOG_QUEUE, queue_name(route->queue_url)),
				  LOG_COUNT(LOG_EVENTS, route->returned));
	if (route->kept > 0)
		log_write(log, LOG_WARNING, "dead letters stay in their queue",
				  LOG_NAME(LOG_QUEUE, queue_name(route->dead_queue_url)),
				  LOG_COUNT(LOG_EVENTS, route->kept));
}

static bool
redrive(struct sandbox *sandbox, const struct invocation *invocation, struct redrive_route *route,
		struct glue_error *error)
{
	bool success;

	if (route->dead_queue_url == NULL || sandbox->settings.sweep_redrives == 0)
		return true;
	if (route->queue_url == NULL)
		return glue_error_set(error, GLUE_USAGE_ERROR, "SETTINGS",
							  "UPLOAD_QUEUE_URL must be set if UPLOAD_DEAD_QUEUE_URL is");
	success = return_messages(sandbox, invocation, route, error);
	log_route(&sandbox->log, route);
	return success;
}

bool
redrive_dead_letters(struct sandbox *sandbox, const struct invocation *invocation,
					 struct redrive_counts *counts, struct glue_error *error)
{
	const struct settings *settings = &sandbox->settings;
	struct redrive_route uploads = {
		.queue_url = settings->upload_queue_url,
		.dead_queue_url = settings->upload_dead_queue_url,
	};
	struct redrive_route events = {
		.queue_url = settings->error_queue_url,
		.dead_queue_url = settings->error_dead_queue_url,
	};
	struct glue_error second = {0};
	bool success = redrive(sandbox, invocation, &uploads, error);

	/* The queues fail independently of each other. */
	if (!redrive(sandbox, invocation, &events, &second))
	{
		if (success)
			*error = second;
		success = false;
	}
	counts->uploads = uploads.returned;
	counts->events = events.returned;
	return success;
}
