/*-------------------------------------------------------------------------
 *
 * s3_event.h
 *	  Parse Amazon S3 event notifications: which objects were written.
 *
 * Source: Amazon S3 User Guide, "Event message structure".  A notification has
 * any number of records.  Keys are URL-encoded, with a space as "+".  When
 * notifications are configured, S3 sends a test event, which has no records.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_S3_EVENT_H
#define GLUE_LAMBDA_S3_EVENT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "aws/s3.h"
#include "base/failure.h"
#include "shared/text.h"

/* Size including the NUL: a bucket name has at most 63 characters. */
#define S3_BUCKET_SIZE 64

/* Size including the NUL; S3 documents only that it is hexadecimal. */
#define S3_SEQUENCER_SIZE 128

/* An object that was written; owns nothing. */
struct s3_event_record
{
	char bucket[S3_BUCKET_SIZE];
	char key[S3_KEY_SIZE];               /* decoded */
	char version_id[S3_VERSION_ID_SIZE]; /* "" if the bucket's versioning is off or suspended */
	char etag[S3_ETAG_SIZE];             /* with its quotes; "" if missing */
	char sequencer[S3_SEQUENCER_SIZE];   /* orders writes of one key */
};

/* A notification being read.  Owns document: s3_event_clean_up(). */
struct s3_event
{
	cJSON *document;
	const cJSON *next;
};

/*
 * Parse a notification.  Fails with usage error EVENT_INVALID if it is not a
 * notification or memory runs out; *event is empty then.
 */
extern bool s3_event_init(struct s3_event *event, struct text_view json, struct glue_error *error);

/*
 * Read the next record of an object that was written, skipping others.  Return
 * false at the end, with error->class GLUE_NO_ERROR, and at an unreadable
 * record, with EVENT_INVALID; the records after it can still be read.
 */
extern bool
s3_event_next(struct s3_event *event, struct s3_event_record *record, struct glue_error *error);

/* Accepts an empty event. */
extern void s3_event_clean_up(struct s3_event *event);

#endif /* GLUE_LAMBDA_S3_EVENT_H */
