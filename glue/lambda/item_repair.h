/*-------------------------------------------------------------------------
 *
 * item_repair.h
 *	  Items of UploadRecords whose status may be out of date: remember them,
 *	  find them, bring them up to date.
 *
 * The validator writes an item's status after the verdict was committed, so the
 * status can be missed: DynamoDB may be unavailable, or a stream record
 * discarded.  PostgreSQL keeps track of each upload that has items until all of
 * them have been found up to date (onboard.item_checks).  A repair reads the
 * pending items of an upload and updates those whose row has a verdict, with
 * the validator's own statements, so it may run at any time, twice, or
 * concurrently with a validator; it never recreates an item.
 *
 *	  item_repair_expect()	before the first item is written
 *	  item_repair_note()	after updates that failed
 *	  item_repair_upload()	when a file is read again
 *	  item_repair_due()		on a schedule: uploads with known misses, and each
 *							upload once, after its end
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_ITEM_REPAIR_H
#define GLUE_LAMBDA_ITEM_REPAIR_H

#include "lambda/handler.h"
#include "lambda/status_updates.h"

/* Remember that an upload has items. */
extern bool
item_repair_expect(struct database *database, const char *upload_id, struct glue_error *error);

/*
 * Remember the updates that status_updates_execute() could not make.  A failure
 * is only logged: the items are found after the upload's end anyway.
 */
extern void item_repair_note(struct sandbox *sandbox, const struct status_updates *updates);

/*
 * Repair the items of one upload, using at most half of the time left.  A
 * failure is logged, and a later repair continues.
 */
extern void item_repair_upload(struct sandbox *sandbox, const struct invocation *invocation,
							   const char *upload_id);

/*
 * Repair the items of at most SWEEP_UPLOADS uploads, using at most half of the
 * time left, and set *repaired to their number.  The rest is left to a later
 * run.  Returns false after the first upload that fails.
 */
extern bool item_repair_due(struct sandbox *sandbox, const struct invocation *invocation,
							int64_t *repaired, struct glue_error *error);

#endif /* GLUE_LAMBDA_ITEM_REPAIR_H */
