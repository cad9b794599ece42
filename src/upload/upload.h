/*-------------------------------------------------------------------------
 *
 * upload.h
 *	  What every call on one upload begins and ends with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_H
#define ONBOARD_UPLOAD_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/jsonb.h"

#include "base/owner.h"
#include "upload/account.h"

/* Keys in upload_history.metadata that clients must not set themselves. */
#define UPLOAD_REPORTED_AT "reported_at"
#define UPLOAD_PRODUCTS_KEPT "products_kept"
#define UPLOAD_UNDONE_AT "undone_at"
#define UPLOAD_UNDONE_REMOVED "undone_removed"
#define UPLOAD_UNDONE_KEPT "undone_kept"

/* A text argument; an error that tells its name when it is null. */
extern char *upload_text_argument(FunctionCallInfo fcinfo, int argument, const char *name);

/* The first argument of a call on an upload; an error when it is null. */
extern char *upload_id_argument(FunctionCallInfo fcinfo);

/* A number of rows; -1 for null, an error for less than none. */
extern int64 upload_total_argument(FunctionCallInfo fcinfo, int argument);

/* Raise an error unless metadata is an object without the keys above. */
extern void upload_check_metadata(Jsonb *metadata);

/*
 * Check that the caller may load for the upload's vendor, enter an owner
 * section, connect to SPI and lock the upload.  Raises an error when there is
 * no such upload.
 */
extern void upload_open(const char *upload_id, OwnerSection *section, UploadRow *row);

/* The upload's row as it is now, which outlives SPI_finish(). */
extern Datum upload_row(const char *upload_id);

/* Leave SPI and the section; the lock stays until the transaction ends. */
extern void upload_close(OwnerSection *section);

#endif /* ONBOARD_UPLOAD_H */
