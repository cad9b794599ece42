/*-------------------------------------------------------------------------
 *
 * upload_undo.h
 *	  Undoing what the rows of an upload did to the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_UPLOAD_UNDO_H
#define ONBOARD_UPLOAD_UNDO_H

#include "postgres.h"

#include "base/owner.h"

/* Products that the upload inserted. */
typedef struct Undone
{
	int64 removed;
	int64 kept; /* changed since, or referenced by something else */
} Undone;

/*
 * Undo what the rows of an upload did, action by action.  With unchanged_only,
 * products that were changed since are kept.  Must be called with SPI connected
 * and the upload locked; leaves and re-enters the caller's owner section, because
 * users' triggers do not run in one.
 */
extern void
undo_rows(const char *upload_id, bool unchanged_only, OwnerSection *section, Undone *undone);

#endif /* ONBOARD_UPLOAD_UNDO_H */
