/*-------------------------------------------------------------------------
 *
 * loader.h
 *	  The one pipeline behind all doors: judge, claim keys, store, account.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_LOADER_H
#define ONBOARD_LOADER_H

#include "postgres.h"

#include "load/outcome.h"
#include "row/incoming_row.h"

typedef enum LoaderAnswer
{
	LOADER_TAKEN,    /* the verdict follows, by loader_finish() at the latest */
	LOADER_REPLAYED, /* the row already has a verdict */
	LOADER_REFUSED,  /* the upload has ended */
	LOADER_UNKNOWN_UPLOAD
} LoaderAnswer;

/*
 * Create the loader of one statement.  Allocates in a child of the current memory
 * context.  verdict may be NULL.  door_code names the user code that the door
 * runs between rows, or is NULL; it must live as long as the loader.
 */
extern Loader *loader_create(LoaderVerdict verdict, void *context, const char *door_code);

/*
 * Return the user code that runs between the rows of a load, so that each valid
 * row must become a product before the next is processed; NULL if none.
 */
extern const char *loader_code_between_rows(bool errors_stored_directly, const char *door_code);

/*
 * Process one row of an upload.  Raises an error if the caller may not load for
 * the upload's vendor.
 */
extern LoaderAnswer
loader_push(Loader *loader, const char *upload_id, Size upload_id_length, IncomingRow *row);

/* Settle every row processed so far; afterwards all verdicts have been reported. */
extern void loader_settle(Loader *loader);

/*
 * Apply a row of an ended upload that was held and is now approved, judging it
 * again against the product as it is.  input is the row as in held_rows.input.
 * Returns what it did: ACTION_UPDATE, ACTION_DISCONTINUE or ACTION_UNCHANGED,
 * ACTION_STALE if later files have set its columns, or ACTION_REJECT, with the
 * reason in the current memory context.  Locks upload and vendor; called outside an
 * owner section.
 */
extern enum row_action loader_apply_held(const char *upload_id, int64 row_number, int64 line_number,
										 Jsonb *input, const char **reason);

/* Settle, write ledger and counters of all uploads, and free the loader. */
extern void loader_finish(Loader *loader);

#endif /* ONBOARD_LOADER_H */
