/*-------------------------------------------------------------------------
 *
 * dynamodb.h
 *	  Amazon DynamoDB: batched item writes and statements.
 *
 * Both keep many calls of 25 in flight (the service's limit, "BatchWriteItem"
 * and "BatchExecuteStatement" in the DynamoDB API Reference), and resend only
 * what a call left unprocessed.  Errors are those of client.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_DYNAMODB_H
#define GLUE_AWS_DYNAMODB_H

#include "aws/client.h"
#include "aws/dynamodb_item.h"

#define DYNAMODB_BATCH 25

/*
 * Limit for an item in bytes, names and values together; larger ones are
 * refused.
 */
#define DYNAMODB_LARGEST_ITEM (400 * 1024)

/*
 * Writes items, using memory for at most in_flight calls:
 *
 *	  dynamodb_writer_item(writer, &json, &error)
 *		then write the item, {...}, with dynamodb_open() etc.
 *	  dynamodb_writer_item_end(writer, &json, &error)
 *		sends once there are enough
 *	  dynamodb_writer_flush(writer, &error)
 *
 * No two items of one flush may have the same key.  After a failed send, its
 * items may or may not have been written, and the writer must not be used
 * again.
 */
struct dynamodb_writer;

/*
 * Create a writer; NULL on OUT_OF_MEMORY.  The caller must call
 * dynamodb_writer_destroy().  client and table are borrowed for its lifetime;
 * deadline is as of clock_milliseconds(), 0 for none.
 */
extern struct dynamodb_writer *
dynamodb_writer_new(struct aws_client *client, const char *table, int in_flight, int64_t deadline,
					struct glue_error *error);

/* Free the writer; items not flushed are dropped.  NULL is accepted. */
extern void dynamodb_writer_destroy(struct dynamodb_writer *writer);

/* Begin an item. */
extern bool dynamodb_writer_item(struct dynamodb_writer *writer, struct dynamodb_json *json,
								 struct glue_error *error);

/* End an item, and send if there is no room for another. */
extern bool dynamodb_writer_item_end(struct dynamodb_writer *writer, struct dynamodb_json *json,
									 struct glue_error *error);

/* Send all items, and wait until they are written. */
extern bool dynamodb_writer_flush(struct dynamodb_writer *writer, struct glue_error *error);

/* Return the number of items known to be written so far. */
extern int64_t dynamodb_writer_written(const struct dynamodb_writer *writer);

/* The result of a statement. */
enum dynamodb_result
{
	DYNAMODB_UNDONE, /* not known to be executed: try again later */
	DYNAMODB_DONE,
	DYNAMODB_CONDITION_FAILED, /* there was nothing to do */
	DYNAMODB_REFUSED           /* the statement itself is invalid */
};

/*
 * PartiQL statements to execute independently.  An all-zero struct is an empty
 * list; owns its memory: dynamodb_statements_clean_up().
 */
struct dynamodb_statements
{
	struct byte_buffer json; /* {"Statement":...},... concatenated */
	struct dynamodb_statement
	{
		size_t start; /* offset in json */
		size_t end;
		enum dynamodb_result result;
		char code[AWS_CODE_SIZE]; /* of the last error, "" for none */
	} * list;
	int count;
	int room;
};

/*
 * Begin a PartiQL statement with ?  for each parameter.  Write the parameters
 * with dynamodb_put_string(json, NULL, ...) etc., then call
 * dynamodb_statement_end().
 */
extern bool dynamodb_statement(struct dynamodb_statements *statements, const char *text,
							   struct dynamodb_json *json, struct glue_error *error);
extern bool dynamodb_statement_end(struct dynamodb_statements *statements,
								   struct dynamodb_json *json, struct glue_error *error);

/*
 * Execute all statements whose result is DYNAMODB_UNDONE, and store each
 * result in list[i].result.  Returns false if any remains undone; *error is
 * then one of the reasons.  No two statements may concern the same item.
 */
extern bool dynamodb_execute(struct aws_client *client, struct dynamodb_statements *statements,
							 int in_flight, int64_t deadline, struct glue_error *error);

/* Release the list; accepts a zeroed one. */
extern void dynamodb_statements_clean_up(struct dynamodb_statements *statements);

#endif /* GLUE_AWS_DYNAMODB_H */
