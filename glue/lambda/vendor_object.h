/*-------------------------------------------------------------------------
 *
 * vendor_object.h
 *	  Identify the S3 object that is a vendor's file, and its vendor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_VENDOR_OBJECT_H
#define GLUE_LAMBDA_VENDOR_OBJECT_H

#include "aws/s3.h"
#include "database/database.h"
#include "lambda/environment.h"
#include "lambda/s3_event.h"

/* Size including the NUL: a vendor id has at most 50 characters. */
#define VENDOR_OBJECT_VENDOR_SIZE 51

/* Size of a content id: names and separators. */
#define VENDOR_OBJECT_CONTENT_ID_SIZE \
	(S3_BUCKET_SIZE + S3_KEY_SIZE + S3_VERSION_ID_SIZE + S3_ETAG_SIZE + S3_SEQUENCER_SIZE)

/* Owns nothing; the strings are stored inside. */
struct vendor_object
{
	char bucket[S3_BUCKET_SIZE];
	char key[S3_KEY_SIZE];
	char version_id[S3_VERSION_ID_SIZE]; /* "" if the bucket has no versioning */
	char etag[S3_ETAG_SIZE];             /* "" if unknown */
	char sequencer[S3_SEQUENCER_SIZE];

	/* derived from the key */
	char vendor_id[VENDOR_OBJECT_VENDOR_SIZE];
	const char *file_name; /* points into key */
	const char *mode;      /* in which to apply its rows; NULL if the key does not name one */
};

/* Kind of an object, by its key. */
enum vendor_object_kind
{
	OBJECT_OF_VENDOR,
	OBJECT_NOT_OURS, /* a report, or outside the upload prefix */
	OBJECT_OF_NOBODY /* below the upload prefix, but not in a vendor's folder */
};

/*
 * Fill *object from a notification.  Only an OBJECT_OF_VENDOR can be imported;
 * the others have no vendor to notify.  The folder alone determines the
 * vendor.
 */
extern enum vendor_object_kind
vendor_object_of_record(struct vendor_object *object, const struct s3_event_record *record,
						const struct settings *settings);

/*
 * Fill *object from an upload in the database.  Errors: those of database.h,
 * and internal error UPLOAD_WITHOUT_OBJECT if the upload was not started from
 * an object.
 */
extern bool vendor_object_of_upload(struct vendor_object *object, struct database *database,
									const char *upload_id, struct glue_error *error);

/*
 * Write an id that distinguishes this content from any other: the version or,
 * without one, the ETag and the sequencer, which also distinguishes a rewrite
 * of the same bytes.
 */
extern void vendor_object_content_id(const struct vendor_object *object,
									 char id[VENDOR_OBJECT_CONTENT_ID_SIZE]);

/*
 * Return the metadata that an upload keeps for vendor_object_of_upload(), and for
 * later readings the encoding that its sender asked for (or NULL), as JSON owned
 * by the caller: cJSON_free().  NULL if memory runs out.
 */
extern char *vendor_object_metadata(const struct vendor_object *object, const char *encoding);

#endif /* GLUE_LAMBDA_VENDOR_OBJECT_H */
