/*-------------------------------------------------------------------------
 *
 * sigv4_test.c
 *	  Signatures: comparison with botocore, and guarantees to callers.
 *
 * ../data/sigv4_vectors.jsonl contains requests and botocore's signatures for
 * them; ../aws/make_vectors.py generates it.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/heap.h"
#include "sign_request_json.h"

/* Tests run in this directory. */
#define VECTORS "../data/sigv4_vectors.jsonl"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* 2013-05-24T00:00:00Z, the time of the examples in AWS's documentation. */
#define EXAMPLE_TIME INT64_C(1369353600)

static struct aws_signer signer;

/* The fictitious credentials of AWS's examples. */
static const struct aws_credentials example_credentials = {
	.access_key_id = "AKIAIOSFODNN7EXAMPLE",
	.secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

/* GET /test.txt of the bucket of those examples. */
static struct aws_sign_request
example_request(void)
{
	struct aws_sign_request request = {
		.method = "GET",
		.host = "examplebucket.s3.amazonaws.com",
		.path = "/test.txt",
		.payload_hash = EMPTY_HASH,
		.region = "us-east-1",
		.service = "s3",
		.time = EXAMPLE_TIME,
	};

	return request;
}

/*
 * ---------------------------------------------------------------------
 * Comparison with botocore
 * ---------------------------------------------------------------------
 */

static void
check_vector(const char *line, int number, int *headers, int *presigned)
{
	struct json_request request;
	char expected[2048];
	char result[2048];

	if (!json_request_init(&request, line))
	{
		ok(false, "line %d is a request", number);
		json_request_clean_up(&request);
		return;
	}
	if (json_text(request.json, "kind")[0] != '\0')
	{
		snprintf(expected, sizeof(expected), "%s %s", json_text(request.json, "signed_headers"),
				 json_text(request.json, "signature"));
		json_request_sign(&signer, &request, result, sizeof(result));
		is_text(result, expected, "line %d: %s, %s %s", number, json_text(request.json, "kind"),
				request.request.service, request.request.method);
		(*(request.presigned ? presigned : headers))++;
	}
	json_request_clean_up(&request);
}

static void
test_vectors(void)
{
	FILE *file = fopen(VECTORS, "r");
	char *line = NULL;
	size_t size = 0;
	int headers = 0;
	int presigned = 0;

	if (!ok(file != NULL, "there is " VECTORS))
		return;
	for (int number = 1; getline(&line, &size, file) > 0; number++)
		check_vector(line, number, &headers, &presigned);
	free(line);
	fclose(file);
	ok(headers >= 200 && presigned >= 200, "%d requests signed by headers, %d presigned", headers,
	   presigned);
}

/*
 * ---------------------------------------------------------------------
 * Examples from the AWS documentation
 * ---------------------------------------------------------------------
 */

/* "Signature Calculations for the Authorization Header", GET Object. */
static void
test_documented_headers(void)
{
	static const struct aws_pair headers[] = {{"Range", "bytes=0-9"}};
	struct aws_sign_request request = example_request();
	struct aws_signature signature;

	request.headers = headers;
	request.header_count = 1;
	if (!ok(aws_sign_headers(&signer, &example_credentials, &request, &signature, NULL),
			"documented GET is signed"))
		return;
	is_int(signature.header_count, 3, "signature has three headers");
	is_text(signature.headers[0].name, "Authorization", "Authorization");
	is_text(signature.headers[0].value,
			"AWS4-HMAC-SHA256 "
			"Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
			"SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
			"Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
			"as documented");
	is_text(signature.headers[1].name, "X-Amz-Date", "X-Amz-Date");
	is_text(signature.headers[1].value, "20130524T000000Z", "date header has the documented form");
	is_text(signature.headers[2].name, "X-Amz-Content-Sha256", "X-Amz-Content-Sha256");
	is_text(signature.headers[2].value, EMPTY_HASH, "payload hash is that of an empty body");
	is_text(signature.query, "", "query is empty");
	aws_signature_clean_up(&signature);
	ok(signature.storage == NULL && signature.header_count == 0, "released signature is empty");
	aws_signature_clean_up(&signature);
}

/* The example of "Authenticating Requests: Using Query Parameters". */
static void
test_documented_url(void)
{
	struct aws_sign_request request = example_request();
	char *url;

	request.payload_hash = AWS_UNSIGNED_PAYLOAD;
	ok(aws_presign_url(&signer, &example_credentials, &request, "https", 86400, &url, NULL),
	   "documented URL is created");
	is_text(url,
			"https://examplebucket.s3.amazonaws.com/test.txt"
			"?X-Amz-Algorithm=AWS4-HMAC-SHA256"
			"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
			"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
			"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
			"as documented");
	aws_url_destroy(url);
	aws_url_destroy(NULL);
}

/*
 * ---------------------------------------------------------------------
 * Headers and queries
 * ---------------------------------------------------------------------
 */

static void
test_session_token(void)
{
	static const struct aws_pair query[] = {
		{"versionId", "a+b/c="},
		{"empty", NULL},
		{"a b", ""},
	};
	struct aws_credentials credentials = example_credentials;
	struct aws_sign_request request = example_request();
	struct aws_signature signature;
	char *url;

	strcpy(credentials.session_token, "a/token+of==");
	request.query = query;
	request.query_count = 3;
	ok(aws_sign_headers(&signer, &credentials, &request, &signature, NULL),
	   "request with a session token is signed");
	is_int(signature.header_count, 4, "session token adds a fourth header");
	is_text(signature.headers[3].name, "X-Amz-Security-Token", "X-Amz-Security-Token");
	is_text(signature.headers[3].value, "a/token+of==", "fourth header contains the token");
	ok(strstr(signature.headers[0].value, "x-amz-date;x-amz-security-token,") != NULL,
	   "session token header is signed");
	is_text(signature.query, "a%20b=&empty=&versionId=a%2Bb%2Fc%3D",
			"query is returned encoded and sorted");
	aws_signature_clean_up(&signature);

	ok(aws_presign_url(&signer, &credentials, &request, "http", 300, &url, NULL),
	   "URL with a session token is created");
	ok(url != NULL && strstr(url, "&X-Amz-Security-Token=a%2Ftoken%2Bof%3D%3D&") != NULL,
	   "URL contains the session token");
	aws_url_destroy(url);

	request.service = "sqs";
	ok(aws_sign_headers(&signer, &credentials, &request, &signature, NULL),
	   "request for another service is signed");
	is_text(signature.headers[2].name, "X-Amz-Security-Token",
			"no X-Amz-Content-Sha256 for another service");
	aws_signature_clean_up(&signature);
}

static void
test_encoding(void)
{
	static const char text[] = "a/b c+%~\xC3\xA4\0\x7F";
	char result[3 * sizeof(text) + 1];

	is_int(aws_uri_encode(result, text, sizeof(text) - 1, false), 28, "encoded length is correct");
	is_text(result, "a%2Fb%20c%2B%25~%C3%A4%00%7F", "all reserved bytes are encoded");
	aws_uri_encode(result, text, sizeof(text) - 1, true);
	is_text(result, "a/b%20c%2B%25~%C3%A4%00%7F", "slashes are kept if requested");
	is_int(aws_uri_encode(result, NULL, 0, true), 0, "nothing");
	is_text(result, "", "is nothing");
	for (int c = 1; c < 256; c++)
	{
		char byte = (char) c;
		bool kept = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
					c == '-' || c == '.' || c == '_' || c == '~';

		if (aws_uri_encode(result, &byte, 1, false) != (kept ? 1 : 3))
			ok(false, "byte %d is %s", c, kept ? "kept" : "encoded");
	}
}

/*
 * ---------------------------------------------------------------------
 * Rejected requests
 * ---------------------------------------------------------------------
 */

/*
 * Both ways of signing reject the request, and disclose neither value nor
 * secret.
 */
static void
refused(const struct aws_sign_request *request, const struct aws_credentials *credentials,
		const char *name)
{
	struct aws_signature signature;
	struct glue_error error = {0};
	char *url;

	ok(!aws_sign_headers(&signer, credentials, request, &signature, &error) &&
		   signature.storage == NULL && error.class == GLUE_INTERNAL_ERROR &&
		   strcmp(error.code, "UNSIGNABLE_REQUEST") == 0,
	   "rejected: %s", name);
	ok(strstr(error.text, "planted") == NULL, "error text discloses no value");
	ok(!aws_presign_url(&signer, credentials, request, "https", 300, &url, &error) && url == NULL &&
		   strcmp(error.code, "UNSIGNABLE_REQUEST") == 0 && strstr(error.text, "planted") == NULL,
	   "presigning rejects it, too");
}

#define REFUSED(field, text)                                       \
	do                                                             \
	{                                                              \
		struct aws_sign_request request = example_request();       \
		request.field = text;                                      \
		refused(&request, &example_credentials, #field " " #text); \
	} while (0)

static void
test_refused_fields(void)
{
	REFUSED(method, NULL);
	REFUSED(method, "");
	REFUSED(method, "GET planted");
	REFUSED(method, "GET\n");
	REFUSED(host, NULL);
	REFUSED(host, "");
	REFUSED(host, "planted/");
	REFUSED(host, "planted\r\nX: y");
	REFUSED(host, "user@planted");
	REFUSED(path, NULL);
	REFUSED(path, "");
	REFUSED(path, "planted");
	REFUSED(path, "/planted a");
	REFUSED(path, "/planted+a");
	REFUSED(path, "/planted?a");
	REFUSED(path, "/planted%");
	REFUSED(path, "/planted%2");
	REFUSED(path, "/planted%2b");
	REFUSED(path, "/planted%41");
	REFUSED(path, "/planted%2F");
	REFUSED(path, "/planted\xC3\xA4");
	REFUSED(payload_hash, NULL);
	REFUSED(payload_hash, "planted");
	REFUSED(payload_hash, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
	REFUSED(region, "");
	REFUSED(region, "planted/1");
	REFUSED(service, NULL);
	REFUSED(service, "planted\n");
	REFUSED(time, -1);
	REFUSED(time, INT64_C(253402300800));
}

static void
test_refused_pairs(void)
{
	static const struct aws_pair headers[] = {
		{NULL, "planted"},
		{"", "planted"},
		{"Planted:", ""},
		{"Planted Name", ""},
		{"X-A", "planted\r\nX-B: y"},
		{"X-A", "planted\x7F"},
		{"HOST", "planted"},
		{"authorization", "planted"},
		{"x-amz-date", "planted"},
		{"X-Amz-Security-Token", "planted"},
		{"X-Amz-Content-SHA256", "planted"},
	};
	static const struct aws_pair query[] = {
		{NULL, "planted"},
		{"X-Amz-Expires", "planted"},
		{"X-Amz-Signature", "planted"},
		{"X-Amz-Security-Token", "planted"},
	};
	struct aws_sign_request request = example_request();
	struct glue_error error = {0};
	char *url;

	request.header_count = 1;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
	{
		request.headers = &headers[i];
		refused(&request, &example_credentials, "header");
	}
	request.header_count = 0;
	request.query_count = 1;
	for (size_t i = 0; i < sizeof(query) / sizeof(query[0]); i++)
	{
		request.query = &query[i];
		ok(!aws_presign_url(&signer, &example_credentials, &request, "https", 300, &url, &error) &&
			   url == NULL && strstr(error.text, "planted") == NULL,
		   "rejected in a URL: parameter %zu", i);
	}
}

static void
test_refused_rest(void)
{
	static const int64_t expiries[] = {INT64_MIN, -1, 0, AWS_PRESIGN_MAX_EXPIRY + 1, INT64_MAX};
	struct aws_sign_request request = example_request();
	struct aws_credentials credentials = {.secret_access_key = "planted"};
	char region[AWS_SIGNER_SCOPE_SIZE + 1];
	char *url;

	refused(&request, &credentials, "no access key id");
	credentials = example_credentials;
	credentials.secret_access_key[0] = '\0';
	refused(&request, &credentials, "no secret");
	credentials = example_credentials;
	strcpy(credentials.session_token, "planted\nX: y");
	refused(&request, &credentials, "session token of two lines");

	for (size_t i = 0; i < sizeof(expiries) / sizeof(expiries[0]); i++)
		ok(!aws_presign_url(&signer, &example_credentials, &request, "https", expiries[i], &url,
							NULL) &&
			   url == NULL,
		   "no URL that lives %" PRId64 " seconds", expiries[i]);
	ok(!aws_presign_url(&signer, &example_credentials, &request, "a:", 1, &url, NULL),
	   "URL without a scheme is rejected");

	memset(region, 'a', sizeof(region));
	region[sizeof(region) - 1] = '\0';
	request.region = region;
	refused(&request, &example_credentials, "overlong region is rejected");
}

/* ---------------------------------------------------------------------
 * Keys and memory
 * ---------------------------------------------------------------------
 */

/* Return the Authorization header, which the caller must free; NULL on failure. */
static char *
authorization(struct aws_signer *with, const struct aws_credentials *credentials,
			  const struct aws_sign_request *request)
{
	struct aws_signature signature;
	char *result = NULL;

	if (aws_sign_headers(with, credentials, request, &signature, NULL))
		result = strdup(signature.headers[0].value);
	aws_signature_clean_up(&signature);
	return result;
}

/* Signing with cached keys must equal signing without. */
static void
test_keys(void)
{
	static const char *const regions[] = {"us-east-1", "us-east-2", "us-west-1"};
	static const char *const services[] = {"s3", "sqs", "sns"};
	struct aws_signer kept;
	unsigned differing = 0;

	aws_signer_init(&kept);
	for (int i = 0; i < 2000; i++)
	{
		struct aws_credentials credentials = example_credentials;
		struct aws_sign_request request = example_request();
		struct aws_signer fresh;
		char *with;
		char *without;

		request.time += (int64_t) unit_random(3 * 86400);
		request.region = regions[unit_random(3)];
		request.service = services[unit_random(3)];
		if (unit_random(4) == 0)
			credentials.secret_access_key[0] = 'x';
		aws_signer_init(&fresh);
		with = authorization(&kept, &credentials, &request);
		without = authorization(&fresh, &credentials, &request);
		differing += with == NULL || without == NULL || strcmp(with, without) != 0;
		free(with);
		free(without);
		aws_signer_clean_up(&fresh);
	}
	is_int(differing, 0, "cached and new keys yield the same signature");
	ok(kept.derived > 2 * AWS_SIGNER_KEYS, "keys are evicted");

	aws_signer_clean_up(&kept);
	ok(kept.derived == 0 && kept.keys[0].secret[0] == '\0' && kept.keys[0].key[0] == 0,
	   "released signer is zeroed");
	for (int i = 0; i < 100; i++)
	{
		struct aws_sign_request request = example_request();

		request.time += i * 86400 / 100;
		free(authorization(&kept, &example_credentials, &request));
	}
	is_int(kept.derived, 1, "key of a day is derived once");
	aws_signer_clean_up(&kept);
	for (int i = 0; i < 10 * AWS_SIGNER_KEYS; i++)
	{
		struct aws_sign_request request = example_request();

		request.time += i % AWS_SIGNER_KEYS * 86400;
		free(authorization(&kept, &example_credentials, &request));
	}
	is_int(kept.derived, AWS_SIGNER_KEYS, "keys of %d days are derived once each", AWS_SIGNER_KEYS);
	aws_signer_clean_up(&kept);
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
	static const struct aws_pair pairs[] = {{"a", "b"}, {"c", "d"}};
	struct aws_sign_request request = example_request();
	struct glue_error error = {0};
	struct aws_signature signature;
	char *url = NULL;
	bool done = false;
	int count;

	request.query = request.headers = pairs;
	request.query_count = request.header_count = 2;
	request.normalise_path = true;
	for (count = 0; !done && count < 100; count++)
	{
		allocations_left = count;
		glue_set_reallocate(failing_reallocate);
		done = aws_sign_headers(&signer, &example_credentials, &request, &signature, &error);
		glue_set_reallocate(NULL);
		if (!done && (signature.storage != NULL || strcmp(error.code, "OUT_OF_MEMORY") != 0))
			ok(false, "out of memory at allocation %d is reported", count);
		aws_signature_clean_up(&signature);
	}
	ok(done && count > 8, "failure of each of %d allocations is handled", count - 1);
	for (done = false, count = 0; !done && count < 100; count++)
	{
		allocations_left = count;
		glue_set_reallocate(failing_reallocate);
		done = aws_presign_url(&signer, &example_credentials, &request, "https", 1, &url, &error);
		glue_set_reallocate(NULL);
		if (!done && (url != NULL || strcmp(error.code, "OUT_OF_MEMORY") != 0))
			ok(false, "out of memory at allocation %d is reported", count);
	}
	ok(done && count > 8, "failure of each of %d allocations of a URL is handled", count - 1);
	aws_url_destroy(url);
}

int
main(void)
{
	unit_seed();
	aws_signer_init(&signer);
	test_vectors();
	test_documented_headers();
	test_documented_url();
	test_session_token();
	test_encoding();
	test_refused_fields();
	test_refused_pairs();
	test_refused_rest();
	test_keys();
	test_memory();
	aws_signer_clean_up(&signer);
	return unit_done();
}
