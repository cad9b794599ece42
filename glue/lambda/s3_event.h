/*-------------------------------------------------------------------------
 *
 * s3_event.h
 *	  Event notifications of Amazon S3: which objects were written.
 *
 * Source: Amazon S3 User Guide, "Event message structure".  A notification has
 * any number of records.  Keys are URL-encoded in it, a blank as "+".  When a
 * notification is set up S3 sends a test event, which has no records.
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

/* Bytes with the NUL: a bucket's name has at most 63. */
#define S3_BUCKET_SIZE 64

/* Bytes with the NUL; S3 says no more than that it is hexadecimal. */
#define S3_SEQUENCER_SIZE 128

/* An object that was written; owns nothing. */
struct s3_event_record
{
	char bucket[S3_BUCKET_SIZE];
	char key[S3_KEY_SIZE];               /* decoded */
	char version_id[S3_VERSION_ID_SIZE]; /* "" in a bucket without, or suspended */
	char etag[S3_ETAG_SIZE];             /* with its quotes; "" when not told */
	char sequencer[S3_SEQUENCER_SIZE];   /* orders writes of one key */
};

/* A notification that is being read.  Owns document: s3_event_clean_up(). */
struct s3_event
{
	cJSON *document;
	const cJSON *next;
};

/*
 * Read a notification.  Usage error EVENT_INVALID when it is none, or there is
 * no memory to read it; *event is empty then.
 */
extern bool s3_event_init(struct s3_event *event, struct text_view json, struct glue_error *error);

/*
 * The next record of an object that was written; others are passed over.
 * False at the end, with error->class GLUE_NO_ERROR, and at a record that
 * cannot be read, with EVENT_INVALID; those behind it can be asked for still.
 */
extern bool
s3_event_next(struct s3_event *event, struct s3_event_record *record, struct glue_error *error);

/* Accepts an empty event. */
extern void s3_event_clean_up(struct s3_event *event);

#endif /* GLUE_LAMBDA_S3_EVENT_H */
