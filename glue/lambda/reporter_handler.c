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
 *	  2. claim it for REPORT_LEASE_SECONDS
 *	  3. if there are errors, write error report, fix file and workbook to the
 *		 bucket, with the same keys and the same bytes on every run; no workbook
 *		 if the rows do not fit into one
 *	  4. publish the mail
 *	  5. record the report
 *
 * No transaction is open during steps 3 and 4, which may take long.  All work
 * before step 5 ends before the lease does, so while a mail may still be
 * published no other invocation can claim the report.  After a failure before
 * the mail was published the claim is released, so that the next delivery need
 * not wait for the lease to run out.  So every upload gets a mail, and a second
 * one only if the first was published but not recorded (the process was killed
 * in between, the database was away until the deadline, or the response of SNS
 * was lost), or if the process was stopped for longer than the lease.
 *
 * A message about an upload that another invocation is reporting is named as
 * failed: should that invocation die, this message is still there.  The lease
 * must be shorter than the queue's visibility timeout, so that the message
 * finds the report recorded, or the lease over, when it is redelivered.
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
#include "database/postgres_value.h"
#include "lambda/batch_response.h"
#include "lambda/handler.h"
#include "lambda/link_keys.h"
#include "lambda/link_token.h"
#include "lambda/outbox_delivery.h"
#include "lambda/report_object.h"
#include "lambda/sqs_event.h"
#include "lambda/upload_message.h"
#include "reader/formats.h"
#include "report/report_content.h"
#include "report/report_record.h"
#include "report/workbook.h"
#include "shared/text.h"

/* Sizes of LINK_BASE_URL, including the NUL, and of a link. */
#define BASE_URL_SIZE 512
#define LINK_SIZE (BASE_URL_SIZE + 3 + LINK_TOKEN_SIZE)

#define SECONDS_OF_DAY 86400

/* Size of a download's file name. */
#define NAME_SIZE 160

/*
 * Longest time to publish one mail, so that others have their turn when the
 * service does not respond, and time reserved to record it, in milliseconds.
 */
#define PUBLISH_MS 40000
#define RECORD_MS 2000

/* Wait before recording is retried. */
#define RECORD_PAUSE_MS 200

/* Error code: another invocation has the lease. */
#define REPORT_LEASED "REPORT_LEASED"

/*
 * Always one row, of nulls if the upload does not exist.  A login that does
 * not see all vendors must not conclude that an upload was deleted.  The name
 * is the vendor's file name, reduced to characters that every system accepts.
 */
#define DUE_QUERY                                                                                  \
	"SELECT onboard.is_operator(), d.due, d.leased, d.vendor_id, d.status, d.error_records > 0,"   \
	" u.valid_records + u.error_records, u.valid_records, u.error_records, u.updated,"             \
	" u.unchanged, u.stale, u.held, u.discontinued, u.discontinued_missing,"                       \
	" coalesce(nullif(ltrim(left(regexp_replace(regexp_replace(u.file_name, '([.](" FORMAT_ENDINGS \
	"))+$', '', 'i'),"                                                                             \
	" '[^A-Za-z0-9._-]+', '_', 'g'), 100), '._-'), ''), u.upload_id)"                              \
	" FROM (SELECT) always LEFT JOIN onboard_report_due($1::text) d ON true"                       \
	" LEFT JOIN onboard.upload_history u ON u.upload_id = $1::text"

/* One of the files of a report. */
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
	PGresult *due;                 /* owned; result of DUE_QUERY */
	char token[REPORT_TOKEN_SIZE]; /* of the lease */
	struct report_file errors;
	struct report_file fix;
	struct report_file workbook;
	int64_t links_until; /* epoch seconds; 0 without links */
};

/* ----- whether a report is due ----- */

enum due_column
{
	DUE_IS_OPERATOR,
	DUE_DUE,
	DUE_LEASED,
	DUE_VENDOR_ID,
	DUE_STATUS,
	DUE_HAS_ERRORS,
	DUE_ROWS,
	DUE_VALID,
	DUE_INVALID,
	DUE_UPDATED,
	DUE_UNCHANGED,
	DUE_STALE,
	DUE_HELD,
	DUE_DISCONTINUED,
	DUE_MISSING,
	DUE_NAME
};

