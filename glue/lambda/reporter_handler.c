/*-------------------------------------------------------------------------
 *
 * reporter_handler.c
 *	  The handler "reporter": report the result of an upload to its vendor.
 *
 * It receives messages of the error queue (upload_message.h).  Messages about
 * recorded errors are acknowledged at once: the report at the end of the
 * upload contains all errors.  When an upload has ended:
 *
 *	  1. ask the database whether a report is due; not if it was already made
 *	  2. if there are errors, write error report and fix file to the bucket,
 *		 with the same keys and the same bytes on every run
 *	  3. in one transaction: record the report, publish the mail, commit
 *
 * Recording comes before publishing, and locks the upload: of several
 * concurrent runs the first publishes, and the others wait for it and then
 * find nothing to do.  The commit comes after publishing: if the process is
 * killed or publishing fails, nothing is recorded and the next run repeats
 * it.  So every upload gets a mail, and a second one only if the first was
 * published but its record was not committed, or the response of SNS was
 * lost.
 *
 * A failed message is named in the reply and redelivered; one that can never
 * be read thereby ends in the dead-letter queue.  A message about an upload
 * that is not in the database is logged and acknowledged: event and upload
 * were committed together, so the upload has been deleted and will not come
 * back.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "aws/s3.h"
#include "aws/sns.h"
#include "base/clock.h"
#include "base/heap.h"
#include "lambda/batch_response.h"
#include "lambda/handler.h"
#include "lambda/link_keys.h"
#include "lambda/link_token.h"
#include "lambda/outbox_delivery.h"
#include "lambda/report_object.h"
#include "lambda/sqs_event.h"
#include "lambda/upload_message.h"
#include "report/report_content.h"
#include "shared/text.h"

/* Sizes of LINK_BASE_URL, including the NUL, and of a link. */
#define BASE_URL_SIZE 512
#define LINK_SIZE (BASE_URL_SIZE + 3 + LINK_TOKEN_SIZE)

#define SECONDS_OF_DAY 86400

/* Size of a download's file name. */
#define NAME_SIZE 160

/*
 * Longest time to publish, and time reserved for the commit after it, in
 * milliseconds.  The server waits at most a minute for its client.
 */
#define PUBLISH_MS 40000
#define COMMIT_MS 1000

/*
 * Always one row, of nulls if the upload does not exist.  A login that does
 * not see all vendors must not conclude that an upload was deleted.  The name
 * is the vendor's file name, reduced to characters that every system accepts.
 */
#define DUE_QUERY                                                                                 \
	"SELECT onboard.is_operator(), d.due, d.vendor_id, d.status, d.error_records > 0,"            \
	" coalesce(nullif(ltrim(left(regexp_replace(regexp_replace(u.file_name, '[.]csv$', '', 'i')," \
	" '[^A-Za-z0-9._-]+', '_', 'g'), 100), '._-'), ''), u.upload_id)"                             \
	" FROM (SELECT) always LEFT JOIN onboard_report_due($1::text) d ON true"                      \
	" LEFT JOIN onboard.upload_history u ON u.upload_id = $1::text"

/* One of the two files of a report. */
struct report_file
{
	enum report_kind kind;
	enum link_kind link_kind;
	char key[S3_KEY_SIZE]; /* "" for none */
	char link[LINK_SIZE];  /* "" for none */
	struct report_size size;
};

/* A report in progress. */
struct report
{
	struct sandbox *sandbox;
	const char *upload_id;
	PGresult *due; /* owned; result of DUE_QUERY */
	struct report_file errors;
	struct report_file fix;
	int64_t links_until; /* epoch seconds */
	bool published;
};

/* ----- whether a report is due ----- */

enum due_column
{
	DUE_IS_OPERATOR,
	DUE_DUE,
	DUE_VENDOR_ID,
	DUE_STATUS,
	DUE_HAS_ERRORS,
	DUE_NAME
};

static const char *
due_text(const struct report *report, enum due_column column)
{
	return PQgetvalue(report->due, 0, column);
}

/*
 * Ask the database whether a report is due; log why if not.
 */
static bool
ask_whether_due(struct report *report, bool *due, struct glue_error *error)
{
	const char *const values[] = {report->upload_id};
	const struct log *log = &report->sandbox->log;

	if (!database_query(report->sandbox->database, RUN_AGAIN, DUE_QUERY, 1, values, &report->due,
						error))
		return false;
	if (due_text(report, DUE_IS_OPERATOR)[0] != 't')
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NOT_REPORTER",
							  "the database login does not see the uploads of all vendors;"
							  " grant it onboard_grant_reporter()");
	*due = due_text(report, DUE_DUE)[0] == 't';
	if (PQgetisnull(report->due, 0, DUE_DUE))
		log_write(log, LOG_WARNING, "the upload does not exist; the message is dropped",
				  LOG_NAME(LOG_UPLOAD_ID, report->upload_id));
	else if (!*due)
		log_write(log, LOG_INFO, "no report is due", LOG_NAME(LOG_UPLOAD_ID, report->upload_id),
				  LOG_NAME(LOG_STATUS, due_text(report, DUE_STATUS)));
	return true;
}

