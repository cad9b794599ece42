/*-------------------------------------------------------------------------
 *
 * credentials_test.c
 *	  Credentials from environment, container and instance; caching and refresh.
 *
 * Endpoints, clocks and variables are simulated here.  Requests are recorded,
 * one per line:
 *
 *	  PUT http://169.254.169.254/latest/api/token X-aws-...-ttl-seconds=21600 +1000
 *
 * with the timeout in milliseconds; "pause 100" is a pause.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <unistd.h>

#include "aws/credentials.h"
#include "base/heap.h"

#define MOST_REPLIES 16
#define MOST_VARIABLES 8

/* 2026-01-01T00:00:00Z */
#define NOW INT64_C(1767225600)

#define INSTANCE "http://169.254.169.254/latest/"
#define ROLES INSTANCE "meta-data/iam/security-credentials/"
#define DOCUMENT_OF(key, expiration)                                                      \
	"{\"Code\":\"Success\",\"AccessKeyId\":\"" key "\",\"SecretAccessKey\":\"secret/" key \
	"\",\"Token\":\"token+" key "\",\"Expiration\":\"" expiration "\"}"
#define DOCUMENT DOCUMENT_OF("KEY1", "2026-01-01T01:00:00Z")

/* A reply: a status and a body, or an error code. */
struct reply
{
	int status;
	const char *body;
};

static struct
{
	struct reply replies[MOST_REPLIES];
	int reply_count;
	int replied;
	const char *variables[MOST_VARIABLES][2];
	int variable_count;
	int64_t wall_clock;
	int64_t now;
	char sent[4096];
} world;

static struct aws_credentials_provider *provider;
static struct aws_credentials got;
static struct glue_error error;

static void
note(const char *text)
{
	size_t used = strlen(world.sent);

	snprintf(world.sent + used, sizeof(world.sent) - used, "%s", text);
}

static bool
fake_perform(void *context, const struct http_request *request, struct http_response *response,
			 struct glue_error *failure)
{
	const struct reply *reply = &world.replies[world.replied];
	char line[1024];

	(void) context;
	snprintf(line, sizeof(line), "%s %s", request->method, request->url);
	note(line);
	for (int i = 0; i < request->header_count; i++)
	{
		snprintf(line, sizeof(line), " %s=%s", request->headers[i].name, request->headers[i].value);
		note(line);
	}
	snprintf(line, sizeof(line), " +%" PRId64 "\n", request->deadline - world.now);
	note(line);
	if (world.replied == world.reply_count)
		return glue_error_set(failure, GLUE_INFRASTRUCTURE_ERROR, "HTTP_CONNECT", "cannot connect");
	world.replied++;
	if (reply->status == 0)
		return glue_error_set(failure, GLUE_INFRASTRUCTURE_ERROR, reply->body, "no complete reply");
	if (strlen(reply->body) > request->body_limit)
		return glue_error_set(failure, GLUE_INFRASTRUCTURE_ERROR, "HTTP_BODY_TOO_LARGE",
							  "the reply is too long");
	response->status = reply->status;
	response->body.used = 0;
	return byte_buffer_append_string(&response->body, reply->body, failure) &&
		   byte_buffer_terminate(&response->body, failure);
}

static void
fake_pause(void *context, int64_t milliseconds)
{
	char line[64];

	(void) context;
	snprintf(line, sizeof(line), "pause %" PRId64 "\n", milliseconds);
	note(line);
	world.now += milliseconds;
}

static int64_t
fake_now(void *context)
{
	(void) context;
	return world.now;
}

static int64_t
fake_wall_clock(void *context)
{
	(void) context;
	return world.wall_clock;
}

static const char *
fake_variable(void *context, const char *name)
{
	(void) context;
	for (int i = 0; i < world.variable_count; i++)
	{
		if (strcmp(world.variables[i][0], name) == 0)
			return world.variables[i][1];
	}
	return NULL;
}

