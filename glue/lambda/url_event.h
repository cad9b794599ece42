/*-------------------------------------------------------------------------
 *
 * url_event.h
 *	  Parse the event of a function URL: an HTTPS request.
 *
 * Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs", "Request
 * payload format", version 2.0:
 *
 *	  {"version": "2.0", "rawPath": "/r/...", "rawQueryString": "token=...",
 *	   "requestContext": {"http": {"method": "GET", ...}, ...}, ...}
 *
 * An HTTP API of API Gateway sends the same.  Everything in it except this
 * structure is untrusted input.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_URL_EVENT_H
#define GLUE_LAMBDA_URL_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/failure.h"
#include "shared/text.h"

/* A request; the strings are borrowed from document: url_event_clean_up(). */
struct url_event
{
	const char *method; /* as sent: "GET" */
	const char *path;   /* begins with a slash; not decoded */
	const char *query;  /* after the question mark; "" for none */
	cJSON *document;    /* private to url_event.c */
};

/*
 * Parse an event; json is not kept.  Fails with usage error EVENT_INVALID if
 * it is not an event of a function URL; *event is empty then.
 */
extern bool
url_event_init(struct url_event *event, const char *json, size_t length, struct glue_error *error);

/* Accepts a zeroed event, and leaves it zeroed. */
extern void url_event_clean_up(struct url_event *event);

/*
 * Return a query parameter, undecoded, or {NULL, 0} unless it occurs exactly
 * once.
 */
extern struct text_view url_event_parameter(const struct url_event *event, const char *name);

#endif /* GLUE_LAMBDA_URL_EVENT_H */