/* ----- the files ----- */

static bool
write_report_file(struct report *report, const struct invocation *invocation,
				  struct report_file *file, struct glue_error *error)
{
	char name[NAME_SIZE];
	struct report_object object = {
		.upload_id = report->upload_id,
		.kind = file->kind,
		.key = file->key,
		.download_name = name,
	};

	snprintf(name, sizeof(name), "%s_%s", due_text(report, DUE_NAME), report_name(file->kind));
	if (snprintf(file->key, sizeof(file->key), "%s%s/%s_%s", report->sandbox->settings.error_prefix,
				 due_text(report, DUE_VENDOR_ID), report->upload_id,
				 report_name(file->kind)) >= (int) sizeof(file->key))
		return glue_error_set(error, GLUE_USAGE_ERROR, "SETTINGS", "ERROR_PREFIX is too long");
	return report_object_write(report->sandbox, invocation, &object, &file->size, error);
}

/*
 * Make the link to a file for the mail; it stays empty without LINK_BASE_URL.
 */
static bool
make_link(const struct report *report, struct report_file *file, struct glue_error *error)
{
	const struct link_key_store *store = report->sandbox->state;
	const char *base = report->sandbox->settings.link_base_url;
	int base_length = (int) strlen(base);
	char token[LINK_TOKEN_SIZE];

	if (!link_token_make(&store->keys, file->link_kind, report->upload_id, report->links_until,
						 token, error))
		return false;
	while (base_length > 0 && base[base_length - 1] == '/')
		base_length--;
	snprintf(file->link, sizeof(file->link), "%.*s%s%s", base_length, base,
			 link_path(file->link_kind), token);
	return true;
}

static bool
make_links(struct report *report, int64_t deadline_ms, struct glue_error *error)
{
	const struct settings *settings = &report->sandbox->settings;

	report->links_until = (int64_t) time(NULL) + settings->link_days * SECONDS_OF_DAY;
	if (settings->link_base_url == NULL)
		return true;
	return link_key_store_get(report->sandbox->state, deadline_ms, error) &&
		   make_link(report, &report->errors, error) && make_link(report, &report->fix, error);
}

/* ----- the mail ----- */