static const struct aws_credentials_functions fakes = {
	.perform = fake_perform,
	.pause = fake_pause,
	.now = fake_now,
	.wall_clock = fake_wall_clock,
	.variable = fake_variable,
};

/* Reset the world: no variable is set, and no endpoint answers. */
static void
begin(void)
{
	memset(&world, 0, sizeof(world));
	world.wall_clock = NOW;
	world.now = 5000;
	aws_credentials_provider_destroy(provider);
	provider = aws_credentials_provider_new(&fakes, NULL);
}

static void
set(const char *name, const char *value)
{
	int i = world.variable_count++;

	world.variables[i][0] = name;
	world.variables[i][1] = value;
}

static void
reply(int status, const char *body)
{
	world.replies[world.reply_count].status = status;
	world.replies[world.reply_count++].body = body;
}

static void
reply_as_instance(const char *document)
{
	reply(200, "instance-token");
	reply(200, "uploads\n");
	reply(200, document);
}

/* Return "id secret token expiry", or the error. */
static const char *
get_with(bool refresh, int64_t deadline)
{
	static char result[sizeof(struct aws_credentials) + 64];

	glue_error_clear(&error);
	world.sent[0] = '\0';
	if (aws_credentials_get(provider, refresh, deadline, &got, &error))
		snprintf(result, sizeof(result), "%s %s %s %" PRId64, got.access_key_id,
				 got.secret_access_key, got.session_token, got.expires_at);
	else
		snprintf(result, sizeof(result), "%s: %s%s", error.code, error.text,
				 got.access_key_id[0] != '\0' || got.secret_access_key[0] != '\0' ||
						 got.session_token[0] != '\0'
					 ? " (and something is left)"
					 : "");
	return result;
}

static const char *
get(void)
{
	return get_with(false, 0);
}

/* ---------------------------------------------------------------------
 * Environment
 * ---------------------------------------------------------------------
 */

static void
test_environment(void)
{
	begin();
	set("AWS_ACCESS_KEY_ID", "KEY0");
	set("AWS_SECRET_ACCESS_KEY", "secret/0");
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	is_text(get(), "KEY0 secret/0  0", "environment takes precedence over container");
	set("AWS_SESSION_TOKEN", "token+0");
	is_text(get(), "KEY0 secret/0 token+0 0", "session token is used");
	is_text(get_with(true, 0), "KEY0 secret/0 token+0 0", "environment is reread each time");
	is_text(world.sent, "", "no request is sent");

	begin();
	set("AWS_ACCESS_KEY_ID", "KEY0");
	is_text(
		get(),
		"CREDENTIALS_SETTING: AWS_SECRET_ACCESS_KEY is missing or not a valid secret access key",
		"key id without a secret is an error");
	is_int(error.class, GLUE_USAGE_ERROR, "error is of class usage");
	begin();
	set("AWS_SECRET_ACCESS_KEY", "planted");
	is_text(get(), "CREDENTIALS_SETTING: AWS_ACCESS_KEY_ID is missing or not a valid access key id",
			"secret without a key id is an error");
	begin();
	set("AWS_ACCESS_KEY_ID", "KEY0");
	set("AWS_SECRET_ACCESS_KEY", "planted");
	set("AWS_SESSION_TOKEN", "planted\r\nX-Header: planted");
	is_text(get(), "CREDENTIALS_SETTING: AWS_SESSION_TOKEN is not a valid session token",
			"session token of two lines is rejected");
	begin();
	set("AWS_ACCESS_KEY_ID", "");
	set("AWS_SECRET_ACCESS_KEY", "");
	set("AWS_EC2_METADATA_DISABLED", "TRUE");
	is_text(get(), "NO_CREDENTIALS: no credentials found: the environment provides none",
			"empty variable counts as unset");
	is_text(world.sent, "", "disabled metadata service is not contacted");
}

