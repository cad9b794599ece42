/*-------------------------------------------------------------------------
 *
 * url_event.h
 *	  The event of a function URL: a request over HTTPS.
 *
 * Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs", "Request
 * payload format", version 2.0:
 *
 *	  {"version": "2.0", "rawPath": "/r/...", "rawQueryString": "token=...",
 *	   "requestContext": {"http": {"method": "GET", ...}, ...}, ...}
 *
 * All of it but the frame comes from anybody on the internet.
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

/* A request; the texts are borrowed from document: url_event_clean_up(). */
struct url_event
{
	const char *method; /* as it was sent: "GET" */
	const char *path;   /* begins with a slash; not decoded */
	const char *query;  /* behind the question mark; "" for none */
	cJSON *document;    /* url_event.c's own */
};

/*
 * Read an event; json is not kept.  Errors: usage error EVENT_INVALID when it
 * is none of a function URL; *event is empty then.
 */
extern bool
url_event_init(struct url_event *event, const char *json, size_t length, struct glue_error *error);

/* Accepts a zeroed event, and leaves one. */
extern void url_event_clean_up(struct url_event *event);

/*
 * A parameter of the query, as it stands there, escapes not resolved; {NULL, 0}
 * when there is none of the name or more than one.
 */
extern struct text_view url_event_parameter(const struct url_event *event, const char *name);

#endif /* GLUE_LAMBDA_URL_EVENT_H */
