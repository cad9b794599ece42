/*-------------------------------------------------------------------------
 *
 * product_version.h
 *	  The version of a product that was found, and whether it is still the
 *	  current one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_PRODUCT_VERSION_H
#define ONBOARD_PRODUCT_VERSION_H

#include "postgres.h"

#include "access/tableam.h"

#include "catalogue/catalogue_internal.h"
#include "history/change_log.h"

/*
 * Allow this command to change the version found last, which the command itself
 * may have written.
 */
extern void product_version_make_visible(Catalogue *catalogue);

/*
 * Return the snapshot in which the version must be visible, or InvalidSnapshot
 * if any version may be changed.
 */
extern Snapshot product_version_snapshot(void);

/*
 * Is the version that was to be changed or locked still the current one?
 * Raises an error if it is not and the isolation level forbids another lookup.
 */
extern bool product_version_is_current(TM_Result result);

/*
 * Is a transaction changing or locking the version that was found, so that changing it
 * may wait?  One may begin to right afterwards; the change then waits for it.
 */
extern bool product_version_is_in_use(Catalogue *catalogue, const FoundProduct *product);

/*
 * Lock the version that was found, waiting for other transactions that change it,
 * up to the lock timeout.  Returns false if it is no longer the current one.
 */
extern bool product_version_lock(Catalogue *catalogue, const FoundProduct *product);

/* Return the origin to record for a change in the history. */
extern ChangeOrigin product_version_origin(const RowWrite *write);

#endif /* ONBOARD_PRODUCT_VERSION_H */
