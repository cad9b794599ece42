/*-------------------------------------------------------------------------
 *
 * parser_handler.c
 *	  The handlers "parser" and "direct": notifications of S3, through a queue,
 *	  become rows on their way to their verdicts.
 *
 *	  message -> s3_event.c: objects -> parse.c: rows
 *
 * "direct" is for a bucket whose files all go into the database directly.  One
 * that is interrupted, at any point, leaves the message in the queue, and the next
 * one resumes (parse.h).
 *
 *-------------------------------------------------------------------------
 */
#include "base/clock.h"
#include "lambda/batch_response.h"
#include "lambda/parse.h"
#include "lambda/sqs_event.h"

/*
 * An object about which there is nobody to tell: operators hear of it.
 */
static bool
pass_over(struct sandbox *sandbox, enum vendor_object_kind kind)
{
	if (kind == OBJECT_NOT_OURS)
		log_write(&sandbox->log, LOG_DEBUG, "the object is no upload");
	else
		log_write(&sandbox->log, LOG_WARNING, "the object is in no vendor's folder",
				  LOG_NAME(LOG_CODE, "NO_VENDOR"));
	return true;
}

/*
 * The vendor may be added yet: the message stays, in the end among the dead
 * letters, so that no file is forgotten.
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
	log_failure(&sandbox->log, "an object could not be parsed", error,
				LOG_NAME(LOG_VENDOR_ID, vendor_id), LOG_NAME(LOG_MESSAGE_ID, message->message_id),
				LOG_COUNT(LOG_ATTEMPT, message->receive_count));
}

static bool
parse_record(struct sandbox *sandbox, const struct invocation *invocation,
			 const struct s3_event_record *record, enum parse_route route,
			 const struct sqs_event_message *message)
{
	struct vendor_object object;
	struct glue_error error = {0};
	enum vendor_object_kind kind = vendor_object_of_record(&object, record, &sandbox->settings);

	if (kind != OBJECT_OF_VENDOR)
		return pass_over(sandbox, kind);
	if (parse_object(sandbox, invocation, &object, route, &error))
		return true;
	count_unknown_vendor(invocation, &error);
	log_unparsed(sandbox, message, object.vendor_id, &error);
	return false;
}

/*
 * All objects of a message; each has its chance, and the message comes again
 * when one of them failed.
 */
static bool
parse_message(struct sandbox *sandbox, const struct invocation *invocation,
			  const struct sqs_event_message *message, enum parse_route route)
{
	struct s3_event event;
	struct s3_event_record record;
	struct glue_error error = {0};
	bool all_done = s3_event_init(&event, message->body, &error);

	while (event.document != NULL)
	{
		bool is_record = s3_event_next(&event, &record, &error);

		if (!is_record && error.class == GLUE_NO_ERROR)
			break;
		if (!is_record)
			log_unparsed(sandbox, message, NULL, &error);
		if (!is_record || !parse_record(sandbox, invocation, &record, route, message))
			all_done = false;
	}
	if (event.document == NULL)
		log_failure(&sandbox->log, "a message cannot be read", &error,
					LOG_NAME(LOG_MESSAGE_ID, message->message_id),
					LOG_COUNT(LOG_ATTEMPT, message->receive_count));
	s3_event_clean_up(&event);
	return all_done;
}

static bool
parse_messages(struct sandbox *sandbox, const struct invocation *invocation,
			   const struct sqs_event *event, enum parse_route route, struct glue_error *error)
{
	struct batch_response response;

	metrics_add(invocation->metrics, METRIC_RECORDS_PROCESSED, 0);
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
 * Parse what the notifications of an SQS event are about; the messages that
 * have to come again are named in the response.
 */
static bool
parse_event(struct sandbox *sandbox, const struct invocation *invocation, enum parse_route route,
			struct glue_error *error)
{
	struct sqs_event event;
	bool done;

	if (!sqs_event_init(&event, invocation->event, invocation->event_length, error))
		return false;
	done = parse_messages(sandbox, invocation, &event, route, error);
	sqs_event_clean_up(&event);
	return done;
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
