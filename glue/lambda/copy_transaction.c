/*-------------------------------------------------------------------------
 *
 * copy_transaction.c
 *	  Rows of a file -> COPY onboard.intake, as one transaction with a
 *	  checkpoint.
 *
 * The session is in non-blocking mode as long as the COPY is open, so that a
 * server that takes no data cannot hold us beyond the deadline.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "lambda/copy_transaction.h"
#include "shared/text.h"

/* How much is handed to libpq at once. */
#define PIECE_SIZE (64 * 1024)

/* How long the server may take to give up a COPY, in milliseconds. */
#define ABORT_MS 2000

#define SAVE_CHECKPOINT \
	"SELECT onboard_save_checkpoint($1::text, $2::bigint, $3::bigint, $4::bigint, $5::jsonb)"

void
copy_transaction_init(struct copy_transaction *transaction, struct connection *connection,
					  int64_t deadline_ms)
{
	memset(transaction, 0, sizeof(*transaction));
	transaction->connection = connection;
	transaction->deadline_ms = deadline_ms;
}

/* ----- the COPY ----- */

/*
 * Take the results of the COPY until there are no more.
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

static bool
open_copy(struct copy_transaction *transaction, const struct copy_layout *layout,
		  struct glue_error *error)
{
	PGconn *session = transaction->session;
	PGresult *result;

	if (PQsendQuery(session, layout->statement) != 1)
		return postgres_error(session, NULL, error);
	if (!postgres_wait(session, transaction->deadline_ms, error))
		return false;
	result = PQgetResult(session);
	transaction->copying = PQresultStatus(result) == PGRES_COPY_IN;
	if (!transaction->copying)
		postgres_error(session, result, error);
	PQclear(result);
	if (!transaction->copying)
	{
		(void) collect_results(session, transaction->deadline_ms, NULL);
		return false;
	}
	return PQsetnonblocking(session, 1) == 0 || postgres_error(session, NULL, error);
}

/*
 * Close the COPY; reason is NULL for its good end.
 */
static bool
close_copy(struct copy_transaction *transaction, const char *reason, int64_t deadline_ms,
		   struct glue_error *error)
{
	PGconn *session = transaction->session;
	bool done;

	transaction->copying = false;
	done = PQputCopyEnd(session, reason) == 1 && postgres_flush(session, deadline_ms, error);

	/* What the server said, if anything, comes as a result. */
	if (!collect_results(session, deadline_ms, error))
		return false;
	if (!done)
		return postgres_error(session, NULL, error);
	return PQsetnonblocking(session, 0) == 0 || postgres_error(session, NULL, error);
}

/*
 * Hand the buffer to libpq, and wait until it is sent.
 */
static bool
send_buffer(struct copy_transaction *transaction, struct glue_error *error)
{
	PGconn *session = transaction->session;
	struct byte_buffer *buffer = &transaction->buffer;

	for (size_t sent = 0; sent < buffer->used;)
	{
		size_t piece = buffer->used - sent < PIECE_SIZE ? buffer->used - sent : PIECE_SIZE;

		if (PQputCopyData(session, buffer->data + sent, (int) piece) != 1 ||
			!postgres_flush(session, transaction->deadline_ms, error))
		{
			if (close_copy(transaction, "the client could not send", transaction->deadline_ms,
						   error))
				postgres_error(session, NULL, error);
			return false;
		}
		sent += piece;
	}
	buffer->used = 0;
	return true;
}

/* ----- transactions ----- */

static bool
begin(struct copy_transaction *transaction, const struct copy_layout *layout,
	  struct glue_error *error)
{
	transaction->session =
		connection_begin(transaction->connection, transaction->deadline_ms, error);
	if (transaction->session == NULL)
		return false;
	transaction->began_ms = clock_milliseconds();
	transaction->rows = 0;
	transaction->buffer.used = 0;
	return open_copy(transaction, layout, error) && copy_append_header(&transaction->buffer, error);
}

bool
copy_transaction_row(struct copy_transaction *transaction, const struct copy_layout *layout,
					 const struct record *record, struct glue_error *error)
{
	if ((transaction->session == NULL && !begin(transaction, layout, error)) ||
		!copy_append_row(layout, record, &transaction->buffer, error) ||
		(transaction->buffer.used >= PIECE_SIZE && !send_buffer(transaction, error)))
	{
		copy_transaction_abort(transaction);
		return false;
	}
	transaction->rows++;
	return true;
}

static bool
save_checkpoint(struct copy_transaction *transaction, const struct checkpoint *checkpoint,
				bool *moved, struct glue_error *error)
{
	char numbers[3][INTEGER_TEXT_SIZE];
	const char *const values[] = {
		checkpoint->upload_id, numbers[0], numbers[1], numbers[2], checkpoint->state,
	};
	PGresult *result;

	(void) integer_text(numbers[0], checkpoint->byte_offset);
	(void) integer_text(numbers[1], checkpoint->row_number);
	(void) integer_text(numbers[2], checkpoint->line_number);
	if (!postgres_query(transaction->session, SAVE_CHECKPOINT, 5, values, transaction->deadline_ms,
						&result, error))
		return false;
	*moved = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	return true;
}

bool
copy_transaction_commit(struct copy_transaction *transaction, const struct checkpoint *checkpoint,
						bool *moved, struct glue_error *error)
{
	bool was_moved = true;
	bool done;

	if (moved == NULL)
		moved = &was_moved;
	*moved = true;
	if (transaction->session == NULL)
		return true;
	done = copy_append_trailer(&transaction->buffer, error) && send_buffer(transaction, error) &&
		   close_copy(transaction, NULL, transaction->deadline_ms, error) &&
		   (checkpoint == NULL || save_checkpoint(transaction, checkpoint, moved, error));
	if (!done)
	{
		copy_transaction_abort(transaction);
		return false;
	}
	transaction->session = NULL;
	return connection_commit(transaction->connection, transaction->deadline_ms, error) ==
		   TRANSACTION_COMMITTED;
}

void
copy_transaction_abort(struct copy_transaction *transaction)
{
	int64_t limit = clock_milliseconds() + ABORT_MS;

	if (transaction->session == NULL)
		return;
	if (transaction->copying)
		(void) close_copy(transaction, "the client gave up", limit, NULL);
	(void) PQsetnonblocking(transaction->session, 0);
	connection_roll_back(transaction->connection, limit);
	transaction->session = NULL;
}

void
copy_transaction_clean_up(struct copy_transaction *transaction)
{
	copy_transaction_abort(transaction);
	byte_buffer_clean_up(&transaction->buffer);
}
