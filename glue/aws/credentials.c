/*-------------------------------------------------------------------------
 *
 * credentials.c
 *	  Credential providers: environment, container, instance.
 *
 * A URL from the environment is checked before anything is sent to it: a host
 * under foreign control would receive a request with the container's token,
 * and could return credentials that we would use.  So plain HTTP is only sent
 * to the machine itself, and a path that is appended to a fixed host must
 * begin with a slash.
 *
 * Replies are read into one block that does not grow, so that it can be wiped.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <openssl/crypto.h>

#include "aws/credentials.h"
#include "base/ascii_word.h"
#include "base/clock.h"
#include "base/heap.h"

#define CONTAINER_HOST "http://169.254.170.2"
#define INSTANCE_ENDPOINT "http://169.254.169.254"
#define INSTANCE_ENDPOINT_IPV6 "http://[fd00:ec2::254]"
#define INSTANCE_TOKEN_PATH "/latest/api/token"
#define INSTANCE_ROLES_PATH "/latest/meta-data/iam/security-credentials/"

/* Sizes including the NUL; longer settings are rejected. */
#define URL_SIZE 2048
#define AUTHORIZATION_SIZE 8192
#define INSTANCE_TOKEN_SIZE 1024

/* A role name has up to 64 characters (IAM API, Role). */
#define ROLE_SIZE 65

struct aws_credentials_provider
{
	struct aws_credentials_functions functions; /* immutable */

	struct aws_credentials kept; /* none if expires_at is 0 */
	int64_t refresh_at;          /* epoch seconds */
};

/* One fetch of credentials. */
struct fetch
{
	const struct aws_credentials_functions *functions;
	const char *endpoint; /* for messages */
	int64_t timeout;      /* of one request, in milliseconds */
	int64_t deadline;     /* of all requests, 0 for none */
};

/* ---------------------------------------------------------------------
 * Settings
 * ---------------------------------------------------------------------
 */

/* Return a variable; NULL if it is unset or empty. */
static const char *
variable(const struct aws_credentials_functions *functions, const char *name)
{
	const char *value = functions->variable(functions->context, name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool
bad_setting(struct glue_error *error, const char *name, const char *what)
{
	return glue_error_set(error, GLUE_USAGE_ERROR, "CREDENTIALS_SETTING", "%s %s", name, what);
}

/*
 * Return whether text contains neither blanks nor control characters.
 */
static bool
is_visible(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
	{
		if ((unsigned char) *p <= 0x20 || *p == 0x7F)
			return false;
	}
	return true;
}

/*
 * Copy a credential; false if it is empty, too long, or cannot be part of a
 * header.
 */
static bool
copy_credential(char *place, size_t size, const char *value)
{
	size_t length = value != NULL ? strlen(value) : 0;

	if (length == 0 || length >= size || !is_visible(value))
		return false;
	memcpy(place, value, length + 1);
	return true;
}

/* ---------------------------------------------------------------------
 * Environment
 * ---------------------------------------------------------------------
 */

static bool
is_in_environment(const struct aws_credentials_functions *functions)
{
	return variable(functions, "AWS_ACCESS_KEY_ID") != NULL ||
		   variable(functions, "AWS_SECRET_ACCESS_KEY") != NULL;
}

static bool
read_environment(const struct aws_credentials_functions *functions,
				 struct aws_credentials *credentials, struct glue_error *error)
{
	const char *token = variable(functions, "AWS_SESSION_TOKEN");

	if (!copy_credential(credentials->access_key_id, sizeof(credentials->access_key_id),
						 variable(functions, "AWS_ACCESS_KEY_ID")))
		return bad_setting(error, "AWS_ACCESS_KEY_ID", "is missing or not a valid access key id");
	if (!copy_credential(credentials->secret_access_key, sizeof(credentials->secret_access_key),
						 variable(functions, "AWS_SECRET_ACCESS_KEY")))
		return bad_setting(error, "AWS_SECRET_ACCESS_KEY",
						   "is missing or not a valid secret access key");
	if (token != NULL &&
		!copy_credential(credentials->session_token, sizeof(credentials->session_token), token))
		return bad_setting(error, "AWS_SESSION_TOKEN", "is not a valid session token");
	return true;
}

/* ---------------------------------------------------------------------
 * Requests
 * ---------------------------------------------------------------------
 */

static void
reply_clean_up(struct http_response *response)
{
	if (response->body.data != NULL)
		OPENSSL_cleanse(response->body.data, response->body.size);
	http_response_clean_up(response);
}

static bool
is_status_transient(int status)
{
	return status == 429 || status >= 500;
}

/*
 * Send one request, and retry it if the endpoint is busy.  If the endpoint
 * does not answer, the request is not retried, because that would take another
 * timeout.  A status other than 200 is an error.  response is filled in any
 * case; the caller must call reply_clean_up().
 */
static bool
perform(const struct fetch *fetch, struct http_request *request, struct http_response *response,
		struct glue_error *error)
{
	const struct aws_credentials_functions *functions = fetch->functions;
	int64_t pause = CREDENTIALS_FIRST_PAUSE;

	memset(response, 0, sizeof(*response));
	request->body_limit = CREDENTIALS_REPLY_LIMIT;
	if (!byte_buffer_reserve(&response->body, CREDENTIALS_REPLY_LIMIT + 1, error))
		return false;
	for (int attempt = 1;; attempt++)
	{
		int64_t now = functions->now(functions->context);

		request->deadline = now + fetch->timeout;
		if (fetch->deadline != 0 && fetch->deadline < request->deadline)
			request->deadline = fetch->deadline;
		if (!functions->perform(functions->context, request, response, error))
			return false;
		if (response->status == 200)
			return true;
		if (!is_status_transient(response->status) || attempt == CREDENTIALS_ATTEMPTS ||
			(fetch->deadline != 0 && now + pause >= fetch->deadline))
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "CREDENTIALS_REFUSED",
								  "%s answered with status %d", fetch->endpoint, response->status);
		functions->pause(functions->context, pause);
		pause *= 2;
	}
}

/* ---------------------------------------------------------------------
 * Replies
 * ---------------------------------------------------------------------
 */

static bool
bad_reply(const struct fetch *fetch, struct glue_error *error, const char *what)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "CREDENTIALS_REPLY",
						  "the reply of %s %s", fetch->endpoint, what);
}

