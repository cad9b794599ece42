/*-------------------------------------------------------------------------
 *
 * parser_handler.c
 *	  The handlers "parser" and "direct": read the objects that S3 announces,
 *	  and send their rows to be judged.
 *
 *	  message of the queue, or event -> s3_event.c: objects -> parse.c: rows
 *
 * "direct" is for a bucket whose files are all loaded directly into the
 * database.  If it is interrupted at any point, the message stays in the queue
 * and the next invocation resumes (parse.h).
 *
 * Usually a queue delivers the announcements.  S3, SNS or EventBridge may also
 * invoke the function itself; there is no message to keep then, so the
 * invocation fails if any object could not be read, and Lambda retries it.
 *
 *-------------------------------------------------------------------------
 */
#include "base/clock.h"
#include "lambda/batch_response.h"
#include "lambda/parse.h"
#include "lambda/sqs_event.h"

/*
 * Skip an object that belongs to no vendor, and log it for operators.
 */
static bool
pass_over(struct sandbox *sandbox, enum vendor_object_kind kind)
{
	if (kind == OBJECT_NOT_OURS)
		log_write(&sandbox->log, LOG_DEBUG, "the object is not an upload");
	else
		log_write(&sandbox->log, LOG_WARNING, "the object is not in a vendor's folder",
				  LOG_NAME(LOG_CODE, "NO_VENDOR"));
	return true;
}

/*
 * Count a file of an unknown vendor.  The vendor may still be added, so the
 * message stays in the queue, and eventually in the dead-letter queue: no
 * file is lost.
 */
static void
count_unknown_vendor(const struct invocation *invocation, const struct glue_error *error)
{
	if (error->class == GLUE_FILE_FAULT && strcmp(error->code, "UNKNOWN_VENDOR") == 0)
		metrics_add(invocation->metrics, METRIC_UNKNOWN_VENDORS, 1);
}

static void
log_unparsed(struct sandbox *sandbox, const struct sqs_event_message *message,
			 const char *vendor_id, const struct glue_error *error)
{
	log_failure(&sandbox->log, "cannot parse an object", error, LOG_NAME(LOG_VENDOR_ID, vendor_id),
				LOG_NAME(LOG_MESSAGE_ID, message->message_id),
				LOG_COUNT(LOG_ATTEMPT, message->receive_count));
}

/*
 * Parse one object.  Return false, with the failure logged, if it must be
 * announced again.
 */
static bool
parse_record(struct sandbox *sandbox, const struct invocation *invocation,
			 const struct s3_event_record *record, enum parse_route route,
			 const struct sqs_event_message *message, struct glue_error *error)
{
	struct vendor_object object;
	enum vendor_object_kind kind = vendor_object_of_record(&object, record, &sandbox->settings);

	if (kind != OBJECT_OF_VENDOR)
		return pass_over(sandbox, kind);
	if (parse_object(sandbox, invocation, &object, route, error))
		return true;
	count_unknown_vendor(invocation, error);
	log_unparsed(sandbox, message, object.vendor_id, error);
	return false;
}

/*
 * Parse all announced objects, even after one fails.  Return false, with the
 * first failure in *failure, if any of them failed.
 */
static bool
parse_objects(struct sandbox *sandbox, const struct invocation *invocation, struct s3_event *event,
			  enum parse_route route, const struct sqs_event_message *message,
			  struct glue_error *failure)
{
	struct s3_event_record record;
	struct glue_error error = {0};

	for (;;)
	{
		bool is_record = s3_event_next(event, &record, &error);

		if (!is_record && error.class == GLUE_NO_ERROR)
			break;
		if (!is_record)
			log_unparsed(sandbox, message, NULL, &error);
		if ((!is_record || !parse_record(sandbox, invocation, &record, route, message, &error)) &&
			failure->class == GLUE_NO_ERROR)
			*failure = error;
	}
	return failure->class == GLUE_NO_ERROR;
}

