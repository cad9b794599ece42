/*-------------------------------------------------------------------------
 *
 * error_store.h
 *	  The table onboard.validation_errors: recording findings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_ERROR_STORE_H
#define ONBOARD_ERROR_STORE_H

#include "postgres.h"

#include "catalogue/catalogue.h"
#include "row/incoming_row.h"

typedef struct ErrorStore ErrorStore;

/* What it allocates lives in the current memory context. */
extern ErrorStore *error_store_open(void);
extern void error_store_close(ErrorStore *store);

/*
 * False when errors are stored by INSERT, because of what users added to the
 * table; their code may run with each error.
 */
extern bool error_store_is_direct(const ErrorStore *store);

/*
 * Record all findings of a row, in a batch.  Returns true when the batch is full
 * and has to be flushed, which is done inside an owner section and relies on the
 * upload and the vendor being locked.
 */
extern bool error_store_add(ErrorStore *store, const CatalogueOwner *owner, const IncomingRow *row,
							const struct findings *findings);
extern void error_store_flush(ErrorStore *store);

#endif /* ONBOARD_ERROR_STORE_H */
