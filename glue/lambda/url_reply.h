/*-------------------------------------------------------------------------
 *
 * url_reply.h
 *	  Write the replies of a function URL: a redirect, a small page, a JSON
 *	  document.
 *
 * Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs",
 * "Response payload format", version 2.0:
 *
 *	  {"statusCode": 302, "headers": {"location": "..."}, "body": ""}
 *
 * Every reply forbids caching (Cache-Control: no-store), sending its URL as a
 * referrer (Referrer-Policy: no-referrer) and guessing its content type
 * (X-Content-Type-Options: nosniff); a page may neither load nor run
 * anything, nor be framed (Content-Security-Policy).  Texts are constants and
 * never repeat any part of the request.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_URL_REPLY_H
#define GLUE_LAMBDA_URL_REPLY_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/* Why a request is refused. */
enum url_refusal
{
	REFUSAL_FORGED,       /* 403 */
	REFUSAL_NOT_FOUND,    /* 404: no such path */
	REFUSAL_NO_FILE,      /* 404: no such upload or file */
	REFUSAL_WRONG_METHOD, /* 405, with Allow */
	REFUSAL_NOT_READY,    /* 409, with Retry-After: not reported yet */
	REFUSAL_EXPIRED,      /* 410 */
	REFUSAL_BROKEN,       /* 500: a bug */
	REFUSAL_UNAVAILABLE,  /* 503, with Retry-After */
	REFUSAL_COUNT
};

/* Form of the replies to a request. */
struct url_reply
{
	struct byte_buffer *response; /* receives the reply; empty before */
	bool head;                    /* the request was HEAD: no body */
	bool json;                    /* refusals are JSON rather than pages */
};

/* Return the status of a refusal. */
extern int url_refusal_status(enum url_refusal refusal);

/* Redirect to another URL, 302. */
extern bool
url_reply_redirect(const struct url_reply *reply, const char *location, struct glue_error *error);

/* Reply with a JSON document, 200. */
extern bool
url_reply_json(const struct url_reply *reply, const char *document, struct glue_error *error);

/*
 * Refuse with a page that explains the problem and the remedy, or with the
 * JSON document {"error": {"code": "...", "message": "..."}}.
 */
extern bool
url_reply_refuse(const struct url_reply *reply, enum url_refusal refusal, struct glue_error *error);

#endif /* GLUE_LAMBDA_URL_REPLY_H */
