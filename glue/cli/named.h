/*-------------------------------------------------------------------------
 *
 * named.h
 *	  Read the upload or vendor named on the command line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_NAMED_H
#define GLUE_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "database/database.h"
#include "import/upload.h"

/* The word for the newest upload, accepted in place of an id. */
#define NAMED_LATEST "latest"

/*
 * Read an upload named as for upload_resolve(); if it does not exist, the error
 * suggests a similar id.
 */
extern bool named_upload(struct database *database, const char *text, struct upload *upload,
						 struct glue_error *error);

/*
 * Read the newest upload visible to the login; UNKNOWN_UPLOAD if there is none.
 */
extern bool
named_upload_latest(struct database *database, struct upload *upload, struct glue_error *error);

/* Read an upload as named on the command line, perhaps by that word. */
extern bool named_upload_or_latest(struct database *database, const char *text,
								   struct upload *upload, struct glue_error *error);

/*
 * Read a vendor's status into buffer, truncated if necessary.  Not-found error
 * UNKNOWN_VENDOR, with a suggestion, if the vendor does not exist.
 */
extern bool named_vendor_status(struct database *database, const char *vendor_id, char *buffer,
								size_t size, struct glue_error *error);

#endif /* GLUE_NAMED_H */
