/*-------------------------------------------------------------------------
 *
 * dry_run.h
 *	  Send the rows of a file to the database without storing them.
 *
 * All records go to a function of the extension in chunks, in one read-only
 * transaction, so that the function can remember earlier chunks.  Memory use is
 * that of one chunk.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_DRY_RUN_H
#define GLUE_DRY_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "cli/local_file.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "database/database.h"
#include "import/upload.h"

/* Maximum number of rows in a chunk. */
#define DRY_RUN_ROWS 2000

/*
 * Columns of SQL: the type, field, message and suggestion of an error e.error of a row,
 * the latter three with the vendor's own headings.  metadata is the parameter
 * that has dry_run.metadata.
 */
#define DRY_RUN_ERROR(metadata)                                                  \
	"e.error ->> 'error_type', CASE WHEN " metadata "::jsonb IS NULL"            \
	" THEN e.error ->> 'error_field'"                                            \
	" ELSE onboard.vendor_heading(" metadata ", e.error ->> 'error_field') END," \
	" CASE WHEN " metadata " IS NULL THEN e.error ->> 'error_message'"           \
	" ELSE onboard.vendor_message(" metadata ", e.error ->> 'error_field',"      \
	" e.error ->> 'error_message') END,"                                         \
	" CASE WHEN " metadata " IS NULL THEN e.error ->> 'suggestion'"              \
	" ELSE onboard.vendor_suggestion(" metadata ", e.error ->> 'error_type',"    \
	" e.error ->> 'error_field', e.error ->> 'suggestion') END"

/* What a command does with the rows; end may be NULL. */
struct dry_run_events
{
	/* An attempt begins: discard what an earlier one found. */
	bool (*begin)(void *context, struct glue_error *error);

	/* A chunk is complete. */
	bool (*judge)(void *context, struct glue_error *error);

	/* All rows were judged, and the transaction is still open. */
	bool (*end)(void *context, struct glue_error *error);
};

/*
 * Owns local, metadata and records, and the database unless it is borrowed; free with
 * dry_run_close().
 */
struct dry_run
{
	const struct options *options;
	struct local_file local;
	struct database *database;
	bool database_is_borrowed;
	struct upload_apply apply; /* as requested, else as the map says */
	char *metadata;            /* of the file, as an upload would have it; NULL without a map */
	struct progress progress;
	int64_t started_ms; /* when the first reading began */
	const struct dry_run_events *events;
	void *context;

	/* the chunk */
	struct byte_buffer records;  /* a JSON array, in the form that onboard_check() accepts */
	int64_t lines[DRY_RUN_ROWS]; /* line numbers of its rows */
	int64_t first_row;           /* row number of its first row */
	int rows;                    /* in the chunk */

	int64_t judged; /* rows in earlier chunks */
	struct glue_error error;
};

/*
 * Open the file named by the options and the database, check that the vendor
 * may load files, and run the first reading of the file, for rows that are
 * to be applied in this way; NULL if they are to be inserted.
 * local.file.needs then has the mode.
 */
extern bool dry_run_open(struct dry_run *run, const struct options *options,
						 const struct upload_apply *apply, struct glue_error *error);

/*
 * Likewise, for the fixed file of an upload, which was written to a temporary file.  It is
 * read with the map that the upload began with, and its rows are applied in the mode of the
 * upload.  Borrows the database.  Takes ownership of the descriptor, even if it returns
 * false.
 */
extern bool
dry_run_open_fixed(struct dry_run *run, const struct options *options, struct database *database,
				   const struct upload *upload, int descriptor, struct glue_error *error);

/* Also accepts a run that failed to open. */
extern void dry_run_close(struct dry_run *run);

/*
 * Read the file and have its chunks judged; starts over if the database was
 * unavailable.  label is the text of the progress bar.
 */
extern bool
dry_run_judge(struct dry_run *run, const char *label, const struct dry_run_events *events,
			  void *context, struct glue_error *error);

/* Return the line number of a row of the chunk; 0 if it has no such row. */
extern int64_t dry_run_line(const struct dry_run *run, int64_t row_number);

#endif /* GLUE_DRY_RUN_H */
