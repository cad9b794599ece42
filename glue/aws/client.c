/*-------------------------------------------------------------------------
 *
 * client.c
 *	  Calls to AWS: build, sign, send, interpret errors, retry.
 *
 * Each attempt of a call is built from scratch, because the clock, the
 * credentials and the remainder to be sent may have changed.  Calls waiting
 * for their next attempt are kept in a list in struct run and keep their place
 * among those in flight, so a throttled service receives fewer requests.
 *
 *-------------------------------------------------------------------------
 */
#include <openssl/rand.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws/client.h"
#include "base/ascii_word.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/json_reader.h"

/* Punctuation allowed in an error code or a request id. */
#define CODE_CHARACTERS "-._:+/="

/* Bound of the first pause and highest bound, in milliseconds. */
#define FIRST_PAUSE 100
#define LONGEST_PAUSE 5000

/* Seconds after which an idle connection is closed. */
#define IDLE_SECONDS 10

/*
 * AWS allows the time of a signature to be off by 300 seconds; a smaller
 * difference is no reason to trust its clock over ours.
 */
#define SKEW_WORTH_CORRECTING 240

/* Names of the services. */
static const struct service_names
{
	const char *signing;  /* also the first part of the host */
	const char *variable; /* AWS_ENDPOINT_URL_... */
} services[AWS_SERVICE_COUNT] = {
	[AWS_S3] = {"s3", "S3"},
	[AWS_DYNAMODB] = {"dynamodb", "DYNAMODB"},
	[AWS_SQS] = {"sqs", "SQS"},
	[AWS_SNS] = {"sns", "SNS"},
	[AWS_SECRETS_MANAGER] = {"secretsmanager", "SECRETS_MANAGER"},
};

/* ----- client ----- */

static int64_t
system_time(void)
{
	return (int64_t) time(NULL);
}

static uint64_t
system_random(void)
{
	uint64_t number;

	/* If there are no random bytes, the clock still spreads the pauses. */
	if (RAND_bytes((unsigned char *) &number, sizeof(number)) != 1)
		number = (uint64_t) clock_milliseconds() * UINT64_C(0x9E3779B97F4A7C15);
	return number;
}

/*
 * Parse scheme and host of http(s)://host[:port][/].
 */
static bool
endpoint_parse(struct aws_endpoint *endpoint, const char *url, const char *variable,
			   struct glue_error *error)
{
	const char *host = strstr(url, "://");
	size_t length = host != NULL ? strcspn(host + 3, "/?#@") : 0;

	if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || length == 0 ||
		length >= sizeof(endpoint->host) ||
		(host[3 + length] != '\0' && strcmp(host + 3 + length, "/") != 0))
		return glue_error_set(error, GLUE_USAGE_ERROR, "BAD_ENDPOINT",
							  "%s must be http(s)://host[:port]", variable);
	snprintf(endpoint->scheme, sizeof(endpoint->scheme), "%.*s", (int) (host - url), url);
	memcpy(endpoint->host, host + 3, length);
	endpoint->host[length] = '\0';
	endpoint->overridden = true;
	return true;
}

static bool
endpoint_init(struct aws_endpoint *endpoint, const struct service_names *names, const char *region,
			  struct glue_error *error)
{
	char variable[64];
	const char *url;

	snprintf(variable, sizeof(variable), "AWS_ENDPOINT_URL_%s", names->variable);
	url = getenv(variable);
	if (url == NULL || url[0] == '\0')
	{
		snprintf(variable, sizeof(variable), "AWS_ENDPOINT_URL");
		url = getenv(variable);
	}
	if (url != NULL && url[0] != '\0')
		return endpoint_parse(endpoint, url, variable, error);
	snprintf(endpoint->scheme, sizeof(endpoint->scheme), "https");
	snprintf(endpoint->host, sizeof(endpoint->host), "%s.%s.amazonaws.com%s", names->signing,
			 region, strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
	return true;
}

bool
aws_client_init(struct aws_client *client, const struct aws_client_options *options,
				struct glue_error *error)
{
	const char *region = options->region;

