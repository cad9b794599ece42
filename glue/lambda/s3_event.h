/*-------------------------------------------------------------------------
 *
 * s3_event.h
 *	  Read which objects were written to S3, from any announcement.
 *
 * The data is the same whichever envelope announces an object, so that the
 * object's content id is too.  In a notification of S3, keys are URL-encoded,
 * with a space as "+"; in an event of EventBridge they are not, and some
 * members have other names.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_S3_EVENT_H
#define GLUE_LAMBDA_S3_EVENT_H

#include <stdbool.h>

#include "aws/s3.h"
#include "base/failure.h"
#include "lambda/envelope.h"
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
	char sequencer[S3_SEQUENCER_SIZE];   /* differs between writes of one key */
};

/* An announcement being read.  Owns envelope: s3_event_clean_up(). */
struct s3_event
{
	struct envelope envelope;
	size_t next; /* index of the next object */
};

/*
 * Open an announcement of objects in this bucket; NULL for any bucket.  json
 * is not kept.  Errors are those of envelope_open(), and EVENT_INVALID if it
 * announces an object of another bucket; *event is empty then.
 */
extern bool s3_event_init(struct s3_event *event, struct text_view json, const char *bucket,
						  struct glue_error *error);

/*
 * Read the next object that was written.  Return false at the end, with
 * error->class GLUE_NO_ERROR, and if the object's data cannot be read, with
 * EVENT_INVALID; the objects after it can still be read.
 */
extern bool
s3_event_next(struct s3_event *event, struct s3_event_record *record, struct glue_error *error);

/* Accepts a zeroed event, and leaves it zeroed. */
extern void s3_event_clean_up(struct s3_event *event);

#endif /* GLUE_LAMBDA_S3_EVENT_H */
