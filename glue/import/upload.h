/*-------------------------------------------------------------------------
 *
 * upload.h
 *	  An upload as the database knows it, and the calls on it.
 *
 * Every call may be made again: the database gives the same answer to the same
 * call.  Errors are those of database.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_UPLOAD_H
#define GLUE_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "database/database.h"
#include "reader/row_source.h"

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

	/* what earlier readings of its file left */
	int64_t attempts;      /* readings begun, where they are counted */
	char delimiter;        /* 0: not known */
	int64_t heading_bytes; /* of the names of the file's columns */
	bool has_checkpoint;
	struct resume_token checkpoint; /* where the next one resumes */
};

/* What a file is, for onboard_begin_upload(); all borrowed. */
struct upload_request
{
	const char *vendor_id;
	const char *file_name;
	const char *source;     /* path or key, or NULL */
	const char *content_id; /* NULL: like no other */
	int64_t total_records;  /* -1: not known */
	const char *metadata;   /* JSON object */
	bool again;             /* an upload that failed for a reason outside the file is
							 * followed by another attempt */
};

/* Accepts an empty upload. */
extern void upload_clean_up(struct upload *upload);

/* Whether it has not ended. */
extern bool upload_is_open(const struct upload *upload);

/* ----- its life ----- */

/*
 * Open the upload of this content, or find the one that is open or has ended.
 * Fills *upload.  UNKNOWN_VENDOR, not found, when there is no such vendor.
 */
extern bool upload_begin(struct database *database, const struct upload_request *request,
						 struct upload *upload, struct glue_error *error);

/*
 * The same for a caller that is about to read the file, which counts as an attempt
 * unless the upload has ended.
 */
extern bool upload_begin_reading(struct database *database, const struct upload_request *request,
								 struct upload *upload, struct glue_error *error);

/* Count another attempt to read the file of an upload; fills *upload anew. */
extern bool upload_read_again(struct database *database, const char *upload_id,
							  struct upload *upload, struct glue_error *error);

/* Record what was found out after it began; metadata is a JSON object.  Fills *upload anew. */
extern bool upload_describe(struct database *database, struct upload *upload, int64_t total,
							const char *metadata, struct glue_error *error);

/*
 * Save where reading resumes, in the transaction of the rows before it, which is
 * open.  *moved is false when it was not taken: another reader is further on, or
 * the upload has ended.
 */
extern bool upload_save_checkpoint(struct database *database, const char *upload_id,
								   const struct resume_token *checkpoint, bool *moved,
								   struct glue_error *error);

/* All rows were sent; fills *upload anew. */
extern bool upload_finish(struct database *database, struct upload *upload, int64_t total,
						  struct glue_error *error);

/* Fail an open upload with a code; fills *upload anew. */
extern bool upload_reject(struct database *database, struct upload *upload, const char *code,
						  const char *message, struct glue_error *error);

/*
 * Record that a file is refused, in one transaction: an upload that has failed
 * with the code and text of fault.  Fills *upload.  Errors as of upload_begin().
 */
extern bool
upload_refuse(struct database *database, const struct upload_request *request,
			  const struct glue_error *fault, struct upload *upload, struct glue_error *error);

/* ----- finding one ----- */

/* Read an upload; UNKNOWN_UPLOAD, not found, when no upload has that id. */
extern bool upload_read(struct database *database, const char *upload_id, struct upload *upload,
						struct glue_error *error);

/*
 * Find the upload with this id, or with this beginning of its id if no other id
 * begins like this.  UNKNOWN_UPLOAD, not found, if there is none; usage error
 * AMBIGUOUS_UPLOAD, which names candidates, if there are several.
 */
extern bool upload_resolve(struct database *database, const char *text, struct upload *upload,
						   struct glue_error *error);

/* Find the newest upload that the login may see; *upload stays empty (upload_id
 * NULL) when there is none. */
extern bool
upload_find_latest(struct database *database, struct upload *upload, struct glue_error *error);

/* The same for the latest upload of this vendor and content. */
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

#endif /* GLUE_UPLOAD_H */
