/*-------------------------------------------------------------------------
 *
 * http.c
 *	  HTTP requests over libcurl, one at a time or many at once.
 *
 * One multi handle keeps the connections.  Easy handles are reused because
 * each holds a TLS session cache.  libcurl rejects calls on a multi handle
 * from within its callbacks, so a busy client passes such calls to a second
 * client that it owns.
 *
 * libcurl defaults that could confuse a server or that a signature would not
 * cover are disabled: Expect (each upload would wait a second for a 100
 * Continue), the form Content-Type, proxies from the environment, redirects,
 * other protocols.
 *
 *-------------------------------------------------------------------------
 */
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/heap.h"
#include "http/http.h"

/* Milliseconds allowed to connect, including the TLS handshake. */
#define CONNECT_TIMEOUT 5000L

/* Longest single wait in milliseconds, so that a clock jump cannot hang us. */
#define LONGEST_POLL 1000

/* Easy handles kept for reuse; any beyond that are closed after use. */
#define KEPT_HANDLES 64

/*
 * Limit for all headers of a reply, in bytes.  S3 allows 2 KB of metadata; the
 * Lambda Runtime API sends the client context.
 */
#define HEADER_LIMIT ((size_t) 256 * 1024)

struct http_client
{
	char *ca_file; /* NULL: the system's */
	CURLM *multi;
	CURL *kept[KEPT_HANDLES];
	int kept_count;
	bool busy;                 /* http_perform_all() is on the stack */
	struct http_client *inner; /* for calls from callbacks; created on demand */
};

/* A running exchange.  Owns handle and headers. */
struct transfer
{
	struct http_exchange *exchange;
	CURL *handle;
	struct curl_slist *headers;
	int64_t read_offset;
	/* Error code if a callback stopped the transfer, else NULL. */
	const char *stop_code;
};

/* ----- client ----- */

struct http_client *
http_client_new(const char *ca_file, struct glue_error *error)
{
	struct http_client *client = glue_allocate_zero(sizeof(*client));
	size_t size = ca_file != NULL ? strlen(ca_file) + 1 : 0;

	if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
	{
		glue_release(client);
		glue_error_memory(error);
		return NULL;
	}
	client->multi = curl_multi_init();
	if (size > 0)
		client->ca_file = glue_allocate(size);
	if (client->multi == NULL || (size > 0 && client->ca_file == NULL))
	{
		glue_error_memory(error);
		http_client_destroy(client);
		return NULL;
	}
	if (size > 0)
		memcpy(client->ca_file, ca_file, size);
	return client;
}

void
http_client_destroy(struct http_client *client)
{
	if (client == NULL)
		return;
	http_client_destroy(client->inner);
	for (int i = 0; i < client->kept_count; i++)
		curl_easy_cleanup(client->kept[i]);
	if (client->multi != NULL)
		curl_multi_cleanup(client->multi);
	curl_global_cleanup();
	glue_release(client->ca_file);
	glue_release(client);
}

/*
 * Return the client to run a call on: the inner one if the call comes from a
 * callback.
 */
static struct http_client *
free_client(struct http_client *client, struct glue_error *error)
{
	while (client != NULL && client->busy)
	{
		if (client->inner == NULL)
			client->inner = http_client_new(client->ca_file, error);
		client = client->inner;
	}
	return client;
}

/* ----- response ----- */

const char *
http_response_header(const struct http_response *response, const char *name)
{
	size_t length = strlen(name);
	const char *line = response->headers.data;
	const char *end;

	if (line == NULL)
		return NULL;
	end = line + response->headers.used;
	for (; line < end; line += strlen(line) + 1)
	{
		if (strncasecmp(line, name, length) == 0 && line[length] == ':')
			return line + length + 1;
	}
	return NULL;
}

int64_t
http_response_time(const struct http_response *response, const char *name)
{
	const char *value = http_response_header(response, name);
	time_t time = value != NULL ? curl_getdate(value, NULL) : -1;

	return time > 0 ? (int64_t) time : 0;
}

void
http_response_clean_up(struct http_response *response)
{
	byte_buffer_clean_up(&response->headers);
	byte_buffer_clean_up(&response->body);
	response->status = 0;
}