/* Overlong values are rejected, never truncated. */
static void
test_long_values(void)
{
	char value[AWS_SESSION_TOKEN_SIZE + 1];

	memset(value, 'a', sizeof(value));
	value[AWS_SESSION_TOKEN_SIZE] = '\0';
	begin();
	set("AWS_ACCESS_KEY_ID", value);
	set("AWS_SECRET_ACCESS_KEY", "s");
	set("AWS_SESSION_TOKEN", value);
	is_text(get(), "CREDENTIALS_SETTING: AWS_ACCESS_KEY_ID is missing or not a valid access key id",
			"overlong key id is rejected");
	world.variables[0][1] = "KEY0";
	is_text(get(), "CREDENTIALS_SETTING: AWS_SESSION_TOKEN is not a valid session token",
			"overlong session token is rejected");
	value[AWS_SESSION_TOKEN_SIZE - 1] = '\0';
	ok(strncmp(get(), "KEY0 s aaaa", 11) == 0 &&
		   strlen(got.session_token) == AWS_SESSION_TOKEN_SIZE - 1,
	   "longest session token is accepted");
	world.variables[1][1] = value;
	is_text(
		get(),
		"CREDENTIALS_SETTING: AWS_SECRET_ACCESS_KEY is missing or not a valid secret access key",
		"overlong secret is rejected");
}

/* ---------------------------------------------------------------------
 * Container
 * ---------------------------------------------------------------------
 */

static void
test_container(void)
{
	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1?a=b");
	set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/other");
	reply(200, DOCUMENT);
	is_text(get(), "KEY1 secret/KEY1 token+KEY1 1767229200", "credentials come from the container");
	is_text(world.sent, "GET http://169.254.170.2/v2/credentials/1?a=b +2000\n",
			"relative URI takes precedence");

	begin();
	set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer abc=");
	reply(200, DOCUMENT);
	is_text(get(), "KEY1 secret/KEY1 token+KEY1 1767229200",
			"credentials are returned with an authorization");
	is_text(world.sent,
			"GET http://169.254.170.23/v1/credentials "
			"Authorization=Bearer abc= +2000\n",
			"authorization is sent");

	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	reply(404, "{\"message\":\"planted\"}");
	is_text(get(),
			"CREDENTIALS_REFUSED: the container's credentials endpoint "
			"answered with status 404",
			"refusal is reported");
	is_text(world.sent, "GET http://169.254.170.2/x +2000\n",
			"refused request is not retried, and the instance is not contacted");
}

/* Addresses to which the container's token may be sent. */
static void
test_container_addresses(void)
{
	static const char *const allowed[] = {
		"https://credentials.example.com/x",
		"HTTPS://[2001:db8::1]:443/x",
		"http://localhost/x",
		"http://LOCALHOST:8080/x?y=@",
		"http://127.0.0.1",
		"http://127.255.255.254:1/x",
		"http://[::1]/x",
		"http://[::1]:8080/x",
		"http://169.254.170.2/x",
		"http://169.254.170.23/x",
		"http://[fd00:ec2::23]/x",
		"http://[FD00:0EC2:0:0::23]/x",
	};
	static const char *const refused[] = {
		"http://example.com/x",
		"http://169.254.170.3/x",
		"http://169.254.170.22/x",
		"http://169.254.169.254/x",
		"http://10.0.0.1/x",
		"http://128.0.0.1/x",
		"http://127.1/x",
		"http://2130706433/x",
		"http://127.0.0.1.example.com/x",
		"http://localhost.example.com/x",
		"http://localhost@example.com/x",
		"http://localhost:80@example.com/x",
		"https://user@example.com/x",
		"http://example.com\\@localhost/x",
		"http://localhost\\.example.com/x",
		"https://example.com\\x",
		"http://localhost#@example.com/x",
		"http://[::2]/x",
		"http://[fd00:ec2::24]/x",
		"http://[::1].example.com/x",
		"http://[::1",
		"http://::1/x",
		"http:///x",
		"http://localhost:80.example.com/x",
		"http://local host/x",
		"http://localhost/x\r\nHost: y",
		"http:/localhost/x",
		"localhost/x",
		"/x",
		"ftp://localhost/x",
		"file:///etc/passwd",
		"https:///x",
		"x://y",
	};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
	{
		begin();
		set("AWS_CONTAINER_CREDENTIALS_FULL_URI", allowed[i]);
		reply(200, DOCUMENT);
		is_text(get(), "KEY1 secret/KEY1 token+KEY1 1767229200", "contacted: %s", allowed[i]);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		begin();
		set("AWS_CONTAINER_CREDENTIALS_FULL_URI", refused[i]);
		set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "planted");
		reply(200, DOCUMENT);
		is_text(get(),
				"CREDENTIALS_SETTING: AWS_CONTAINER_CREDENTIALS_FULL_URI is "
				"neither an https URL nor an address of this machine",
				"not contacted: %zu", i);
		is_text(world.sent, "", "nothing is sent to a rejected address");
	}
	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.com/x");
	is_text(get(),
			"CREDENTIALS_SETTING: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is "
			"not a path",
			"relative URI that would name another host is rejected");
	is_text(world.sent, "", "nothing is sent to that host");
}

