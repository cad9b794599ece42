/*-------------------------------------------------------------------------
 *
 * pending.h
 *	  Accounts of a transaction that are written when it commits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_PENDING_H
#define ONBOARD_PENDING_H

#include "postgres.h"

#include "upload/row_set.h"
#include "upload/tally.h"

/* Register the transaction callbacks; called once, when the library is loaded. */
extern void pending_init(void);

/*
 * Take over the account of a statement if it should wait for the end of the
 * transaction; returns false if the caller must write it at once.
 */
extern bool pending_take(const char *upload_id, const Tally *tally, RowSet *rows);

/*
 * Return what is deferred for this upload: its rows, or NULL if none, and its
 * tally.  The set belongs to the transaction.
 */
extern RowSet *pending_rows(const char *upload_id, Tally *tally);

/*
 * Write what is deferred for this upload, because a caller needs to see it.  Runs
 * inside an owner section with SPI connected.
 */
extern void pending_write(const char *upload_id);

/*
 * Note that a statement is loading rows of this upload.  Raises an error if one
 * already is: a statement within a statement would judge by counters and a ledger
 * that the outer one is about to change.
 */
extern void pending_loading_begin(const char *upload_id);
extern void pending_loading_end(const char *upload_id);

/* Raise an error if a statement is loading rows of this upload. */
extern void pending_check_not_loading(const char *upload_id);

#endif /* ONBOARD_PENDING_H */
