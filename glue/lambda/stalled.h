/*-------------------------------------------------------------------------
 *
 * stalled.h
 *	  Claim stalled uploads to reread their files, and eventually abandon
 *	  them.
 *
 * An upload without progress for SWEEP_IDLE_SECONDS is claimed.  If that does
 * not help, it is claimed again after twice that time, then four times, and
 * so on up to SWEEP_ABANDON_SECONDS, so that an outage of an hour uses up few
 * of the SWEEP_ATTEMPTS.  PostgreSQL counts them, and resets the count
 * whenever a row is judged.
 *
 * stalled_claim() and stalled_abandon() run one transaction each, which first
 * takes the sweeper lock; if another sweeper holds it, they do nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_STALLED_H
#define GLUE_LAMBDA_STALLED_H

#include "database/database.h"
#include "lambda/environment.h"

/* The outcome of a call; after STALLED_FAILED the error is set. */
enum stalled_result
{
	STALLED_FOUND, /* an upload, or a list, was found */
	STALLED_NONE,  /* nothing to do */
	STALLED_BUSY,  /* another sweeper is running */
	STALLED_FAILED
};

/* Strings are borrowed from row, which is owned: stalled_upload_clean_up(). */
struct stalled_upload
{
	const char *upload_id;
	const char *vendor_id;
	int64_t revivals; /* including this one */
	PGresult *row;
};

/* Accepts a zeroed upload. */
extern void stalled_upload_clean_up(struct stalled_upload *upload);

/*
 * Claim the upload that has been stalled longest.  It counts as claimed even
 * if its file is then not read.  upload is zero before.
 */
extern enum stalled_result stalled_claim(struct database *database, const struct settings *settings,
										 struct stalled_upload *upload, struct glue_error *error);

/*
 * End uploads that have used up their attempts as PROCESSING_ABANDONED.  If
 * all is true, also end those without progress for SWEEP_ABANDON_SECONDS,
 * regardless of attempts; only for a caller that found nothing left to claim.
 * After STALLED_FOUND *ended lists them, with STALLED_COLUMNS; the caller
 * owns it: PQclear().
 */
extern enum stalled_result
stalled_abandon(struct database *database, const struct settings *settings, bool all,
				PGresult **ended, struct glue_error *error);

/*
 * Write the event upload_ended again for uploads not reported within
 * SWEEP_UNREPORTED_SECONDS, and set *renewed to their number.  It takes no
 * lock: concurrent calls write the event once.
 */
extern bool stalled_renew_events(struct database *database, const struct settings *settings,
								 int64_t *renewed, struct glue_error *error);

/* Columns of a list of uploads, and their indexes. */
#define STALLED_COLUMNS                                                            \
	"u.upload_id, u.vendor_id, u.total_records, u.valid_records, u.error_records," \
	" u.revivals, onboard.seconds_since(u.updated_at)"

enum stalled_column
{
	STALLED_UPLOAD_ID,
	STALLED_VENDOR_ID,
	STALLED_TOTAL, /* null while it is unknown */
	STALLED_VALID,
	STALLED_ERRORS,
	STALLED_REVIVALS,
	STALLED_IDLE_SECONDS
};

/*
 * Return the seconds without progress after which an upload claimed this
 * often is stalled.
 */
extern int64_t stalled_patience(const struct settings *settings, int64_t revivals);

#endif /* GLUE_LAMBDA_STALLED_H */
