/*-------------------------------------------------------------------------
 *
 * quarantine.h
 *	  Stream records that cannot be decoded -> a queue for people to look at.
 *
 * A message says where the record is and what is wrong with it, never what is
 * in it:
 *
 *	  {"v": 1, "reason": "BAD_PRODUCT_DATA", "sequence_number": "...",
 *	   "upload_id": "...", "record_id": "...", "row_number": 17,
 *	   "stream_arn": "...", "request_id": "..."}
 *
 * What is not known is left out.  The same record may come more than once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_QUARANTINE_H
#define GLUE_LAMBDA_QUARANTINE_H

#include "lambda/handler.h"
#include "lambda/stream_event.h"

/*
 * Send the undecodable ones among the first limit records.  Gives back the
 * index of the first that was not sent, limit when all were; *error is then
 * why.
 */
extern size_t
quarantine_send(struct sandbox *sandbox, const struct invocation *invocation,
				const struct stream_event *event, size_t limit, struct glue_error *error);

#endif /* GLUE_LAMBDA_QUARANTINE_H */
