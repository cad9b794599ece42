/*-------------------------------------------------------------------------
 *
 * named.h
 *	  The upload or vendor that the command line names, as it is in the database.
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

/* The word for the newest upload where a user may name one. */
#define NAMED_LATEST "latest"

/*
 * Read an upload that is named as for upload_resolve(); with a suggestion if there
 * is none.
 */
extern bool named_upload(struct database *database, const char *text, struct upload *upload,
						 struct glue_error *error);

/* Read the newest upload that the login may see; UNKNOWN_UPLOAD when there is none. */
extern bool
named_upload_latest(struct database *database, struct upload *upload, struct glue_error *error);

/*
 * The status of a vendor, of which buffer takes what fits.  UNKNOWN_VENDOR, not
 * found, with a suggestion, when there is no such vendor.
 */
extern bool named_vendor_status(struct database *database, const char *vendor_id, char *buffer,
								size_t size, struct glue_error *error);

#endif /* GLUE_NAMED_H */