	memset(client, 0, sizeof(*client));
	if (region == NULL || region[0] == '\0')
		region = getenv("AWS_REGION");
	if (region == NULL || region[0] == '\0')
		region = getenv("AWS_DEFAULT_REGION");
	if (region == NULL || region[0] == '\0' || strlen(region) >= sizeof(client->region))
		return glue_error_set(error, GLUE_USAGE_ERROR, "NO_REGION", "AWS_REGION is not set");
	snprintf(client->region, sizeof(client->region), "%s", region);
	client->options = *options;
	client->options.region = client->region;
	if (client->options.wall_clock == NULL)
		client->options.wall_clock = system_time;
	if (client->options.random == NULL)
		client->options.random = system_random;
	if (client->options.idle_seconds <= 0)
		client->options.idle_seconds = IDLE_SECONDS;
	aws_signer_init(&client->signer);
	for (int i = 0; i < AWS_SERVICE_COUNT; i++)
	{
		if (!endpoint_init(&client->endpoints[i], &services[i], client->region, error))
			return false;
	}
	return true;
}

void
aws_client_clean_up(struct aws_client *client)
{
	aws_signer_clean_up(&client->signer);
	memset(client, 0, sizeof(*client));
}

int64_t
aws_client_time(const struct aws_client *client)
{
	return client->options.wall_clock() + client->clock_skew;
}

/* ----- setting up a call ----- */

void
aws_call_begin(struct aws_call *call, enum aws_service service, const char *operation,
			   const char *method, const char *path, int64_t deadline)
{
	struct aws_call kept = *call;

	aws_signature_clean_up(&kept.signature);
	memset(call, 0, sizeof(*call));
	call->body = kept.body;
	call->body.used = 0;
	call->url = kept.url;
	call->exchange.response = kept.exchange.response;
	call->service = service;
	call->operation = operation;
	call->method = method;
	call->path = path;
	call->deadline = deadline;
}

void
aws_call_header(struct aws_call *call, const char *name, const char *value)
{
	call->headers[call->header_count++] = (struct aws_pair){name, value};
}

void
aws_call_query(struct aws_call *call, const char *name, const char *value)
{
	call->query[call->query_count++] = (struct aws_pair){name, value};
}

void
aws_call_begin_json(struct aws_call *call, enum aws_service service, const char *operation,
					const char *target, int64_t deadline)
{
	aws_call_begin(call, service, operation, "POST", "/", deadline);
	aws_call_header(call, "Content-Type",
					service == AWS_SECRETS_MANAGER ? "application/x-amz-json-1.1"
												   : "application/x-amz-json-1.0");
	aws_call_header(call, "X-Amz-Target", target);
}

void
aws_call_clean_up(struct aws_call *call)
{
	byte_buffer_clean_up(&call->body);
	byte_buffer_clean_up(&call->url);
	http_response_clean_up(&call->exchange.response);
	aws_signature_clean_up(&call->signature);
}

/* ----- reading failures ----- */

/*
 * Return the text of the first element with this name and no attributes.
 */
static struct text_view
xml_element(const char *document, const char *name)
{
	char tag[32];
	const char *start;
	const char *end;

	snprintf(tag, sizeof(tag), "<%s>", name);
	start = strstr(document, tag);
	if (start == NULL)
		return (struct text_view){NULL, 0};
	start += strlen(tag);
	end = strchr(start, '<');
	return (struct text_view){start, end != NULL ? (size_t) (end - start) : 0};
}

/*
 * Return the word in "com.amazonaws.dynamodb.v20120810#ThrottlingException" or
 * in "ThrottlingException:http://...".
 */
static struct text_view
shape_name(struct text_view type)
{
	const char *mark;

	while (type.length > 0 && (mark = memchr(type.data, '#', type.length)) != NULL)
	{
		type.length -= (size_t) (mark + 1 - type.data);
		type.data = mark + 1;
	}
	mark = type.length > 0 ? memchr(type.data, ':', type.length) : NULL;
	if (mark != NULL)
		type.length = (size_t) (mark - type.data);
	return type;
}

static struct text_view
header_text(const struct http_response *response, const char *name)
{
	const char *value = http_response_header(response, name);

	return value != NULL ? text_of(value) : (struct text_view){NULL, 0};
}

void
aws_read_failure(struct aws_call *call)
{
	const struct http_response *response = &call->exchange.response;
	const char *document = response->body.data != NULL ? response->body.data : "";
	struct text_view type = header_text(response, "x-amzn-errortype");
	struct text_view id = header_text(response, "x-amzn-requestid");

	if (type.length == 0 && document[strspn(document, " \t\r\n")] == '{')
	{
		struct text_view body = {document, response->body.used};

		type = json_find_text(body, "__type");
		if (type.length == 0)
			type = json_find_text(body, "code");
	}
	if (type.length == 0)
		type = xml_element(document, "Code");
	ascii_word_copy(call->code, sizeof(call->code), shape_name(type), CODE_CHARACTERS);
	if (id.length == 0)
		id = header_text(response, "x-amz-request-id");
	if (id.length == 0)
		id = xml_element(document, "RequestId");
	ascii_word_copy(call->request_id, sizeof(call->request_id), id, CODE_CHARACTERS);
}

bool
aws_is_throttle(const char *code, int status)
{
	/* As in the AWS SDKs ("Retry behavior", AWS SDKs and Tools). */
	static const char *const codes[] = {
		"Throttling",
		"ThrottlingException",
		"ThrottledException",
		"RequestThrottled",
		"RequestThrottledException",
		"TooManyRequestsException",
		"RequestLimitExceeded",
		"ProvisionedThroughputExceededException",
		"BandwidthLimitExceeded",
		"SlowDown",
		"PriorRequestNotComplete",
		"TransactionInProgressException",
		"KMSThrottlingException",
		"KMS.ThrottlingException",
		"EC2ThrottledException",
		"LimitExceededException",
		NULL,
	};

	return status == 429 || ascii_word_is_in(code, codes);
}

static bool
is_clock_failure(const char *code)
{
	static const char *const codes[] = {
		"RequestTimeTooSkewed",
		"RequestExpired",
		"RequestInTheFuture",
		"InvalidSignatureException",
		"SignatureDoesNotMatch",
		"AuthFailure",
		NULL,
	};

	return ascii_word_is_in(code, codes);
}

static bool
is_credentials_expiry(const char *code)
{
	static const char *const codes[] = {
		"ExpiredToken",
		"ExpiredTokenException",
		"TokenRefreshRequired",
		NULL,
	};

	return ascii_word_is_in(code, codes);
}

/*
 * Return whether the service reports that the same request may succeed later.
 */
static bool
is_transient(const char *code, int status)
{
	static const char *const codes[] = {
		"RequestTimeout",
		"RequestTimeoutException",
		"InternalError",
		"InternalFailure",
		"InternalServerError",
		"ServiceUnavailable",
		NULL,
	};

	return status >= 500 || ascii_word_is_in(code, codes);
}

const char *
aws_error_code(const char *code, int status)
{
	static const char *const denied[] = {
		"AccessDenied",
		"AccessDeniedException",
		"AuthorizationError",
		"AuthorizationErrorException",
		NULL,
	};
	static const char *const unknown[] = {
		"ResourceNotFoundException",
		"NoSuchBucket",
		"NotFound",
		"NotFoundException",
		"QueueDoesNotExist",
		"AWS.SimpleQueueService.NonExistentQueue",
		NULL,
	};
	static const char *const credentials[] = {
		"InvalidAccessKeyId",
		"UnrecognizedClientException",
		"InvalidClientTokenId",
		"InvalidToken",
		"MissingAuthenticationToken",
		"MissingAuthenticationTokenException",
		"IncompleteSignature",
		"IncompleteSignatureException",
		NULL,
	};

	if (aws_is_throttle(code, status))
		return "AWS_THROTTLED";
	if (is_transient(code, status))
		return "AWS_UNAVAILABLE";
	if (is_clock_failure(code) || is_credentials_expiry(code) ||
		ascii_word_is_in(code, credentials))
		return "AWS_CREDENTIALS";
	if (status == 412 || strcmp(code, "ConditionalCheckFailedException") == 0)
		return "AWS_CONDITION_FAILED";
	if (status == 404 || ascii_word_is_in(code, unknown))
		return "AWS_NOT_FOUND";
	if (status == 403 || status == 401 || ascii_word_is_in(code, denied))
		return "AWS_ACCESS_DENIED";
	return "AWS_REFUSED";
}

static void
set_failure(struct aws_call *call)
{
	glue_error_set(&call->error, GLUE_INFRASTRUCTURE_ERROR,
				   aws_error_code(call->code, call->exchange.response.status),
				   "%s %s: status %d, %s, request %s", services[call->service].signing,
				   call->operation, call->exchange.response.status,
				   call->code[0] != '\0' ? call->code : "no code",
				   call->request_id[0] != '\0' ? call->request_id : "unknown");
}

/* ----- one attempt ----- */

/*
 * Append scheme://[bucket.]host to url; *host_at is the offset of the host.
 */
static bool
append_host(struct aws_call *call, const struct aws_endpoint *endpoint, size_t *host_at,
			struct glue_error *error)
{
	struct byte_buffer *url = &call->url;

