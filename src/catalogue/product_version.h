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
 * Let this command change the version found last, which it may have written
 * itself.
 */
extern void product_version_make_visible(Catalogue *catalogue);

/*
 * Return the snapshot that must see the version, or InvalidSnapshot if any
 * version may be changed.
 */
extern Snapshot product_version_snapshot(void);

/*
 * Is the version that was to be changed or locked still the current one?  Raises
 * an error if it is not and the transaction may not look again.
 */
extern bool product_version_is_current(TM_Result result);

/*
 * Lock the version that was found, waiting for other transactions that change it,
 * up to the lock timeout.  Returns false if it is no longer the current one.
 */
extern bool product_version_lock(Catalogue *catalogue, const FoundProduct *product);

/* Return what a change is recorded as in the history. */
extern ChangeOrigin product_version_origin(const RowWrite *write);

#endif /* ONBOARD_PRODUCT_VERSION_H */
