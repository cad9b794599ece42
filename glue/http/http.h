/*-------------------------------------------------------------------------
 *
 * http.h
 *	  HTTP requests over libcurl, one at a time or many at once.
 *
 * Used for AWS and the Lambda Runtime API, but independent of both.  A reply
 * with any status is a success here; an error means that no complete reply was
 * received.
 *
 * Errors are of class infrastructure, with these codes.  Their text names the
 * host at most, never a path, a query or a header:
 *
 *	  HTTP_CONNECT			no connection: name resolution, route, refusal, handshake
 *	  HTTP_TLS				the server's certificate, or our CA file, is invalid
 *	  HTTP_TIMEOUT			the deadline passed, or the connection was idle too long
 *	  HTTP_RESET			the connection was lost before the reply was complete
 *	  HTTP_BODY_TOO_LARGE	the reply is longer than body_limit
 *	  HTTP_STOPPED			on_body returned false
 *	  HTTP_REQUEST_BODY		read_body failed
 *	  HTTP_FAILED			anything else
 *
 * Times are milliseconds as returned by clock_milliseconds().
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

/* Default limit for a collected reply, in bytes, used if body_limit is 0. */
#define HTTP_BODY_LIMIT ((size_t) 8 * 1024 * 1024)

/*
 * A client, which keeps connections open between calls.  A callback may use
 * the client that calls it; such a call runs on separate connections.  Not
 * thread-safe.
 */
struct http_client;

/* A header to send; the value may be empty. */
struct http_header
{
	const char *name;
	const char *value;
};

struct http_response;

/*
 * Read at most size bytes of the request body, starting at offset; a retry
 * restarts at 0.  Returns the number of bytes read, 0 at the end, -1 on error.
 */
typedef long (*http_read_fn)(void *context, int64_t offset, char *buffer, size_t size);

/*
 * Receive the next bytes of a reply with status 200 to 299; bodies of other
 * replies are collected.  The status and headers in response are complete.
 * Returning false stops the transfer with HTTP_STOPPED.
 */
typedef bool (*http_body_fn)(void *context, const struct http_response *response, const char *bytes,
							 size_t length);

/*
 * One request.  With only method and url set, it is a GET without a timeout.
 * All pointers are borrowed until the request is done.
 *
 * libcurl resends a request by itself if a reused connection turns out to be
 * dead before any byte of the reply, even if the server has read the whole
 * request.  A request that must not be repeated unnoticed sets
 * fresh_connection.
 */
struct http_request
{
	const char *method; /* GET, HEAD, POST, PUT, DELETE */
	const char *url;    /* sent unchanged: already encoded */
	const struct http_header *headers;
	int header_count;
	const char *body;       /* bytes to send, or NULL */
	http_read_fn read_body; /* in place of body; may be NULL */
	void *read_context;
	int64_t body_length;  /* of body, or of the data from read_body */
	http_body_fn on_body; /* NULL: collect into response->body */
	void *body_context;
	size_t body_limit; /* of a collected body; 0 for HTTP_BODY_LIMIT */
	int64_t deadline;  /* 0 for none */
	int idle_seconds;  /* HTTP_TIMEOUT if idle for this long; 0 for no limit */
	bool fresh_connection;
};

/*
 * A reply.  All zero before its first use.  Owns headers and body, which the
 * next request empties and reuses.
 */
struct http_response
{
	int status;                 /* 0 if no reply was received */
	struct byte_buffer headers; /* see http_response_header() */
	struct byte_buffer body;    /* NUL-terminated, so data is never NULL after a success */
};

/*
 * An exchange run by http_perform_all().  The caller fills request and zeroes
 * response once; error and response hold the outcome.
 */
struct http_exchange
{
	struct http_request request;
	struct http_response response;
	struct glue_error error; /* GLUE_NO_ERROR if a reply was received */
	void *transfer;          /* private to http.c */
};

/*
 * Return the next exchange to start, or NULL.  If NULL, *wake is the time at
 * which to ask again; 0 means not until a running exchange has ended.  If none
 * is running either, http_perform_all() returns.
 */
typedef struct http_exchange *(*http_next_fn)(void *context, int64_t *wake);

/*
 * Called after an exchange has ended.  http_next_fn may return the exchange
 * again.
 */
typedef void (*http_done_fn)(void *context, struct http_exchange *exchange);

/*
 * Create a client; returns NULL with *error set if out of memory.  ca_file
 * (PEM) is used to verify certificates; NULL uses the system's.  Proxies are
 * never used and redirects never followed.  The caller must call
 * http_client_destroy().
 */
extern struct http_client *http_client_new(const char *ca_file, struct glue_error *error);

/* Close all connections and free the client.  NULL is accepted. */
extern void http_client_destroy(struct http_client *client);

/*
 * Send one request and wait for its reply.  On error, response holds whatever
 * was received.
 */
extern bool http_perform(struct http_client *client, const struct http_request *request,
						 struct http_response *response, struct glue_error *error);

/*
 * Run exchanges, at most in_flight at a time, until next returns no more and
 * none is running.  next and done are never called concurrently.  Returns
 * false only if libcurl itself fails; running exchanges then end with
 * HTTP_FAILED, and done is called for each.
 */
extern bool http_perform_all(struct http_client *client, int in_flight, http_next_fn next,
							 http_done_fn done, void *context, struct glue_error *error);

/*
 * Return the value of the first reply header with this name, ignoring case, or
 * NULL.  Valid as long as the response.
 */
extern const char *http_response_header(const struct http_response *response, const char *name);

/*
 * Return the time in a reply header, in seconds since 1970; 0 if the header is
 * missing or not a valid time.
 */
extern int64_t http_response_time(const struct http_response *response, const char *name);

/* Release the contents; accepts a zeroed response and leaves it zeroed. */
extern void http_response_clean_up(struct http_response *response);

#endif /* GLUE_AWS_HTTP_H */
