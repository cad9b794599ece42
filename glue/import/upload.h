/*-------------------------------------------------------------------------
 *
 * upload.h
 *	  An upload as stored in the database, and operations on it.
 *
 * Every operation may be repeated with the same result.  Errors are those of
 * database.h.
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
#include "shared/action.h"

/* What was decided on a held row. */
enum held_decision
{
	HELD_APPLIED,
	HELD_DECLINED,
	HELD_SUPERSEDED,
	HELD_REFUSED,
	HELD_DECISION_COUNT
};

/* As stored, such as "applied". */
extern const char *const held_decision_names[HELD_DECISION_COUNT];

/*
 * One row of upload_history.  The strings point into row, which is owned; free
 * with upload_clean_up().  A string is NULL if the column is null.
 */
struct upload
{
	PGresult *row;
	const char *upload_id;
	const char *vendor_id;
	const char *file_name;
	const char *source;
	const char *status;    /* processing, completed, partial, failed */
	int64_t total_records; /* -1 while unknown */
	int64_t valid_records;
	int64_t error_records;
	int64_t actions[ACTION_COUNT]; /* rows by action; together valid_records and error_records */
	int64_t discontinued_missing;  /* products that a replace discontinued, without a row */
	const char *success_rate;      /* percent, one decimal */
	const char *failure_code;
	const char *failure_message;
	const char *error_file;
	const char *fix_file;
	int64_t created_at;   /* seconds since 1970 */
	const char *duration; /* seconds, of processing */
	bool may_retry;       /* failed for a reason outside the file */
	bool undone;
	int64_t undone_at;      /* seconds since 1970; 0 when not undone */
	const char *begun_text; /* the same times, for json_add_time() */
	const char *ended_text; /* when its last row was judged */
	const char *undone_text;

	/* results of earlier readings of its file */
	enum upload_mode mode;   /* how its rows are applied; MODE_INSERT if unknown */
	enum upload_match match; /* MATCH_COUNT if the file decides */
	const char *map_name;    /* the map that it began with; NULL: none */
	int64_t map_version;     /* 0: that of a preset, or no map */
	const char *map_hash;
	int64_t attempts;      /* readings begun, where they are counted */
	char delimiter;        /* 0: unknown, or the format has none */
	const char *encoding;  /* as found or, before that, as asked for; NULL: unknown */
	int64_t heading_bytes; /* size of the file's column names; 0: unknown */
	int64_t skipped_rows;  /* records that the map skipped */
	bool has_checkpoint;
	struct resume_token checkpoint; /* where the next reading resumes */

	/* set by upload_read_held() */
	int64_t waiting;          /* rows and steps that no operator has decided on */
	bool waiting_step;        /* one of them is the last step of a replace */
	int64_t waiting_products; /* the number that it would discontinue */
	int64_t decisions[HELD_DECISION_COUNT];
};

/* How rows are to be applied; NULL for the default.  Borrows the strings. */
struct upload_apply
{
	const char *mode;        /* of the vendor, by default */
	const char *match;       /* vendor_product_id or sku */
	const char *blank;       /* clear or keep */
	const char *source_time; /* of the contents: a PostgreSQL timestamp with a zone */
};

/* Arguments of onboard_begin_upload(); all pointers are borrowed. */
struct upload_request
{
	const char *vendor_id;
	const char *file_name;
	const char *source;     /* path or key; or NULL */
	const char *content_id; /* NULL: unique */
	int64_t total_records;  /* -1: unknown */
	const char *metadata;   /* JSON object */
	const char *columns;    /* a PostgreSQL array; or NULL */
	bool again;             /* retry an upload that failed for a reason outside
							 * the file; otherwise any upload of this content
							 * is the one, however it is applied */
	struct upload_apply apply;
	const char *map_name; /* the map that the file is read with; or NULL */
	const char *map_hash; /* its hash when the file was read; or NULL */
};

/* Free an upload's memory; accepts an empty one. */
extern void upload_clean_up(struct upload *upload);

/* Return whether the upload has not ended. */
extern bool upload_is_open(const struct upload *upload);

/* ----- its life ----- */

/*
 * Open the upload of this content, or find the existing one, open or ended.
 * Fills *upload.  Not-found error UNKNOWN_VENDOR if the vendor does not exist;
 * UPLOAD_MAP_CHANGED if the map has another hash now.
 */
extern bool upload_begin(struct database *database, const struct upload_request *request,
						 struct upload *upload, struct glue_error *error);

