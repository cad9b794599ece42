/*-------------------------------------------------------------------------
 *
 * client.h
 *	  Calls to AWS: build, sign, send, interpret errors, retry.
 *
 * The services (s3.h, dynamodb.h, sqs.h, sns.h, secrets.h) fill struct
 * aws_call; nothing else needs it.
 *
 * Throttles, status 429 and 5xx, and incomplete replies are retried after a
 * pause with full jitter (a random part of a bound that doubles; "Exponential
 * Backoff And Jitter", AWS Architecture Blog).  If the pause would end after
 * the deadline, the call fails at once with its last error.  Once per call,
 * the clock is corrected from the Date of the reply if AWS reports that the
 * time of the signature is wrong, and the credentials are refreshed if AWS
 * reports that they have expired.
 *
 * Errors are of class infrastructure: HTTP_* of http.h, those of
 * credentials.h, and
 *
 *	  AWS_THROTTLED				too many requests, after all retries
 *	  AWS_UNAVAILABLE			5xx, after all retries
 *	  AWS_CREDENTIALS			expired, unknown, or the signature is wrong
 *	  AWS_ACCESS_DENIED			not allowed, or a missing key without ListBucket
 *	  AWS_NOT_FOUND				no such table, queue, topic, secret or bucket
 *	  AWS_CONDITION_FAILED		status 412 or a failed condition
 *	  AWS_REFUSED				any other refusal: the request is invalid
 *	  AWS_BAD_REPLY				a success with an unreadable reply
 *
 * The text names the service, operation, status, AWS error code and request
 * id.  AWS's message is omitted because it repeats keys and, if a signature is
 * wrong, headers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_CLIENT_H
#define GLUE_AWS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/sigv4.h"
#include "base/byte_buffer.h"
#include "base/failure.h"
#include "http/http.h"

enum aws_service
{
	AWS_S3,
	AWS_DYNAMODB,
	AWS_SQS,
	AWS_SNS,
	AWS_SECRETS_MANAGER,
	AWS_SERVICE_COUNT
};

/*
 * A source of credentials.  get fills *credentials, which the caller wipes; if
 * refresh is set, it must not return cached ones.
 */
struct aws_credentials_source
{
	bool (*get)(void *context, bool refresh, int64_t deadline, struct aws_credentials *credentials,
				struct glue_error *error);
	void *context;
};

/*
 * Options of a client.  Everything is borrowed; strings only for the call of
 * aws_client_init().
 */
struct aws_client_options
{
	const char *region; /* NULL: AWS_REGION, AWS_DEFAULT_REGION */
	struct http_client *http;
	struct aws_credentials_source credentials;
	int64_t (*wall_clock)(void); /* epoch seconds; NULL: the system's */
	uint64_t (*random)(void);    /* NULL: OpenSSL's */
	int idle_seconds;            /* close a connection idle for this long; 0 for 10 */
};

#define AWS_ENDPOINT_SIZE 256
#define AWS_REGION_SIZE 64

/* The endpoint of a service. */
struct aws_endpoint
{
	char scheme[8];               /* "https" */
	char host[AWS_ENDPOINT_SIZE]; /* with ":port" if specified */
	bool overridden;              /* by AWS_ENDPOINT_URL... */
};

/*
 * Counters for metrics, starting at aws_client_init().  The caller may reset
 * them to 0 at any time.
 */
struct aws_counters
{
	int64_t requests;  /* sent, counting each attempt */
	int64_t retries;   /* of these, second and later attempts */
	int64_t throttles; /* replies that reported too many requests */
	int64_t partial;   /* successes that left a remainder unprocessed */
};

/*
 * A client for all services of one region.  Owns signer and borrows the rest.
 * Not thread-safe.
 */
struct aws_client
{
	/* immutable after aws_client_init() */
	char region[AWS_REGION_SIZE];
	struct aws_client_options options;
	struct aws_endpoint endpoints[AWS_SERVICE_COUNT];

	/* mutable */
	struct aws_signer signer;
	int64_t clock_skew; /* seconds by which AWS's clock is ahead of ours */
	struct aws_counters counters;
};

/* The result of examining a successful reply. */
enum aws_outcome
{
	AWS_DONE,
	AWS_AGAIN, /* a remainder was not processed; body now contains it */
	AWS_FAILED /* the error is set */
};

#define AWS_CALL_HEADERS 12
#define AWS_CALL_QUERY 6

/* Size of an AWS error code such as ProvisionedThroughputExceededException. */
#define AWS_CODE_SIZE 64
#define AWS_REQUEST_ID_SIZE 80

/*
 * One call with all its attempts.  All zero before its first use;
 * aws_call_clean_up().  Strings are borrowed until the call has ended.
 */