	url->used = 0;
	if (!byte_buffer_append_string(url, endpoint->scheme, error) ||
		!byte_buffer_append_string(url, "://", error))
		return false;
	*host_at = url->used;
	if (call->host_prefix != NULL && (!byte_buffer_append_string(url, call->host_prefix, error) ||
									  !byte_buffer_append_string(url, ".", error)))
		return false;
	return byte_buffer_append_string(url, endpoint->host, error) &&
		   byte_buffer_terminate(url, error);
}

/*
 * Copy the Host header as libcurl will send it: without the default port of
 * the scheme.
 */
static void
copy_host_name(char *host, size_t size, const char *scheme, const char *name)
{
	size_t length;
	const char *port = strcmp(scheme, "https") == 0 ? ":443" : ":80";

	snprintf(host, size, "%s", name);
	length = strlen(host);
	if (length > strlen(port) && strcmp(host + length - strlen(port), port) == 0)
		host[length - strlen(port)] = '\0';
}

static bool
sign_call(struct aws_client *client, struct aws_call *call, const char *host,
		  const char *payload_hash, struct glue_error *error)
{
	struct aws_sign_request request = {
		.method = call->method,
		.host = host,
		.path = call->path,
		.query = call->query,
		.query_count = call->query_count,
		.headers = call->headers,
		.header_count = call->header_count,
		.payload_hash = payload_hash,
		.region = client->region,
		.service = services[call->service].signing,
		.time = aws_client_time(client),
	};
	struct aws_credentials *credentials = glue_allocate_zero(sizeof(*credentials));
	bool success;

	if (credentials == NULL)
		return glue_error_memory(error);
	success = client->options.credentials.get(client->options.credentials.context,
											  call->refresh_credentials, call->deadline,
											  credentials, error);
	if (success)
	{
		call->refresh_credentials = false;
		aws_signature_clean_up(&call->signature);
		success = aws_sign_headers(&client->signer, credentials, &request, &call->signature, error);
	}
	aws_credentials_wipe(credentials);
	glue_release(credentials);
	return success;
}

static int
gather_headers(struct aws_call *call)
{
	int count = 0;

	for (size_t i = 0; i < call->header_count; i++)
		call->sent_headers[count++] =
			(struct http_header){call->headers[i].name, call->headers[i].value};
	for (size_t i = 0; i < call->signature.header_count; i++)
		call->sent_headers[count++] =
			(struct http_header){call->signature.headers[i].name, call->signature.headers[i].value};
	return count;
}

static bool
build_attempt(struct aws_client *client, struct aws_call *call, struct glue_error *error)
{
	const struct aws_endpoint *endpoint = &client->endpoints[call->service];
	char host[AWS_ENDPOINT_SIZE + 80];
	char hash[AWS_HASH_SIZE];
	const char *payload_hash = call->payload_hash;
	size_t host_at = 0;

	if (call->prepare != NULL && !call->prepare(call, error))
		return false;
	if (payload_hash == NULL)
	{
		if (!aws_payload_hash(call->body.used > 0 ? call->body.data : "", call->body.used, hash,
							  error))
			return false;
		payload_hash = hash;
	}
	if (!append_host(call, endpoint, &host_at, error))
		return false;
	copy_host_name(host, sizeof(host), endpoint->scheme, call->url.data + host_at);
	if (!sign_call(client, call, host, payload_hash, error) ||
		!byte_buffer_append_string(&call->url, call->path, error) ||
		(call->signature.query[0] != '\0' && !byte_buffer_append(&call->url, "?", 1, error)) ||
		!byte_buffer_append_string(&call->url, call->signature.query, error) ||
		!byte_buffer_terminate(&call->url, error))
		return false;
	call->exchange.request = (struct http_request){
		.method = call->method,
		.url = call->url.data,
		.headers = call->sent_headers,
		.header_count = gather_headers(call),
		.body = call->body.used > 0 ? call->body.data : NULL,
		.read_body = call->read_body,
		.read_context = call->read_context,
		.body_length = call->read_body != NULL ? call->body_length : (int64_t) call->body.used,
		.on_body = call->on_body,
		.body_context = call->body_context,
		.body_limit = call->body_limit,
		.deadline = call->deadline,
		.idle_seconds = client->options.idle_seconds,
		.fresh_connection = call->fresh_connection,
	};
	return true;
}

/* ----- retries ----- */

int64_t
aws_backoff(int failures, bool throttled, int64_t now, int64_t deadline, uint64_t random)
{
	int64_t bound = FIRST_PAUSE;
	int64_t wake;

	if (failures >= (throttled ? AWS_THROTTLED_ATTEMPTS : AWS_ATTEMPTS))
		return 0;
	for (int i = 1; i < failures && bound < LONGEST_PAUSE; i++)
		bound *= 2;
	if (bound > LONGEST_PAUSE)
		bound = LONGEST_PAUSE;
	wake = now + 1 + (int64_t) (random % (uint64_t) bound);
	return deadline > 0 && wake >= deadline ? 0 : wake;
}

/*
 * Schedule the next attempt of a call.  Returns false if no attempts remain.
 */
static bool
try_later(struct aws_client *client, struct aws_call *call, bool throttled)
{
	call->failures++;
	call->wake = aws_backoff(call->failures, throttled, clock_milliseconds(), call->deadline,
							 client->options.random());
	return call->wake > 0;
}

/*
 * If AWS rejects the time of the signature and its clock differs from ours,
 * adopt its clock.
 */
static bool
correct_clock(struct aws_client *client, struct aws_call *call)
{
	const char *date = http_response_header(&call->exchange.response, "Date");
	int64_t time_there = date != NULL ? (int64_t) curl_getdate(date, NULL) : -1;
	int64_t difference = time_there - aws_client_time(client);

	if (call->clock_corrected || !is_clock_failure(call->code) || time_there < 0 ||
		(difference < SKEW_WORTH_CORRECTING && difference > -SKEW_WORTH_CORRECTING))
		return false;
	call->clock_corrected = true;
	client->clock_skew = time_there - client->options.wall_clock();
	call->wake = clock_milliseconds();
	return true;
}

static bool
renew_credentials(struct aws_call *call)
{
	if (call->credentials_refreshed || !is_credentials_expiry(call->code))
		return false;
	call->credentials_refreshed = true;
	call->refresh_credentials = true;
	call->wake = clock_milliseconds();
	return true;
}

/*
 * Return whether the request may succeed on another connection.
 */
static bool
is_transport_transient(const char *code)
{
	static const char *const codes[] = {
		"HTTP_CONNECT",
		"HTTP_TIMEOUT",
		"HTTP_RESET",
		NULL,
	};

	return ascii_word_is_in(code, codes);
}

/*
 * Process the outcome of an attempt.  Returns true if the call has ended,
 * successfully or not.
 */
static bool
judge_reply(struct aws_client *client, struct aws_call *call)
{
	struct http_exchange *exchange = &call->exchange;
	bool throttled;

	if (exchange->error.class != GLUE_NO_ERROR)
	{
		call->error = exchange->error;
		return !is_transport_transient(exchange->error.code) || !try_later(client, call, false);
	}
	if (exchange->response.status >= 200 && exchange->response.status < 300)
	{
		enum aws_outcome outcome =
			call->accept == NULL ? AWS_DONE : call->accept(call, &call->error);

		if (outcome != AWS_AGAIN)
			return true;
		client->counters.partial++;
		call->code[0] = '\0';
		glue_error_set(&call->error, GLUE_INFRASTRUCTURE_ERROR, "AWS_THROTTLED",
					   "%s %s: a remainder was not processed in time",
					   services[call->service].signing, call->operation);
		return !try_later(client, call, true);
	}
	aws_read_failure(call);
	set_failure(call);
	throttled = aws_is_throttle(call->code, exchange->response.status);
	if (throttled)
		client->counters.throttles++;
	if (throttled || is_transient(call->code, exchange->response.status))
		return !try_later(client, call, throttled);
	return !correct_clock(client, call) && !renew_credentials(call);
}

/* ----- many calls ----- */

struct run
{
	struct aws_client *client;
	aws_next_fn next;
	aws_done_fn done;
	void *context;
	int limit;
	int open; /* in flight or waiting */
	struct aws_call *waiting;
};

static struct aws_call *
call_of(struct http_exchange *exchange)
{
	return (struct aws_call *) ((char *) exchange - offsetof(struct aws_call, exchange));
}

/*
 * Remove and return the waiting call that is due first.  If it is not due yet,
 * set *wake and return NULL.
 */
static struct aws_call *
take_waiting(struct run *run, int64_t *wake)
{
	struct aws_call **first = NULL;
	struct aws_call *call;

	for (struct aws_call **link = &run->waiting; *link != NULL; link = &(*link)->next_waiting)
	{
		if (first == NULL || (*link)->wake < (*first)->wake)
			first = link;
	}
	if (first == NULL)
		return NULL;
	call = *first;
	if (call->wake > clock_milliseconds())
	{
		*wake = call->wake;
		return NULL;
	}
	*first = call->next_waiting;
	return call;
}

static void
end_call(struct run *run, struct aws_call *call)
{
	run->open--;
	run->done(run->context, call);
}

/*
 * Build the next attempt of a call.  Returns false if the call has ended
 * instead.
 */
static bool
start_attempt(struct run *run, struct aws_call *call)
{
	glue_error_clear(&call->error);
	if (!build_attempt(run->client, call, &call->error))
		return false;
	call->attempts++;
	run->client->counters.requests++;
	if (call->attempts > 1)
		run->client->counters.retries++;
	return true;
}

static struct http_exchange *
run_next(void *context, int64_t *wake)
{
	struct run *run = context;

	for (;;)
	{
		int64_t waiting_wake = 0;
		int64_t next_wake = 0;
		struct aws_call *call = take_waiting(run, &waiting_wake);

		if (call == NULL && run->open < run->limit)
		{
			call = run->next(run->context, &next_wake);
			if (call != NULL)
				run->open++;
		}
		if (call == NULL)
		{
			*wake = waiting_wake;
			if (next_wake > 0 && (*wake == 0 || next_wake < *wake))
				*wake = next_wake;
			return NULL;
		}
		if (start_attempt(run, call))
			return &call->exchange;
		end_call(run, call);
	}
}

static void
run_done(void *context, struct http_exchange *exchange)
{
	struct run *run = context;
	struct aws_call *call = call_of(exchange);

	if (judge_reply(run->client, call))
		end_call(run, call);
	else
	{
		call->next_waiting = run->waiting;
		run->waiting = call;
	}
}

/*
 * End all waiting calls after libcurl itself has failed.
 */
static void
end_waiting(struct run *run)
{
	while (run->waiting != NULL)
	{
		struct aws_call *call = run->waiting;

		run->waiting = call->next_waiting;
		end_call(run, call);
	}
}

bool
aws_perform_all(struct aws_client *client, int in_flight, aws_next_fn next, aws_done_fn done,
				void *context, struct glue_error *error)
{
	struct run run = {client, next, done, context, in_flight, 0, NULL};
	bool success =
		http_perform_all(client->options.http, in_flight, run_next, run_done, &run, error);

	end_waiting(&run);
	return success;
}

struct single
{
	struct aws_call *call;
	bool started;
};

static struct aws_call *
next_single_call(void *context, int64_t *wake)
{
	struct single *single = context;

	(void) wake;
	if (single->started)
		return NULL;
	single->started = true;
	return single->call;
}

static void
single_call_done(void *context, struct aws_call *call)
{
	(void) context;
	(void) call;
}

bool
aws_perform(struct aws_client *client, struct aws_call *call, struct glue_error *error)
{
	struct single single = {call, false};

	if (!aws_perform_all(client, 1, next_single_call, single_call_done, &single, error))
		return false;
	if (call->error.class == GLUE_NO_ERROR)
		return true;
	if (error != NULL)
		*error = call->error;
	return false;
}
