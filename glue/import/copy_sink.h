/*-------------------------------------------------------------------------
 *
 * copy_sink.h
 *	  Rows of a reading -> COPY onboard.intake, in transactions of some rows.
 *
 * A transaction ends before the row that follows it, so the caller decides about
 * the last one when it has seen the whole file.  Rows are sent in pieces of 64 KiB,
 * so memory does not depend on their number; no wait is longer than the database's
 * deadline.
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
	int64_t transaction_ms; /* after which it is full, however few rows it has; 0:
							 * never */
	bool with_defects;      /* the file may have rows with a defect */

	/*
	 * Gather the rows of the next transaction while the server ends one, so that
	 * neither waits for the other.  A commit() without a checkpoint then reports
	 * its error later.
	 */
	bool is_pipelined;
};

enum copy_state
{
	COPY_IDLE,  /* no COPY is open */
	COPY_OPEN,  /* rows can be sent */
	COPY_ENDING /* all was sent, the result is on its way */
};

/* database is borrowed; owns layout and buffer: copy_sink_clean_up(). */
struct copy_sink
{
	struct row_sink sink;
	/* immutable */
	struct database *database;
	struct copy_options options;
	/* mutable */
	const char *upload_id; /* borrowed, of one reading */
	struct copy_layout layout;
	PGconn *session; /* borrowed; NULL when no transaction is open */
	enum copy_state state;
	struct byte_buffer buffer; /* rows that libpq does not have yet, all of one
								 * transaction */
	int64_t rows;              /* of that transaction, sent or not */
	int64_t began_ms;          /* when its first row came */
	int64_t ending_rows;       /* of the transaction that is ending */
};

extern void copy_sink_init(struct copy_sink *copy, struct database *database,
						   const struct copy_options *options);

/* After finish() or abort() of the last reading. */
extern void copy_sink_clean_up(struct copy_sink *copy);

#endif /* GLUE_COPY_SINK_H */