/* ----- batches of the queue ----- */

/*
 * Parse the objects that a message of the queue announces.  Return false if it
 * must be redelivered.
 */
static bool
parse_message(struct sandbox *sandbox, const struct invocation *invocation,
			  const struct sqs_event_message *message, enum parse_route route)
{
	struct s3_event event;
	struct glue_error failure = {0};
	bool done;

	if (!s3_event_init(&event, message->body, sandbox->settings.bucket, &failure))
	{
		log_failure(&sandbox->log, "cannot read a message", &failure,
					LOG_NAME(LOG_MESSAGE_ID, message->message_id),
					LOG_COUNT(LOG_ATTEMPT, message->receive_count));
		return false;
	}
	done = parse_objects(sandbox, invocation, &event, route, message, &failure);
	s3_event_clean_up(&event);
	return done;
}

static bool
parse_messages(struct sandbox *sandbox, const struct invocation *invocation,
			   const struct sqs_event *event, enum parse_route route, struct glue_error *error)
{
	struct batch_response response;

	if (!batch_response_begin(&response, invocation->response, error))
		return false;
	for (size_t i = 0; i < event->count; i++)
	{
		const struct sqs_event_message *message = &event->messages[i];
		bool in_time = clock_milliseconds() < invocation->deadline_ms;

		if ((!in_time || !parse_message(sandbox, invocation, message, route)) &&
			!batch_response_fail(&response, message->message_id, error))
			return false;
	}
	return batch_response_end(&response, error);
}

/*
 * Parse the objects that a batch of the queue announces; name the messages to
 * be redelivered in the response.
 */
static bool
parse_batch(struct sandbox *sandbox, const struct invocation *invocation, enum parse_route route,
			struct text_view json, struct glue_error *error)
{
	struct sqs_event event;
	bool done;

	if (!sqs_event_init(&event, json, sandbox->settings.upload_queue_url, error))
		return false;
	done = parse_messages(sandbox, invocation, &event, route, error);
	sqs_event_clean_up(&event);
	return done;
}

/* ----- events ----- */

/*
 * Parse the objects that the event itself announces.  The response is that of
 * a batch without failures.
 */
static bool
parse_announcement(struct sandbox *sandbox, const struct invocation *invocation,
				   enum parse_route route, struct text_view json, struct glue_error *error)
{
	const struct sqs_event_message no_message = {0};
	struct batch_response response;
	struct s3_event event;
	bool done;

	if (!s3_event_init(&event, json, sandbox->settings.bucket, error))
		return false;
	done = parse_objects(sandbox, invocation, &event, route, &no_message, error) &&
		   batch_response_begin(&response, invocation->response, error) &&
		   batch_response_end(&response, error);
	s3_event_clean_up(&event);
	return done;
}

static bool
parse_event(struct sandbox *sandbox, const struct invocation *invocation, enum parse_route route,
			struct glue_error *error)
{
	struct text_view json = {invocation->event, invocation->event_length};

	metrics_add(invocation->metrics, METRIC_RECORDS_PROCESSED, 0);
	if (sqs_event_is_batch(json))
		return parse_batch(sandbox, invocation, route, json, error);
	return parse_announcement(sandbox, invocation, route, json, error);
}

static bool
parser_invoke(struct sandbox *sandbox, const struct invocation *invocation,
			  struct glue_error *error)
{
	return parse_event(sandbox, invocation, PARSE_BY_SETTING, error);
}

const struct handler parser_handler = {
	.id = HANDLER_PARSER,
	.invoke = parser_invoke,
};

static bool
direct_invoke(struct sandbox *sandbox, const struct invocation *invocation,
			  struct glue_error *error)
{
	return parse_event(sandbox, invocation, PARSE_DIRECT, error);
}

const struct handler direct_handler = {
	.id = HANDLER_DIRECT,
	.invoke = direct_invoke,
};
