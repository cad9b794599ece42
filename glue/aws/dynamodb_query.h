/*-------------------------------------------------------------------------
 *
 * dynamodb_query.h
 *	  Amazon DynamoDB: read some items of a partition, page by page.
 *
 * Reads are strongly consistent.  A page evaluates a limited number of items,
 * whether or not they match, and may be empty; Query returns at most 1 MB
 * ("Query", DynamoDB API Reference).  Errors are those of client.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_DYNAMODB_QUERY_H
#define GLUE_AWS_DYNAMODB_QUERY_H

#include "aws/client.h"
#include "aws/dynamodb_item.h"

/* An attribute, of type S, and its value. */
struct dynamodb_equality
{
	const char *name;
	const char *value;
};

/*
 * A query.  The caller sets the first group and leaves the rest zero; strings
 * are borrowed.  Owns call and next_key: dynamodb_query_clean_up().
 */
struct dynamodb_query
{
	const char *table;
	struct dynamodb_equality key;    /* partition */
	struct dynamodb_equality filter; /* return only items that match */
	const char *attribute;           /* return only this one */
	int page_items;                  /* evaluated per page */
	int64_t deadline;                /* as of clock_milliseconds() */

	struct aws_call call;
	struct byte_buffer next_key; /* JSON; empty before the first page */
	bool at_end;                 /* there are no more pages */
};

/*
 * Read the next page; must not be called after at_end.  *items is a JSON array,
 * borrowed until the next call.
 */
extern bool dynamodb_query_page(struct aws_client *client, struct dynamodb_query *query,
								struct text_view *items, struct glue_error *error);

extern void dynamodb_query_clean_up(struct dynamodb_query *query);

#endif /* GLUE_AWS_DYNAMODB_QUERY_H */
