/*-------------------------------------------------------------------------
 *
 * parse.c
 *	  A vendor's file: from its object to rows on their way.
 *
 *	  message -> s3_event.c: objects -> object_upload.c: upload, first reading
 *			  -> upload_items.c: items of DynamoDB, or direct.c: COPY
 *			  -> outbox_delivery.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/heap.h"
#include "lambda/batch_response.h"
#include "lambda/direct.h"
#include "lambda/outbox_delivery.h"
#include "lambda/parse.h"
#include "lambda/sqs_event.h"
#include "lambda/upload_items.h"

/* ----- an object ----- */

static bool
goes_directly(const struct object_upload *object, const struct settings *settings,
			  enum parse_route route)
{
	if (route == PARSE_DIRECT || object->has_checkpoint || settings->route == ROUTE_DIRECT ||
		object->header_bytes > UPLOAD_ITEMS_HEADER_BYTES)
		return true;
	return settings->route == ROUTE_AUTO && object->row_count > settings->direct_route_rows;
}

/*
 * Send the rows of an upload that waits for them.
 */
static bool
send_rows(struct sandbox *sandbox, const struct invocation *invocation,
		  struct object_upload *object, enum parse_route route, struct glue_error *error)
{
	int64_t written;
	bool done;

	if (goes_directly(object, &sandbox->settings, route))
		return direct_load(sandbox, invocation, object, error);
	done = upload_items_write(object, sandbox, invocation, &written, error);
	if (done)
		metrics_add(invocation->metrics, METRIC_RECORDS_PROCESSED, written);
	log_write(&sandbox->log, LOG_INFO, "rows sent", LOG_NAME(LOG_UPLOAD_ID, object->upload_id),
			  LOG_NAME(LOG_VENDOR_ID, object->vendor_id), LOG_COUNT(LOG_ROWS, object->row_count),
			  LOG_COUNT(LOG_RECORDS, written), LOG_COUNT(LOG_BYTES, object->byte_count),
			  LOG_COUNT(LOG_ATTEMPT, object->attempt));
	return done;
}

bool
parse_object(struct sandbox *sandbox, const struct invocation *invocation,
			 struct object_upload *object, enum parse_route route, struct glue_error *error)
{
	bool done;

	if (!object_upload_begin(object, sandbox, invocation, error))
		return false;
	done = object_upload_check_name(object, sandbox, invocation, error);
	/* A large file shall not take its time for the first reading again. */
	if (done && !object->has_ended && !object->is_inspected)
		done = object_upload_inspect(object, sandbox, invocation, error);
	if (done && !object->has_ended)
		done = send_rows(sandbox, invocation, object, route, error);
	/* Also when it failed: what was committed until then is to be told. */
	outbox_drain(sandbox, invocation, object->upload_id);
	return done;
}

bool
parse_upload(struct sandbox *sandbox, const struct invocation *invocation, const char *upload_id,
			 struct glue_error *error)
{
	struct object_upload *object = glue_allocate_zero(sizeof(*object));
	bool done;

	if (object == NULL)
		return glue_error_memory(error);
	done = object_upload_of_stalled(object, sandbox, invocation, upload_id, error) &&
		   parse_object(sandbox, invocation, object, PARSE_BY_SETTING, error);
	glue_release(object);
	return done;
}

/* ----- notifications ----- */

/*
 * An object about which there is nobody to tell: operators hear of it.
 */
static bool
pass_over(struct sandbox *sandbox, enum object_kind kind)
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
	struct object_upload *object = glue_allocate_zero(sizeof(*object));
	struct glue_error error = {0};
	enum object_kind kind;
	bool done;

	if (object == NULL)
	{
		(void) glue_error_memory(&error);
		log_unparsed(sandbox, message, NULL, &error);
		return false;
	}
	kind = object_upload_of_record(object, record, &sandbox->settings);
	if (kind != OBJECT_OF_VENDOR)
		done = pass_over(sandbox, kind);
	else
		done = parse_object(sandbox, invocation, object, route, &error);
	if (!done)
	{
		count_unknown_vendor(invocation, &error);
		log_unparsed(sandbox, message, object->vendor_id, &error);
	}
	glue_release(object);
	return done;
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

bool
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