static void
write_file(const char *path, const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fwrite(text, 1, length, file) != length || fclose(file) != 0)
		ok(false, "%s is written", path);
}

static void
test_token_file(void)
{
	static const char wrong[] =
		"CREDENTIALS_SETTING: "
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file without a token";
	char path[] = "/tmp/onboard-token-XXXXXX";
	char large[8192];
	int file = mkstemp(path);

	close(file);
	begin();
	set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/");
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of the variable");
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
	write_file(path, "of the file\n", 12);
	reply(200, DOCUMENT);
	get();
	is_text(world.sent, "GET http://169.254.170.23/ Authorization=of the file +2000\n",
			"file takes precedence, and its trailing line end is stripped");
	write_file(path, "another", 7);
	reply(200, DOCUMENT);
	get_with(true, 0);
	is_text(world.sent, "GET http://169.254.170.23/ Authorization=another +2000\n",
			"file is reread at each fetch");

	write_file(path, "planted\r\nX: planted", 19);
	is_text(get_with(true, 0),
			"CREDENTIALS_SETTING: "
			"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE contains a control character",
			"token of two lines is rejected");
	write_file(path, "\n", 1);
	is_text(get_with(true, 0), wrong, "empty token is rejected");
	write_file(path, "planted\0planted", 15);
	is_text(get_with(true, 0), wrong, "token with a NUL is rejected");
	memset(large, 'a', sizeof(large));
	write_file(path, large, sizeof(large));
	is_text(get_with(true, 0), wrong, "overlong token is rejected");
	is_text(world.sent, "", "nothing is sent without a valid token");
	unlink(path);
	is_text(get_with(true, 0),
			"CREDENTIALS_SETTING: "
			"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file that cannot be opened",
			"missing token file is an error");
	world.variables[2][1] = "/tmp";
	is_text(get_with(true, 0),
			"CREDENTIALS_SETTING: "
			"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file that cannot be read",
			"directory instead of a token file is an error");
	begin();
	set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/");
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "planted\nX: planted");
	is_text(get(),
			"CREDENTIALS_SETTING: AWS_CONTAINER_AUTHORIZATION_TOKEN contains a "
			"control character",
			"variable of two lines is rejected");
}

/* ---------------------------------------------------------------------
 * Instance
 * ---------------------------------------------------------------------
 */