/*
 * Likewise for a caller about to read the file, which counts as an attempt
 * unless the upload has ended.
 */
extern bool upload_begin_reading(struct database *database, const struct upload_request *request,
								 struct upload *upload, struct glue_error *error);

/* Count another attempt to read the file of an upload; refreshes *upload. */
extern bool upload_read_again(struct database *database, const char *upload_id,
							  struct upload *upload, struct glue_error *error);

/*
 * Say that the vendor does not exist, as UNKNOWN_VENDOR, if that is the reason of
 * POSTGRES_UNDEFINED_OBJECT, which a function raises for other missing things as
 * well; otherwise *error is kept.  Always returns false.
 */
extern bool upload_explain_unknown_vendor(struct database *database, const char *vendor_id,
										  struct glue_error *error);

/*
 * Find the mode that an upload of the vendor would have, and whether the vendor
 * may use it.  Errors as for upload_begin().
 */
extern bool
upload_choose_mode(struct database *database, const char *vendor_id, const char *mode,
				   enum upload_mode *chosen, bool *is_allowed, struct glue_error *error);

/*
 * Record what was found after the upload began; metadata is a JSON object,
 * columns a PostgreSQL array.  Refreshes *upload.
 */
extern bool upload_describe(struct database *database, struct upload *upload, int64_t total,
							const char *metadata, const char *columns, struct glue_error *error);

/*
 * Save where reading resumes, inside the open transaction of the preceding
 * rows. *moved is false if it was not accepted: another reader is ahead, or the
 * upload has ended.
 */
extern bool upload_save_checkpoint(struct database *database, const char *upload_id,
								   const struct resume_token *checkpoint, bool *moved,
								   struct glue_error *error);

/* Record that all rows were sent; refreshes *upload. */
extern bool upload_finish(struct database *database, struct upload *upload, int64_t total,
						  struct glue_error *error);

/* Fail an open upload with a code; refreshes *upload. */
extern bool upload_reject(struct database *database, struct upload *upload, const char *code,
						  const char *message, struct glue_error *error);

/*
 * Record a refused file, in one transaction, as an upload that failed with the
 * code and text of fault.  Fills *upload.  Errors as for upload_begin().
 */
extern bool
upload_refuse(struct database *database, const struct upload_request *request,
			  const struct glue_error *fault, struct upload *upload, struct glue_error *error);

/* ----- finding one ----- */

/* Read an upload; not-found error UNKNOWN_UPLOAD if it does not exist. */
extern bool upload_read(struct database *database, const char *upload_id, struct upload *upload,
						struct glue_error *error);

/*
 * Read how many held rows of an upload wait and what was decided on the others,
 * which UPLOAD_COLUMNS omits because it changes after the upload has ended.  Runs
 * no statement for an upload that only inserts.
 */
extern bool
upload_read_held(struct database *database, struct upload *upload, struct glue_error *error);

/*
 * Find an upload by its id or a unique prefix of it.  Not-found error
 * UNKNOWN_UPLOAD if there is none; usage error AMBIGUOUS_UPLOAD, which names
 * candidates, if there are several.
 */
extern bool upload_resolve(struct database *database, const char *text, struct upload *upload,
						   struct glue_error *error);

/*
 * Find the newest upload visible to the login; *upload stays empty (upload_id
 * NULL) if there is none.
 */
extern bool
upload_find_latest(struct database *database, struct upload *upload, struct glue_error *error);

/* Likewise for the latest upload of this vendor and content. */
extern bool upload_find(struct database *database, const char *vendor_id, const char *content_id,
						struct upload *upload, struct glue_error *error);

/*
 * Likewise for an upload of the same file that was read with other options: its
 * content id begins with digest but differs from content_id.  Skips failed and
 * undone uploads.
 */
extern bool
upload_find_other_reading(struct database *database, const char *vendor_id, const char *digest,
						  const char *content_id, struct upload *upload, struct glue_error *error);

/*
 * Choose the content id of a load.  On entry content_id (size bytes) holds the
 * file's content id; loads after the first get "+" and a number appended.
 * Without again, chooses that of the latest load, for upload_find() to find;
 * with again, the one after the last ended load, so that a killed run is
 * resumed.  Ignores uploads that may be retried.
 */
extern bool upload_choose_content(struct database *database, const char *vendor_id, bool again,
								  char *content_id, size_t size, struct glue_error *error);

#endif /* GLUE_UPLOAD_H */
