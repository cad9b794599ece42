/*-------------------------------------------------------------------------
 *
 * credentials.h
 *	  Credential providers: environment, container, instance.
 *
 * The first provider that is configured is used, as described in "Standardized
 * credential providers", AWS SDKs and Tools Reference Guide:
 *
 *	  environment	AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary
 *					ones, AWS_SESSION_TOKEN.  Lambda sets these.
 *	  container		AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, on 169.254.170.2;
 *					else AWS_CONTAINER_CREDENTIALS_FULL_URI, which must use
 *					https or one of loopback, 169.254.170.2, 169.254.170.23 and
 *					[fd00:ec2::23]; with an Authorization header from
 *					AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, else from
 *					AWS_CONTAINER_AUTHORIZATION_TOKEN
 *	  instance		the EC2 metadata service, version 2 only (IMDSv2), unless
 *					AWS_EC2_METADATA_DISABLED is true; at
 *					AWS_EC2_METADATA_SERVICE_ENDPOINT, else at
 *					169.254.169.254, or at [fd00:ec2::254] if
 *					AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is IPv6
 *
 * If a configured provider fails, that is an error; the next one is not tried.
 * Files in ~/.aws, web identities and IMDSv1 are not supported.
 *
 * Temporary credentials are cached and refreshed five minutes before they
 * expire.  If that fails, the cached ones are used until they expire, and the
 * refresh is retried every 30 seconds.
 *
 * Errors: usage error CREDENTIALS_SETTING if a variable has an invalid value;
 * and of class infrastructure, NO_CREDENTIALS if no provider is configured or
 * the instance has no role, CREDENTIALS_REFUSED if the endpoint returned a
 * status other than 200, CREDENTIALS_REPLY if its reply is invalid, HTTP_* of
 * http.h, and OUT_OF_MEMORY.  Their text names variables and endpoints, never
 * values.
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

/* Seconds before expiry at which credentials are refreshed. */
#define CREDENTIALS_REFRESH_AHEAD 300

/* Seconds between two attempts to refresh credentials. */
#define CREDENTIALS_REFRESH_PAUSE 30

/*
 * Timeout of one request to an endpoint, in milliseconds.  Both endpoints are
 * on the same machine; if the metadata service does not answer within a
 * second, there is none.
 */
#define CREDENTIALS_CONTAINER_TIMEOUT 2000
#define CREDENTIALS_INSTANCE_TIMEOUT 1000

/*
 * Maximum number of attempts for a request that is answered with 429 or 5xx,
 * and the pause before the second attempt, in milliseconds.  Pauses double.
 */
#define CREDENTIALS_ATTEMPTS 3
#define CREDENTIALS_FIRST_PAUSE 100

/* Limit for a reply in bytes: three values of known lengths, and their JSON. */
#define CREDENTIALS_REPLY_LIMIT 16384

/* Lifetime to request for an IMDSv2 token, in seconds: the maximum. */
#define CREDENTIALS_INSTANCE_TOKEN_TTL "21600"

/*
 * External functions, replaceable so that a test needs no network, clock or
 * environment.  Each receives context.
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

/* A cache of credentials.  Not thread-safe. */
struct aws_credentials_provider;

/* Fill in the real functions; requests use client, which is borrowed. */
extern void aws_credentials_functions_init(struct aws_credentials_functions *functions,
										   struct http_client *client);

/*
 * Create a provider with an empty cache; functions is copied.  Returns NULL on
 * OUT_OF_MEMORY.  The caller must call aws_credentials_provider_destroy().
 */
extern struct aws_credentials_provider *
aws_credentials_provider_new(const struct aws_credentials_functions *functions,
							 struct glue_error *error);

/* Wipe the cached credentials and free the provider.  NULL is accepted. */
extern void aws_credentials_provider_destroy(struct aws_credentials_provider *provider);

/*
 * Fill *credentials, which the caller wipes with aws_credentials_wipe(); on
 * failure, they are zero.  If refresh is set, because AWS reported that they
 * expired, cached ones are not used.  deadline is in terms of
 * clock_milliseconds(), 0 for none.
 *
 * context is a struct aws_credentials_provider: this function is the get
 * member of a struct aws_credentials_source.
 */
extern bool aws_credentials_get(void *context, bool refresh, int64_t deadline,
								struct aws_credentials *credentials, struct glue_error *error);

#endif /* GLUE_AWS_CREDENTIALS_H */