static void
test_instance(void)
{
	begin();
	reply_as_instance(DOCUMENT);
	is_text(get(), "KEY1 secret/KEY1 token+KEY1 1767229200", "credentials come from the instance");
	is_text(world.sent,
			"PUT " INSTANCE "api/token X-aws-ec2-metadata-token-ttl-seconds=21600 +1000\n"
			"GET " ROLES " X-aws-ec2-metadata-token=instance-token +1000\n"
			"GET " ROLES "uploads X-aws-ec2-metadata-token=instance-token +1000\n",
			"token, role and credentials are requested");

	begin();
	set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338/");
	set("AWS_EC2_METADATA_DISABLED", "false");
	is_text(get(), "HTTP_CONNECT: cannot connect", "failure to connect is reported");
	is_text(world.sent,
			"PUT http://127.0.0.1:1338/latest/api/token "
			"X-aws-ec2-metadata-token-ttl-seconds=21600 +1000\n",
			"configured endpoint is contacted once");
	begin();
	set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv6");
	get();
	is_text(world.sent,
			"PUT http://[fd00:ec2::254]/latest/api/token "
			"X-aws-ec2-metadata-token-ttl-seconds=21600 +1000\n",
			"IPv6 endpoint is contacted");
	begin();
	set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "file:///planted");
	is_text(get(),
			"CREDENTIALS_SETTING: AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http "
			"or https URL",
			"invalid endpoint is rejected");
}

static void
test_instance_refusals(void)
{
	begin();
	reply(403, "");
	is_text(get(),
			"CREDENTIALS_REFUSED: the instance's metadata service answered with "
			"status 403",
			"refused token is an error");
	begin();
	reply(200, "");
	is_text(get(),
			"CREDENTIALS_REPLY: the reply of the instance's metadata service has "
			"no token",
			"empty token is rejected");
	begin();
	reply(200, "planted\r\nX: planted");
	is_text(get(),
			"CREDENTIALS_REPLY: the reply of the instance's metadata service has "
			"no token",
			"token of two lines is rejected");
	begin();
	reply(200, "instance-token");
	reply(404, "");
	is_text(get(), "NO_CREDENTIALS: no credentials found: the instance has no role",
			"instance without a role has no credentials");
	begin();
	reply(200, "instance-token");
	reply(200, "planted/../role");
	is_text(get(),
			"CREDENTIALS_REPLY: the reply of the instance's metadata service "
			"does not name a role",
			"role that is a path is rejected");
	begin();
	reply(200, "instance-token");
	reply(200, "a+=,.@_-Z\nsecond");
	get();
	ok(strstr(world.sent, ROLES "a+=,.@_-Z X-aws") != NULL, "role name is sent unchanged");
}

/* ---------------------------------------------------------------------
 * Replies
 * ---------------------------------------------------------------------
 */

static void
test_documents(void)
{
	static const struct
	{
		const char *what;
		const char *document;
	} cases[] = {
		{"is not a JSON object", ""},
		{"is not a JSON object", "planted"},
		{"is not a JSON object", "[\"planted\"]"},
		{"is not a JSON object", "{\"AccessKeyId\":\"planted\""},
		{"reports a failure", "{\"Code\":\"planted\"}"},
		{"has no AccessKeyId", "{}"},
		{"has no AccessKeyId", "{\"accesskeyid\":\"planted\"}"},
		{"has no AccessKeyId", "{\"AccessKeyId\":1}"},
		{"has no AccessKeyId", "{\"AccessKeyId\":\"planted\\n\"}"},
		{"has no SecretAccessKey", "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"\"}"},
		{"has no Token", "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"planted\"}"},
		{"has no Expiration",
		 "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"planted\",\"Token\":\"planted\"}"},
		{"has no Expiration", DOCUMENT_OF("planted", "")},
		{"has no Expiration", DOCUMENT_OF("planted", "tomorrow")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-01-01T01:00:00")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-01-01T01:00:00+01:00")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-01-01 01:00:00Z")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-01-01T01:00:00Zplanted")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-13-01T01:00:00Z")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-00-01T01:00:00Z")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-06-31T01:00:00Z")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-06-00T01:00:00Z")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-06-01T24:00:00Z")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-06-01T00:60:00Z")},
		{"has no Expiration", DOCUMENT_OF("planted", "2026-06-01T00:00:60Z")},
		{"has no Expiration", DOCUMENT_OF("planted", "1969-06-01T00:00:00Z")},
		{"contains expired credentials", DOCUMENT_OF("planted", "2026-01-01T00:00:00Z")},
	};
	char expected[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		begin();
		set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
		reply(200, cases[i].document);
		snprintf(expected, sizeof(expected),
				 "CREDENTIALS_REPLY: the reply of the "
				 "container's credentials endpoint %s",
				 cases[i].what);
		is_text(get(), expected, "document %zu", i);
	}
	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	reply(200, DOCUMENT_OF("KEY1", "2028-02-29T23:59:59.123456Z"));
	is_text(get(), "KEY1 secret/KEY1 token+KEY1 1835481599",
			"leap day and a fraction of a second are accepted");
}

