/*-------------------------------------------------------------------------
 *
 * direct.c
 *	  The direct route: an object of S3 straight into COPY onboard.intake; and
 *	  the handler "direct".
 *
 * A pass reads from the last checkpoint, or the object's beginning, to its
 * end:
 *
 *	  S3 -> row_reader -> take_row() -> copy_transaction
 *
 * Whatever stops a pass, the next one asks the database where to resume: in
 * this invocation as long as there is time, in the next one, or in that of
 * the sweeper.  A transaction whose end is unknown, a second reader of the same
 * object, rows that are sent twice: for all of them the database's ledger and
 * its checkpoint decide, never what this process believes.
 *
 * Before the time is up the rows at hand are committed, so that each
 * invocation gets on.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "aws/s3.h"
#include "base/clock.h"
#include "lambda/copy_transaction.h"
#include "lambda/direct.h"
#include "lambda/object_upload.h"
#include "lambda/parse.h"
#include "lambda/reading_start.h"
#include "shared/text.h"

/* So long before the deadline the rows at hand are committed, in milliseconds. */
#define COMMIT_LEAD_MS 1500

/* Of a short invocation's time, at most one part in so many. */
#define COMMIT_LEAD_PART 2

/*
 * A transaction is ended when it is so old, in milliseconds, however few rows
 * it has: a slow database shall not take more from us than this.
 */
#define TRANSACTION_MS 5000

/* A code of our own: the next pass begins further on, or finds the end. */
#define OVERTAKEN "OVERTAKEN"

/* One call of direct_load(). */
struct load
{
	/* immutable */
	struct sandbox *sandbox;
	const struct invocation *invocation;
	struct object_upload *object;
	int64_t commit_ms; /* monotonic clock: no row is taken any more */
	int64_t started_ms;

	/* mutable, of all passes */
	int64_t rows;       /* committed */
	const char *status; /* how the upload has ended */
	char status_text[16];

	/* of one pass */
	struct reading_start start;
	struct row_reader *reader;
	struct copy_layout layout;
	struct copy_transaction transaction;
	int64_t last_row;     /* that was read */
	int64_t saved_offset; /* of the last checkpoint */
	int64_t pass_rows;    /* committed in this pass */
	bool late;
	struct glue_error error; /* why a callback stopped */
};

/* ----- rows ----- */

static bool
object_replaced(struct glue_error *error)
{
	return glue_error_set(error, GLUE_FILE_FAULT, "OBJECT_REPLACED",
						  "the file was replaced or removed while it was read; send it again");
}

/*
 * Ready the layout as soon as the header is known.
 */
static bool
take_header(void *context, const struct column_map *map)
{
	struct load *load = context;

	return copy_layout_init(&load->layout, map, load->object->upload_id, true, &load->error);
}

/*
 * Where a reading resumes with the record at hand.  *useful is false when there
 * is no such place, because the file can only be read from its beginning, or
 * when that is not after the last checkpoint.
 */
static bool
make_checkpoint(struct load *load, struct checkpoint *checkpoint, bool *useful)
{
	struct resume_token token;

	*useful = row_reader_token(load->reader, &token, &load->error) &&
			  token.byte_offset > load->saved_offset;
	if (*useful)
		*checkpoint = (struct checkpoint){
			.upload_id = load->object->upload_id,
			.byte_offset = token.byte_offset,
			.row_number = token.row_number,
			.line_number = token.line_number,
			.state = token.state,
		};
	return load->error.class == GLUE_NO_ERROR;
}

/*
 * Commit the rows before the record at hand.
 */
static bool
commit_before(struct load *load)
{
	struct checkpoint checkpoint;
	int64_t rows = load->transaction.rows;
	bool useful;
	bool moved;

	if (!make_checkpoint(load, &checkpoint, &useful) ||
		!copy_transaction_commit(&load->transaction, useful ? &checkpoint : NULL, &moved,
								 &load->error))
		return false;
	load->pass_rows += rows;
	if (useful)
		load->saved_offset = checkpoint.byte_offset;
	return moved ||
		   glue_error_set(&load->error, GLUE_INFRASTRUCTURE_ERROR, OVERTAKEN,
						  "another reader of the object is further on, or the upload has ended");
}

static bool
is_transaction_full(const struct load *load)
{
	const struct copy_transaction *transaction = &load->transaction;

	return transaction->session != NULL &&
		   (load->late || transaction->rows >= load->sandbox->settings.direct_transaction_rows);
}

