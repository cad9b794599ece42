/*-------------------------------------------------------------------------
 *
 * removal.h
 *	  Removing products of an upload from the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_REMOVAL_H
#define ONBOARD_REMOVAL_H

#include "postgres.h"

#include "base/owner.h"

/*
 * Remove products of an upload, all or those that were not changed since, and
 * keep those that something else in the database refuses to let go.  Returns how
 * many were removed.  Must be called with SPI connected; leaves and re-enters the
 * caller's owner section, because users' triggers do not run in one.
 */
extern uint64 removal_run(const char *upload_id, bool unchanged_only, OwnerSection *section);

/* Count the products of an upload that are in the catalogue. */
extern int64 removal_count_left(const char *upload_id);

#endif /* ONBOARD_REMOVAL_H */