static void
response_reset(struct http_response *response)
{
	response->status = 0;
	response->headers.used = 0;
	response->body.used = 0;
}

/* ----- libcurl callbacks ----- */

/*
 * Record the error code and make libcurl end the transfer.
 */
static size_t
stop_transfer(struct transfer *transfer, const char *code)
{
	transfer->stop_code = code;
	return 0;
}

/*
 * Store a header line as "name:value" and a NUL.  A status line begins a new
 * reply, so the headers of a 100 Continue are discarded.
 */
static size_t
keep_header_line(char *bytes, size_t one, size_t length, void *context)
{
	struct transfer *transfer = context;
	struct byte_buffer *headers = &transfer->exchange->response.headers;
	const char *colon = memchr(bytes, ':', length);
	const char *value;
	const char *end = bytes + length;

	(void) one;
	if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
	{
		headers->used = 0;
		return length;
	}
	if (colon == NULL)
		return length;
	for (value = colon + 1; value < end && (*value == ' ' || *value == '\t'); value++)
		;
	while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (headers->used + length > HEADER_LIMIT)
		return stop_transfer(transfer, "HTTP_BODY_TOO_LARGE");
	if (!byte_buffer_reserve(headers, length + 1, &transfer->exchange->error))
		return stop_transfer(transfer, "OUT_OF_MEMORY");
	byte_buffer_put(headers, bytes, colon + 1 - bytes);
	byte_buffer_put(headers, value, end - value);
	byte_buffer_put(headers, "", 1);
	return length;
}

static int
response_status(CURL *handle)
{
	long status = 0;

	curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	return (int) status;
}

static size_t
take_body(char *bytes, size_t one, size_t length, void *context)
{
	struct transfer *transfer = context;
	const struct http_request *request = &transfer->exchange->request;
	struct http_response *response = &transfer->exchange->response;
	size_t limit = request->body_limit > 0 ? request->body_limit : HTTP_BODY_LIMIT;

	(void) one;
	response->status = response_status(transfer->handle);
	if (request->on_body != NULL && response->status >= 200 && response->status < 300)
	{
		if (request->on_body(request->body_context, response, bytes, length))
			return length;
		return stop_transfer(transfer, "HTTP_STOPPED");
	}
	if (length > limit || response->body.used > limit - length)
		return stop_transfer(transfer, "HTTP_BODY_TOO_LARGE");
	if (!byte_buffer_append(&response->body, bytes, length, NULL))
		return stop_transfer(transfer, "OUT_OF_MEMORY");
	return length;
}

static size_t
give_body(char *buffer, size_t one, size_t size, void *context)
{
	struct transfer *transfer = context;
	const struct http_request *request = &transfer->exchange->request;
	long got;

	size *= one;
	if ((int64_t) size > request->body_length - transfer->read_offset)
		size = (size_t) (request->body_length - transfer->read_offset);
	if (size == 0)
		return 0;
	got = request->read_body(request->read_context, transfer->read_offset, buffer, size);

	/* Sending less than announced would hang the server until it times out. */
	if (got <= 0 || (size_t) got > size)
	{
		transfer->stop_code = "HTTP_REQUEST_BODY";
		return CURL_READFUNC_ABORT;
	}
	transfer->read_offset += got;
	return (size_t) got;
}

/*
 * Rewind the body: libcurl resends it after finding a reused connection dead.
 */
static int
seek_body(void *context, curl_off_t offset, int origin)
{
	struct transfer *transfer = context;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_FAIL;
	transfer->read_offset = offset;
	return CURL_SEEKFUNC_OK;
}

/* ----- setting up ----- */

/*
 * Add a header line; libcurl has its own notation for an empty value.
 */
static bool
add_header_line(struct transfer *transfer, const char *name, const char *value)
{
	struct byte_buffer line = {0};
	struct curl_slist *longer = NULL;

	if (byte_buffer_append_string(&line, name, NULL) &&
		byte_buffer_append_string(&line, value[0] != '\0' ? ": " : ";", NULL) &&
		byte_buffer_append_string(&line, value, NULL) && byte_buffer_terminate(&line, NULL))
		longer = curl_slist_append(transfer->headers, line.data);
	byte_buffer_clean_up(&line);
	if (longer == NULL)
		return false;
	transfer->headers = longer;
	return true;
}

