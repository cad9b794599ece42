/*-------------------------------------------------------------------------
 *
 * replace_end.h
 *	  The last step of an upload with mode replace.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_REPLACE_END_H
#define ONBOARD_REPLACE_END_H

#include "postgres.h"

/* Why the step waits, as held_rows.cause. */
#define HELD_UNNAMED_RECORDS "unnamed_records"
#define HELD_DISCONTINUE_SHARE "discontinue_share"

/*
 * Discontinue the vendor's products that the upload did not name, if it is about to
 * end other than as failed; must be called before it ends.  Returns true if a guard
 * held the step instead, so that it waits for approval.  Runs inside an owner
 * section with SPI connected, while the upload is locked.
 */
extern bool replace_end_if_complete(const char *upload_id);

/*
 * Would a guard hold the step if it discontinued this many products?  Sets
 * *on_offer to the number of products that the vendor has on offer plus
 * newly_offered, the number that an upload would put on offer but has not.
 * Runs inside an owner section with SPI connected.
 */
extern bool
replace_end_guard_holds(Datum vendor_id_text, int64 missing, int64 newly_offered, int64 *on_offer);

/*
 * Carry out the step of an upload that has ended, whatever the guards say, and
 * without changing the upload.  Runs as above; the vendor is locked, too.
 */
extern void replace_end_approved(const char *upload_id, const char *vendor_id);

#endif /* ONBOARD_REPLACE_END_H */