static void
test_busy(void)
{
	static char large[CREDENTIALS_REPLY_LIMIT + 2];

	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	reply(503, "");
	reply(429, "");
	reply(200, DOCUMENT);
	is_text(get(), "KEY1 secret/KEY1 token+KEY1 1767229200", "busy endpoint eventually answers");
	is_text(world.sent,
			"GET http://169.254.170.2/x +2000\npause 100\n"
			"GET http://169.254.170.2/x +2000\npause 200\n"
			"GET http://169.254.170.2/x +2000\n",
			"request to a busy endpoint is retried");
	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	for (int i = 0; i < 4; i++)
		reply(500, "planted");
	is_text(get(),
			"CREDENTIALS_REFUSED: the container's credentials endpoint answered "
			"with status 500",
			"retries are limited");
	is_int(world.replied, 3, "there are at most three attempts");

	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	reply(503, "");
	reply(503, "");
	get_with(false, world.now + 150);
	is_text(world.sent,
			"GET http://169.254.170.2/x +150\npause 100\n"
			"GET http://169.254.170.2/x +50\n",
			"no attempt is made after the deadline");

	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	reply(0, "HTTP_TIMEOUT");
	is_text(get(), "HTTP_TIMEOUT: no complete reply", "timeout is reported");
	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	memset(large, ' ', sizeof(large) - 1);
	reply(200, large);
	is_text(get(), "HTTP_BODY_TOO_LARGE: the reply is too long", "overlong reply is rejected");
}

/*
 * ---------------------------------------------------------------------
 * Caching
 * ---------------------------------------------------------------------
 */

static void
test_kept(void)
{
	begin();
	reply_as_instance(DOCUMENT);
	is_text(get(), "KEY1 secret/KEY1 token+KEY1 1767229200", "fetched");
	world.wall_clock = NOW + 3600 - 301;
	is_text(get(), "KEY1 secret/KEY1 token+KEY1 1767229200", "credentials are cached");
	is_text(world.sent, "", "cached credentials cause no request");

	world.wall_clock = NOW + 3600 - 300;
	is_text(get(), "KEY1 secret/KEY1 token+KEY1 1767229200",
			"cached credentials are used if the refresh fails");
	ok(world.sent[0] != '\0', "refresh was attempted");
	is_int(error.class, GLUE_NO_ERROR, "failed refresh is not an error");
	world.wall_clock += 29;
	get();
	is_text(world.sent, "", "refresh is not retried for 30 seconds");
	world.wall_clock += 1;
	get();
	ok(world.sent[0] != '\0', "refresh is retried after 30 seconds");

	world.wall_clock = NOW + 3600 - 1;
	ok(strncmp(get(), "KEY1 ", 5) == 0, "credentials are used until their last second");
	world.wall_clock = NOW + 3600;
	is_text(get(), "HTTP_CONNECT: cannot connect", "expired credentials are not used");

	reply_as_instance(DOCUMENT_OF("KEY2", "2026-01-01T02:00:00Z"));
	is_text(get(), "KEY2 secret/KEY2 token+KEY2 1767232800", "new credentials are used");
	get();
	is_text(world.sent, "", "new credentials are cached");
}

