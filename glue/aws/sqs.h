/*-------------------------------------------------------------------------
 *
 * sqs.h
 *	  Amazon SQS: send many messages.
 *
 * SendMessageBatch answers 200 also when it took only some of its ten entries
 * ("SendMessageBatch", Amazon SQS API Reference): each entry's answer is read,
 * and only what failed by the service's fault is sent again.  A message may
 * arrive twice.  Errors are those of client.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_SQS_H
#define GLUE_AWS_SQS_H

#include "aws/client.h"

/* Entries of a call, and bytes of their bodies together: every region takes
 * 256 KiB. */
#define SQS_BATCH 10
#define SQS_BATCH_BYTES (256 * 1024)

/* What became of a message. */
enum sqs_result
{
	SQS_UNSENT, /* not known to be sent: try again later */
	SQS_SENT,
	SQS_REFUSED /* by the sender's fault: never to be taken */
};

/* A message to send; body is borrowed. */
struct sqs_message
{
	struct text_view body;    /* UTF-8 */
	enum sqs_result result;   /* those not SQS_UNSENT are passed over */
	char code[AWS_CODE_SIZE]; /* of its last failure, "" for none */
};

/*
 * Send all messages that are SQS_UNSENT; messages[i].result then says how each
 * went.  queue_url is the URL that AWS gave the queue; where the call goes is
 * the client's business.  False when any is left unsent, *error then being the
 * reason; refused ones are no error here.  Some may be sent twice, after a lost
 * reply or on a kept connection that broke, as the queue itself may deliver a
 * message twice.
 */
extern bool sqs_send(struct aws_client *client, const char *queue_url, struct sqs_message *messages,
					 int count, int in_flight, int64_t deadline, struct glue_error *error);

#endif /* GLUE_AWS_SQS_H */
