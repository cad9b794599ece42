/*-------------------------------------------------------------------------
 *
 * report_record.h
 *	  Claim the report of an ended upload, and record that it was made.
 *
 * A reporter claims, notifies the vendor without a transaction, and records;
 * until its lease expires no other reporter can claim.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_REPORT_RECORD_H
#define GLUE_REPORT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "database/database.h"

/* Size of the text of a lease's token, a UUID. */
#define REPORT_TOKEN_SIZE 37

/*
 * Lease the report to the caller for some seconds.  token becomes empty if the
 * upload was reported, or another reporter has the lease.
 */
extern bool report_claim(struct database *database, const char *upload_id, int64_t seconds,
						 char token[REPORT_TOKEN_SIZE], struct glue_error *error);

/* End the lease with this token early; harmless if it is over. */
extern bool report_release(struct database *database, const char *upload_id, const char *token,
						   struct glue_error *error);

/*
 * Record the locations of an upload's files (NULL for missing ones) and thereby
 * that the vendor was notified; this ends the lease. *recorded is false if that
 * was recorded before.
 */
extern bool
report_record(struct database *database, const char *upload_id, const char *errors, const char *fix,
			  const char *workbook, bool *recorded, struct glue_error *error);

#endif /* GLUE_REPORT_RECORD_H */
