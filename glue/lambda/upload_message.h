/*-------------------------------------------------------------------------
 *
 * upload_message.h
 *	  Body of a message about an upload: what outbox_delivery.c sends and the reporter
 *	  reads.
 *
 *	  {"v": 1, "event_id": 17, "kind": "upload_ended", "upload_id": "...",
 *	   "vendor_id": "...", "first_row": null, "last_row": null, "errors": 4}
 *
 * A reader relies on v, kind and upload_id alone; what else there is to know,
 * the database says.  Members that are not known are ignored.
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

/* Bytes of an upload's id with the NUL; link_token.h says why. */
#define MESSAGE_UPLOAD_ID_SIZE 97

struct upload_message
{
	enum upload_message_kind kind;
	char upload_id[MESSAGE_UPLOAD_ID_SIZE];
};

/*
 * Read a body; its data may be NULL.  Usage error MESSAGE_INVALID when it is
 * none, of another version or of a kind that is not known, whose text repeats
 * nothing of it.
 */
extern bool upload_message_read(struct upload_message *message, struct text_view body,
								struct glue_error *error);

#endif /* GLUE_LAMBDA_UPLOAD_MESSAGE_H */
