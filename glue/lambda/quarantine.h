/*-------------------------------------------------------------------------
 *
 * quarantine.h
 *	  Send stream records that cannot be decoded to a queue for manual
 *	  inspection.
 *
 * A message contains the record as received, and its ids:
 *
 *	  {"v": 1, "reason": "BAD_PRODUCT_DATA", "event_id": "...",
 *	   "sequence_number": "...", "upload_id": "...", "record_id": "...",
 *	   "row_number": 17, "table": "...", "stream_arn": "...",
 *	   "shard_id": "...", "request_id": "...", "record_bytes": 941,
 *	   "record": {...}}
 *
 * Unknown members are omitted.  A record with characters that SQS does not
 * accept is in the member record_base64 instead, and one that is too long for
 * the queue is omitted: its item has the same ids.  The same record may be
 * sent more than once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_QUARANTINE_H
#define GLUE_LAMBDA_QUARANTINE_H

#include "lambda/handler.h"
#include "lambda/stream_event.h"

/*
 * Send the undecodable ones among the first limit records.  Return the index
 * of the first that was not sent and set *error, or return limit if all were.
 */
extern size_t
quarantine_send(struct sandbox *sandbox, const struct invocation *invocation,
				const struct stream_event *event, size_t limit, struct glue_error *error);

#endif /* GLUE_LAMBDA_QUARANTINE_H */
