/*-------------------------------------------------------------------------
 *
 * status_updates.h
 *	  Write verdicts to the status of items in UploadRecords.
 *
 * The status of an item is a copy of the database's state that no decision
 * depends on.  So a failed update does no harm: the verdict stands, and the
 * item stays pending until item_repair.h finds it.
 *
 * Only pending items are updated.  An item that was updated before or is gone
 * fails the condition, which counts as done; an item that DynamoDB removed is
 * never recreated.
 *
 *	  status			validated or error, by the action of the row
 *	  processed_at		a number, epoch seconds
 *	  action			for validated: what the row did, such as inserted or updated
 *	  error_reason		for error: the first error's type, or refused or
 *						unknown_upload
 *	  error_details		for error: all errors as JSON, without the values,
 *						which are in product_data
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_STATUS_UPDATES_H
#define GLUE_LAMBDA_STATUS_UPDATES_H

#include "aws/dynamodb.h"
#include "lambda/row_outcome.h"

/* Size of a statement with a table name of up to 255 characters. */
#define STATUS_STATEMENT_SIZE 512

/* The status of an item whose row has no verdict, as far as DynamoDB knows. */
#define ITEM_PENDING "pending_validation"

/* An upload with updates. */
struct status_upload
{
	const char *upload_id; /* borrowed */
	int first;             /* index of its first statement */
	int64_t missed;        /* updates that failed */
};

/* Owns statements, uploads and rows: status_updates_clean_up(). */
struct status_updates
{
	/* immutable */
	char validated[STATUS_STATEMENT_SIZE];
	char error[STATUS_STATEMENT_SIZE];
	int64_t processed_at; /* epoch seconds */
	/* mutable */
	struct dynamodb_statements statements;
	struct status_upload *uploads; /* the last one receives the updates */
	int upload_count;
	int upload_room;
	int64_t *rows; /* row numbers of the last upload */
	size_t count;
	size_t room;
	int64_t highest; /* of these rows */
};

/* Result of the updates. */
struct status_counts
{
	int64_t done; /* updated, or no update needed */
	int64_t failed;
};

/* Initialize an empty list; allocates no memory. */
extern void status_updates_init(struct status_updates *updates, const char *table);

/* Accepts a zeroed list. */
extern void status_updates_clean_up(struct status_updates *updates);

/*
 * Begin the rows of an upload that has none in the list yet; upload_id is
 * borrowed.
 */
extern bool status_updates_begin_upload(struct status_updates *updates, const char *upload_id,
										struct glue_error *error);

/*
 * Add the outcome of a row unless the row is already in the list; set *is_new
 * to whether it was added.
 */
extern bool status_updates_add(struct status_updates *updates, const struct row_outcome *outcome,
							   bool *is_new, struct glue_error *error);

/*
 * Run the updates that can be done before the deadline, by
 * clock_milliseconds().  If some failed, return false, set *error to one of the
 * reasons, and count them in the uploads.
 */
extern bool
status_updates_execute(struct status_updates *updates, struct aws_client *client, int in_flight,
					   int64_t deadline, struct status_counts *counts, struct glue_error *error);

#endif /* GLUE_LAMBDA_STATUS_UPDATES_H */
