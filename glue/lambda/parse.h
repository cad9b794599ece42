/*-------------------------------------------------------------------------
 *
 * parse.h
 *	  Read a vendor's file in S3 and send its rows on.
 *
 * The parser does this for a notification and the sweeper for a stalled
 * upload.  Repeating it is the one repair for everything that can be lost
 * downstream: rows without a verdict are sent again, items that missed a
 * verdict get it, and everything else is unchanged.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_PARSE_H
#define GLUE_LAMBDA_PARSE_H

#include "lambda/handler.h"
#include "lambda/vendor_object.h"

/* How the rows of a file reach the database. */
enum parse_route
{
	PARSE_BY_SETTING, /* ROUTE and DIRECT_ROUTE_ROWS */
	PARSE_DIRECT      /* without DynamoDB, regardless of these */
};

/*
 * Open the upload of an object, read it twice, send its rows, and drain its
 * outbox.  Return true if all rows were sent or the upload has ended, even by
 * a fault of the file.  Fails with file fault UNKNOWN_VENDOR if the vendor
 * does not exist.  On infrastructure errors return false; the caller must
 * retry.
 */
extern bool
parse_object(struct sandbox *sandbox, const struct invocation *invocation,
			 const struct vendor_object *object, enum parse_route route, struct glue_error *error);

/* Do the same for an upload that is in the database. */
extern bool parse_upload(struct sandbox *sandbox, const struct invocation *invocation,
						 const char *upload_id, struct glue_error *error);

#endif /* GLUE_LAMBDA_PARSE_H */
