/*-------------------------------------------------------------------------
 *
 * import.h
 *	  Import a vendor's file: one upload, from opening to its end.
 *
 *	  import_choose_map()	finds the map that the file is read with
 *	  import_inspect()	first reading: finds file faults, counts rows
 *	  import_begin()	opens the upload, or finds the existing one
 *	  import_refuse()	ends it with a fault
 *	  import_load()		second reading: sends the rows to a sink; ends the upload
 *						if the sink judges them
 *
 * The other steps choose the map themselves unless it was chosen.  For a file
 * identified by its bytes, call import_inspect() first.  For a file
 * whose identity is known beforehand, such as an object version, call
 * import_begin() first, so that the upload exists even if the reading fails and
 * counts the attempts.
 *
 * Every step may be repeated.  After an interruption at any point, the next
 * import of the file starts with the first step again; rows that have a verdict
 * are not sent again.  This module prints nothing and knows neither terminal
 * nor Lambda; it reports progress to the caller's observer.
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

/*
 * Another reader is ahead, or the upload has ended; another pass will show
 * which.
 */
#define IMPORT_OVERTAKEN "OVERTAKEN"

/* Callbacks to the caller; each may be NULL. */
struct import_observer
{
	/* The first reading has processed this many bytes. */
	vendor_file_progress_fn inspected;

	/* A second reading begins or ends; judged_rows already have a verdict. */
	void (*reading_begins)(void *context, int64_t total_rows, int64_t judged_rows);
	void (*reading_ends)(void *context);

	/* The second reading has processed this many rows. */
	vendor_file_progress_fn loaded;

	/*
	 * A second reading failed with *error; advanced tells whether it committed
	 * any rows.  Waits, then returns whether to retry.  NULL: never retry.
	 */
	bool (*again)(void *context, bool advanced, struct glue_error *error);

	void *context;
};

/*
 * What to import; all pointers are borrowed.  Only import_load() uses the last
 * three members, so they may be set until it is called.
 */
struct import_request
{
	struct database *database;
	struct vendor_file *file;
	const char *vendor_id;
	const char *source;        /* location of the file, path or key; or NULL */
	const char *content_id;    /* NULL: unique */
	const char *upload_id;     /* an upload that has already begun; or NULL */
	const char *map;           /* name of the map, or VENDOR_MAP_NONE; NULL: the
								* vendor's default; used if upload_id is NULL */
	struct upload_apply apply; /* likewise; the map decides what it leaves open */
	const char *map_advice;    /* to a vendor whose file a map would fit, before the
								* name of the map; or NULL */
	const char *metadata;      /* JSON object that identifies the source for later
							 * readings; or NULL */
	bool is_delivered;         /* by an event, possibly repeated, and each delivery
							 * counts as an attempt; otherwise on request */
	bool saves_checkpoints;    /* each commit saves where reading resumes */
	int64_t stop_ms;           /* monotonic clock: stop reading and commit what was
							 * read; INT64_MAX for never */
	struct import_observer observer;
};

/* Owns upload; free with import_clean_up(). */
struct import
{
	struct import_request request;
	struct upload upload;    /* upload_id NULL until it has begun */
	bool map_is_chosen;      /* the file has its map, or none */
	bool is_inspected;       /* results of the first reading are known */
	bool mode_is_refused;    /* the vendor may not use the mode */
	int64_t row_count;       /* if so; -1: unknown */
	int64_t heading_bytes;   /* size of the column names, if so */
	struct glue_error fault; /* why this import refused the file, if it did */
	int64_t loaded_rows;     /* committed by import_load() */
};

/* Initialize an import; copies request. */
extern void import_init(struct import *import, const struct import_request *request);

/* Free an import's memory; accepts a zeroed one. */
extern void import_clean_up(struct import *import);

/*
 * Find the map that the file is read with; later calls do nothing.  The errors are
 * those of vendor_map_choose().
 */
extern bool import_choose_map(struct import *import, struct glue_error *error);

/*
 * Run the first reading.  If the upload has not begun, asks the database for its
 * mode first.  If it has begun, records its total, or ends it on a file fault, and
 * returns true in both cases.  If it has not, returns false on a file fault.
 * Returns false on infrastructure errors, which decide nothing.
 */
extern bool import_inspect(struct import *import, struct glue_error *error);

/*
 * Open the upload, or find the file's existing one and, if it was read before,
 * reuse the results of its first reading.  An existing upload is read with the map
 * that it began with.  Not-found error UNKNOWN_VENDOR if the vendor does not exist.
 */
extern bool import_begin(struct import *import, struct glue_error *error);

/*
 * End the upload with the code and text of a file fault, or, if none has begun,
 * record a failed one.  An upload that has already failed is unchanged.  One that
 * fails as it begins, because of the vendor or the mode, keeps that reason, which
 * is then in import->fault.
 */
extern bool
import_refuse(struct import *import, const struct glue_error *fault, struct glue_error *error);

/*
 * Run the second reading and send rows without a verdict to the sink, retrying
 * while the observer's again() returns true.  Returns true once all rows were
 * sent; if the sink judges, the upload has then ended.  Also returns true if
 * the upload ended in another way, notably with the fault OBJECT_REPLACED: see
 * fault.
 *
 * Returns false on infrastructure errors, including DEADLINE when time runs
 * out.  Committed rows then stay, and another import resumes after them.
 */
extern bool import_load(struct import *import, struct row_sink *sink, struct glue_error *error);

#endif /* GLUE_IMPORT_H */
