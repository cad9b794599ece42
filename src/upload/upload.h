/*-------------------------------------------------------------------------
 *
 * upload.h
 *	  How every call on one upload begins and ends.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_H
#define ONBOARD_UPLOAD_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "upload/account.h"

/* Raise an error if the first argument, older_than, is null. */
extern void upload_check_older_than(FunctionCallInfo fcinfo);

/* Return an integer argument; an error that names it unless it is 0 or more. */
extern int32 upload_count_argument(FunctionCallInfo fcinfo, int argument, const char *name);

/* Return the first argument of a call on an upload; a null raises an error. */
extern char *upload_id_argument(FunctionCallInfo fcinfo);

/* Return a number of rows; -1 for null, an error if negative. */
extern int64 upload_total_argument(FunctionCallInfo fcinfo, int argument);

/* Return a duration, such as that of a lease; raises an error unless it is greater than 0. */
extern Interval *upload_duration_argument(FunctionCallInfo fcinfo, int argument, const char *name);

/* Raise an error unless metadata is an object without the keys of metadata_keys.h. */
extern void upload_check_metadata(Jsonb *metadata);

/*
 * Check that the caller may load for the upload's vendor, enter an owner section,
 * connect to SPI and lock the upload.  Raises an error if there is no such
 * upload.
 */
extern void upload_open(const char *upload_id, OwnerSection *section, UploadRow *row);

/* Return the upload's row as it is now, which outlives SPI_finish(). */
extern Datum upload_row(const char *upload_id);

/*
 * Disconnect from SPI and leave the section; the lock stays until the transaction
 * ends.
 */
extern void upload_close(OwnerSection *section);

#endif /* ONBOARD_UPLOAD_H */
