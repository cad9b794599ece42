/*-------------------------------------------------------------------------
 *
 * url_reply.c
 *	  Write the replies of a function URL: a redirect, a small page, a JSON
 *	  document.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "lambda/url_reply.h"

/* Seconds until a client should retry. */
#define RETRY_AFTER "60"

/* Size of a page or JSON document. */
#define BODY_SIZE 1024

/* Headers of every reply, as the inside of a JSON object. */
#define COMMON_HEADERS                                                   \
	"\"cache-control\":\"no-store\","                                    \
	"\"referrer-policy\":\"no-referrer\","                               \
	"\"x-content-type-options\":\"nosniff\","                            \
	"\"content-security-policy\":\"default-src 'none'; base-uri 'none';" \
	" form-action 'none'; frame-ancestors 'none'\""

static const struct
{
	int status;
	const char *code;
	const char *title;
	const char *text;
	const char *header; /* additional header, as above */
} refusals[REFUSAL_COUNT] = {
	[REFUSAL_FORGED] =
		{
			403,
			"FORBIDDEN",
			"This link is not valid",
			"Please open it again from the email, and make sure that it is complete.",
			"",
		},
	[REFUSAL_NOT_FOUND] =
		{
			404,
			"NOT_FOUND",
			"Page not found",
			"Please open the link from the email, and make sure that it is complete.",
			"",
		},
	[REFUSAL_NO_FILE] =
		{
			404,
			"NO_FILE",
			"File not found",
			"This upload no longer has this file.",
			"",
		},
	[REFUSAL_WRONG_METHOD] =
		{
			405,
			"METHOD_NOT_ALLOWED",
			"Method not allowed",
			"Files can only be downloaded.",
			"\"allow\":\"GET, HEAD\",",
		},
	[REFUSAL_NOT_READY] =
		{
			409,
			"NOT_READY",
			"The report is not ready yet",
			"Please try again in a minute.",
			"\"retry-after\":\"" RETRY_AFTER "\",",
		},
	[REFUSAL_EXPIRED] =
		{
			410,
			"EXPIRED",
			"This link has expired",
			"Please ask the marketplace for the report, or upload the file again.",
			"",
		},
	[REFUSAL_BROKEN] =
		{
			500,
			"INTERNAL_ERROR",
			"Something went wrong",
			"The problem is on our side. Please contact the marketplace.",
			"",
		},
	[REFUSAL_UNAVAILABLE] =
		{
			503,
			"UNAVAILABLE",
			"The report is temporarily unavailable",
			"Please try again in a minute.",
			"\"retry-after\":\"" RETRY_AFTER "\",",
		},
};

int
url_refusal_status(enum url_refusal refusal)
{
	return refusals[refusal].status;
}

/*
 * Append a text, escaped for a JSON string.
 */
static bool
append_escaped(struct byte_buffer *response, const char *text, struct glue_error *error)
{
	struct text_view view = text_of(text);

	if (!byte_buffer_reserve(response, LONGEST_JSON_ESCAPE * view.length, error))
		return false;
	byte_buffer_append_json(response, view);
	return true;
}

/*
 * Write a reply; headers is the inside of a JSON object and ends with a comma
 * unless it is empty.
 */
static bool
write_reply(const struct url_reply *reply, int status, const char *headers, const char *location,
			const char *body, struct glue_error *error)
{
	struct byte_buffer *response = reply->response;
	char beginning[64];

	snprintf(beginning, sizeof(beginning), "{\"statusCode\":%d,\"headers\":{", status);
	if (!byte_buffer_append_string(response, beginning, error) ||
		!byte_buffer_append_string(response, headers, error))
		return false;
	if (location != NULL && (!byte_buffer_append_string(response, "\"location\":\"", error) ||
							 !append_escaped(response, location, error) ||
							 !byte_buffer_append_string(response, "\",", error)))
		return false;
	return byte_buffer_append_string(response, COMMON_HEADERS "},\"body\":\"", error) &&
		   append_escaped(response, reply->head ? "" : body, error) &&
		   byte_buffer_append_string(response, "\",\"isBase64Encoded\":false}", error);
}

bool
url_reply_redirect(const struct url_reply *reply, const char *location, struct glue_error *error)
{
	return write_reply(reply, 302, "\"content-type\":\"text/plain; charset=utf-8\",", location, "",
					   error);
}

bool
url_reply_json(const struct url_reply *reply, const char *document, struct glue_error *error)
{
	return write_reply(reply, 200, "\"content-type\":\"application/json\",", NULL, document, error);
}

bool
url_reply_refuse(const struct url_reply *reply, enum url_refusal refusal, struct glue_error *error)
{
	const char *title = refusals[refusal].title;
	char headers[256];
	char body[BODY_SIZE];

	snprintf(headers, sizeof(headers), "%s\"content-type\":\"%s\",", refusals[refusal].header,
			 reply->json ? "application/json" : "text/html; charset=utf-8");
	if (reply->json)
		snprintf(body, sizeof(body), "{\"error\": {\"code\": \"%s\", \"message\": \"%s\"}}",
				 refusals[refusal].code, title);
	else
		snprintf(body, sizeof(body),
				 "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
				 "<meta name=\"viewport\" content=\"width=device-width\">\n"
				 "<title>%s</title>\n<h1>%s</h1>\n<p>%s</p>\n</html>\n",
				 title, title, refusals[refusal].text);
	return write_reply(reply, refusals[refusal].status, headers, NULL, body, error);
}
