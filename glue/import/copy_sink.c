/*-------------------------------------------------------------------------
 *
 * copy_sink.c
 *	  Load rows with COPY onboard.intake, in batches of one transaction each.
 *
 *		BEGIN, COPY		with the first piece of 64 KiB, or at the end
 *		end of COPY		when the transaction is full, or at the end
 *		COMMIT			when the COPY has ended, after the checkpoint
 *
 * If the sink is pipelined, it does not wait for a COPY that is ending until
 * the rows of the next transaction fill LARGEST_BACKLOG.
 *
 * The session is in non-blocking mode while a COPY is open, so that a server
 * that accepts no data cannot block us beyond the deadline.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "database/postgres_error.h"
#include "database/postgres_query.h"
#include "import/copy_sink.h"
#include "import/upload.h"

/* How much to pass to libpq at once. */
#define PIECE_SIZE (64 * 1024)

#define LARGEST_BACKLOG (4 * 1024 * 1024)

/* How long to wait for the server to abort a COPY, in milliseconds. */
#define ABORT_MS 2000

static inline struct copy_sink *
copy_of(struct row_sink *sink)
{
	return (struct copy_sink *) sink;
}

/* ----- the COPY ----- */

/*
 * Consume all results of the COPY.
 */
static bool
collect_results(PGconn *session, int64_t deadline_ms, struct glue_error *error)
{
	PGresult *result;
	bool done = true;

	for (;;)
	{
		bool still_open;

		if (!postgres_wait(session, deadline_ms, done ? error : NULL))
			return false;
		result = PQgetResult(session);
		if (result == NULL)
			break;
		still_open = PQresultStatus(result) == PGRES_COPY_IN;
		if (done && PQresultStatus(result) != PGRES_COMMAND_OK)
			done = postgres_error(session, result, error);
		PQclear(result);
		if (PQstatus(session) == CONNECTION_BAD || still_open)
			break;
	}
	if (done && PQstatus(session) == CONNECTION_BAD)
		done = postgres_error(session, NULL, error);
	return done;
}

/*
 * End the COPY; reason is NULL for success.
 */
static bool
send_end(struct copy_sink *copy, const char *reason, int64_t deadline_ms, struct glue_error *error)
{
	copy->state = COPY_ENDING;
	return (PQputCopyEnd(copy->session, reason) == 1 ||
			postgres_error(copy->session, NULL, error)) &&
		   postgres_flush(copy->session, deadline_ms, error);
}

/*
 * Consume the results of the COPY that is ending.
 */
static bool
take_end(struct copy_sink *copy, int64_t deadline_ms, struct glue_error *error)
{
	copy->state = COPY_IDLE;
	return collect_results(copy->session, deadline_ms, error) &&
		   (PQsetnonblocking(copy->session, 0) == 0 || postgres_error(copy->session, NULL, error));
}

/*
 * Handle a failure to send, described by *error.  If the server reported the
 * cause, return that instead.  Always returns false.
 */
static bool
explain_unsent(struct copy_sink *copy, int64_t deadline_ms, struct glue_error *error)
{
	struct glue_error said = {0};

	if (copy->state == COPY_OPEN)
		(void) send_end(copy, "the client could not send", deadline_ms, NULL);
	if (!take_end(copy, deadline_ms, &said) && error != NULL)
		*error = said;
	return false;
}

/* ----- transactions ----- */

/*
 * Begin a transaction and start COPY in it.
 */
static bool
begin(struct copy_sink *copy, struct glue_error *error)
{
	int64_t deadline_ms = database_deadline(copy->database);
	PGresult *result;
	bool opened;

	copy->session = database_begin(copy->database, error);
	if (copy->session == NULL)
		return false;
	if (PQsendQuery(copy->session, copy->layout.statement) != 1)
		return postgres_error(copy->session, NULL, error);
	if (!postgres_wait(copy->session, deadline_ms, error))
		return false;
	result = PQgetResult(copy->session);
	opened = PQresultStatus(result) == PGRES_COPY_IN;
	if (!opened)
		postgres_error(copy->session, result, error);
	PQclear(result);
	if (!opened)
	{
		(void) collect_results(copy->session, deadline_ms, NULL);
		return false;
	}
	copy->state = COPY_OPEN;
	return PQsetnonblocking(copy->session, 1) == 0 || postgres_error(copy->session, NULL, error);
}

/*
 * Wait for the COPY that is ending and commit it.
 */
static bool
commit_ending(struct copy_sink *copy, const struct resume_token *checkpoint, bool *moved,
			  struct glue_error *error)
{
	int64_t rows = copy->ending_rows;

	copy->ending_rows = 0;
	if (!take_end(copy, database_deadline(copy->database), error) ||
		(checkpoint != NULL &&
		 !upload_save_checkpoint(copy->database, copy->upload_id, checkpoint, moved, error)))
		return false;
	copy->session = NULL;
	if (database_commit(copy->database, error) != TRANSACTION_COMMITTED)
		return false;
	copy->sink.committed_rows += rows;
	return true;
}

/*
 * Pass the buffer to libpq and wait until it is sent.
 */
