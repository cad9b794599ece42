/*-------------------------------------------------------------------------
 *
 * copy_stream.h
 *	  Rows -> COPY onboard.intake, in transactions of a fixed number of rows.
 *
 *	  copy_stream_init(&stream, connection, &layout);
 *	  for each row: copy_stream_row(&stream, &record, &error)
 *	  copy_stream_finish(&stream, &error)	commits the rest
 *	  copy_stream_clean_up(&stream)
 *
 * Each COPY is a transaction of its own.  While the server ends one, the rows
 * of the next are gathered already, so neither side waits for the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_COPY_STREAM_H
#define GLUE_COPY_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/failure.h"
#include "import/copy_row.h"

/* Rows of one transaction. */
#define COPY_TRANSACTION_ROWS 50000

enum copy_state
{
	COPY_IDLE,  /* no COPY is open */
	COPY_OPEN,  /* rows can be sent */
	COPY_ENDING /* all was sent, the result is on its way */
};

/* connection and layout are borrowed; owns the buffer: copy_stream_clean_up(). */
struct copy_stream
{
	PGconn *connection;
	const struct copy_layout *layout;
	enum copy_state state;
	struct byte_buffer buffer; /* of the transaction that is being filled */
	int64_t rows;              /* in that transaction, sent or not */
	int64_t ending_rows;       /* in the one that is ending */
	int64_t committed_rows;    /* in those that are done */
};

extern void
copy_stream_init(struct copy_stream *stream, PGconn *connection, const struct copy_layout *layout);

/*
 * Send a row; record is borrowed for the call.  False on the errors of
 * postgres.h: the transactions that are not committed are lost.
 */
extern bool
copy_stream_row(struct copy_stream *stream, const struct record *record, struct glue_error *error);

/* Commit what was sent.  Results as above. */
extern bool copy_stream_finish(struct copy_stream *stream, struct glue_error *error);

/*
 * Give up what is not committed.  Afterwards the connection is usable, or
 * lost.
 */
extern void copy_stream_abort(struct copy_stream *stream);

/* Aborts too, when that is still to be done. */
extern void copy_stream_clean_up(struct copy_stream *stream);

#endif /* GLUE_COPY_STREAM_H */
