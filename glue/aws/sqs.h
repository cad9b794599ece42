/*-------------------------------------------------------------------------
 *
 * sqs.h
 *	  Amazon SQS: send many messages.
 *
 * SendMessageBatch returns 200 even if it accepted only some of its ten
 * entries ("SendMessageBatch", Amazon SQS API Reference), so the result of
 * each entry is read, and only those that the service failed to process are
 * resent.  A message may arrive twice.  Errors are those of client.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_SQS_H
#define GLUE_AWS_SQS_H

#include "aws/client.h"

/*
 * Limits for the number of entries of a call, and for the bytes of their
 * bodies together: every region accepts 256 KiB.
 */
#define SQS_BATCH 10
#define SQS_BATCH_BYTES (256 * 1024)

/*
 * Longest body.  It may exceed SQS_BATCH_BYTES, and then has a call of its own.
 * A queue may have a lower limit.
 */
#define SQS_MESSAGE_BYTES (1024 * 1024)

/* The result of a message. */
enum sqs_result
{
	SQS_UNSENT, /* not known to be sent: try again later */
	SQS_SENT,
	SQS_REFUSED /* by the sender's fault: will never be accepted */
};

/* A message to send; body and attribute are borrowed. */
struct sqs_message
{
	struct text_view body; /* UTF-8 */
	const char *attribute; /* name of a number attribute; NULL for none */
	int64_t attribute_value;
	enum sqs_result result;   /* skipped unless SQS_UNSENT */
	char code[AWS_CODE_SIZE]; /* of the last failure, "" for none */
};

/*
 * Send all messages that are SQS_UNSENT, and store each result in
 * messages[i].result.  queue_url is the URL that AWS assigned to the queue;
 * the client determines the endpoint.  Returns false if any message remains
 * unsent, with *error set to the reason; refused messages are not an error
 * here.  Some may be sent twice, after a lost reply or if a reused connection
 * breaks, just as the queue itself may deliver a message twice.
 */
extern bool sqs_send(struct aws_client *client, const char *queue_url, struct sqs_message *messages,
					 int count, int in_flight, int64_t deadline, struct glue_error *error);

#endif /* GLUE_AWS_SQS_H */
