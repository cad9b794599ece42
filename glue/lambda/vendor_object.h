/*-------------------------------------------------------------------------
 *
 * vendor_object.h
 *	  An object of S3 that is a vendor's file: which one, and whose.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_VENDOR_OBJECT_H
#define GLUE_LAMBDA_VENDOR_OBJECT_H

#include "aws/s3.h"
#include "database/database.h"
#include "lambda/environment.h"
#include "lambda/s3_event.h"

/* Bytes with the NUL: an id of a vendor has at most 50. */
#define VENDOR_OBJECT_VENDOR_SIZE 51

/* Bytes of what identifies the content: names with what parts them. */
#define VENDOR_OBJECT_CONTENT_ID_SIZE \
	(S3_BUCKET_SIZE + S3_KEY_SIZE + S3_VERSION_ID_SIZE + S3_ETAG_SIZE + S3_SEQUENCER_SIZE)

/* Owns nothing; the strings are in it. */
struct vendor_object
{
	char bucket[S3_BUCKET_SIZE];
	char key[S3_KEY_SIZE];
	char version_id[S3_VERSION_ID_SIZE]; /* "" in a bucket without */
	char etag[S3_ETAG_SIZE];             /* "" when not known */
	char sequencer[S3_SEQUENCER_SIZE];

	/* by its key */
	char vendor_id[VENDOR_OBJECT_VENDOR_SIZE];
	const char *file_name; /* in key */
};

/* What an object is to us, by its key. */
enum vendor_object_kind
{
	OBJECT_OF_VENDOR,
	OBJECT_NOT_OURS, /* a report, or not below the uploads */
	OBJECT_OF_NOBODY /* below the uploads, but in no vendor's folder */
};

/*
 * Fill *object from a notification.  Only an OBJECT_OF_VENDOR can be imported; of
 * the others there is nobody who could be told about an upload.  The folder
 * alone says whose it is.
 */
extern enum vendor_object_kind
vendor_object_of_record(struct vendor_object *object, const struct s3_event_record *record,
						const struct settings *settings);

/*
 * Fill *object from an upload that is in the database.  Errors: those of
 * database.h, and UPLOAD_WITHOUT_OBJECT, class internal, when it was not begun
 * from an object.
 */
extern bool vendor_object_of_upload(struct vendor_object *object, struct database *database,
									const char *upload_id, struct glue_error *error);

/*
 * What tells this content from any other: the version, or where there is none
 * the ETag, and the sequencer for the same bytes written once more.
 */
extern void vendor_object_content_id(const struct vendor_object *object,
									 char id[VENDOR_OBJECT_CONTENT_ID_SIZE]);

/*
 * What an upload keeps of its object, for vendor_object_of_upload(): JSON, owned
 * by the caller: cJSON_free().  NULL when there is no memory.
 */
extern char *vendor_object_metadata(const struct vendor_object *object);

#endif /* GLUE_LAMBDA_VENDOR_OBJECT_H */
