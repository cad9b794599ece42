/*-------------------------------------------------------------------------
 *
 * version_entries.h
 *	  Index entries of new versions of products that wait for those of others.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_VERSION_ENTRIES_H
#define ONBOARD_VERSION_ENTRIES_H

#include "postgres.h"

#include "catalogue/catalogue_internal.h"

/*
 * May the entries of the changed product wait?  Only if no key changes, and neither
 * history nor indexes run users' code.
 */
extern bool version_entries_may_wait(const Catalogue *catalogue, const RowWrite *write);

/* Let the entries of the new version wait.  If that makes many, they are inserted. */
extern void
version_entries_add(Catalogue *catalogue, const RowWrite *write, const ItemPointerData *tid);

/* Insert the entries that wait; returns whether there were any. */
extern bool version_entries_insert(Catalogue *catalogue);

#endif /* ONBOARD_VERSION_ENTRIES_H */
