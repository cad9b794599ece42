/*-------------------------------------------------------------------------
 *
 * object_upload.h
 *	  An object of S3 and the upload that it is.
 *
 *	  object_upload_of_record() or object_upload_of_stalled()
 *	  object_upload_begin()		opens the upload, or finds the one of before
 *	  object_upload_check_name()	whether its name says the same vendor
 *	  object_upload_inspect()	the first reading: faults, rows, total
 *	  object_upload_read()		the second reading: the rows
 *
 * Both readings are of one and the same object: by its version, in a bucket
 * without versions by its ETag.  When that is gone, the upload ends as
 * OBJECT_REPLACED.
 *
 * Each of these calls is harmless to make again, so whoever is killed is
 * followed by somebody who begins at the top.  The first reading alone is not
 * repeated once its outcome is in the database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_OBJECT_UPLOAD_H
#define GLUE_LAMBDA_OBJECT_UPLOAD_H

#include "aws/s3.h"
#include "lambda/handler.h"
#include "lambda/s3_event.h"
#include "reader/row_reader.h"

/* Bytes with the NUL: an id of a vendor has at most 50, and that of an upload
 * a hyphen and 16 hexadecimal digits more. */
#define OBJECT_VENDOR_SIZE 51
#define OBJECT_UPLOAD_SIZE (OBJECT_VENDOR_SIZE + 17)

/* Owns nothing; the strings are in it. */
struct object_upload
{
	/* which object */
	char bucket[S3_BUCKET_SIZE];
	char key[S3_KEY_SIZE];
	char version_id[S3_VERSION_ID_SIZE]; /* "" in a bucket without */
	char etag[S3_ETAG_SIZE];             /* "" when not known */
	char sequencer[S3_SEQUENCER_SIZE];

	/* whose it is, by its key */
	char vendor_id[OBJECT_VENDOR_SIZE];
	const char *file_name; /* in key */

	/* its upload */
	char upload_id[OBJECT_UPLOAD_SIZE]; /* "" until it has begun */
	int64_t attempt;                    /* how often somebody began to read it */
	bool has_ended;                     /* there is nothing left to do */
	bool has_checkpoint;                /* it was read once, and the direct route has
								 * taken some of its rows */
	bool is_inspected;                  /* the first reading was done, by an earlier
								 * attempt */

	/* what the first reading found */
	int64_t row_count;
	int64_t header_bytes; /* of the names of its columns */
	char delimiter;

	/* what object_upload_read() read */
	int64_t byte_count;
};

/* What an object is to us, by its key. */
enum object_kind
{
	OBJECT_OF_VENDOR,
	OBJECT_NOT_OURS, /* a report, or not below the uploads */
	OBJECT_OF_NOBODY /* below the uploads, but in no vendor's folder */
};

/*
 * Fill *object from a notification.  Only an OBJECT_OF_VENDOR can be begun; of
 * the others there is nobody who could be told about an upload.  The folder
 * alone says whose it is.
 */
extern enum object_kind
object_upload_of_record(struct object_upload *object, const struct s3_event_record *record,
						const struct settings *settings);

/*
 * Fill *object from an upload that is in the database.  Errors: those of
 * connection.h, and UPLOAD_WITHOUT_OBJECT, class internal, when it was not
 * begun from an object.
 */
extern bool object_upload_of_stalled(struct object_upload *object, struct sandbox *sandbox,
									 const struct invocation *invocation, const char *upload_id,
									 struct glue_error *error);

/*
 * Open the upload of an object, or find the one that it has, count an attempt,
 * and take what an earlier first reading found.  File fault UNKNOWN_VENDOR when there is no such vendor.
 */
extern bool object_upload_begin(struct object_upload *object, struct sandbox *sandbox,
								const struct invocation *invocation, struct glue_error *error);

/*
 * End the upload as OTHER_VENDOR when its file is named after another vendor
 * than its folder; has_ended tells.  An upload that has ended stays as it is.
 */
extern bool object_upload_check_name(struct object_upload *object, struct sandbox *sandbox,
									 const struct invocation *invocation, struct glue_error *error);

/*
 * Read the object the first time.  A fault of the file ends the upload;
 * otherwise its total is known afterwards.  Either way true, and has_ended
 * tells.  False on infrastructure errors: nothing is decided.
 */
extern bool object_upload_inspect(struct object_upload *object, struct sandbox *sandbox,
								  const struct invocation *invocation, struct glue_error *error);

/*
 * Read the object again, for its rows.  False with GLUE_NO_ERROR when events
 * said stop.  An object that is not the one of before ends the upload:
 * true, and has_ended.
 */
extern bool object_upload_read(struct object_upload *object, struct sandbox *sandbox,
							   const struct invocation *invocation,
							   const struct row_reader_events *events, struct glue_error *error);

/*
 * What to ask S3 for: this object, in this version.  on_bytes, context, start
 * and end are the caller's to set.
 */
extern struct s3_get
object_upload_get(const struct object_upload *object, const struct invocation *invocation);

/* Whether S3 said that the object is not the one of before. */
extern bool object_upload_is_replaced(const struct glue_error *error);

/* End the upload with a failure code; an upload that has ended stays as it is. */
extern bool object_upload_reject(struct object_upload *object, struct sandbox *sandbox,
								 const struct invocation *invocation, const char *code,
								 const char *message, struct glue_error *error);

/* End it as OBJECT_REPLACED. */
extern bool object_upload_replaced(struct object_upload *object, struct sandbox *sandbox,
								   const struct invocation *invocation, struct glue_error *error);

#endif /* GLUE_LAMBDA_OBJECT_UPLOAD_H */
