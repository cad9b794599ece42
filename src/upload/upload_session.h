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

#include "catalogue/catalogue.h"
#include "upload/account.h"
#include "upload/change_terms.h"
#include "upload/ledger.h"
#include "upload/pending.h"

typedef struct UploadSession
{
	bool known; /* false: the caller sees no such upload */
	Size id_length;
	UploadRow upload; /* as it was when locked, plus what is deferred */
	CatalogueOwner owner;
	const struct rule_settings *settings; /* of the vendor; set by the loader */
	ChangeTerms *terms;                   /* NULL if the upload only inserts */
	bool guards_are_off;                  /* because an operator approved the row */
	Ledger *ledger;
	int64 taken;     /* rows of this statement that get a verdict */
	Tally tally;     /* of this statement */
	int64 first_row; /* that it counted; 0 if it has counted none */
	int64 last_row;
} UploadSession;

/*
 * Lock upload and vendor until the transaction ends, and read the ledger.  An
 * upload is not known if the current user may not load for its vendor.  Allocates
 * in the given context.
 */
extern UploadSession *upload_session_open(const char *upload_id, MemoryContext context);

extern bool upload_session_is_of(const UploadSession *session, const char *upload_id, Size length);

/* Does the upload still accept rows that have no verdict? */
extern bool upload_session_takes_rows(const UploadSession *session);

/* Count a row that has its verdict, and its action. */
extern void upload_session_count(UploadSession *session, enum row_action action, int64 row_number);

/*
 * Account for the statement: write ledger and counters, or defer that to the end
 * of the transaction.  Runs inside an owner section with SPI connected.
 */
extern void upload_session_save(UploadSession *session);

#endif /* ONBOARD_UPLOAD_SESSION_H */
