/*-------------------------------------------------------------------------
 *
 * sqs_queue.h
 *	  Amazon SQS: receive, delete and count the messages of a queue.
 *
 * The functions receive through their event source mapping; this is for a queue
 * without one, such as a dead-letter queue.  Errors are those of client.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_SQS_QUEUE_H
#define GLUE_AWS_SQS_QUEUE_H

#include "aws/sqs.h"

/* A message received.  Texts are borrowed from the batch. */
struct sqs_received
{
	struct text_view body;
	struct text_view receipt_handle; /* plain ASCII */
	int64_t number;                  /* of the requested attribute; 0 if absent */
};

/* Messages of one call.  Owns bytes: sqs_batch_clean_up(). */
struct sqs_batch
{
	struct sqs_received messages[SQS_BATCH];
	int count;
	struct byte_buffer bytes;
};

/* Messages in a queue; SQS promises only approximate numbers. */
struct sqs_counts
{
	int64_t visible;
	int64_t others; /* in flight, or delayed */
};

/*
 * Receive up to ten messages, with the value of a number attribute, and hide
 * them from other receivers for some seconds.  Waits for a second, so that all
 * servers of the queue are asked ("Amazon SQS short and long polling"). batch
 * must be zeroed before its first use.
 */
extern bool sqs_receive(struct aws_client *client, const char *queue_url, const char *attribute,
						int hidden_seconds, int64_t deadline, struct sqs_batch *batch,
						struct glue_error *error);

/* Accepts a zeroed batch. */
extern void sqs_batch_clean_up(struct sqs_batch *batch);

/*
 * Delete up to ten messages by their receipt handles.  Returns false if any
 * was not deleted; it will be received again.
 */
extern bool sqs_delete(struct aws_client *client, const char *queue_url,
					   const struct text_view *receipt_handles, int count, int64_t deadline,
					   struct glue_error *error);

/* Count the messages in a queue. */
extern bool sqs_count(struct aws_client *client, const char *queue_url, int64_t deadline,
					  struct sqs_counts *counts, struct glue_error *error);

#endif /* GLUE_AWS_SQS_QUEUE_H */