/*
 * Suppress a header that libcurl would add by itself.
 */
static bool
suppress_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);

	if (longer == NULL)
		return false;
	transfer->headers = longer;
	return true;
}

static bool
set_headers(struct transfer *transfer)
{
	const struct http_request *request = &transfer->exchange->request;
	bool with_type = false;

	for (int i = 0; i < request->header_count; i++)
	{
		if (!add_header_line(transfer, request->headers[i].name, request->headers[i].value))
			return false;
		if (strcasecmp(request->headers[i].name, "Content-Type") == 0)
			with_type = true;
	}
	if (!suppress_header(transfer, "Expect:") ||
		(!with_type && !suppress_header(transfer, "Content-Type:")))
		return false;
	return curl_easy_setopt(transfer->handle, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

/*
 * Set the options that all transfers share.
 */
static void
set_connection(struct http_client *client, CURL *handle)
{
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT);
	/* Send the path as it was signed, without removing dot segments. */
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
	if (client->ca_file != NULL)
	{
		curl_easy_setopt(handle, CURLOPT_CAINFO, client->ca_file);
		curl_easy_setopt(handle, CURLOPT_CAPATH, NULL);
	}
}

/*
 * Set method and body.  A body in memory is sent as libcurl sends a POST,
 * whatever the method, because that is how libcurl accepts bytes of known
 * length.
 */
static void
set_body(struct transfer *transfer)
{
	const struct http_request *request = &transfer->exchange->request;
	CURL *handle = transfer->handle;

	if (strcmp(request->method, "GET") == 0)
		curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
	else if (strcmp(request->method, "HEAD") == 0)
		curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
	else if (request->read_body != NULL)
	{
		curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t) request->body_length);
		curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(handle, CURLOPT_READDATA, transfer);
		curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, seek_body);
		curl_easy_setopt(handle, CURLOPT_SEEKDATA, transfer);
		curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
	}
	else if (strcmp(request->method, "DELETE") == 0 && request->body_length == 0)
		curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
	else
	{
		curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_length);
		curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
	}
}

static void
set_limits(struct transfer *transfer)
{
	const struct http_request *request = &transfer->exchange->request;
	CURL *handle = transfer->handle;

	if (request->deadline > 0)
	{
		int64_t left = request->deadline - clock_milliseconds();

		/* 0 would mean no limit. */
		curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long) (left > 1 ? left : 1));
	}
	if (request->idle_seconds > 0)
	{
		curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, (long) request->idle_seconds);
	}
	if (request->fresh_connection)
	{
		curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
		/* The next such request would not reuse it either. */
		curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
	}
}

static void
transfer_destroy(struct http_client *client, struct transfer *transfer)
{
	if (transfer->handle != NULL)
	{
		curl_easy_reset(transfer->handle);
		if (client->kept_count < KEPT_HANDLES)
			client->kept[client->kept_count++] = transfer->handle;
		else
			curl_easy_cleanup(transfer->handle);
	}
	curl_slist_free_all(transfer->headers);
	glue_release(transfer);
}

/*
 * Pass an exchange to libcurl.  Returns false with the exchange's error set.
 */
static bool
start_exchange(struct http_client *client, struct http_exchange *exchange)
{
	struct transfer *transfer;

	glue_error_clear(&exchange->error);
	response_reset(&exchange->response);
	if (exchange->request.deadline > 0 && exchange->request.deadline <= clock_milliseconds())
		return glue_error_set(&exchange->error, GLUE_INFRASTRUCTURE_ERROR, "HTTP_TIMEOUT",
							  "no time is left for the request");
	transfer = glue_allocate_zero(sizeof(*transfer));
	if (transfer == NULL)
		return glue_error_memory(&exchange->error);
	transfer->exchange = exchange;
	transfer->handle =
		client->kept_count > 0 ? client->kept[--client->kept_count] : curl_easy_init();
	if (transfer->handle != NULL)
	{
		CURL *handle = transfer->handle;

		set_connection(client, handle);
		set_body(transfer);
		set_limits(transfer);
		curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, keep_header_line);
		curl_easy_setopt(handle, CURLOPT_HEADERDATA, transfer);
		curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
		curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
		curl_easy_setopt(handle, CURLOPT_PRIVATE, transfer);
		if (set_headers(transfer) &&
			curl_easy_setopt(handle, CURLOPT_URL, exchange->request.url) == CURLE_OK &&
			curl_multi_add_handle(client->multi, handle) == CURLM_OK)
		{
			exchange->transfer = transfer;
			return true;
		}
	}
	transfer_destroy(client, transfer);
	return glue_error_memory(&exchange->error);
}

