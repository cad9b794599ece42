/*-------------------------------------------------------------------------
 *
 * status_updates.h
 *	  Verdicts -> the status of items in UploadRecords.
 *
 * The status of an item is a projection of what the database knows, read for
 * no decision.  So an update that fails changes nothing: the verdict stands,
 * and the item stays pending until the file is read again.
 *
 * Only an item that is still pending is updated.  One that was updated before
 * or is gone fails the condition, and that is as good as done; an item that
 * DynamoDB removed is never made again.
 *
 *	  status			validated or error, by the action of the row
 *	  processed_at		when, a number, epoch seconds
 *	  error_reason		with error: the first error's type, or refused or
 *						unknown_upload
 *	  error_details		with error: all errors as JSON, without the values,
 *						which are in product_data
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_STATUS_UPDATES_H
#define GLUE_LAMBDA_STATUS_UPDATES_H

#include "aws/dynamodb.h"
#include "shared/action.h"

/* Bytes of a statement with the name of a table, which has up to 255. */
#define STATUS_STATEMENT_SIZE 512

/* Owns statements and rows: status_updates_clean_up(). */
struct status_updates
{
	/* immutable */
	char validated[STATUS_STATEMENT_SIZE];
	char error[STATUS_STATEMENT_SIZE];
	int64_t processed_at; /* epoch seconds */
	/* mutable */
	struct dynamodb_statements statements;
	const char *upload_id;
	int64_t *rows; /* row numbers of this upload */
	size_t count;
	size_t room;
	int64_t highest; /* of them */
};

/* What became of them. */
struct status_counts
{
	int64_t done; /* updated, or nothing was to be done */
	int64_t failed;
};

/* An empty list; no memory is taken yet. */
extern void status_updates_init(struct status_updates *updates, const char *table);

/* Accepts a zeroed list. */
extern void status_updates_clean_up(struct status_updates *updates);

/* The rows that follow are of this upload, which has none yet; borrowed. */
extern void status_updates_begin_upload(struct status_updates *updates, const char *upload_id);

/* What became of a row; everything is borrowed. */
struct row_outcome
{
	int64_t row_number;
	bool is_judged;         /* false: its upload takes no rows, for the reason below */
	enum row_action action; /* of a row that is judged */
	const char *reason;     /* NULL for a valid row */
	const char *details;    /* errors as JSON, or NULL */
};

/*
 * Add what became of a row, or nothing when the row is in the list already.
 * *is_new is set to whether it was added.
 */
extern bool status_updates_add(struct status_updates *updates, const struct row_outcome *outcome,
							   bool *is_new, struct glue_error *error);

/*
 * Do all updates that can be done until the deadline, of clock_milliseconds().  False
 * when some failed: *error is then one of the reasons.
 */
extern bool
status_updates_execute(struct status_updates *updates, struct aws_client *client, int in_flight,
					   int64_t deadline, struct status_counts *counts, struct glue_error *error);

#endif /* GLUE_LAMBDA_STATUS_UPDATES_H */
