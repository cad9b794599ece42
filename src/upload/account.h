/*-------------------------------------------------------------------------
 *
 * account.h
 *	  Counters of an upload, its ending, and the outbox events of both.
 *
 * An upload ends here only, with the statement that writes its one upload_ended
 * event.  All functions run inside an owner section with SPI connected, and while
 * the upload's row is locked by account_lock().
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ACCOUNT_H
#define ONBOARD_ACCOUNT_H

#include "postgres.h"

#include "shared/action.h"
#include "upload/tally.h"

/* What an upload is at the moment; strings live in the current context. */
typedef struct UploadRow
{
	char *upload_id;
	char *vendor_id;
	enum upload_mode mode; /* MODE_COUNT for one that the library does not know */
	bool processing;       /* status is processing */
	bool failed;           /* status is failed */
	int64 total_records;   /* -1 when not known yet */
	int64 valid_records;
	int64 error_records;
} UploadRow;

/*
 * Lock the upload until the end of the transaction, so that calls on it run
 * one after another, and read it.  Returns false when there is no such upload.
 */
extern bool account_lock(const char *upload_id, UploadRow *row);

/*
 * Read the upload without locking it, to learn whose it is before the caller
 * is checked.
 */
extern bool account_read(const char *upload_id, UploadRow *row);

/*
 * Whose upload is it?  NULL when there is no such upload, and also when it is
 * that of a vendor for whom the current user may not load: ids can be guessed,
 * and an answer would tell.  Runs outside an owner section; the result lives in
 * the current memory context.
 */
extern char *account_vendor(const char *upload_id);

/*
 * Add the verdicts of one statement to the counters: one errors_recorded event
 * when there were errors, and the end of the upload when all are in.
 */
extern void account_add(const UploadRow *row, const Tally *tally);

/*
 * End the upload if its total is known and reached; true when it ended now.  A
 * total of 0 ends it as failed with NO_ROWS.
 */
extern bool account_end_if_complete(const char *upload_id);

/* End the upload as failed; counters become 0.  True when it ended now. */
extern bool account_fail(const char *upload_id, const char *code, const char *message);

/*
 * The same for an upload whose verdicts stay: the counters are true and stay
 * too, and a total that is not known is not made up.
 */
extern bool account_abandon(const char *upload_id, const char *code, const char *message);

#endif /* ONBOARD_ACCOUNT_H */
