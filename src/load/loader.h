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

/* Settle, write ledger and counters of all uploads, and free the loader. */
extern void loader_finish(Loader *loader);

#endif /* ONBOARD_LOADER_H */
