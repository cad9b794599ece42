/*-------------------------------------------------------------------------
 *
 * client.h
 *	  Calls to AWS: build, sign, send, read the error, decide, try again.
 *
 * The services (s3.h, dynamodb.h, sqs.h, sns.h, secrets.h) fill struct
 * aws_call; nothing else needs it.
 *
 * What is tried again, after a pause of full jitter (a random part of a bound
 * that doubles; "Exponential Backoff And Jitter", AWS Architecture Blog):
 * throttles, status 429 and 5xx, and no whole reply.  No pause ends behind the
 * deadline: then the call fails at once, with the error it had last.  Once for
 * each call, the clock is corrected by the reply's Date when AWS says that the
 * signature's time is wrong, and the credentials are read again when AWS says
 * that they expired.
 *
 * Errors are of class infrastructure: HTTP_* of http.h, those of the
 * credentials, and
 *
 *	  AWS_THROTTLED				too many requests, to the last
 *	  AWS_UNAVAILABLE			5xx, to the last
 *	  AWS_CREDENTIALS			expired, unknown, or the signature is wrong
 *	  AWS_ACCESS_DENIED			not allowed, or there without ListBucket
 *	  AWS_NOT_FOUND				no such table, queue, topic, secret, bucket
 *	  AWS_CONDITION_FAILED		412 or a failed condition
 *	  AWS_REFUSED				any other refusal; the request is wrong
 *	  AWS_BAD_REPLY				a success that cannot be read
 *
 * The text names service, operation, status, AWS's own code and the request
 * id.  AWS's message is left out: it repeats keys and, when a signature is
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
 * Where credentials come from.  get fills *credentials, which the caller
 * wipes; with refresh it must not answer from what it remembers.
 */
struct aws_credentials_source
{
	bool (*get)(void *context, bool refresh, int64_t deadline, struct aws_credentials *credentials,
				struct glue_error *error);
	void *context;
};

/* What a client is made of; all borrowed, strings only by aws_client_init(). */
struct aws_client_options
{
	const char *region; /* NULL: AWS_REGION, AWS_DEFAULT_REGION */
	struct http_client *http;
	struct aws_credentials_source credentials;
	int64_t (*wall_clock)(void); /* epoch seconds; NULL: the system's */
	uint64_t (*random)(void);    /* NULL: OpenSSL's */
	int idle_seconds;            /* a connection on which nothing moves for so
								 * long is given up; 0 for 10 */
};

#define AWS_ENDPOINT_SIZE 256
#define AWS_REGION_SIZE 64

/* Where a service is. */
struct aws_endpoint
{
	char scheme[8];               /* "https" */
	char host[AWS_ENDPOINT_SIZE]; /* with ":port" when given */
	bool overridden;              /* by AWS_ENDPOINT_URL... */
};

/*
 * Counted since aws_client_init(), for metrics; the caller may set them back
 * to 0 at any time.
 */
struct aws_counters
{
	int64_t requests;  /* sent, each attempt counted */
	int64_t retries;   /* of these, the second and later of a call */
	int64_t throttles; /* replies that said too many requests */
	int64_t partial;   /* successes that left a remainder undone */
};

/*
 * A client for all services of one region.  Owns signer; the rest is borrowed.
 * Not for use by two threads.
 */
struct aws_client
{
	/* immutable after aws_client_init() */
	char region[AWS_REGION_SIZE];
	struct aws_client_options options;
	struct aws_endpoint endpoints[AWS_SERVICE_COUNT];

	/* mutable */
	struct aws_signer signer;
	int64_t clock_skew; /* seconds that AWS's clock is ahead of ours */
	struct aws_counters counters;
};

/* What a look at a successful reply comes to. */
enum aws_outcome
{
	AWS_DONE,
	AWS_AGAIN, /* a remainder was not done: body now holds it */
	AWS_FAILED /* the error is set */
};

#define AWS_CALL_HEADERS 12
#define AWS_CALL_QUERY 6

/* AWS's own code, as in ProvisionedThroughputExceededException. */
#define AWS_CODE_SIZE 64
#define AWS_REQUEST_ID_SIZE 80

/*
 * One call, all its attempts.  All zero is an empty one; aws_call_clean_up().
 * Strings are borrowed until the call has ended.
 */
