/*-------------------------------------------------------------------------
 *
 * http.h
 *	  HTTP requests over libcurl: one by one, or many at once.
 *
 * Serves the calls to AWS and the Lambda Runtime API.  Knows neither: it sends
 * what it is given and hands back what came.  A reply of any status is a
 * success here; an error means that no whole reply came.
 *
 * Errors are of class infrastructure, with these codes; their text names the
 * host at most, never a path, a query or a header:
 *
 *	  HTTP_CONNECT			no connection: name, route, refused, handshake
 *	  HTTP_TLS				the other side's certificate, or ours to check it
 *	  HTTP_TIMEOUT			the deadline passed, or nothing moved for too long
 *	  HTTP_RESET			the connection broke before the reply was whole
 *	  HTTP_BODY_TOO_LARGE	the reply is longer than body_limit
 *	  HTTP_STOPPED			on_body returned false
 *	  HTTP_REQUEST_BODY		read_body failed
 *	  HTTP_FAILED			anything else
 *
 * Times are milliseconds of the monotonic clock: clock_milliseconds().
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_HTTP_H
#define GLUE_AWS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/* Most bytes of a gathered reply when body_limit is 0. */
#define HTTP_BODY_LIMIT ((size_t) 8 * 1024 * 1024)

/*
 * Connections, kept from call to call.  A callback may use the client that
 * calls it: such a call runs on connections of its own.  Not for use by two
 * threads.
 */
struct http_client;

/* A header to send.  An empty value is sent as such. */
struct http_header
{
	const char *name;
	const char *value;
};

struct http_response;

/*
 * Bytes of the request's body from offset on, at most size; a retry starts
 * again at 0.  Returns how many, 0 at the end, -1 on error.
 */
typedef long (*http_read_fn)(void *context, int64_t offset, char *buffer, size_t size);

/*
 * Takes the next bytes of a reply of status 200 to 299; bodies of other
 * replies are gathered.  Status and headers in response are complete.  False
 * stops the transfer with HTTP_STOPPED.
 */
typedef bool (*http_body_fn)(void *context, const struct http_response *response, const char *bytes,
							 size_t length);

/*
 * One request.  All zero but method and url is a GET that waits for ever.
 * Everything is borrowed until the request is done.
 *
 * libcurl sends a request again by itself when a kept connection turns out to
 * be dead before a byte of the reply, also when the server had read it all.
 * What must not happen twice unseen sets fresh_connection.
 */
struct http_request
{
	const char *method; /* GET, HEAD, POST, PUT, DELETE */
	const char *url;    /* sent as it is: encoded by the caller */
	const struct http_header *headers;
	int header_count;
	const char *body;       /* bytes to send, or NULL */
	http_read_fn read_body; /* in place of body; may be NULL */
	void *read_context;
	int64_t body_length;  /* of body, or of what read_body gives */
	http_body_fn on_body; /* NULL: gather into response->body */
	void *body_context;
	size_t body_limit; /* of a gathered body; 0 for HTTP_BODY_LIMIT */
	int64_t deadline;  /* 0 for none */
	int idle_seconds;  /* nothing moved for so long: HTTP_TIMEOUT; 0
								 * for no limit */
	bool fresh_connection;
};

/*
 * What came.  All zero before the first use; owns headers and body, which are
 * emptied and used again by the next request.
 */
struct http_response
{
	int status;                 /* 0 when there was none */
	struct byte_buffer headers; /* read by http_response_header() */
	struct byte_buffer body;    /* NUL behind the last byte, so data is never
								 * NULL after a success */
};

/*
 * A request on its way through http_perform_all(): the caller fills request
 * and clears response once; error and response say how it went.
 */
struct http_exchange
{
	struct http_request request;
	struct http_response response;
	struct glue_error error; /* GLUE_NO_ERROR when a reply came */
	void *transfer;          /* http.c's own */
};

/*
 * Gives the next exchange to start, or NULL.  *wake is then the time at which
 * to ask again; left at 0, there is nothing to ask for until an exchange
 * under way has ended.  When none is under way either, all is done.
 */
typedef struct http_exchange *(*http_next_fn)(void *context, int64_t *wake);

/* An exchange has ended.  It may be given out by the http_next_fn again. */
typedef void (*http_done_fn)(void *context, struct http_exchange *exchange);

/*
 * A client; NULL with *error set when there is no memory.  ca_file (PEM) is
 * what certificates are checked against, NULL for the system's.  No proxy is
 * ever used, no redirect followed.  Give it to http_client_destroy().
 */
extern struct http_client *http_client_new(const char *ca_file, struct glue_error *error);

/* Closes all connections.  NULL is accepted. */
extern void http_client_destroy(struct http_client *client);

/*
 * Send one request and wait for its reply.  response is filled also on error,
 * as far as it came.
 */
extern bool http_perform(struct http_client *client, const struct http_request *request,
						 struct http_response *response, struct glue_error *error);

/*
 * Run exchanges, at most in_flight at a time, until next has no more and none
 * is under way.  next and done are called between transfers, never at once.
 * False only when libcurl itself fails; what was under way has then ended
 * with HTTP_FAILED, and done was called for it.
 */
extern bool http_perform_all(struct http_client *client, int in_flight, http_next_fn next,
							 http_done_fn done, void *context, struct glue_error *error);

/*
 * Value of a header of the reply, the first of that name, case ignored; NULL
 * when there is none.  Lives as long as the response.
 */
extern const char *http_response_header(const struct http_response *response, const char *name);

/* Accepts a zeroed response, and leaves one. */
extern void http_response_clean_up(struct http_response *response);

#endif /* GLUE_AWS_HTTP_H */
