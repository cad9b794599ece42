/*-------------------------------------------------------------------------
 *
 * stalled.h
 *	  Uploads that stopped moving: taking one to read its file again, and
 *	  giving up in the end.
 *
 * An upload without progress for SWEEP_IDLE_SECONDS is taken.  When that was
 * in vain it is taken again after twice that time, then four times, and so on
 * up to SWEEP_ABANDON_SECONDS, so that an outage of an hour uses up few of the
 * SWEEP_ATTEMPTS.  PostgreSQL counts them, anew after each row judged.
 *
 * Every call here is one transaction that takes the lock of the sweeper first;
 * where another sweeper has it, nothing is done.
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
	STALLED_FOUND, /* there is something: an upload, or a list */
	STALLED_NONE,  /* there is nothing to do */
	STALLED_BUSY,  /* another sweeper is at work */
	STALLED_FAILED
};

/* Texts are borrowed from row, which is owned: stalled_upload_clean_up(). */
struct stalled_upload
{
	const char *upload_id;
	const char *vendor_id;
	int64_t revivals; /* this one included */
	PGresult *row;
};

/* Accepts a zeroed upload. */
extern void stalled_upload_clean_up(struct stalled_upload *upload);

/*
 * Take the upload that stopped moving first; it counts as taken, whether its
 * file is then read or not.  upload is zero before.
 */
extern enum stalled_result stalled_claim(struct database *database, const struct settings *settings,
										 struct stalled_upload *upload, struct glue_error *error);

/*
 * End uploads that were taken as often as they may be as PROCESSING_ABANDONED.
 * With all, so are those without progress for SWEEP_ABANDON_SECONDS, however
 * often they were taken: only for who has found none to take.  After
 * STALLED_FOUND *ended lists them, with the columns of STALLED_COLUMNS; it is
 * owned by the caller: PQclear().
 */
extern enum stalled_result
stalled_abandon(struct database *database, const struct settings *settings, bool all,
				PGresult **ended, struct glue_error *error);

/*
 * Write the event upload_ended again for uploads that nobody reported for
 * SWEEP_UNREPORTED_SECONDS; *renewed is how many.  It takes no lock: two at
 * once write it once.
 */
extern bool stalled_renew_events(struct database *database, const struct settings *settings,
								 int64_t *renewed, struct glue_error *error);

/* Columns of a list of uploads, and their places. */
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

/* After how many seconds without progress an upload that was claimed so often is stalled. */
extern int64_t stalled_patience(const struct settings *settings, int64_t revivals);

#endif /* GLUE_LAMBDA_STALLED_H */
