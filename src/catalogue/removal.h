/*-------------------------------------------------------------------------
 *
 * removal.h
 *	  Taking products of an upload out of the catalogue again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_REMOVAL_H
#define ONBOARD_REMOVAL_H

#include "postgres.h"

#include "base/owner.h"

/*
 * Remove products of an upload, all or those that nobody changed since, and
 * keep those that something else in the database holds on to.  Returns how many
 * were removed.  SPI is connected; the caller's owner section is left and
 * entered again, because others' triggers do not run in one.
 */
extern uint64 removal_run(const char *upload_id, bool unchanged_only, OwnerSection *section);

/* Products of an upload that are in the catalogue. */
extern int64 removal_count_left(const char *upload_id);

#endif /* ONBOARD_REMOVAL_H */