/*
 * Callback of the reader: one row.
 */
static bool
take_row(void *context, const struct record *record)
{
	struct load *load = context;
	const struct reading_start *start = &load->start;

	load->last_row = record->row_number;
	/* The last row known ends the upload, so it must not be sent before. */
	if (start->total_records >= 0 && record->row_number > start->total_records)
		return object_replaced(&load->error);
	if (is_transaction_full(load) && !commit_before(load))
		return false;
	if (clock_milliseconds() >= load->commit_ms)
		return glue_error_set(
			&load->error, GLUE_INFRASTRUCTURE_ERROR, "DEADLINE",
			"the time was up before the end of the object; the next attempt goes on there");
	if (record->row_number <= start->judged_to)
		return true;
	load->late = false;
	return copy_transaction_row(&load->transaction, &load->layout, record, &load->error);
}

/*
 * Callback of S3: the next bytes.
 */
static bool
take_bytes(void *context, const struct s3_object *object, const char *bytes, size_t length)
{
	struct load *load = context;
	const struct copy_transaction *transaction = &load->transaction;
	int64_t now = clock_milliseconds();
	struct glue_error error;

	(void) object;
	load->late = now >= load->commit_ms ||
				 (transaction->session != NULL && now - transaction->began_ms >= TRANSACTION_MS);
	if (row_reader_push(load->reader, bytes, length, &error))
		return true;
	if (error.class != GLUE_NO_ERROR)
		load->error = error;
	return false;
}

/* ----- one pass ----- */

static bool
open_reader(struct load *load, int64_t *offset, struct glue_error *error)
{
	struct row_reader_events events = {take_header, take_row, load};

	load->reader = reading_start_reader(&load->start, &events, offset, error);
	load->saved_offset = *offset;
	load->last_row = load->start.token.row_number;
	return load->reader != NULL;
}

static bool
read_bytes(struct load *load, int64_t offset, struct glue_error *error)
{
	struct s3_get get = object_upload_get(load->object, load->invocation);

	get.start = offset;
	get.on_bytes = take_bytes;
	get.context = load;
	if (s3_get(&load->sandbox->aws, &get, NULL, error))
		return true;
	if (load->error.class != GLUE_NO_ERROR)
		*error = load->error;
	else if (object_upload_is_replaced(error))
		object_replaced(error);
	return false;
}

/*
 * The object was read to its end: commit the rest.
 */
static bool
finish_rows(struct load *load, struct glue_error *error)
{
	int64_t rows;

	if (!row_reader_finish(load->reader, error))
	{
		if (error->class == GLUE_NO_ERROR)
			*error = load->error;
		return false;
	}
	if (load->start.total_records >= 0 && load->last_row != load->start.total_records)
		return object_replaced(error);
	rows = load->transaction.rows;
	if (load->transaction.session == NULL)
		return true;
	if (!copy_transaction_commit(&load->transaction, NULL, NULL, error))
		return false;
	load->pass_rows += rows;
	return true;
}

/*
 * From where the database says to the object's end.
 */
static bool
read_rows(struct load *load, struct glue_error *error)
{
	int64_t offset;
	bool done;

	glue_error_clear(&load->error);
	load->late = false;
	copy_transaction_init(&load->transaction, load->sandbox->connection,
						  load->invocation->deadline_ms);
	done = open_reader(load, &offset, error) && read_bytes(load, offset, error) &&
		   finish_rows(load, error);
	copy_transaction_clean_up(&load->transaction);
	copy_layout_clean_up(&load->layout);
	row_reader_destroy(load->reader);
	load->reader = NULL;
	return done;
}

/* ----- how it ends ----- */

static void
keep_status(struct load *load, const char *status)
{
	snprintf(load->status_text, sizeof(load->status_text), "%s", status);
	load->status = load->status_text;
}

/*
 * All rows are judged.  The upload ended with the last of them, unless its
 * total was not known.
 */
