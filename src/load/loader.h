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

#include "row/incoming_row.h"
#include "shared/action.h"

/* What became of a row. */
typedef struct RowOutcome
{
	enum row_action action;
	int64 product_id; /* of the product it wrote; 0 for none */
	const struct findings *findings;
} RowOutcome;

/*
 * Told of each row's outcome once it is settled, in no particular order.  position
 * is the row's own.  The outcome is borrowed.
 */
typedef void (*LoaderVerdict)(void *context, int64 position, const RowOutcome *outcome);

typedef enum LoaderAnswer
{
	LOADER_TAKEN,    /* the verdict comes, at loader_finish() at the latest */
	LOADER_REPLAYED, /* the row has a verdict already */
	LOADER_REFUSED,  /* the upload has ended */
	LOADER_UNKNOWN_UPLOAD
} LoaderAnswer;

typedef struct Loader Loader;

/*
 * One per statement.  What it allocates lives in a child of the current memory
 * context.  verdict may be NULL.  door_code says what code of users the door runs
 * between rows, or is NULL for none; it must live as long as the loader.
 */
extern Loader *loader_create(LoaderVerdict verdict, void *context, const char *door_code);

/*
 * What code of users runs between the rows of a load, so that each valid row must
 * become a product before the next is taken?  NULL for none.
 */
extern const char *loader_code_between_rows(bool errors_stored_directly, const char *door_code);

/*
 * Take one row of an upload.  Raises an error when the caller may not load for
 * the upload's vendor.
 */
extern LoaderAnswer
loader_push(Loader *loader, const char *upload_id, Size upload_id_length, IncomingRow *row);

/* Settle every row taken so far; all verdicts have been told after this. */
extern void loader_settle(Loader *loader);

/* Settle, write ledger and counters of all uploads, and free the loader. */
extern void loader_finish(Loader *loader);

#endif /* ONBOARD_LOADER_H */
