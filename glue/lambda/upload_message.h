/*-------------------------------------------------------------------------
 *
 * upload_message.h
 *	  Parse the body of a message about an upload, which outbox_delivery.c
 *	  sends and the reporter reads.
 *
 *	  {"v": 1, "event_id": 17, "kind": "upload_ended", "upload_id": "...",
 *	   "vendor_id": "...", "first_row": null, "last_row": null, "errors": 4}
 *
 * A reader relies only on v, kind and upload_id, and gets everything else
 * from the database.  Unknown members are ignored.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_UPLOAD_MESSAGE_H
#define GLUE_LAMBDA_UPLOAD_MESSAGE_H

#include <stdbool.h>

#include "base/failure.h"
#include "shared/text.h"

enum upload_message_kind
{
	MESSAGE_ERRORS_RECORDED,
	MESSAGE_UPLOAD_ENDED
};

/* Size of an upload id, including the NUL; see link_token.h. */
#define MESSAGE_UPLOAD_ID_SIZE 97

struct upload_message
{
	enum upload_message_kind kind;
	char upload_id[MESSAGE_UPLOAD_ID_SIZE];
};

/*
 * Parse a body, whose data may be NULL.  Fails with usage error
 * MESSAGE_INVALID if it is not a message, or its version or kind is unknown;
 * the error text repeats no part of the body.
 */
extern bool upload_message_read(struct upload_message *message, struct text_view body,
								struct glue_error *error);

#endif /* GLUE_LAMBDA_UPLOAD_MESSAGE_H */
