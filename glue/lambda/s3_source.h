/*-------------------------------------------------------------------------
 *
 * s3_source.h
 *	  Read an S3 object as a byte_source.
 *
 * Every reading is of the same object, identified by its version or, in a
 * bucket without versioning, by its ETag.  If that is gone, the object was
 * replaced.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_S3_SOURCE_H
#define GLUE_LAMBDA_S3_SOURCE_H

#include "aws/s3.h"
#include "import/byte_source.h"
#include "lambda/vendor_object.h"

/* Owns nothing; client and object are borrowed. */
struct s3_source
{
	struct byte_source bytes;
	struct aws_client *client;
	const struct vendor_object *object;
	int64_t deadline_ms;
	int64_t byte_count; /* received by the last reading */
};

/*
 * Does this error of s3.h mean that the announced object was removed or replaced?
 */
extern bool s3_source_is_replaced(const struct glue_error *error);

extern void s3_source_init(struct s3_source *source, struct aws_client *client,
						   const struct vendor_object *object, int64_t deadline_ms);

#endif /* GLUE_LAMBDA_S3_SOURCE_H */
