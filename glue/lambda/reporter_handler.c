/*-------------------------------------------------------------------------
 *
 * reporter_handler.c
 *	  The handler "reporter": tells a vendor what became of an upload.
 *
 * It takes messages of the error queue (upload_message.h).  Those about errors
 * that were recorded are acknowledged at once: the end of the upload brings
 * all of them.  When an upload has ended:
 *
 *	  1. the database says whether a report is due; one that was made is done
 *	  2. with errors, error report and fix file are written to the bucket; the
 *		 same keys and the same bytes on every run
 *	  3. in one transaction: record the report, publish the mail, commit
 *
 * Recording comes before publishing, and locks the upload: of many runs at
 * once the first publishes, and the others wait for its end and then have
 * nothing to do.  Committing comes after publishing: when the process is killed
 * or publishing fails, nothing is recorded and the next run does it again.  So
 * there is a mail for every upload, and a second one only when the first was
 * published and its record was not committed, or the answer of SNS was lost,
 * of which nobody can know.
 *
 * A message that failed is named in the reply and comes again; what can never
 * be read goes to the dead-letter queue in this way.  A message about an upload
 * that is not in the database is logged and acknowledged: event and upload were
 * committed together, so somebody has deleted it, and it will not come back.
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

/* Bytes of LINK_BASE_URL with the NUL, and of a link. */
#define BASE_URL_SIZE 512
#define LINK_SIZE (BASE_URL_SIZE + 3 + LINK_TOKEN_SIZE)

#define SECONDS_OF_DAY 86400

/* Bytes of a file's name for downloads. */
#define NAME_SIZE 160

/* Longest time to publish, and what is left for the record then, in
 * milliseconds.  The server waits for its client a minute at most. */
#define PUBLISH_MS 40000
#define COMMIT_MS 1000

/*
 * One row always, nulls for an upload that there is not.  A login that does
 * not see all vendors must not take an upload for deleted.  The name is that
 * of the vendor's file, of characters that every system takes.
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

/* A report that is being made. */
struct report
{
	struct sandbox *sandbox;
	const char *upload_id;
	PGresult *due; /* owned; answer of DUE_QUERY */
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
 * Ask, and tell operators why there is nothing to do.
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
							  "the database's login does not see the uploads of all vendors;"
							  " onboard_grant_reporter() lets it");
	*due = due_text(report, DUE_DUE)[0] == 't';
	if (PQgetisnull(report->due, 0, DUE_DUE))
		log_write(log, LOG_WARNING, "there is no such upload, the message is dropped",
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
 * The address of a file that a mail can name; it stays empty without
 * LINK_BASE_URL.
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
 * A transaction_fn: record the report and publish the mail, unless somebody
 * else has.  Nothing that can fail comes after publishing.
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

/* ----- an upload that has ended ----- */

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
		log_write(&report->sandbox->log, LOG_INFO, "somebody else has reported meanwhile",
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
	/* Events of this upload that could not be sent when they were made. */
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
	log_failure(&sandbox->log, "a message failed", &failure,
				LOG_NAME(LOG_MESSAGE_ID, delivered->message_id),
				LOG_NAME(LOG_UPLOAD_ID, null_if_empty(message.upload_id)),
				LOG_COUNT(LOG_ATTEMPT, delivered->receive_count));
	return false;
}

/*
 * What there is no time for is named as failed, and comes again.
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
		log_write(&sandbox->log, LOG_WARNING, "there was no time for all messages",
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
	return glue_error_set(error, GLUE_USAGE_ERROR, "SETTINGS",
						  "LINK_BASE_URL must begin with https:// and have less than %d characters",
						  BASE_URL_SIZE);
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

	if (!sqs_event_init(&event, invocation->event, invocation->event_length, error))
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