static const char *
due_text(const struct report *report, enum due_column column)
{
	return PQgetvalue(report->due, 0, column);
}

/* What is to be done about an upload. */
enum report_need
{
	REPORT_UNKNOWN, /* an error */
	REPORT_NOTHING,
	REPORT_BUSY, /* another invocation is reporting it */
	REPORT_DUE
};

/*
 * Ask the database whether a report is due; log why if not.
 */
static enum report_need
ask_whether_due(struct report *report, struct glue_error *error)
{
	const char *const values[] = {report->upload_id};
	const struct log *log = &report->sandbox->log;

	if (!database_query(report->sandbox->database, RUN_AGAIN, DUE_QUERY, 1, values, &report->due,
						error))
		return REPORT_UNKNOWN;
	if (due_text(report, DUE_IS_OPERATOR)[0] != 't')
	{
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NOT_REPORTER",
					   "the database login does not see the uploads of all vendors;"
					   " grant it onboard_grant_reporter()");
		return REPORT_UNKNOWN;
	}
	if (due_text(report, DUE_DUE)[0] == 't')
		return due_text(report, DUE_LEASED)[0] == 't' ? REPORT_BUSY : REPORT_DUE;
	if (PQgetisnull(report->due, 0, DUE_DUE))
		log_write(log, LOG_WARNING, "the upload does not exist; the message is dropped",
				  LOG_NAME(LOG_UPLOAD_ID, report->upload_id));
	else
		log_write(log, LOG_INFO, "no report is due", LOG_NAME(LOG_UPLOAD_ID, report->upload_id),
				  LOG_NAME(LOG_STATUS, due_text(report, DUE_STATUS)));
	return REPORT_NOTHING;
}

/*
 * Claim the report if it is due.
 */
