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

/* Open the table.  Allocates in the current memory context. */
extern ErrorStore *error_store_open(void);
extern void error_store_close(ErrorStore *store);

/*
 * Return false if errors are stored by INSERT, because of what users added to the
 * table; their code may run with each error.
 */
extern bool error_store_is_direct(const ErrorStore *store);

/*
 * Record all findings of a row, in a batch.  Returns true if the batch is full
 * and must be flushed.  Flushing must happen inside an owner section and relies
 * on the upload and the vendor being locked.
 */
extern bool error_store_add(ErrorStore *store, const CatalogueOwner *owner, const IncomingRow *row,
							const struct findings *findings);
extern void error_store_flush(ErrorStore *store);

#endif /* ONBOARD_ERROR_STORE_H */
