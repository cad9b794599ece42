/*-------------------------------------------------------------------------
 *
 * credentials.h
 *	  Where the credentials come from: environment, container, instance.
 *
 * The first of these that there is, as in "Standardized credential providers"
 * of the AWS SDKs and Tools Reference Guide:
 *
 *	  environment	AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary
 *					ones, AWS_SESSION_TOKEN.  This is what Lambda sets.
 *	  container		AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, on 169.254.170.2;
 *					else AWS_CONTAINER_CREDENTIALS_FULL_URI, which is https or
 *					one of loopback, 169.254.170.2, 169.254.170.23 and
 *					[fd00:ec2::23]; with the Authorization header that
 *					AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, else
 *					AWS_CONTAINER_AUTHORIZATION_TOKEN says
 *	  instance		the metadata service of EC2, in its version 2 alone
 *					(IMDSv2), unless AWS_EC2_METADATA_DISABLED is true; at
 *					AWS_EC2_METADATA_SERVICE_ENDPOINT, else at
 *					169.254.169.254, or [fd00:ec2::254] when
 *					AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is IPv6
 *
 * A provider that is configured and fails is an error; the next one is not
 * tried then.  Files in ~/.aws, web identities and IMDSv1 are left out.
 *
 * Temporary credentials are kept, and fetched anew five minutes before they
 * expire.  When that fails, those at hand serve until they do expire, and a
 * new try is made every half minute.
 *
 * Errors: usage error CREDENTIALS_SETTING, when a variable is set to what
 * cannot be; of class infrastructure NO_CREDENTIALS when there are none,
 * CREDENTIALS_REFUSED when the endpoint answered with another status than 200,
 * CREDENTIALS_REPLY when its reply is of no use, HTTP_* of http.h, and
 * OUT_OF_MEMORY.  Their text names variables and endpoints, no values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_CREDENTIALS_H
#define GLUE_AWS_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/sigv4.h"
#include "base/failure.h"
#include "http/http.h"

/* Seconds before they expire when credentials are fetched anew. */
#define CREDENTIALS_REFRESH_AHEAD 300

/* Seconds between two tries to do so. */
#define CREDENTIALS_REFRESH_PAUSE 30

/*
 * Milliseconds that one request to an endpoint may take.  Both are on the same
 * machine; no answer in a second means that there is none.
 */
#define CREDENTIALS_CONTAINER_TIMEOUT 2000
#define CREDENTIALS_INSTANCE_TIMEOUT 1000

/*
 * How often a request is sent when it is answered with 429 or 5xx, and the
 * milliseconds before the second time; they double.
 */
#define CREDENTIALS_ATTEMPTS 3
#define CREDENTIALS_FIRST_PAUSE 100

/* Bytes of a reply: three values of known lengths, and what is around them. */
#define CREDENTIALS_REPLY_LIMIT 16384

/* Seconds that a token of IMDSv2 is to be good for, its longest time. */
#define CREDENTIALS_INSTANCE_TOKEN_TTL "21600"

/*
 * Everything outside, so that a test needs no network, no clock and no
 * environment.  context is handed to each of them.
 */
struct aws_credentials_functions
{
	/* http_perform() */
	bool (*perform)(void *context, const struct http_request *request,
					struct http_response *response, struct glue_error *error);
	void (*pause)(void *context, int64_t milliseconds);
	int64_t (*now)(void *context);                            /* clock_milliseconds() */
	int64_t (*wall_clock)(void *context);                     /* epoch seconds */
	const char *(*variable)(void *context, const char *name); /* getenv() */
	void *context;
};

/* Keeps credentials.  Not for use by two threads at once. */
struct aws_credentials_provider;

/* The real ones; requests go through client, which is borrowed. */
extern void aws_credentials_functions_init(struct aws_credentials_functions *functions,
										   struct http_client *client);

/*
 * A provider that holds nothing yet; functions are copied.  NULL on
 * OUT_OF_MEMORY.  Give it to aws_credentials_provider_destroy().
 */
extern struct aws_credentials_provider *
aws_credentials_provider_new(const struct aws_credentials_functions *functions,
							 struct glue_error *error);

/* Wipes what it holds.  NULL is accepted. */
extern void aws_credentials_provider_destroy(struct aws_credentials_provider *provider);

/*
 * Fill *credentials, which the caller wipes by aws_credentials_wipe(); they
 * are zero on false.  With refresh, for when AWS said that they expired, no
 * kept ones are given.  deadline is of clock_milliseconds(), 0 for none.
 *
 * context is a struct aws_credentials_provider: this is the get of a struct
 * aws_credentials_source.
 */
extern bool aws_credentials_get(void *context, bool refresh, int64_t deadline,
								struct aws_credentials *credentials, struct glue_error *error);

#endif /* GLUE_AWS_CREDENTIALS_H */
