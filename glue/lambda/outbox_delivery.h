/*-------------------------------------------------------------------------
 *
 * outbox_delivery.h
 *	  Send the events that were committed with the rows to the queue.
 *
 * A handler that has committed rows drains the outbox of that upload
 * immediately afterwards.  The body of a message is
 *
 *	  {"v": 1, "event_id": 17, "kind": "errors_recorded", "upload_id": "...",
 *	   "vendor_id": "...", "first_row": 1, "last_row": 90, "errors": 4}
 *
 * without rows and errors for kind "upload_ended".  A message may arrive
 * twice, with the same event_id.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_OUTBOX_H
#define GLUE_LAMBDA_OUTBOX_H

#include "lambda/handler.h"

/*
 * Send the events of an upload, or of all uploads if upload_id is NULL, and
 * acknowledge them; return how many were sent.  Never fails its caller, whose
 * work is committed: errors are logged, and the events wait for their lease
 * to end and for the next drain.  Uses the connection, so do not call it
 * within a transaction.
 */
extern int64_t
outbox_drain(struct sandbox *sandbox, const struct invocation *invocation, const char *upload_id);

#endif /* GLUE_LAMBDA_OUTBOX_H */