static const char *
null_if_empty(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static bool
publish(const struct report *report, const struct report_mail *mail, int64_t deadline_ms,
		struct glue_error *error)
{
	const struct aws_pair attributes[] = {
		{"vendor_id", due_text(report, DUE_VENDOR_ID)},
		{"status", due_text(report, DUE_STATUS)},
	};
	int64_t limit = clock_milliseconds() + PUBLISH_MS;
	struct sns_message message = {
		.topic_arn = report->sandbox->settings.notification_topic_arn,
		.subject = mail->subject,
		.text = text_of(mail->body),
		.attributes = attributes,
		.attribute_count = 2,
		.deadline = limit < deadline_ms - COMMIT_MS ? limit : deadline_ms - COMMIT_MS,
	};

	return sns_publish(&report->sandbox->aws, &message, NULL, error);
}

/*
 * A transaction_fn: record the report and publish the mail, unless another
 * invocation has done so.  Nothing that can fail comes after publishing.
 */
static bool
record_and_publish(struct database *database, void *context, struct glue_error *error)
{
	struct report *report = context;
	const struct report_links links = {
		.errors = null_if_empty(report->errors.link),
		.fix = null_if_empty(report->fix.link),
		.until = report->links_until,
	};
	struct report_mail mail;
	bool recorded;
	bool done;

	if (!report_record(database, report->upload_id, null_if_empty(report->errors.key),
					   null_if_empty(report->fix.key), &recorded, error))
		return false;
	if (!recorded)
		return true;
	if (!report_mail_read(database, report->upload_id, &links, &mail, error))
		return false;
	done = publish(report, &mail, database_deadline(database), error);
	report_mail_clean_up(&mail);
	report->published = done;
	return done;
}

/* ----- an ended upload ----- */

static void
tell(const struct report *report, const struct invocation *invocation)
{
	if (report->published)
	{
		metrics_add(invocation->metrics, METRIC_ERRORS_PROCESSED, report->errors.size.records);
		log_write(&report->sandbox->log, LOG_INFO, "reported",
				  LOG_NAME(LOG_UPLOAD_ID, report->upload_id),
				  LOG_NAME(LOG_VENDOR_ID, due_text(report, DUE_VENDOR_ID)),
				  LOG_NAME(LOG_STATUS, due_text(report, DUE_STATUS)),
				  LOG_COUNT(LOG_RECORDS, report->errors.size.records),
				  LOG_COUNT(LOG_INVALID, report->fix.size.records),
				  LOG_COUNT(LOG_BYTES, report->errors.size.bytes + report->fix.size.bytes));
	}
	else
		log_write(&report->sandbox->log, LOG_INFO, "another invocation has already reported",
				  LOG_NAME(LOG_UPLOAD_ID, report->upload_id));
}

static bool
make_report(struct report *report, const struct invocation *invocation, struct glue_error *error)
{
	bool due = false;

	if (!ask_whether_due(report, &due, error))
		return false;
	if (!due)
		return true;
	if (due_text(report, DUE_HAS_ERRORS)[0] == 't' &&
		(!write_report_file(report, invocation, &report->errors, error) ||
		 !write_report_file(report, invocation, &report->fix, error) ||
		 !make_links(report, invocation->deadline_ms, error)))
		return false;
	if (database_transaction(report->sandbox->database, record_and_publish, report, error) !=
		TRANSACTION_COMMITTED)
		return false;
	tell(report, invocation);
	/* Send events of this upload that could not be sent earlier. */
	(void) outbox_drain(report->sandbox, invocation, report->upload_id);
	return true;
}

static bool
report_upload(struct sandbox *sandbox, const struct invocation *invocation, const char *upload_id,
			  struct glue_error *error)
{
	struct report *report = glue_allocate_zero(sizeof(*report));
	bool done;

	if (report == NULL)
		return glue_error_memory(error);
	report->sandbox = sandbox;
	report->upload_id = upload_id;
	report->errors = (struct report_file){
		.kind = REPORT_ERRORS,
		.link_kind = LINK_ERROR_REPORT,
	};
	report->fix = (struct report_file){
		.kind = REPORT_FIX,
		.link_kind = LINK_FIX_FILE,
	};
	done = make_report(report, invocation, error);
	PQclear(report->due);
	glue_release(report);
	return done;
}

/* ----- messages ----- */

static bool
handle_message(struct sandbox *sandbox, const struct invocation *invocation,
			   const struct sqs_event_message *delivered)
{
	struct upload_message message;
	struct glue_error failure = {0};

	if (upload_message_read(&message, delivered->body, &failure) &&
		(message.kind == MESSAGE_ERRORS_RECORDED ||
		 report_upload(sandbox, invocation, message.upload_id, &failure)))
		return true;
	log_failure(&sandbox->log, "cannot handle a message", &failure,
				LOG_NAME(LOG_MESSAGE_ID, delivered->message_id),
				LOG_NAME(LOG_UPLOAD_ID, null_if_empty(message.upload_id)),
				LOG_COUNT(LOG_ATTEMPT, delivered->receive_count));
	return false;
}

/*
 * Handle the messages; those without time left are named as failed and
 * redelivered.
 */
static bool
handle_messages(struct sandbox *sandbox, const struct invocation *invocation,
				const struct sqs_event *event, struct glue_error *error)
{
	struct batch_response response;
	int64_t late = 0;

	metrics_add(invocation->metrics, METRIC_ERRORS_PROCESSED, 0);
	if (!batch_response_begin(&response, invocation->response, error))
		return false;
	for (size_t i = 0; i < event->count; i++)
	{
		const struct sqs_event_message *message = &event->messages[i];
		bool in_time = clock_milliseconds() + COMMIT_MS < invocation->deadline_ms;

		late += !in_time;
		if ((!in_time || !handle_message(sandbox, invocation, message)) &&
			!batch_response_fail(&response, message->message_id, error))
			return false;
	}
	if (late > 0)
		log_write(&sandbox->log, LOG_WARNING, "no time left for some messages",
				  LOG_COUNT(LOG_RECORDS, (int64_t) event->count), LOG_COUNT(LOG_FAILED, late));
	return batch_response_end(&response, error);
}

/* ----- the handler ----- */

static bool
check_base_url(const char *url, struct glue_error *error)
{
	if (url == NULL || ((strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0) &&
						strlen(url) < BASE_URL_SIZE))
		return true;
	return glue_error_set(
		error, GLUE_USAGE_ERROR, "SETTINGS",
		"LINK_BASE_URL must begin with https:// and be shorter than %d characters", BASE_URL_SIZE);
}

static bool
reporter_init(struct sandbox *sandbox, struct glue_error *error)
{
	sandbox->state = link_key_store_open(&sandbox->aws, &sandbox->settings);
	return check_base_url(sandbox->settings.link_base_url, error);
}

static bool
reporter_invoke(struct sandbox *sandbox, const struct invocation *invocation,
				struct glue_error *error)
{
	struct sqs_event event;
	bool done;

	if (!sqs_event_init(&event, (struct text_view){invocation->event, invocation->event_length},
						sandbox->settings.error_queue_url, error))
		return false;
	done = handle_messages(sandbox, invocation, &event, error);
	sqs_event_clean_up(&event);
	return done;
}

const struct handler reporter_handler = {
	.id = HANDLER_REPORTER,
	.init = reporter_init,
	.invoke = reporter_invoke,
};
