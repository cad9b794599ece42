/*-------------------------------------------------------------------------
 *
 * object_apply.h
 *	  How an S3 object is to be read and its rows applied, from its metadata
 *	  and its key.
 *
 *	  mode			x-amz-meta-onboard-mode, else the folder below the vendor's,
 *					else the vendor's default
 *	  match			x-amz-meta-onboard-match
 *	  blank			x-amz-meta-onboard-blank
 *	  source_time	x-amz-meta-onboard-as-of, else when the object was written
 *	  encoding		x-amz-meta-onboard-encoding
 *	  map			x-amz-meta-onboard-map, else the vendor's default
 *
 * The map decides what the metadata and the key leave open, except for the time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_OBJECT_APPLY_H
#define GLUE_LAMBDA_OBJECT_APPLY_H

#include "aws/s3.h"
#include "base/moment.h"
#include "import/upload.h"
#include "lambda/vendor_object.h"

/* The metadata values, in this order. */
enum
{
	OBJECT_MODE,
	OBJECT_MATCH,
	OBJECT_BLANK,
	OBJECT_AS_OF,
	OBJECT_ENCODING,
	OBJECT_MAP,
	OBJECT_METADATA_COUNT
};

/* Must not move: the strings are stored inside. */
struct object_apply
{
	struct upload_apply apply;
	const char *encoding; /* or NULL */
	const char *map;      /* a name, which need not exist; or NULL */
	struct s3_metadata metadata[OBJECT_METADATA_COUNT];
	char source_time[MOMENT_SIZE];
};

/*
 * Read the metadata of an object from S3, without its contents.  Fails with the
 * errors of s3.h, and with file faults for what the vendor must correct:
 * INVALID_SETTING for a match, a blank policy or an encoding that does not exist,
 * INVALID_SOURCE_TIME.  The database judges the mode and knows the maps.
 */
extern bool
object_apply_read(struct object_apply *settings, struct aws_client *client,
				  const struct vendor_object *object, int64_t deadline, struct glue_error *error);

#endif /* GLUE_LAMBDA_OBJECT_APPLY_H */
