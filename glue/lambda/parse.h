/*-------------------------------------------------------------------------
 *
 * parse.h
 *	  A vendor's file in S3: from its object to rows on their way.
 *
 * What the parser does for a notification and the sweeper for a stalled upload.
 * Doing it again is the one repair for everything that can be lost after it: rows
 * without a verdict are sent again, and all else stays as it is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_PARSE_H
#define GLUE_LAMBDA_PARSE_H

#include "lambda/handler.h"
#include "lambda/vendor_object.h"

/* How the rows of a file travel. */
enum parse_route
{
	PARSE_BY_SETTING, /* ROUTE and DIRECT_ROUTE_ROWS */
	PARSE_DIRECT      /* without DynamoDB, whatever these say */
};

/*
 * Open the upload of an object, read it twice, and send its rows; then drain
 * its outbox.  True when all rows are on their way or the upload has ended,
 * also by a fault of the file.  File fault UNKNOWN_VENDOR when there is no such
 * vendor.  False on infrastructure errors; then it is to be done again.
 */
extern bool
parse_object(struct sandbox *sandbox, const struct invocation *invocation,
			 const struct vendor_object *object, enum parse_route route, struct glue_error *error);

/* The same for an upload that is in the database. */
extern bool parse_upload(struct sandbox *sandbox, const struct invocation *invocation,
						 const char *upload_id, struct glue_error *error);

#endif /* GLUE_LAMBDA_PARSE_H */
