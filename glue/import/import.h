/*-------------------------------------------------------------------------
 *
 * import.h
 *	  One upload, from its file to its end.
 *
 *	  import_inspect()	the first reading: the faults of the file, its rows
 *	  import_begin()	opens the upload, or finds the one of before
 *	  import_refuse()	ends it with a fault
 *	  import_load()		the second reading: its rows, to a sink; ends the upload
 *						if they have their verdicts then
 *
 * A file that is identified by its bytes is inspected, then begun.  One whose
 * identity is known beforehand, such as the version of an object, is begun first,
 * so that the upload is there whatever becomes of the reading, and counts how
 * often its file was read.
 *
 * Every step may be made again.  After an interruption at any point the next import
 * of the file begins at the top: rows that have a verdict are not sent again.
 * Nothing is printed here, and there is no terminal and no Lambda; a caller's
 * observer is told what a person or a log may want to know.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_IMPORT_H
#define GLUE_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "database/database.h"
#include "import/row_sink.h"
#include "import/upload.h"
#include "import/vendor_file.h"

/* Another reader is further on, or the upload has ended: another pass will tell. */
#define IMPORT_OVERTAKEN "OVERTAKEN"

/* What a caller is told, and asked; each function may be NULL. */
struct import_observer
{
	/* So many bytes of the first reading are done. */
	vendor_file_progress_fn inspected;

	/* A reading for rows begins, and ends; so many have a verdict already. */
	void (*reading_begins)(void *context, int64_t total_rows, int64_t judged_rows);
	void (*reading_ends)(void *context);

	/* So many rows of it are done. */
	vendor_file_progress_fn loaded;

	/*
	 * A reading for rows failed with *error; some of its rows are committed if it
	 * advanced.  Waits, and returns whether it is worth another reading.  NULL:
	 * never.
	 */
	bool (*again)(void *context, bool advanced, struct glue_error *error);

	void *context;
};

/*
 * What is to be imported, all borrowed.  How its rows are applied (the upload's
 * mode) will be another member, for upload.c.  What import_load() alone uses may be
 * set until then: the last three.
 */
struct import_request
{
	struct database *database;
	struct vendor_file *file;
	const char *vendor_id;
	const char *source;     /* where the file is: path or key; or NULL */
	const char *content_id; /* NULL: like no other */
	const char *upload_id;  /* the upload, when it has begun before; or NULL */
	const char *metadata;   /* JSON object, of a source that is read again by it; or
							 * NULL */
	bool is_delivered;      /* the file was delivered, perhaps once more, and each
							 * delivery is an attempt to read it; otherwise somebody
							 * asks for it */
	bool saves_checkpoints; /* each commit says where reading resumes */
	int64_t stop_ms;        /* monotonic clock: no row is read any more, what was read
							 * is committed; INT64_MAX for never */
	struct import_observer observer;
};

/* Owns upload: import_clean_up(). */
struct import
{
	struct import_request request;
	struct upload upload;    /* upload_id NULL until it has begun */
	bool is_inspected;       /* what the first reading finds is known */
	int64_t row_count;       /* then; -1: not known */
	int64_t heading_bytes;   /* of the names of its columns, then */
	struct glue_error fault; /* for which this import refused the file, if it did */
	int64_t loaded_rows;     /* that import_load() committed */
};

/* Nothing is done yet.  request is copied. */
extern void import_init(struct import *import, const struct import_request *request);

/* Accepts a zeroed import. */
extern void import_clean_up(struct import *import);

/*
 * Read the file the first time.  If the upload has begun, it then knows its total,
 * or has ended because of a fault, and the result is true.  Otherwise the result
 * is false for a fault.  False on infrastructure errors: nothing is decided.
 */
extern bool import_inspect(struct import *import, struct glue_error *error);

/*
 * Open the upload, or find the one that the file has; of one that was read before,
 * take what the first reading found.  UNKNOWN_VENDOR, not found, when there is no
 * such vendor.
 */
extern bool import_begin(struct import *import, struct glue_error *error);

/*
 * End the upload with the code and text of a file fault, or record one that ended
 * with it if none has begun.  One that has failed already stays as it is.
 */
extern bool
import_refuse(struct import *import, const struct glue_error *fault, struct glue_error *error);

/*
 * Read the file for its rows, and give those without a verdict to the sink; as
 * often as the observer says again.  True when all of them went there; if the sink
 * judges, the upload has ended then.  Also true when it has ended otherwise, above
 * all with the fault OBJECT_REPLACED: see fault.
 *
 * False with an infrastructure error, DEADLINE when the time was up, is no
 * verdict: what was committed stays, and another import resumes there.
 */
extern bool import_load(struct import *import, struct row_sink *sink, struct glue_error *error);

#endif /* GLUE_IMPORT_H */
