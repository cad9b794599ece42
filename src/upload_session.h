/*-------------------------------------------------------------------------
 *
 * upload_session.h
 *	  An upload that a statement has rows for: locked, with its ledger and tally.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_SESSION_H
#define ONBOARD_UPLOAD_SESSION_H

#include "postgres.h"

#include "account.h"
#include "catalogue.h"
#include "ledger.h"

typedef struct UploadSession
{
	bool		known;			/* false: there is no such upload */
	Size		id_length;
	UploadRow	upload;			/* as it was when locked */
	CatalogueOwner owner;
	Ledger	   *ledger;
	int64		taken;			/* rows of this statement that get a verdict */
	int64		valid;
	int64		errors;
	int64		first_error_row;
	int64		last_error_row;
} UploadSession;

/*
 * Check that the current user may load for the upload's vendor (an error if
 * not), lock upload and vendor until the transaction ends, and read the ledger.
 * Lives in the given context.
 */
extern UploadSession *upload_session_open(const char *upload_id, MemoryContext context);

extern bool upload_session_is_of(const UploadSession *session, const char *upload_id, Size length);

/* Does the upload still take rows it has no verdict on? */
extern bool upload_session_takes_rows(const UploadSession *session);

extern void upload_session_count_error(UploadSession *session, int64 row_number);

/* Write ledger and counters.  Runs inside an owner section with SPI connected. */
extern void upload_session_save(UploadSession *session);

#endif							/* ONBOARD_UPLOAD_SESSION_H */
