/*-------------------------------------------------------------------------
 *
 * outbox_delivery.h
 *	  Events that were committed with the rows -> the queue.
 *
 * Who has committed something drains the outbox of that upload right after.
 * The body of a message is
 *
 *	  {"v": 1, "event_id": 17, "kind": "errors_recorded", "upload_id": "...",
 *	   "vendor_id": "...", "first_row": 1, "last_row": 90, "errors": 4}
 *
 * and of kind "upload_ended" it has no rows and errors.  A message may arrive
 * twice, by the same event_id.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_OUTBOX_H
#define GLUE_LAMBDA_OUTBOX_H

#include "lambda/handler.h"

/*
 * Send the events of an upload, or with upload_id NULL of all uploads, and
 * acknowledge those that were sent; gives back how many that are.  Never fails
 * its caller, whose work is committed: what goes wrong is logged, and the
 * events wait for their lease to end and the next one to come by.  Uses the
 * connection, so it is not for the time of a transaction.
 */
extern int64_t
outbox_drain(struct sandbox *sandbox, const struct invocation *invocation, const char *upload_id);

#endif /* GLUE_LAMBDA_OUTBOX_H */