static enum report_need
claim(struct report *report, struct glue_error *error)
{
	enum report_need need = ask_whether_due(report, error);

	if (need == REPORT_DUE &&
		!report_claim(report->sandbox->database, report->upload_id,
					  report->sandbox->settings.report_lease_seconds, report->token, error))
		return REPORT_UNKNOWN;
	return need == REPORT_DUE && report->token[0] == '\0' ? REPORT_BUSY : need;
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
 * Make the link to a file for the mail; it stays empty if there is no file.
 */
static bool
make_link(const struct report *report, struct report_file *file, struct glue_error *error)
{
	const struct link_key_store *store = report->sandbox->state;
	const char *base = report->sandbox->settings.link_base_url;
	int base_length = (int) strlen(base);
	char token[LINK_TOKEN_SIZE];

	if (file->key[0] == '\0')
		return true;
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

	if (settings->link_base_url == NULL)
		return true;
	report->links_until = (int64_t) time(NULL) + settings->link_days * SECONDS_OF_DAY;
	return link_key_store_get(report->sandbox->state, deadline_ms, error) &&
		   make_link(report, &report->errors, error) && make_link(report, &report->fix, error) &&
		   make_link(report, &report->workbook, error);
}

/*
 * Write the workbook if the rows fit into one.
 */
static bool
write_workbook(struct report *report, const struct invocation *invocation, struct glue_error *error)
{
	if (write_report_file(report, invocation, &report->workbook, error))
		return true;
	if (strcmp(error->code, WORKBOOK_TOO_LARGE) != 0)
		return false;
	report->workbook.key[0] = '\0';
	glue_error_clear(error);
	log_write(&report->sandbox->log, LOG_INFO, "the rejected rows do not fit into a workbook",
			  LOG_NAME(LOG_UPLOAD_ID, report->upload_id));
	return true;
}

static bool
write_files(struct report *report, const struct invocation *invocation, struct glue_error *error)
{
	return due_text(report, DUE_HAS_ERRORS)[0] != 't' ||
		   (write_report_file(report, invocation, &report->errors, error) &&
			write_report_file(report, invocation, &report->fix, error) &&
			write_workbook(report, invocation, error) &&
			make_links(report, invocation->deadline_ms, error));
}

/* ----- the mail ----- */

static const char *
null_if_empty(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/*
 * Return how the mail names a file: by its link, or else by its key; NULL for
 * no file.
 */
static const char *
mention(const struct report_file *file)
{
	return file->link[0] != '\0' ? file->link : null_if_empty(file->key);
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
		.deadline = limit < deadline_ms ? limit : deadline_ms,
	};

	return sns_publish(&report->sandbox->aws, &message, NULL, error);
}

static bool
write_and_publish(struct report *report, const struct invocation *invocation,
				  struct glue_error *error)
{
	struct report_links links = {0};
	struct report_mail mail;
	bool done;

	if (!write_files(report, invocation, error))
		return false;
	links.errors = mention(&report->errors);
	links.fix = mention(&report->fix);
	links.workbook = mention(&report->workbook);
	links.until = report->links_until;
	if (!report_mail_read(report->sandbox->database, report->upload_id, &links, &mail, error))
		return false;
	done = publish(report, &mail, invocation->deadline_ms, error);
	report_mail_clean_up(&mail);
	return done;
}

/*
 * Write and publish before the end of the lease, which was claimed at this
 * time, leaving time to record.  Release the claim after a failure.
 */
static bool
notify(struct report *report, const struct invocation *invocation, int64_t claimed_ms,
	   struct glue_error *error)
{
	struct database *database = report->sandbox->database;
	int64_t lease_ms = report->sandbox->settings.report_lease_seconds * 1000;
	struct invocation limited = *invocation;
	bool done;

	if (limited.deadline_ms > claimed_ms + lease_ms)
		limited.deadline_ms = claimed_ms + lease_ms;
	limited.deadline_ms -= RECORD_MS;
	database_set_deadline(database, limited.deadline_ms);
	done = write_and_publish(report, &limited, error);
	database_set_deadline(database, invocation->deadline_ms);
	if (!done)
		(void) report_release(database, report->upload_id, report->token, NULL);
	return done;
}

/* ----- an ended upload ----- */

/*
 * Count the rows of the upload.  This handler sees the end of every upload,
 * whichever way its rows took, and only one invocation records its report, so no
 * row is counted twice.  If this invocation is killed before its line is written,
 * they are not counted.  Each metric written costs money, so actions that no row
 * took are not written.
 */
static void
count_rows(const struct report *report, struct metrics *metrics)
{
	static const struct
	{
		enum due_column column;
		enum metric_id metric;
	} counters[] = {
		{DUE_ROWS, METRIC_PRODUCTS_VALIDATED},  {DUE_VALID, METRIC_PRODUCTS_VALID},
		{DUE_INVALID, METRIC_PRODUCTS_INVALID}, {DUE_UPDATED, METRIC_ROWS_UPDATED},
		{DUE_UNCHANGED, METRIC_ROWS_UNCHANGED}, {DUE_STALE, METRIC_ROWS_STALE},
		{DUE_HELD, METRIC_ROWS_HELD},           {DUE_DISCONTINUED, METRIC_ROWS_DISCONTINUED},
		{DUE_MISSING, METRIC_PRODUCTS_MISSING},
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
	{
		int64_t count = postgres_integer(report->due, 0, counters[i].column);

		if (count > 0 || counters[i].column <= DUE_INVALID)
			metrics_add(metrics, counters[i].metric, count);
	}
}

/*
 * Record that the mail was published.  It cannot be recalled, so this is
 * retried until the deadline.
 */
static bool
record(const struct report *report, const struct invocation *invocation, struct glue_error *error)
{
	const struct timespec pause = {.tv_nsec = RECORD_PAUSE_MS * 1000000};
	bool recorded = false;

	while (!report_record(report->sandbox->database, report->upload_id,
						  null_if_empty(report->errors.key), null_if_empty(report->fix.key),
						  null_if_empty(report->workbook.key), &recorded, error))
	{
		if (clock_milliseconds() + RECORD_PAUSE_MS >= invocation->deadline_ms)
			return false;
		nanosleep(&pause, NULL);
	}
	if (recorded)
		count_rows(report, invocation->metrics);
	else
		log_write(&report->sandbox->log, LOG_WARNING, "the report was already recorded",
				  LOG_NAME(LOG_UPLOAD_ID, report->upload_id));
	return true;
}

static void
tell(const struct report *report, const struct invocation *invocation)
{
	metrics_add(invocation->metrics, METRIC_ERRORS_PROCESSED, report->errors.size.records);
	log_write(&report->sandbox->log, LOG_INFO, "reported",
			  LOG_NAME(LOG_UPLOAD_ID, report->upload_id),
			  LOG_NAME(LOG_VENDOR_ID, due_text(report, DUE_VENDOR_ID)),
			  LOG_NAME(LOG_STATUS, due_text(report, DUE_STATUS)),
			  LOG_COUNT(LOG_RECORDS, report->errors.size.records),
			  LOG_COUNT(LOG_INVALID, report->fix.size.records),
			  LOG_COUNT(LOG_BYTES, report->errors.size.bytes + report->fix.size.bytes +
									   report->workbook.size.bytes));
}

static bool
make_report(struct report *report, const struct invocation *invocation, struct glue_error *error)
{
	int64_t claimed_ms = clock_milliseconds();

	switch (claim(report, error))
	{
		case REPORT_UNKNOWN:
			return false;
		case REPORT_NOTHING:
			return true;
		case REPORT_BUSY:
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, REPORT_LEASED,
								  "another invocation is reporting this upload");
		case REPORT_DUE:
			break;
	}
	if (!notify(report, invocation, claimed_ms, error) || !record(report, invocation, error))
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
	report->workbook = (struct report_file){
		.kind = REPORT_WORKBOOK,
		.link_kind = LINK_WORKBOOK,
	};
	done = make_report(report, invocation, error);
	PQclear(report->due);
	glue_release(report);
	return done;
}

/* ----- messages ----- */

/*
 * Log why a message is reported as failed.  It is not an error that another
 * invocation is working on it.
 */
static void
log_message(const struct sandbox *sandbox, const struct sqs_event_message *delivered,
			const char *upload_id, const struct glue_error *failure)
{
	if (strcmp(failure->code, REPORT_LEASED) == 0)
		log_write(&sandbox->log, LOG_INFO, "another invocation is reporting this upload",
				  LOG_NAME(LOG_MESSAGE_ID, delivered->message_id),
				  LOG_NAME(LOG_UPLOAD_ID, upload_id),
				  LOG_COUNT(LOG_ATTEMPT, delivered->receive_count));
	else
		log_failure(&sandbox->log, "cannot handle a message", failure,
					LOG_NAME(LOG_MESSAGE_ID, delivered->message_id),
					LOG_NAME(LOG_UPLOAD_ID, null_if_empty(upload_id)),
					LOG_COUNT(LOG_ATTEMPT, delivered->receive_count));
}

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
	log_message(sandbox, delivered, message.upload_id, &failure);
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
		bool in_time = clock_milliseconds() + RECORD_MS < invocation->deadline_ms;

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

/*
 * A lease that ends before the function's timeout merely leaves less time for
 * each report.
 */
static void
warn_about_lease(const struct sandbox *sandbox, const struct invocation *invocation)
{
	const struct settings *settings = &sandbox->settings;
	int64_t left = invocation->deadline_ms + settings->deadline_margin_ms - clock_milliseconds();

	if (settings->report_lease_seconds * 1000 <= left)
		log_write(&sandbox->log, LOG_WARNING,
				  "REPORT_LEASE_SECONDS is not longer than the function's timeout",
				  LOG_COUNT(LOG_SECONDS, left / 1000));
}

static bool
reporter_invoke(struct sandbox *sandbox, const struct invocation *invocation,
				struct glue_error *error)
{
	struct sqs_event event;
	bool done;

	warn_about_lease(sandbox, invocation);
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