static bool
finish_upload(struct load *load, struct glue_error *error)
{
	char total[INTEGER_TEXT_SIZE];
	const char *const values[] = {load->object->upload_id, total};
	PGresult *result;

	(void) integer_text(total, load->last_row);
	if (!connection_query(load->sandbox->connection, load->invocation->deadline_ms,
						  "SELECT status FROM onboard_finish_upload($1::text, $2::bigint)", 2,
						  values, &result, error))
		return false;
	keep_status(load, PQgetvalue(result, 0, 0));
	PQclear(result);
	if (strcmp(load->status, "processing") != 0)
		return true;
	return glue_error_set(error, GLUE_INTERNAL_ERROR, "ROWS_MISSING",
						  "the object was read to its end and rows of it have no verdict");
}

/*
 * The fault of a file that was sound when it was read the first time.
 */
static bool
reject_upload(struct load *load, struct glue_error *error)
{
	struct glue_error fault = *error;

	glue_error_clear(error);
	keep_status(load, "failed");
	return object_upload_reject(load->object, load->sandbox, load->invocation, fault.code,
								fault.text, error);
}

/*
 * One pass: true when the upload has ended.
 */
static bool
run_pass(struct load *load, struct glue_error *error)
{
	bool done;

	load->pass_rows = 0;
	if (!reading_start_init(&load->start, load->sandbox->connection, load->invocation->deadline_ms,
							load->object->upload_id, error))
		return false;
	if (load->start.processing)
		done = read_rows(load, error) && finish_upload(load, error);
	else
	{
		keep_status(load, load->start.status);
		done = true;
	}
	reading_start_clean_up(&load->start);
	load->rows += load->pass_rows;
	if (!done && error->class == GLUE_FILE_FAULT)
		done = reject_upload(load, error);
	return done;
}

/* ----- again and again ----- */

/*
 * Whether another pass may do better.  55000: the upload ended while its rows
 * were on the way, which the next pass will find.
 */
static bool
is_worth_another(const struct glue_error *error)
{
	return postgres_error_is_transient(error) || strcmp(error->code, OVERTAKEN) == 0 ||
		   strcmp(error->code, "55000") == 0 || strcmp(error->code, "DATABASE_PAUSED") == 0;
}

/*
 * Wait for the next attempt; false when there shall be none.
 */
static bool
wait_after(struct load *load, int failures)
{
	struct aws_client *client = &load->sandbox->aws;
	int64_t now = clock_milliseconds();
	int64_t wake = aws_backoff(failures, false, now, load->commit_ms, client->options.random());
	struct timespec pause;

	if (wake == 0)
		return false;
	pause.tv_sec = (wake - now) / 1000;
	pause.tv_nsec = (wake - now) % 1000 * 1000000;
	nanosleep(&pause, NULL);
	return true;
}

static bool
load_object(struct load *load, struct glue_error *error)
{
	int failures = 0;

	while (!run_pass(load, error))
	{
		if (load->pass_rows > 0)
			failures = 0;
		if (!is_worth_another(error) || !wait_after(load, ++failures))
			return false;
		log_failure(&load->sandbox->log, "reading again from the last checkpoint", error,
					LOG_NAME(LOG_UPLOAD_ID, load->object->upload_id),
					LOG_COUNT(LOG_ATTEMPT, failures));
		glue_error_clear(error);
	}
	return true;
}

/*
 * When the last rows have to be on their way.
 */
static int64_t
commit_time(const struct invocation *invocation, int64_t now)
{
	int64_t lead = (invocation->deadline_ms - now) / COMMIT_LEAD_PART;

	return invocation->deadline_ms - (lead < COMMIT_LEAD_MS ? lead : COMMIT_LEAD_MS);
}

bool
direct_load(struct sandbox *sandbox, const struct invocation *invocation,
			struct object_upload *object, struct glue_error *error)
{
	int64_t now = clock_milliseconds();
	struct load load = {
		.sandbox = sandbox,
		.invocation = invocation,
		.object = object,
		.commit_ms = commit_time(invocation, now),
		.started_ms = now,
	};
	bool done = load_object(&load, error);

	metrics_add(invocation->metrics, METRIC_RECORDS_PROCESSED, load.rows);
	log_write(&sandbox->log, LOG_INFO, "rows were loaded directly",
			  LOG_NAME(LOG_UPLOAD_ID, object->upload_id), LOG_NAME(LOG_STATUS, load.status),
			  LOG_COUNT(LOG_ROWS, load.rows),
			  LOG_COUNT(LOG_MILLISECONDS, clock_milliseconds() - load.started_ms));
	object->has_ended = done;
	return done;
}

/* ----- the handler ----- */

/*
 * The events of the parser, for a bucket whose files all go this way.
 */
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
