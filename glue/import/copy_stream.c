/*-------------------------------------------------------------------------
 *
 * copy_stream.c
 *	  Rows -> COPY onboard.intake, in transactions of a fixed number of rows.
 *
 * The buffer always holds rows of one transaction only.  The end of a COPY is
 * sent when the next row comes, or at the finish, so that the caller decides
 * about the last one when it has seen the whole file.  While a COPY is ending the
 * buffer may grow up to LARGEST_BACKLOG; then we wait for the server.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/interrupt.h"
#include "database/session.h"
#include "import/copy_stream.h"

/* How much is handed to libpq at once. */
#define PIECE_SIZE (64 * 1024)

#define LARGEST_BACKLOG (4 * 1024 * 1024)

/* In one message with the COPY, and so in its transaction. */
#define BEFORE_COPY POSTGRES_DEFER_NOTHING "; "

void
copy_stream_init(struct copy_stream *stream, PGconn *connection, const struct copy_layout *layout)
{
	memset(stream, 0, sizeof(*stream));
	stream->connection = connection;
	stream->layout = layout;
}

static bool
open_copy(struct copy_stream *stream, struct glue_error *error)
{
	PGconn *connection = stream->connection;
	char statement[sizeof(BEFORE_COPY) + COPY_STATEMENT_SIZE];
	PGresult *result;
	bool opened;

	snprintf(statement, sizeof(statement), BEFORE_COPY "%s", stream->layout->statement);
	result = PQexec(connection, statement);
	opened = PQresultStatus(result) == PGRES_COPY_IN;
	if (opened)
		stream->state = COPY_OPEN;
	else
		postgres_error(connection, result, error);
	PQclear(result);
	return opened;
}

/*
 * Take the result of the COPY that is ending.
 */
static bool
collect_result(struct copy_stream *stream, struct glue_error *error)
{
	PGconn *connection = stream->connection;
	PGresult *result;
	bool done = true;

	stream->state = COPY_IDLE;
	while ((result = PQgetResult(connection)) != NULL)
	{
		bool still_open = PQresultStatus(result) == PGRES_COPY_IN;

		if (done && PQresultStatus(result) != PGRES_COMMAND_OK)
			done = postgres_error(connection, result, error);
		PQclear(result);
		if (PQstatus(connection) == CONNECTION_BAD || still_open)
			break;
	}
	if (done && PQstatus(connection) == CONNECTION_BAD)
		done = postgres_error(connection, NULL, error);
	if (done)
		stream->committed_rows += stream->ending_rows;
	stream->ending_rows = 0;
	return done;
}

/*
 * Hand the buffer to libpq, which sends it as fast as the server reads.
 */
static bool
send_buffer(struct copy_stream *stream, struct glue_error *error)
{
	PGconn *connection = stream->connection;
	size_t sent = 0;

	if (stream->state == COPY_ENDING && !collect_result(stream, error))
		return false;
	if (stream->state == COPY_IDLE && !open_copy(stream, error))
		return false;
	while (sent < stream->buffer.used)
	{
		size_t piece = stream->buffer.used - sent;

		if (piece > PIECE_SIZE)
			piece = PIECE_SIZE;
		if (interrupted())
			return interrupt_error(error);
		if (PQputCopyData(connection, stream->buffer.data + sent, (int) piece) != 1)
		{
			/* What the server said, if anything, comes as a result. */
			(void) PQputCopyEnd(connection, "the client could not send");
			stream->state = COPY_ENDING;
			if (collect_result(stream, error))
				postgres_error(connection, NULL, error);
			return false;
		}
		sent += piece;
	}
	stream->buffer.used = 0;
	return true;
}

/*
 * Send the rest of a transaction and its end; the result is taken later.
 */
static bool
end_transaction(struct copy_stream *stream, struct glue_error *error)
{
	PGconn *connection = stream->connection;

	if (!copy_append_trailer(&stream->buffer, error) || !send_buffer(stream, error))
		return false;
	stream->state = COPY_ENDING;
	stream->ending_rows = stream->rows;
	stream->rows = 0;
	if (PQputCopyEnd(connection, NULL) == 1)
		return true;
	stream->ending_rows = 0;
	if (collect_result(stream, error))
		postgres_error(connection, NULL, error);
	return false;
}

/*
 * Whether the COPY that is ending has ended, without waiting for it.
 */
static bool
has_ended(struct copy_stream *stream)
{
	PGconn *connection = stream->connection;

	return PQconsumeInput(connection) == 0 || PQisBusy(connection) == 0;
}

bool
copy_stream_row(struct copy_stream *stream, const struct record *record, struct glue_error *error)
{
	size_t before;

	if (stream->rows == COPY_TRANSACTION_ROWS && !end_transaction(stream, error))
		return false;
	before = stream->buffer.used / PIECE_SIZE;
	if (stream->rows == 0 && !copy_append_header(&stream->buffer, error))
		return false;
	if (!copy_append_row(stream->layout, record, &stream->buffer, error))
		return false;
	stream->rows++;
	if (stream->buffer.used / PIECE_SIZE == before)
		return true;
	if (stream->state == COPY_ENDING && stream->buffer.used < LARGEST_BACKLOG && !has_ended(stream))
		return true;
	return send_buffer(stream, error);
}

bool
copy_stream_finish(struct copy_stream *stream, struct glue_error *error)
{
	if (stream->rows > 0 && !end_transaction(stream, error))
		return false;
	return stream->state != COPY_ENDING || collect_result(stream, error);
}

void
copy_stream_abort(struct copy_stream *stream)
{
	PGconn *connection = stream->connection;

	if (connection != NULL && stream->state == COPY_OPEN)
	{
		(void) PQputCopyEnd(connection, "the client gave up");
		stream->state = COPY_ENDING;
	}
	stream->ending_rows = 0;
	if (connection != NULL && stream->state == COPY_ENDING)
		(void) collect_result(stream, NULL);
	stream->state = COPY_IDLE;
	stream->rows = 0;
	stream->buffer.used = 0;
}

void
copy_stream_clean_up(struct copy_stream *stream)
{
	copy_stream_abort(stream);
	byte_buffer_clean_up(&stream->buffer);
}
