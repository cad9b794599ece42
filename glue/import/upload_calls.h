/*-------------------------------------------------------------------------
 *
 * upload_calls.h
 *	  What the database knows about an upload, and the calls on it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_UPLOAD_CALLS_H
#define GLUE_UPLOAD_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/failure.h"
#include "database/database.h"

/*
 * One row of upload_history.  The texts are inside row, which it owns:
 * upload_clean_up().  A text is NULL where the column is null.
 */
struct upload
{
	PGresult *row;
	const char *upload_id;
	const char *vendor_id;
	const char *file_name;
	const char *source;
	const char *status;    /* processing, completed, partial, failed */
	int64_t total_records; /* -1 while not known */
	int64_t valid_records;
	int64_t error_records;
	const char *success_rate; /* percent, one decimal */
	const char *failure_code;
	const char *failure_message;
	const char *error_file;
	const char *fix_file;
	int64_t created_at;   /* seconds since 1970 */
	const char *duration; /* seconds, of processing */
	bool may_retry;       /* failed for a reason outside the file */
	bool undone;
	int64_t undone_at;      /* seconds since 1970; 0 when not undone */
	const char *begun_text; /* the same moments for json_add_time() */
	const char *ended_text; /* of its last row */
	const char *undone_text;
};

/* What a file is, for onboard_begin_upload(); all borrowed. */
struct upload_request
{
	const char *vendor_id;
	const char *file_name;
	const char *source;     /* path, or NULL */
	const char *content_id; /* NULL: like no other */
	int64_t total_records;  /* -1: not known */
	const char *metadata;   /* JSON object */
};

/* Rows that have a verdict; owns ranges: judged_rows_clean_up(). */
struct row_range
{
	int64_t first;
	int64_t last;
};

struct judged_rows
{
	struct row_range *ranges; /* ascending */
	int count;
	int64_t rows; /* in all of them */
};

/*
 * Open the upload of this content, or find the one that is open or has ended,
 * failed or not; for one that may be retried, open the next attempt.  Fills *upload.
 * UNKNOWN_VENDOR, not found, when there is no such vendor.
 */
extern bool upload_begin(struct database *database, const struct upload_request *request,
						 struct upload *upload, struct glue_error *error);

/*
 * Record that the file is refused, in one transaction: an upload that has
 * failed with the code and text of fault.  Fills *upload.  Errors as above.
 */
extern bool
upload_refuse(struct database *database, const struct upload_request *request,
			  const struct glue_error *fault, struct upload *upload, struct glue_error *error);

/*
 * Find the latest upload of this vendor and content.  *upload stays empty
 * (upload_id NULL) when there is none.
 */
extern bool upload_find(struct database *database, const char *vendor_id, const char *content_id,
						struct upload *upload, struct glue_error *error);

/*
 * The same for an upload of this file that was read in another way: its content
 * id begins with digest and is not content_id.  Skips uploads that have failed or
 * were undone.
 */
extern bool
upload_find_other_reading(struct database *database, const char *vendor_id, const char *digest,
						  const char *content_id, struct upload *upload, struct glue_error *error);

/* Read an upload; UNKNOWN_UPLOAD, not found, when no upload has that id. */
extern bool upload_read(struct database *database, const char *upload_id, struct upload *upload,
						struct glue_error *error);

/*
 * Read the upload that a user names: by its id, or by the beginning of its id if
 * no other id begins like this.  UNKNOWN_UPLOAD, not found, if there is none;
 * usage error AMBIGUOUS_UPLOAD, which names candidates, if there are several.
 */
extern bool upload_resolve(struct database *database, const char *text, struct upload *upload,
						   struct glue_error *error);

/* The word for the newest upload where a user may name one. */
#define UPLOAD_LATEST "latest"

/* Read the newest upload that the login may see; UNKNOWN_UPLOAD when there is none. */
extern bool
upload_read_latest(struct database *database, struct upload *upload, struct glue_error *error);

/* Fail an open upload with a code; fills *upload anew. */
extern bool upload_reject(struct database *database, struct upload *upload, const char *code,
						  const char *message, struct glue_error *error);

/* All rows were sent; fills *upload anew. */
extern bool upload_finish(struct database *database, struct upload *upload, int64_t total,
						  struct glue_error *error);

/* Accepts an empty upload. */
extern void upload_clean_up(struct upload *upload);

/*
 * Under which content id to begin, of which content_id takes at most size
 * bytes; it holds that of the file and gets "+" and a number appended for the
 * loads after the first.  Without again it is that of the latest load, so that
 * this one is found, which upload_find() does; with again the next after those
 * that have ended, so that a run that was killed resumes.  An upload that may
 * be retried is no load.
 */
extern bool upload_choose_content(struct database *database, const char *vendor_id, bool again,
								  char *content_id, size_t size, struct glue_error *error);

/* Read the ledger; replaces what *judged held. */
extern bool judged_rows_read(struct database *database, const char *upload_id,
							 struct judged_rows *judged, struct glue_error *error);

extern void judged_rows_clean_up(struct judged_rows *judged);

/*
 * The status of a vendor, of which buffer takes what fits.
 * UNKNOWN_VENDOR, not found, when there is no such vendor.
 */
extern bool vendor_read_status(struct database *database, const char *vendor_id, char *buffer,
							   size_t size, struct glue_error *error);

#endif /* GLUE_UPLOAD_CALLS_H */
