/*-------------------------------------------------------------------------
 *
 * s3_source.h
 *	  An object of S3 as a source of bytes.
 *
 * Each reading is of one and the same object: by its version, in a bucket without
 * versions by its ETag.  When that is gone, it was replaced.
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
	int64_t byte_count; /* that the last reading got */
};

extern void s3_source_init(struct s3_source *source, struct aws_client *client,
						   const struct vendor_object *object, int64_t deadline_ms);

#endif /* GLUE_LAMBDA_S3_SOURCE_H */