/* ----- ending ----- */

static const char *
error_code(CURLcode result)
{
	switch (result)
	{
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_CONNECT:
			/* This includes a reset during the handshake. */
		case CURLE_SSL_CONNECT_ERROR:
			return "HTTP_CONNECT";
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CERTPROBLEM:
			return "HTTP_TLS";
		case CURLE_OPERATION_TIMEDOUT:
			return "HTTP_TIMEOUT";
		case CURLE_GOT_NOTHING:
		case CURLE_PARTIAL_FILE:
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
		case CURLE_SEND_FAIL_REWIND:
		case CURLE_WEIRD_SERVER_REPLY:
			return "HTTP_RESET";
		case CURLE_OUT_OF_MEMORY:
			return "OUT_OF_MEMORY";
		default:
			return "HTTP_FAILED";
	}
}

/*
 * Copy only the host of a URL.
 */
static void
copy_url_host(const char *url, char *host, size_t size)
{
	const char *start = strstr(url, "://");
	size_t length;

	start = start != NULL ? start + 3 : url;
	length = strcspn(start, "/?#");
	if (memchr(start, '@', length) != NULL)
		length = 0;
	if (length >= size)
		length = size - 1;
	memcpy(host, start, length);
	host[length] = '\0';
}

static void
set_transfer_error(const struct transfer *transfer, CURLcode result)
{
	struct http_exchange *exchange = transfer->exchange;
	const char *code = transfer->stop_code != NULL ? transfer->stop_code : error_code(result);
	char host[128];

	copy_url_host(exchange->request.url, host, sizeof(host));
	if (strcmp(code, "HTTP_STOPPED") == 0)
		glue_error_set(&exchange->error, GLUE_INFRASTRUCTURE_ERROR, code,
					   "%s: the transfer was stopped by its reader", host);
	else if (strcmp(code, "HTTP_BODY_TOO_LARGE") == 0)
		glue_error_set(&exchange->error, GLUE_INFRASTRUCTURE_ERROR, code,
					   "%s: the reply is larger than allowed", host);
	else if (strcmp(code, "HTTP_REQUEST_BODY") == 0)
		glue_error_set(&exchange->error, GLUE_INFRASTRUCTURE_ERROR, code,
					   "%s: the request body cannot be read", host);
	else if (strcmp(code, "OUT_OF_MEMORY") == 0)
		glue_error_memory(&exchange->error);
	else
		glue_error_set(&exchange->error, GLUE_INFRASTRUCTURE_ERROR, code, "%s: %s", host,
					   curl_easy_strerror(result));
}

/*
 * Remove an exchange from libcurl and store its outcome.
 */
static struct http_exchange *
end_exchange(struct http_client *client, CURL *handle, CURLcode result)
{
	struct transfer *transfer = NULL;
	struct http_exchange *exchange;

	curl_easy_getinfo(handle, CURLINFO_PRIVATE, (char **) &transfer);
	exchange = transfer->exchange;
	exchange->response.status = response_status(handle);
	if (result != CURLE_OK)
		set_transfer_error(transfer, result);
	(void) byte_buffer_terminate(&exchange->response.body,
								 result == CURLE_OK ? &exchange->error : NULL);
	curl_multi_remove_handle(client->multi, handle);
	transfer_destroy(client, transfer);
	exchange->transfer = NULL;
	return exchange;
}

/* ----- running ----- */

/* One run of http_perform_all(). */
struct run
{
	struct http_client *client;
	http_next_fn next;
	http_done_fn done;
	void *context;
	int limit;
	int under_way;
	/* The running exchanges, to end them if libcurl fails. */
	struct http_exchange **exchanges;
};