struct aws_call
{
	/* set by the service */
	enum aws_service service;
	const char *operation; /* for errors: "BatchWriteItem" */
	const char *method;
	const char *host_prefix; /* bucket of a virtual host; NULL for none */
	const char *path;        /* percent-encoded */
	struct aws_pair query[AWS_CALL_QUERY];
	size_t query_count;
	struct aws_pair headers[AWS_CALL_HEADERS];
	size_t header_count;
	struct byte_buffer body; /* owned; used again by the next call */
	http_read_fn read_body;  /* in place of body, body_length bytes */
	void *read_context;
	int64_t body_length;      /* of read_body */
	const char *payload_hash; /* NULL: of body */
	http_body_fn on_body;
	void *body_context;
	size_t body_limit;
	int64_t deadline; /* of clock_milliseconds(); 0 for none */
	bool fresh_connection;

	/* Called before each attempt; may be NULL.  May change all of the above. */
	bool (*prepare)(struct aws_call *call, struct glue_error *error);
	/* Looks at a reply of status 200 to 299; NULL: it is fine as it is. */
	enum aws_outcome (*accept)(struct aws_call *call, struct glue_error *error);
	void *context;

	/* how it went */
	struct http_exchange exchange; /* exchange.response is the last reply,
									 * owned */
	struct glue_error error;       /* GLUE_NO_ERROR after a success */
	char code[AWS_CODE_SIZE];      /* AWS's own, "" for none */
	char request_id[AWS_REQUEST_ID_SIZE];
	int attempts; /* sent so far */
	int failures; /* since the last progress */

	/* client.c's own */
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
 * Fill a client.  False with class usage: NO_REGION, or BAD_ENDPOINT when
 * AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_<SERVICE> (S3, DYNAMODB, SQS, SNS,
 * SECRETS_MANAGER; these win) is no http(s)://host[:port].
 */
extern bool aws_client_init(struct aws_client *client, const struct aws_client_options *options,
							struct glue_error *error);

/* Wipes what is secret.  Accepts a zeroed client. */
extern void aws_client_clean_up(struct aws_client *client);

/* The time to sign with: epoch seconds, corrected by what AWS said. */
extern int64_t aws_client_time(const struct aws_client *client);

/* Make one call to the end, attempts included. */
extern bool aws_perform(struct aws_client *client, struct aws_call *call, struct glue_error *error);

/* As http_next_fn and http_done_fn; a call that waits for its next attempt
 * keeps its place among those in flight, so a throttled service gets less. */
typedef struct aws_call *(*aws_next_fn)(void *context, int64_t *wake);
typedef void (*aws_done_fn)(void *context, struct aws_call *call);

/*
 * Make many calls, at most in_flight at a time; done is called for each when
 * it has ended for good, and call->error says how.
 */
extern bool aws_perform_all(struct aws_client *client, int in_flight, aws_next_fn next,
							aws_done_fn done, void *context, struct glue_error *error);

/*
 * Ready a call for its first attempt: what the last one left is forgotten,
 * buffers stay.  service, operation, method and path are set, deadline too.
 */
extern void aws_call_begin(struct aws_call *call, enum aws_service service, const char *operation,
						   const char *method, const char *path, int64_t deadline);

/* Add a header or a parameter of the query; within the sizes above. */
extern void aws_call_header(struct aws_call *call, const char *name, const char *value);
extern void aws_call_query(struct aws_call *call, const char *name, const char *value);

/*
 * As aws_call_begin() for the JSON protocols: POST / with x-amz-target, which
 * is borrowed too.  The body is empty and is the caller's to fill.
 */
extern void aws_call_begin_json(struct aws_call *call, enum aws_service service,
								const char *operation, const char *target, int64_t deadline);

/* Accepts a zeroed call. */
extern void aws_call_clean_up(struct aws_call *call);

/* ----- for the services, and for tests ----- */

/*
 * Read AWS's code and request id out of a reply that is no success, into
 * call->code and call->request_id: JSON __type ("AWS JSON 1.0 and 1.1", Smithy),
 * header x-amzn-errortype, or the first <Code> of XML.  Both stay "" when
 * there are none, or when they are not plain words.
 */
extern void aws_read_failure(struct aws_call *call);

/* What a code and a status of AWS mean here; one of the codes above. */
extern const char *aws_error_code(const char *code, int status);

/* Whether a code of AWS says that there were too many requests. */
extern bool aws_is_throttle(const char *code, int status);

/*
 * When to try again after so many failures in a row (1 for the first), a time
 * of clock_milliseconds(); full jitter, by random.  0 when that would be at the deadline
 * or behind it (0 for no deadline), or failures have reached the limit:
 * AWS_ATTEMPTS, of throttles AWS_THROTTLED_ATTEMPTS.
 */
#define AWS_ATTEMPTS 10
#define AWS_THROTTLED_ATTEMPTS 40
extern int64_t
aws_backoff(int failures, bool throttled, int64_t now, int64_t deadline, uint64_t random);

#endif /* GLUE_AWS_CLIENT_H */