struct aws_call
{
	/* set by the service */
	enum aws_service service;
	const char *operation; /* for error texts: "BatchWriteItem" */
	const char *method;
	const char *host_prefix; /* bucket of a virtual-hosted URL; NULL for none */
	const char *path;        /* percent-encoded */
	struct aws_pair query[AWS_CALL_QUERY];
	size_t query_count;
	struct aws_pair headers[AWS_CALL_HEADERS];
	size_t header_count;
	struct byte_buffer body; /* owned; reused by the next call */
	http_read_fn read_body;  /* in place of body, body_length bytes */
	void *read_context;
	int64_t body_length;      /* length of the data from read_body */
	const char *payload_hash; /* NULL: the hash of body */
	http_body_fn on_body;
	void *body_context;
	size_t body_limit;
	int64_t deadline; /* as of clock_milliseconds(); 0 for none */
	bool fresh_connection;

	/* Called before each attempt; may be NULL.  May change all of the above. */
	bool (*prepare)(struct aws_call *call, struct glue_error *error);
	/* Examine a reply with status 200 to 299; NULL: accept it as it is. */
	enum aws_outcome (*accept)(struct aws_call *call, struct glue_error *error);
	void *context;

	/* outcome */
	struct http_exchange exchange; /* exchange.response is the last reply, owned */
	struct glue_error error;       /* GLUE_NO_ERROR after a success */
	char code[AWS_CODE_SIZE];      /* AWS error code, "" for none */
	char request_id[AWS_REQUEST_ID_SIZE];
	int attempts; /* sent so far */
	int failures; /* since the last progress */

	/* private to client.c */
	struct byte_buffer url;
	struct aws_signature signature;
	struct http_header sent_headers[AWS_CALL_HEADERS + AWS_SIGNATURE_HEADERS];
	struct aws_call *next_waiting;
	int64_t wake;
	bool clock_corrected;
	bool credentials_refreshed;
	bool refresh_credentials;
};

/*
 * Initialize a client.  Returns false with a usage error: NO_REGION, or
 * BAD_ENDPOINT if AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_<SERVICE> (S3,
 * DYNAMODB, SQS, SNS, SECRETS_MANAGER; takes precedence) is not
 * http(s)://host[:port].
 */
extern bool aws_client_init(struct aws_client *client, const struct aws_client_options *options,
							struct glue_error *error);

/* Wipe the secrets; accepts a zeroed client. */
extern void aws_client_clean_up(struct aws_client *client);

/* Return the time to sign with, in epoch seconds, corrected for AWS's clock. */
extern int64_t aws_client_time(const struct aws_client *client);

/* Make one call, including retries. */
extern bool aws_perform(struct aws_client *client, struct aws_call *call, struct glue_error *error);

/*
 * Like http_next_fn and http_done_fn.  A call that waits for its next attempt
 * keeps its place among those in flight, so a throttled service receives fewer
 * requests.
 */
typedef struct aws_call *(*aws_next_fn)(void *context, int64_t *wake);
typedef void (*aws_done_fn)(void *context, struct aws_call *call);

/*
 * Make many calls, at most in_flight at a time.  done is called for each call
 * after its last attempt; call->error holds the outcome.
 */
extern bool aws_perform_all(struct aws_client *client, int in_flight, aws_next_fn next,
							aws_done_fn done, void *context, struct glue_error *error);

/*
 * Prepare a call for its first attempt: reset the state of the previous one,
 * keep the buffers, and set service, operation, method, path and deadline.
 */
extern void aws_call_begin(struct aws_call *call, enum aws_service service, const char *operation,
						   const char *method, const char *path, int64_t deadline);

/* Add a header or a query parameter; at most as many as the limits above. */
extern void aws_call_header(struct aws_call *call, const char *name, const char *value);
extern void aws_call_query(struct aws_call *call, const char *name, const char *value);

/*
 * Like aws_call_begin() for the JSON protocols: POST / with x-amz-target,
 * which is borrowed, too.  The body is empty, and the caller must fill it.
 */
extern void aws_call_begin_json(struct aws_call *call, enum aws_service service,
								const char *operation, const char *target, int64_t deadline);

/* Release the call; accepts a zeroed one. */
extern void aws_call_clean_up(struct aws_call *call);

/* ----- for the services, and for tests ----- */

/*
 * Read the AWS error code and request id of an error reply into call->code and
 * call->request_id.  The code is taken from JSON __type ("AWS JSON 1.0 and
 * 1.1", Smithy), header x-amzn-errortype, or the first <Code> of XML.  Both
 * remain "" if absent or if they are not plain words.
 */
extern void aws_read_failure(struct aws_call *call);

/* Map an AWS error code and a status to one of the codes above. */
extern const char *aws_error_code(const char *code, int status);

/* Return whether an AWS error code or a status reports too many requests. */
extern bool aws_is_throttle(const char *code, int status);

/*
 * Return the time of the next attempt, as of clock_milliseconds(), after this
 * number of consecutive failures (1 for the first), with full jitter from
 * random.  Returns 0 if that would not be before the deadline (0 for no
 * deadline), or if failures have reached AWS_ATTEMPTS or, for throttles,
 * AWS_THROTTLED_ATTEMPTS.
 */
#define AWS_ATTEMPTS 10
#define AWS_THROTTLED_ATTEMPTS 40
extern int64_t
aws_backoff(int failures, bool throttled, int64_t now, int64_t deadline, uint64_t random);

#endif /* GLUE_AWS_CLIENT_H */