static void
forget_exchange(struct run *run, const struct http_exchange *exchange)
{
	for (int i = 0; i < run->under_way; i++)
	{
		if (run->exchanges[i] == exchange)
		{
			run->exchanges[i] = run->exchanges[--run->under_way];
			return;
		}
	}
}

/*
 * Start exchanges up to the limit.  *wake is the time to ask again, or 0.
 * Returns false if there are none to start, now or later.
 */
static bool
start_exchanges(struct run *run, int64_t *wake)
{
	*wake = 0;
	while (run->under_way < run->limit)
	{
		struct http_exchange *exchange = run->next(run->context, wake);

		if (exchange == NULL)
			return *wake > 0;
		*wake = 0;
		if (start_exchange(run->client, exchange))
			run->exchanges[run->under_way++] = exchange;
		else
			run->done(run->context, exchange);
	}
	return true;
}

static void
finish_exchanges(struct run *run)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(run->client->multi, &left)) != NULL)
	{
		struct http_exchange *exchange;

		if (message->msg != CURLMSG_DONE)
			continue;
		exchange = end_exchange(run->client, message->easy_handle, message->data.result);
		forget_exchange(run, exchange);
		run->done(run->context, exchange);
	}
}

/*
 * End all running exchanges after libcurl itself has failed.
 */
static void
abandon_exchanges(struct run *run)
{
	while (run->under_way > 0)
	{
		struct http_exchange *exchange = run->exchanges[run->under_way - 1];
		struct transfer *transfer = exchange->transfer;

		run->under_way--;
		end_exchange(run->client, transfer->handle, CURLE_FAILED_INIT);
		run->done(run->context, exchange);
	}
}

static CURLMcode
move_bytes(struct run *run, int64_t wake)
{
	int64_t wait = LONGEST_POLL;
	int running;
	CURLMcode result = curl_multi_perform(run->client->multi, &running);

	if (result != CURLM_OK || running < run->under_way)
		return result;
	if (wake > 0 && wake - clock_milliseconds() < wait)
		wait = wake - clock_milliseconds();
	return curl_multi_poll(run->client->multi, NULL, 0, (int) (wait > 0 ? wait : 0), NULL);
}

static bool
run_exchanges(struct run *run, struct glue_error *error)
{
	for (;;)
	{
		int64_t wake;
		bool more = start_exchanges(run, &wake);
		CURLMcode result;

		if (!more && run->under_way == 0)
			return true;
		result = move_bytes(run, wake);
		if (result != CURLM_OK)
		{
			abandon_exchanges(run);
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "HTTP_FAILED", "libcurl: %s",
								  curl_multi_strerror(result));
		}
		finish_exchanges(run);
	}
}

bool
http_perform_all(struct http_client *client, int in_flight, http_next_fn next, http_done_fn done,
				 void *context, struct glue_error *error)
{
	struct run run = {
		.client = free_client(client, error),
		.next = next,
		.done = done,
		.context = context,
		.limit = in_flight,
	};
	bool success;

	if (run.client == NULL)
		return false;
	run.exchanges = glue_allocate(sizeof(*run.exchanges) * (size_t) in_flight);
	if (run.exchanges == NULL)
		return glue_error_memory(error);
	run.client->busy = true;
	success = run_exchanges(&run, error);
	run.client->busy = false;
	glue_release(run.exchanges);
	return success;
}

/* ----- one request ----- */

struct single
{
	struct http_exchange exchange;
	bool started;
};

static struct http_exchange *
next_single_exchange(void *context, int64_t *wake)
{
	struct single *single = context;

	(void) wake;
	if (single->started)
		return NULL;
	single->started = true;
	return &single->exchange;
}

static void
single_exchange_done(void *context, struct http_exchange *exchange)
{
	(void) context;
	(void) exchange;
}

bool
http_perform(struct http_client *client, const struct http_request *request,
			 struct http_response *response, struct glue_error *error)
{
	struct single single = {.exchange = {.request = *request, .response = *response}};
	bool success =
		http_perform_all(client, 1, next_single_exchange, single_exchange_done, &single, error);

	*response = single.exchange.response;
	if (!success)
		return false;
	if (single.exchange.error.class == GLUE_NO_ERROR)
		return true;
	if (error != NULL)
		*error = single.exchange.error;
	return false;
}
