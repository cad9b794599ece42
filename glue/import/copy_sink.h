/*-------------------------------------------------------------------------
 *
 * copy_sink.h
 *	  Load rows with COPY onboard.intake, in batches of one transaction each.
 *
 * A transaction is ended only when the next row arrives, so the caller decides
 * about the last one after seeing the whole file.  Rows are sent in pieces of
 * 64 KiB, so memory use does not depend on their number.  No wait exceeds the
 * database's deadline.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_COPY_SINK_H
#define GLUE_COPY_SINK_H

#include "base/byte_buffer.h"
#include "database/database.h"
#include "import/copy_row.h"
#include "import/row_sink.h"

struct copy_options
{
	int64_t transaction_rows;
	int64_t transaction_ms; /* commit after this time even with fewer rows; 0:
							 * never */
	bool with_defects;      /* the file may have rows with defects */

	/*
	 * Collect rows of the next transaction while the server finishes the
	 * previous one.  A commit() without a checkpoint then reports its error
	 * later.
	 */
	bool is_pipelined;
};

enum copy_state
{
	COPY_IDLE,  /* no COPY is open */
	COPY_OPEN,  /* rows can be sent */
	COPY_ENDING /* everything was sent, the result is pending */
};

/* Borrows database.  Owns layout and buffer; free with copy_sink_clean_up(). */
struct copy_sink
{
	struct row_sink sink;
	/* immutable */
	struct database *database;
	struct copy_options options;
	/* mutable */
	const char *upload_id; /* borrowed for one reading */
	struct copy_layout layout;
	PGconn *session; /* borrowed; NULL when no transaction is open */
	enum copy_state state;
	struct byte_buffer buffer; /* rows not yet passed to libpq, all of one
								 * transaction */
	int64_t rows;              /* in that transaction, sent or not */
	int64_t began_ms;          /* when its first row arrived */
	int64_t ending_rows;       /* in the transaction that is ending */
};

extern void copy_sink_init(struct copy_sink *copy, struct database *database,
						   const struct copy_options *options);

/* Call after finish() or abort() of the last reading. */
extern void copy_sink_clean_up(struct copy_sink *copy);

#endif /* GLUE_COPY_SINK_H */
