/*-------------------------------------------------------------------------
 *
 * url_reply.h
 *	  Replies of a function URL: a redirect, a small page, a JSON document.
 *
 * Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs",
 * "Response payload format", version 2.0:
 *
 *	  {"statusCode": 302, "headers": {"location": "..."}, "body": ""}
 *
 * Every reply says that it is not to be kept (Cache-Control: no-store), that
 * its address is not to be told on (Referrer-Policy: no-referrer) and that its
 * content is what it says (X-Content-Type-Options: nosniff); a page may load
 * and run nothing and be framed by nobody (Content-Security-Policy).  What is
 * told to people is text of ours, and never repeats anything of the request.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_URL_REPLY_H
#define GLUE_LAMBDA_URL_REPLY_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/* What a failed request is told. */
enum url_refusal
{
	REFUSAL_FORGED,       /* 403 */
	REFUSAL_NOT_FOUND,    /* 404: no such address */
	REFUSAL_NO_FILE,      /* 404: no such upload, or no file of it */
	REFUSAL_WRONG_METHOD, /* 405, with Allow */
	REFUSAL_NOT_READY,    /* 409, with Retry-After: not reported yet */
	REFUSAL_EXPIRED,      /* 410 */
	REFUSAL_BROKEN,       /* 500: a bug of ours */
	REFUSAL_UNAVAILABLE,  /* 503, with Retry-After */
	REFUSAL_COUNT
};

/* How replies to this request look. */
struct url_reply
{
	struct byte_buffer *response; /* what is written; empty before */
	bool head;                    /* the request was HEAD: no body */
	bool json;                    /* refusals are JSON rather than pages */
};

/* The status of a refusal. */
extern int url_refusal_status(enum url_refusal refusal);

/* Send to another address, 302. */
extern bool
url_reply_redirect(const struct url_reply *reply, const char *location, struct glue_error *error);

/* A JSON document, 200. */
extern bool
url_reply_json(const struct url_reply *reply, const char *document, struct glue_error *error);

/*
 * A page that says what is wrong and what can be done, or the JSON document
 * {"error": {"code": "...", "message": "..."}}.
 */
extern bool
url_reply_refuse(const struct url_reply *reply, enum url_refusal refusal, struct glue_error *error);

#endif /* GLUE_LAMBDA_URL_REPLY_H */
