/*-------------------------------------------------------------------------
 *
 * dynamodb.h
 *	  Amazon DynamoDB: put many items, execute many statements.
 *
 * Both keep many calls of 25 in flight (the service's limit, "BatchWriteItem"
 * and "BatchExecuteStatement" in the DynamoDB API Reference), and what a call
 * leaves undone is sent again alone.  Errors are those of client.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_DYNAMODB_H
#define GLUE_AWS_DYNAMODB_H

#include "aws/client.h"
#include "aws/dynamodb_item.h"

#define DYNAMODB_BATCH 25

/* Bytes of an item, names and values together; larger ones are refused. */
#define DYNAMODB_LARGEST_ITEM (400 * 1024)

/*
 * Puts items, memory bounded by in_flight calls:
 *
 *	  dynamodb_writer_item(writer, &json, &error)
 *		and write the item, {...}, with dynamodb_open() and what follows
 *	  dynamodb_writer_item_end(writer, &json, &error)
 *		which sends when enough have come together
 *	  dynamodb_writer_flush(writer, &error)
 *
 * No two items of one flush may have the same key.  When a send fails, items
 * of it may have been written or not: the writer is of no more use.
 */
struct dynamodb_writer;

/* NULL on OUT_OF_MEMORY; the caller's: dynamodb_writer_destroy().  client and
 * table are borrowed as long as it lives; deadline is of clock_milliseconds(), 0 for
 * none. */
extern struct dynamodb_writer *
dynamodb_writer_new(struct aws_client *client, const char *table, int in_flight, int64_t deadline,
					struct glue_error *error);

/* What has not been flushed is dropped.  NULL is accepted. */
extern void dynamodb_writer_destroy(struct dynamodb_writer *writer);

/* Begin an item. */
extern bool dynamodb_writer_item(struct dynamodb_writer *writer, struct dynamodb_json *json,
								 struct glue_error *error);

/* End it, and send if there is no room for another. */
extern bool dynamodb_writer_item_end(struct dynamodb_writer *writer, struct dynamodb_json *json,
									 struct glue_error *error);

/* Send what there is, and wait until all of it is written. */
extern bool dynamodb_writer_flush(struct dynamodb_writer *writer, struct glue_error *error);

/* Items known to be written so far. */
extern int64_t dynamodb_writer_written(const struct dynamodb_writer *writer);

/* What became of a statement. */
enum dynamodb_result
{
	DYNAMODB_UNDONE, /* not known to be done: try again later */
	DYNAMODB_DONE,
	DYNAMODB_CONDITION_FAILED, /* there was nothing to do */
	DYNAMODB_REFUSED           /* the statement itself is wrong */
};

/*
 * PartiQL statements to execute, each on its own.  All zero is an empty list;
 * owns its memory: dynamodb_statements_clean_up().
 */
struct dynamodb_statements
{
	struct byte_buffer json; /* {"Statement":...},... one after the other */
	struct dynamodb_statement
	{
		size_t start; /* in json */
		size_t end;
		enum dynamodb_result result;
		char code[AWS_CODE_SIZE]; /* of its last error, "" for none */
	} * list;
	int count;
	int room;
};

/*
 * Begin a statement of PartiQL with ? for each parameter; these follow by
 * dynamodb_put_string(json, NULL, ...) and its like, then
 * dynamodb_statement_end().
 */
extern bool dynamodb_statement(struct dynamodb_statements *statements, const char *text,
							   struct dynamodb_json *json, struct glue_error *error);
extern bool dynamodb_statement_end(struct dynamodb_statements *statements,
								   struct dynamodb_json *json, struct glue_error *error);

/*
 * Execute all statements whose result is DYNAMODB_UNDONE.  Afterwards
 * list[i].result says how each went.  False when any is left undone, *error
 * then being one of the reasons.  No two may be about the same item.
 */
extern bool dynamodb_execute(struct aws_client *client, struct dynamodb_statements *statements,
							 int in_flight, int64_t deadline, struct glue_error *error);

/* An empty list that keeps its memory. */
extern void dynamodb_statements_reset(struct dynamodb_statements *statements);

/* Accepts a zeroed list. */
extern void dynamodb_statements_clean_up(struct dynamodb_statements *statements);

#endif /* GLUE_AWS_DYNAMODB_H */
