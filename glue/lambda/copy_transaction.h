/*-------------------------------------------------------------------------
 *
 * copy_transaction.h
 *	  Rows of a file -> COPY onboard.intake, as one transaction with a
 *	  checkpoint.
 *
 *	  copy_transaction_init(&transaction, connection, deadline_ms);
 *	  for each row: copy_transaction_row(&transaction, &layout, record, &error)
 *	  copy_transaction_commit(&transaction, checkpoint, &read_on, &error)
 *	  ... and from the first row again
 *	  copy_transaction_clean_up(&transaction)
 *
 * The transaction begins with its first row.  Rows are sent in pieces of some
 * 64 KiB, so memory does not depend on their number; no wait is longer than
 * the deadline.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_COPY_TRANSACTION_H
#define GLUE_LAMBDA_COPY_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "import/copy_row.h"
#include "lambda/connection.h"

/* connection is borrowed; owns the buffer: copy_transaction_clean_up(). */
struct copy_transaction
{
	/* immutable */
	struct connection *connection;
	int64_t deadline_ms; /* monotonic clock */
	/* mutable */
	PGconn *session; /* borrowed; NULL when no transaction is open */
	bool copying;    /* the COPY is open */
	int64_t began_ms;
	int64_t rows;              /* of the open transaction */
	struct byte_buffer buffer; /* rows that were not handed to libpq */
};

/* Where to go on after the rows of a transaction; borrowed. */
struct checkpoint
{
	const char *upload_id;
	int64_t byte_offset;
	int64_t row_number; /* of the last row before it */
	int64_t line_number;
	const char *state; /* JSON, the reader's own */
};

extern void copy_transaction_init(struct copy_transaction *transaction,
								  struct connection *connection, int64_t deadline_ms);

/*
 * Add a row; record is borrowed for the call, layout until the transaction has
 * ended.  False on the errors of connection.h; the rows of the transaction are
 * lost then.
 */
extern bool
copy_transaction_row(struct copy_transaction *transaction, const struct copy_layout *layout,
					 const struct record *record, struct glue_error *error);

/*
 * Commit the rows along with the checkpoint, NULL for none.  *moved, NULL when
 * nobody wants to know, is false when the checkpoint was not taken: another
 * reader is further on, or the upload has ended.  False on an error; after a
 * lost connection nobody knows whether it was committed, and the database has
 * to be asked.
 */
extern bool
copy_transaction_commit(struct copy_transaction *transaction, const struct checkpoint *checkpoint,
						bool *moved, struct glue_error *error);

/* Give up what is not committed. */
extern void copy_transaction_abort(struct copy_transaction *transaction);

/* Aborts too, when that is still to be done. */
extern void copy_transaction_clean_up(struct copy_transaction *transaction);

#endif /* GLUE_LAMBDA_COPY_TRANSACTION_H */