static void
test_refreshed(void)
{
	begin();
	reply_as_instance(DOCUMENT);
	reply_as_instance(DOCUMENT_OF("KEY2", "2026-01-01T02:00:00Z"));
	get();
	world.wall_clock = NOW + 3600 - 300;
	is_text(get(), "KEY2 secret/KEY2 token+KEY2 1767232800",
			"credentials are refreshed five minutes before they expire");

	reply_as_instance(DOCUMENT_OF("KEY3", "2026-01-01T02:00:00Z"));
	is_text(get_with(true, 0), "KEY3 secret/KEY3 token+KEY3 1767232800",
			"refresh can be requested");
	is_text(get_with(true, 0), "HTTP_CONNECT: cannot connect",
			"requested refresh does not fall back to cached credentials");
	is_text(get(), "KEY3 secret/KEY3 token+KEY3 1767232800", "failed refresh keeps the cache");

	begin();
	reply_as_instance(DOCUMENT_OF("KEY4", "2026-01-01T00:04:00Z"));
	get();
	world.wall_clock = NOW + 29;
	is_text(get(), "KEY4 secret/KEY4 token+KEY4 1767225840", "short-lived credentials are cached");
	is_text(world.sent, "", "short-lived credentials are cached for at least 30 seconds");
	world.wall_clock = NOW + 30;
	get();
	ok(world.sent[0] != '\0', "short-lived credentials are refreshed after that");
}

static int allocations_left;

static void *
failing_reallocate(void *block, size_t size)
{
	return allocations_left-- > 0 ? realloc(block, size) : NULL;
}

static void
test_memory(void)
{
	bool done = false;

	begin();
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	allocations_left = 0;
	glue_set_reallocate(failing_reallocate);
	ok(aws_credentials_provider_new(&fakes, &error) == NULL &&
		   strcmp(error.code, "OUT_OF_MEMORY") == 0,
	   "creating a provider fails if out of memory");
	glue_set_reallocate(NULL);
	for (int count = 0; !done && count < 10; count++)
	{
		world.replied = world.reply_count = 0;
		reply(200, DOCUMENT);
		allocations_left = count;
		glue_set_reallocate(failing_reallocate);
		done = strncmp(get_with(true, 0), "KEY1 ", 5) == 0;
		glue_set_reallocate(NULL);
		if (!done)
			is_text(error.code, "OUT_OF_MEMORY", "failure of allocation %d is reported", count);
	}
	ok(done, "credentials are fetched if there is enough memory");
}

/* The real functions: all are set, and use this machine. */
static void
test_real_functions(void)
{
	struct aws_credentials_functions functions;
	int64_t before;
	int64_t told;

	aws_credentials_functions_init(&functions, NULL);
	ok(functions.perform != NULL && functions.context == NULL, "requests use a client");
	setenv("ONBOARD_CREDENTIALS_TEST", "value", 1);
	is_text(functions.variable(NULL, "ONBOARD_CREDENTIALS_TEST"), "value", "variable is read");
	before = (int64_t) time(NULL);
	told = functions.wall_clock(NULL);
	ok(before <= told && told <= (int64_t) time(NULL) + 1, "time is read");
	before = functions.now(NULL);
	functions.pause(NULL, 20);
	ok(functions.now(NULL) - before >= 19, "pause lasts 20 milliseconds");
}

int
main(void)
{
	test_environment();
	test_long_values();
	test_container();
	test_container_addresses();
	test_token_file();
	test_instance();
	test_instance_refusals();
	test_documents();
	test_busy();
	test_kept();
	test_refreshed();
	test_memory();
	test_real_functions();
	aws_credentials_provider_destroy(provider);
	aws_credentials_provider_destroy(NULL);
	return unit_done();
}