static bool
send_buffer(struct copy_sink *copy, struct glue_error *error)
{
	int64_t deadline_ms = database_deadline(copy->database);
	struct byte_buffer *buffer = &copy->buffer;

	if (copy->state == COPY_ENDING && !commit_ending(copy, NULL, NULL, error))
		return false;
	if (copy->state == COPY_IDLE && !begin(copy, error))
		return false;
	for (size_t sent = 0; sent < buffer->used;)
	{
		size_t piece = buffer->used - sent < PIECE_SIZE ? buffer->used - sent : PIECE_SIZE;

		if (PQputCopyData(copy->session, buffer->data + sent, (int) piece) != 1)
		{
			postgres_error(copy->session, NULL, error);
			return explain_unsent(copy, deadline_ms, error);
		}
		if (!postgres_flush(copy->session, deadline_ms, error))
			return explain_unsent(copy, deadline_ms, error);
		sent += piece;
	}
	buffer->used = 0;
	return true;
}

/*
 * Send the rest of a transaction and end its COPY.
 */
static bool
end_transaction(struct copy_sink *copy, struct glue_error *error)
{
	int64_t deadline_ms = database_deadline(copy->database);

	if (!copy_append_trailer(&copy->buffer, error) || !send_buffer(copy, error))
		return false;
	copy->ending_rows = copy->rows;
	copy->rows = 0;
	return send_end(copy, NULL, deadline_ms, error) || explain_unsent(copy, deadline_ms, error);
}

/*
 * Return whether the ending COPY has ended, without waiting.
 */
static bool
has_ended(const struct copy_sink *copy)
{
	return PQconsumeInput(copy->session) == 0 || PQisBusy(copy->session) == 0;
}

/* ----- functions of a row_sink ----- */

static bool
copy_begin(struct row_sink *sink, const char *upload_id, const struct header_map *map,
		   struct glue_error *error)
{
	struct copy_sink *copy = copy_of(sink);

	copy->upload_id = upload_id;
	copy->sink.committed_rows = 0;
	return copy_layout_init(&copy->layout, map, upload_id, copy->options.with_defects, error);
}

static bool
copy_row(struct row_sink *sink, const struct record *record, struct glue_error *error)
{
	struct copy_sink *copy = copy_of(sink);
	size_t pieces = copy->buffer.used / PIECE_SIZE;

	if (copy->rows == 0)
	{
		copy->began_ms = clock_milliseconds();
		if (!copy_append_header(&copy->buffer, error))
			return false;
	}
	if (!copy_append_row(&copy->layout, record, &copy->buffer, error))
		return false;
	copy->rows++;
	if (copy->buffer.used / PIECE_SIZE == pieces)
		return true;
	if (copy->state == COPY_ENDING && copy->buffer.used < LARGEST_BACKLOG && !has_ended(copy))
		return true;
	return send_buffer(copy, error);
}

static bool
copy_is_full(const struct row_sink *sink, int64_t now_ms)
{
	const struct copy_sink *copy = (const struct copy_sink *) sink;
	const struct copy_options *options = &copy->options;

	return copy->rows >= options->transaction_rows ||
		   (options->transaction_ms > 0 && copy->rows > 0 &&
			now_ms - copy->began_ms >= options->transaction_ms);
}

static bool
copy_commit(struct row_sink *sink, const struct resume_token *checkpoint, bool *moved,
			struct glue_error *error)
{
	struct copy_sink *copy = copy_of(sink);

	*moved = true;
	if (copy->rows == 0)
		return true;
	return end_transaction(copy, error) && ((copy->options.is_pipelined && checkpoint == NULL) ||
											commit_ending(copy, checkpoint, moved, error));
}

static bool
copy_finish(struct row_sink *sink, struct glue_error *error)
{
	struct copy_sink *copy = copy_of(sink);

	if ((copy->rows > 0 && !end_transaction(copy, error)) ||
		(copy->state == COPY_ENDING && !commit_ending(copy, NULL, NULL, error)))
		return false;
	copy_layout_clean_up(&copy->layout);
	return true;
}

/*
 * Abort; a transaction that was sent completely is still committed if possible.
 */
static void
copy_abort(struct row_sink *sink)
{
	struct copy_sink *copy = copy_of(sink);
	int64_t limit = clock_milliseconds() + ABORT_MS;

	if (copy->ending_rows > 0 && copy->state == COPY_ENDING)
		(void) commit_ending(copy, NULL, NULL, NULL);
	if (copy->state == COPY_OPEN)
		(void) send_end(copy, "the client gave up", limit, NULL);
	if (copy->state == COPY_ENDING)
		(void) take_end(copy, limit, NULL);
	if (copy->session != NULL)
		database_roll_back(copy->database);
	copy->session = NULL;
	copy->state = COPY_IDLE;
	copy->rows = 0;
	copy->ending_rows = 0;
	copy->buffer.used = 0;
	copy_layout_clean_up(&copy->layout);
}

/* ----- the sink ----- */

void
copy_sink_init(struct copy_sink *copy, struct database *database,
			   const struct copy_options *options)
{
	memset(copy, 0, sizeof(*copy));
	copy->sink = (struct row_sink){
		.begin = copy_begin,
		.row = copy_row,
		.is_full = copy_is_full,
		.commit = copy_commit,
		.finish = copy_finish,
		.abort = copy_abort,
		.judges = true,
	};
	copy->database = database;
	copy->options = *options;
}

void
copy_sink_clean_up(struct copy_sink *copy)
{
	copy_layout_clean_up(&copy->layout);
	byte_buffer_clean_up(&copy->buffer);
}
