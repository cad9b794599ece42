/*-------------------------------------------------------------------------
 *
 * sns.h
 *	  Amazon SNS: publish a message.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_SNS_H
#define GLUE_AWS_SNS_H

#include "aws/client.h"

/*
 * Size including the NUL: "must be less than 100 characters" ("Publish",
 * Amazon SNS API Reference).
 */
#define SNS_SUBJECT_SIZE 100

#define SNS_MESSAGE_ID_SIZE 80

/* What to publish.  Everything is borrowed. */
struct sns_message
{
	const char *topic_arn;
	const char *subject;               /* any text, converted by sns_subject(); NULL or ""
								 * for none */
	struct text_view text;             /* UTF-8, at most 256 KiB */
	const struct aws_pair *attributes; /* type String, for subscription filters; values
										 * must not be empty */
	int attribute_count;
	int64_t deadline; /* as of clock_milliseconds(); 0 for none */
};

/*
 * Publish a message.  message_id may be NULL.  A retry after a lost reply may
 * publish it twice.  Errors are those of client.h.
 */
extern bool sns_publish(struct aws_client *client, const struct sns_message *message,
						char message_id[SNS_MESSAGE_ID_SIZE], struct glue_error *error);

/*
 * Convert any text to a subject that SNS accepts: printable ASCII, at most 99
 * characters, beginning with a letter, a digit or punctuation.  Each non-ASCII
 * character becomes one '?'.
 */
extern void sns_subject(const char *text, char subject[SNS_SUBJECT_SIZE]);

#endif /* GLUE_AWS_SNS_H */