/*
 * Read this many digits, and the character that must follow them unless it is
 * NUL.
 */
static bool
read_digits(const char **text, int digits, char end, int *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++)
	{
		char c = **text;

		if (c < '0' || c > '9')
			return false;
		*value = *value * 10 + (c - '0');
		(*text)++;
	}
	if (end == '\0')
		return true;
	return *(*text)++ == end;
}

/*
 * Read a time such as 2026-01-31T23:59:59Z, ignoring a fraction of a second.
 * Returns 0 for anything else.
 */
static int64_t
read_expiration(const char *text)
{
	struct tm utc = {0};
	const char *p = text;
	int64_t seconds;
	int day;

	if (text == NULL || !read_digits(&p, 4, '-', &utc.tm_year) ||
		!read_digits(&p, 2, '-', &utc.tm_mon) || !read_digits(&p, 2, 'T', &day) ||
		!read_digits(&p, 2, ':', &utc.tm_hour) || !read_digits(&p, 2, ':', &utc.tm_min) ||
		!read_digits(&p, 2, '\0', &utc.tm_sec))
		return 0;
	if (*p == '.')
		p += 1 + strspn(p + 1, "0123456789");
	if (strcmp(p, "Z") != 0 || utc.tm_mon < 1 || utc.tm_mon > 12 || utc.tm_hour > 23 ||
		utc.tm_min > 59 || utc.tm_sec > 59)
		return 0;
	utc.tm_year -= 1900;
	utc.tm_mon -= 1;
	utc.tm_mday = day;
	seconds = timegm(&utc);
	/* timegm() turns June 31 into July 1. */
	return utc.tm_mday == day && seconds > 0 ? seconds : 0;
}

