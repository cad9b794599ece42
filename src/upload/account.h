/*-------------------------------------------------------------------------
 *
 * account.h
 *	  Counters of an upload, its end, and the outbox events of both.
 *
 * An upload ends only here, with the statement that writes its one upload_ended
 * event.  All functions run inside an owner section with SPI connected, and
 * while account_lock() holds the upload's row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ACCOUNT_H
#define ONBOARD_ACCOUNT_H

#include "postgres.h"

#include "shared/action.h"
#include "upload/tally.h"

/* The current state of an upload; strings live in the current context. */
typedef struct UploadRow
{
	char *upload_id;
	char *vendor_id;
	enum upload_mode mode; /* MODE_COUNT if the library does not know it */
	bool processing;       /* status is processing */
	bool failed;           /* status is failed */
	int64 total_records;   /* -1 if not known yet */
	int64 valid_records;
	int64 error_records;
} UploadRow;

/*
 * Lock the upload until the end of the transaction, which serializes calls on it,
 * and read it.  Returns false if there is no such upload.
 */
extern bool account_lock(const char *upload_id, UploadRow *row);

/*
 * Read the upload without locking it, to learn its vendor before the caller is
 * checked.
 */
extern bool account_read(const char *upload_id, UploadRow *row);

/*
 * Return the upload's vendor; NULL if there is no such upload, or if the current
 * user may not load for its vendor: ids can be guessed, and an answer would
 * confirm the guess.  Runs outside an owner section; the result lives in the
 * current memory context.
 */
extern char *account_vendor(const char *upload_id);

/*
 * Add the verdicts of one statement to the counters, with one errors_recorded
 * event if there were errors, and end the upload if it is complete.
 */
extern void account_add(const UploadRow *row, const Tally *tally);

/*
 * End the upload if its total is known and reached; returns whether it ended now.
 * A total of 0 ends it as failed with NO_ROWS.  In mode replace, this first
 * discontinues what no row named; see replace_end.h.
 */
extern bool account_end_if_complete(const char *upload_id);

/*
 * End the upload as failed and reset its counters to 0.  Returns whether it ended
 * now.
 */
extern bool account_fail(const char *upload_id, const char *code, const char *message);

/*
 * Likewise, for an upload whose verdicts stay: the counters are true and stay
 * too, and an unknown total stays unknown.
 */
extern bool account_abandon(const char *upload_id, const char *code, const char *message);

#endif /* ONBOARD_ACCOUNT_H */