static const char *
member(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool
read_credentials(const struct fetch *fetch, const cJSON *object, const char *token_name,
				 struct aws_credentials *credentials, struct glue_error *error)
{
	const char *code = member(object, "Code");

	if (!cJSON_IsObject(object))
		return bad_reply(fetch, error, "is not a JSON object");
	if (code != NULL && strcmp(code, "Success") != 0)
		return bad_reply(fetch, error, "reports a failure");
	if (!copy_credential(credentials->access_key_id, sizeof(credentials->access_key_id),
						 member(object, "AccessKeyId")))
		return bad_reply(fetch, error, "has no AccessKeyId");
	if (!copy_credential(credentials->secret_access_key, sizeof(credentials->secret_access_key),
						 member(object, "SecretAccessKey")))
		return bad_reply(fetch, error, "has no SecretAccessKey");
	if (!copy_credential(credentials->session_token, sizeof(credentials->session_token),
						 member(object, token_name)))
		return bad_reply(fetch, error, "has no Token");
	credentials->expires_at = read_expiration(member(object, "Expiration"));
	if (credentials->expires_at == 0)
		return bad_reply(fetch, error, "has no Expiration");
	if (credentials->expires_at <= fetch->functions->wall_clock(fetch->functions->context))
		return bad_reply(fetch, error, "contains expired credentials");
	return true;
}

static void
wipe_strings(cJSON *item)
{
	for (; item != NULL; item = item->next)
	{
		if (item->valuestring != NULL)
			OPENSSL_cleanse(item->valuestring, strlen(item->valuestring));
		wipe_strings(item->child);
	}
}

/*
 * Read the document that both endpoints return: AccessKeyId, SecretAccessKey,
 * Token, Expiration.  That of an instance also has a Code.
 */
static bool
read_reply(const struct fetch *fetch, const struct http_response *response,
		   struct aws_credentials *credentials, struct glue_error *error)
{
	cJSON *object = cJSON_ParseWithLength(response->body.data, response->body.used);
	bool done = read_credentials(fetch, object, "Token", credentials, error);

	wipe_strings(object);
	cJSON_Delete(object);
	return done;
}

/* ---------------------------------------------------------------------
 * Container
 * ---------------------------------------------------------------------
 */

static bool
is_in_container(const struct aws_credentials_functions *functions)
{
	return variable(functions, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != NULL ||
		   variable(functions, "AWS_CONTAINER_CREDENTIALS_FULL_URI") != NULL;
}

/*
 * Return whether plain HTTP may be sent to host: this machine, or one of the
 * addresses at which ECS and EKS provide credentials.
 */
static bool
is_local_host(const char *host)
{
	static const char *const others[] = {"169.254.170.2", "169.254.170.23", NULL};
	struct in_addr address;
	struct in6_addr address6;
	struct in6_addr eks;

	if (strcasecmp(host, "localhost") == 0 || ascii_word_is_in(host, others))
		return true;
	if (inet_pton(AF_INET, host, &address) == 1)
		return (ntohl(address.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, host, &address6) == 1 &&
		   inet_pton(AF_INET6, "fd00:ec2::23", &eks) == 1 &&
		   (IN6_IS_ADDR_LOOPBACK(&address6) || IN6_ARE_ADDR_EQUAL(&address6, &eks));
}

/*
 * Copy the host that follows "http://", up to a port or a path.  Strips the
 * brackets of an IPv6 address.
 */
static bool
read_host(const char *authority, char *host, size_t size)
{
	size_t length;
	const char *end;

	if (authority[0] == '[')
	{
		authority++;
		length = strcspn(authority, "]");
		if (authority[length] != ']')
			return false;
		end = authority + length + 1;
	}
	else
	{
		length = strcspn(authority, ":/?#");
		end = authority + length;
	}
	if (length == 0 || length >= size)
		return false;
	memcpy(host, authority, length);
	host[length] = '\0';
	if (*end == ':')
		end += 1 + strspn(end + 1, "0123456789");
	return *end == '\0' || *end == '/' || *end == '?';
}

/*
 * Return whether a request may be sent to url.  URLs that libraries parse
 * differently, with a user name before the host or with backslashes, are
 * rejected.
 */
static bool
is_container_url(const char *url)
{
	char host[URL_SIZE];
	const char *authority = strstr(url, "://");

	if (!is_visible(url) || authority == NULL)
		return false;
	authority += 3;
	if (strchr(url, '\\') != NULL || memchr(authority, '@', strcspn(authority, "/?#")) != NULL ||
		!read_host(authority, host, sizeof(host)))
		return false;
	if (strncasecmp(url, "https://", 8) == 0)
		return true;
	return strncasecmp(url, "http://", 7) == 0 && is_local_host(host);
}

static bool
container_url(const struct aws_credentials_functions *functions, char *url,
			  struct glue_error *error)
{
	const char *relative = variable(functions, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = variable(functions, "AWS_CONTAINER_CREDENTIALS_FULL_URI");

	if (relative != NULL)
	{
		if (relative[0] != '/' || !is_visible(relative) ||
			strlen(relative) + sizeof(CONTAINER_HOST) > URL_SIZE)
			return bad_setting(error, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "is not a path");
		snprintf(url, URL_SIZE, CONTAINER_HOST "%s", relative);
		return true;
	}
	if (strlen(full) >= URL_SIZE || !is_container_url(full))
		return bad_setting(error, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
						   "is neither an https URL nor an address of this machine");
	snprintf(url, URL_SIZE, "%s", full);
	return true;
}

/*
 * Read the token file.  This happens on every fetch, because the file is
 * rewritten before its token expires.
 */
static bool
read_token_file(const char *path, char *token, struct glue_error *error)
{
	static const char name[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t count = -1;

	if (file < 0)
		return bad_setting(error, name, "names a file that cannot be opened");
	while (used < AUTHORIZATION_SIZE)
	{
		count = read(file, token + used, AUTHORIZATION_SIZE - used);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		used += (size_t) count;
	}
	close(file);
	if (count < 0)
		return bad_setting(error, name, "names a file that cannot be read");
	if (used == AUTHORIZATION_SIZE || memchr(token, '\0', used) != NULL)
		return bad_setting(error, name, "names a file without a token");
	while (used > 0 && strchr("\r\n\t ", token[used - 1]) != NULL)
		used--;
	token[used] = '\0';
	if (used == 0)
		return bad_setting(error, name, "names a file without a token");
	return true;
}

/*
 * Get the value of the Authorization header; "" for none.  It may contain a
 * blank ("Bearer ..."), but no character that could end the header.
 */
static bool
container_authorization(const struct aws_credentials_functions *functions, char *token,
						struct glue_error *error)
{
	const char *file = variable(functions, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *value = variable(functions, "AWS_CONTAINER_AUTHORIZATION_TOKEN");

	token[0] = '\0';
	if (file != NULL)
	{
		if (!read_token_file(file, token, error))
			return false;
	}
	else if (value != NULL)
	{
		if (strlen(value) >= AUTHORIZATION_SIZE)
			return bad_setting(error, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "is too long");
		snprintf(token, AUTHORIZATION_SIZE, "%s", value);
	}
	for (const char *p = token; *p != '\0'; p++)
	{
		if ((unsigned char) *p < 0x20 || *p == 0x7F)
			return bad_setting(error,
							   file != NULL ? "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
											: "AWS_CONTAINER_AUTHORIZATION_TOKEN",
							   "contains a control character");
	}
	return true;
}

static bool
fetch_from_container(const struct aws_credentials_functions *functions, int64_t deadline,
					 struct aws_credentials *credentials, struct glue_error *error)
{
	struct fetch fetch = {functions, "the container's credentials endpoint",
						  CREDENTIALS_CONTAINER_TIMEOUT, deadline};
	char url[URL_SIZE];
	char token[AUTHORIZATION_SIZE];
	struct http_header header = {"Authorization", token};
	struct http_request request = {.method = "GET", .url = url, .headers = &header};
	struct http_response response = {0};
	bool done;

	done = container_url(functions, url, error) && container_authorization(functions, token, error);
	if (done)
	{
		request.header_count = token[0] != '\0' ? 1 : 0;
		done = perform(&fetch, &request, &response, error) &&
			   read_reply(&fetch, &response, credentials, error);
	}
	reply_clean_up(&response);
	OPENSSL_cleanse(token, sizeof(token));
	return done;
}

/* ---------------------------------------------------------------------
 * Instance
 * ---------------------------------------------------------------------
 */

static bool
is_instance_disabled(const struct aws_credentials_functions *functions)
{
	const char *value = variable(functions, "AWS_EC2_METADATA_DISABLED");

	return value != NULL && strcasecmp(value, "true") == 0;
}

/*
 * Copy the endpoint without a trailing slash.
 */
static bool
instance_endpoint(const struct aws_credentials_functions *functions, char *endpoint,
				  struct glue_error *error)
{
	const char *given = variable(functions, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const char *mode = variable(functions, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
	size_t length;

	if (given == NULL)
		given = mode != NULL && strcasecmp(mode, "IPv6") == 0 ? INSTANCE_ENDPOINT_IPV6
															  : INSTANCE_ENDPOINT;
	length = strlen(given);
	while (length > 0 && given[length - 1] == '/')
		length--;
	if (length + sizeof(INSTANCE_ROLES_PATH) + ROLE_SIZE > URL_SIZE || !is_visible(given) ||
		(strncasecmp(given, "http://", 7) != 0 && strncasecmp(given, "https://", 8) != 0))
		return bad_setting(error, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
						   "is not an http or https URL");
	memcpy(endpoint, given, length);
	endpoint[length] = '\0';
	return true;
}

static bool
fetch_instance_token(const struct fetch *fetch, const char *endpoint,
					 char token[INSTANCE_TOKEN_SIZE], struct glue_error *error)
{
	static const struct http_header header = {
		"X-aws-ec2-metadata-token-ttl-seconds",
		CREDENTIALS_INSTANCE_TOKEN_TTL,
	};
	char url[URL_SIZE + sizeof(INSTANCE_TOKEN_PATH)];
	struct http_request request = {
		.method = "PUT", .url = url, .headers = &header, .header_count = 1};
	struct http_response response;
	bool done;

	snprintf(url, sizeof(url), "%s" INSTANCE_TOKEN_PATH, endpoint);
	done = perform(fetch, &request, &response, error);
	if (done && (memchr(response.body.data, '\0', response.body.used) != NULL ||
				 !copy_credential(token, INSTANCE_TOKEN_SIZE, response.body.data)))
		done = bad_reply(fetch, error, "has no token");
	reply_clean_up(&response);
	return done;
}

/*
 * Read the first line of the list of roles; an instance has at most one.
 */
static bool
read_role(const struct http_response *response, char role[ROLE_SIZE])
{
	size_t length = strcspn(response->body.data, "\r\n");

	if (length == 0 || length >= ROLE_SIZE)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		char c = response->body.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			  strchr("+=,.@_-", c) != NULL))
			return false;
	}
	memcpy(role, response->body.data, length);
	role[length] = '\0';
	return true;
}

static bool
fetch_role(const struct fetch *fetch, const char *endpoint, const char *token, char role[ROLE_SIZE],
		   struct glue_error *error)
{
	struct http_header header = {"X-aws-ec2-metadata-token", token};
	char url[URL_SIZE + sizeof(INSTANCE_ROLES_PATH)];
	struct http_request request = {
		.method = "GET", .url = url, .headers = &header, .header_count = 1};
	struct http_response response;
	bool done;

	snprintf(url, sizeof(url), "%s" INSTANCE_ROLES_PATH, endpoint);
	done = perform(fetch, &request, &response, error);
	if (!done && response.status == 404)
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_CREDENTIALS",
					   "no credentials found: the instance has no role");
	if (done && !read_role(&response, role))
		done = bad_reply(fetch, error, "does not name a role");
	reply_clean_up(&response);
	return done;
}

static bool
fetch_role_credentials(const struct fetch *fetch, const char *endpoint, const char *token,
					   const char *role, struct aws_credentials *credentials,
					   struct glue_error *error)
{
	struct http_header header = {"X-aws-ec2-metadata-token", token};
	char url[URL_SIZE + sizeof(INSTANCE_ROLES_PATH) + ROLE_SIZE];
	struct http_request request = {
		.method = "GET", .url = url, .headers = &header, .header_count = 1};
	struct http_response response;
	bool done;

	snprintf(url, sizeof(url), "%s" INSTANCE_ROLES_PATH "%s", endpoint, role);
	done = perform(fetch, &request, &response, error) &&
		   read_reply(fetch, &response, credentials, error);
	reply_clean_up(&response);
	return done;
}

static bool
fetch_from_instance(const struct aws_credentials_functions *functions, int64_t deadline,
					struct aws_credentials *credentials, struct glue_error *error)
{
	struct fetch fetch = {functions, "the instance's metadata service",
						  CREDENTIALS_INSTANCE_TIMEOUT, deadline};
	char endpoint[URL_SIZE];
	char token[INSTANCE_TOKEN_SIZE];
	char role[ROLE_SIZE];
	bool done;

	if (is_instance_disabled(functions))
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_CREDENTIALS",
							  "no credentials found: the environment provides none");
	done = instance_endpoint(functions, endpoint, error) &&
		   fetch_instance_token(&fetch, endpoint, token, error) &&
		   fetch_role(&fetch, endpoint, token, role, error) &&
		   fetch_role_credentials(&fetch, endpoint, token, role, credentials, error);
	OPENSSL_cleanse(token, sizeof(token));
	return done;
}

/* ---------------------------------------------------------------------
 * The provider
 * ---------------------------------------------------------------------
 */

static bool
perform_by_client(void *context, const struct http_request *request, struct http_response *response,
				  struct glue_error *error)
{
	return http_perform(context, request, response, error);
}

static void
sleep_milliseconds(void *context, int64_t milliseconds)
{
	struct timespec rest = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = milliseconds % 1000 * 1000000,
	};

	(void) context;
	while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
		;
}

static int64_t
monotonic_clock(void *context)
{
	(void) context;
	return clock_milliseconds();
}

static int64_t
system_clock(void *context)
{
	(void) context;
	return (int64_t) time(NULL);
}

static const char *
environment_variable(void *context, const char *name)
{
	(void) context;
	return getenv(name);
}

void
aws_credentials_functions_init(struct aws_credentials_functions *functions,
							   struct http_client *client)
{
	functions->perform = perform_by_client;
	functions->pause = sleep_milliseconds;
	functions->now = monotonic_clock;
	functions->wall_clock = system_clock;
	functions->variable = environment_variable;
	functions->context = client;
}

struct aws_credentials_provider *
aws_credentials_provider_new(const struct aws_credentials_functions *functions,
							 struct glue_error *error)
{
	struct aws_credentials_provider *provider = glue_allocate_zero(sizeof(*provider));

	if (provider == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	provider->functions = *functions;
	return provider;
}

void
aws_credentials_provider_destroy(struct aws_credentials_provider *provider)
{
	if (provider != NULL)
		OPENSSL_cleanse(provider, sizeof(*provider));
	glue_release(provider);
}

/*
 * Refresh the cached credentials.  On failure, the cache is unchanged, and the
 * next attempt is delayed.
 */
static bool
refresh_kept(struct aws_credentials_provider *provider, int64_t now, int64_t deadline,
			 struct glue_error *error)
{
	const struct aws_credentials_functions *functions = &provider->functions;
	struct aws_credentials fetched = {0};
	int64_t earliest = now + CREDENTIALS_REFRESH_PAUSE;
	bool done;

	if (is_in_container(functions))
		done = fetch_from_container(functions, deadline, &fetched, error);
	else
		done = fetch_from_instance(functions, deadline, &fetched, error);
	provider->refresh_at = earliest;
	if (done)
	{
		provider->kept = fetched;
		if (fetched.expires_at - CREDENTIALS_REFRESH_AHEAD > earliest)
			provider->refresh_at = fetched.expires_at - CREDENTIALS_REFRESH_AHEAD;
	}
	aws_credentials_wipe(&fetched);
	return done;
}

bool
aws_credentials_get(void *context, bool refresh, int64_t deadline,
					struct aws_credentials *credentials, struct glue_error *error)
{
	struct aws_credentials_provider *provider = context;
	const struct aws_credentials_functions *functions = &provider->functions;
	int64_t now = functions->wall_clock(functions->context);
	bool usable = provider->kept.expires_at > now && !refresh;

	memset(credentials, 0, sizeof(*credentials));
	if (is_in_environment(functions))
	{
		if (read_environment(functions, credentials, error))
			return true;
		aws_credentials_wipe(credentials);
		return false;
	}
	if ((!usable || now >= provider->refresh_at) && !refresh_kept(provider, now, deadline, error) &&
		!usable)
		return false;
	if (usable)
		glue_error_clear(error);
	*credentials = provider->kept;
	return true;
}
