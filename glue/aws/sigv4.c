/*-------------------------------------------------------------------------
 *
 * sigv4.c
 *	  AWS Signature Version 4 on OpenSSL.
 *
 * There are four steps, in AWS terms: the canonical request (method, path,
 * query, headers and payload hash in a defined form), the string to sign (its
 * hash, with time and scope), the signing key (derived from the secret and the
 * scope), and the signature.  The canonical request is never stored; its parts
 * are hashed one by one.  The canonical query and the list of signed headers
 * are kept because they are sent as well.
 *
 * The two ways of signing differ only in where time, scope and session token
 * are written: into headers or into the query.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "aws/sigv4.h"
#include "base/ascii_word.h"
#include "base/heap.h"
#include "base/hex.h"
#include "shared/text.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define SCOPE_END "aws4_request"
#define HASH_BYTES 32

/* 20150830T123600Z and the NUL; the first eight characters are the day. */
#define DATE_SIZE 17
#define DAY_LENGTH 8

/* 9999-12-31T23:59:59Z: the last time that the format can represent. */
#define LAST_TIME INT64_C(253402300799)

/* Maximum number of pairs that signing adds to the request. */
#define ADDED_HEADERS 4
#define ADDED_QUERY 6

/* More than enough for the digits of AWS_PRESIGN_MAX_EXPIRY. */
#define EXPIRY_SIZE 24

/*
 * A string that is written piece by piece and whose maximum length is known in
 * advance.  Owns data: writer_clean_up().
 */
struct writer
{
	char *data;
	size_t used;
	size_t size;
};

/* State while one request is being signed. */
struct signing
{
	const struct aws_credentials *credentials;
	const struct aws_sign_request *request;
	bool by_query; /* a presigned URL */

	char date[DATE_SIZE];
	char scope[AWS_SIGNER_SCOPE_SIZE];
	char expiry[EXPIRY_SIZE];
	struct writer credential; /* access key id/scope */

	struct aws_pair *headers; /* owned array; lower-case names */
	size_t header_count;
	struct writer names; /* storage for those names */
	struct writer signed_headers;

	struct aws_pair *query; /* owned array; encoded */
	size_t query_count;
	struct writer encoded; /* storage for its strings */
	struct writer canonical_query;

	struct writer path; /* the canonical one */
	char signature[AWS_HASH_SIZE];
};

/* ---------------------------------------------------------------------
 * Errors
 * ---------------------------------------------------------------------
 */

static bool
unsignable(struct glue_error *error, const char *what)
{
	return glue_error_set(error, GLUE_INTERNAL_ERROR, "UNSIGNABLE_REQUEST",
						  "request to AWS cannot be signed: %s", what);
}

static bool
crypto_failed(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INTERNAL_ERROR, "CRYPTO_FAILED",
						  "a function of the cryptographic library failed");
}

/* ---------------------------------------------------------------------
 * Text
 * ---------------------------------------------------------------------
 */

static bool
writer_init(struct writer *writer, size_t length, struct glue_error *error)
{
	writer->used = 0;
	writer->size = length + 1;
	writer->data = glue_allocate(writer->size);
	if (writer->data == NULL)
		return glue_error_memory(error);
	writer->data[0] = '\0';
	return true;
}

/*
 * Truncate what does not fit.  Only a miscalculated length can cause that; it
 * produces a wrong signature, but no memory error.
 */
static void
writer_add(struct writer *writer, const char *bytes, size_t length)
{
	size_t room = writer->size - 1 - writer->used;

	if (length > room)
		length = room;
	memcpy(writer->data + writer->used, bytes, length);
	writer->used += length;
	writer->data[writer->used] = '\0';
}

static void
writer_add_text(struct writer *writer, const char *text)
{
	writer_add(writer, text, strlen(text));
}

/*
 * Add a string and a NUL, and return where it begins.
 */
static const char *
writer_add_string(struct writer *writer, const char *text)
{
	const char *start = writer->data + writer->used;

	writer_add(writer, text, strlen(text) + 1);
	return start;
}

static void
writer_clean_up(struct writer *writer)
{
	if (writer->data != NULL)
		OPENSSL_cleanse(writer->data, writer->size);
	glue_release(writer->data);
	memset(writer, 0, sizeof(*writer));
}

static size_t
length_of(const char *text)
{
	return text != NULL ? strlen(text) : 0;
}

static bool
is_unreserved(unsigned char c)
{
	return ascii_word_has_byte((char) c, "-._~");
}

static bool
is_word(const char *text, const char *others)
{
	return text != NULL && ascii_word_is_valid(text_of(text), others);
}

size_t
aws_uri_encode(char *result, const char *text, size_t length, bool keep_slashes)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (is_unreserved(c) || (c == '/' && keep_slashes))
			result[used++] = (char) c;
		else
		{
			result[used++] = '%';
			result[used++] = HEX_DIGITS_UPPER[c >> 4];
			result[used++] = HEX_DIGITS_UPPER[c & 0x0F];
		}
	}
	result[used] = '\0';
	return used;
}

/*
 * Append the encoded text as a separate string.
 */
static const char *
writer_add_encoded(struct writer *writer, const char *text)
{
	const char *start = writer->data + writer->used;
	size_t length = length_of(text);

	if (writer->size - 1 - writer->used < 3 * length + 1)
		return "";
	writer->used +=
		aws_uri_encode(writer->data + writer->used, text != NULL ? text : "", length, false) + 1;
	writer->data[writer->used] = '\0';
	return start;
}

/*
 * ---------------------------------------------------------------------
 * Validation
 * ---------------------------------------------------------------------
 */

/*
 * Return whether path has the form that aws_uri_encode() writes, slashes kept.
 * A server converts the path to this form before it compares signatures, so it
 * would reject any other form without saying why.
 */
static bool
is_encoded_path(const char *path)
{
	if (path == NULL || path[0] != '/')
		return false;
	for (const char *p = path; *p != '\0'; p++)
	{
		int byte;

		if (is_unreserved((unsigned char) *p) || *p == '/')
			continue;
		if (*p != '%')
			return false;
		byte = hex_byte(p + 1);
		if (byte < 0 || p[1] >= 'a' || p[2] >= 'a' || is_unreserved((unsigned char) byte) ||
			byte == '/')
			return false;
		p += 2;
	}
	return true;
}

static bool
is_payload_hash(const char *hash)
{
	if (hash == NULL)
		return false;
	if (strcmp(hash, AWS_UNSIGNED_PAYLOAD) == 0)
		return true;
	return strlen(hash) == AWS_HASH_SIZE - 1 && strspn(hash, HEX_DIGITS) == AWS_HASH_SIZE - 1;
}

/*
 * Return whether text can be a header value, without characters that could end
 * it.
 */
static bool
is_header_value(const char *text)
{
	for (const char *p = text != NULL ? text : ""; *p != '\0'; p++)
	{
		if (((unsigned char) *p < 0x20 && *p != '\t') || *p == 0x7F)
			return false;
	}
	return true;
}

static bool
is_added_header(const char *name)
{
	static const char *const added[] = {
		"host", "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token",
	};

	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++)
	{
		if (strcasecmp(name, added[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_added_parameter(const char *name)
{
	static const char *const added[] = {
		"X-Amz-Algorithm",     "X-Amz-Credential",     "X-Amz-Date",      "X-Amz-Expires",
		"X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Signature", NULL,
	};

	return ascii_word_is_in(name, added);
}

static bool
check_pairs(const struct signing *signing, struct glue_error *error)
{
	const struct aws_sign_request *request = signing->request;

	for (size_t i = 0; i < request->header_count; i++)
	{
		const struct aws_pair *header = &request->headers[i];

		/* RFC 9110, token. */
		if (!is_word(header->name, "!#$%&'*+-.^_`|~"))
			return unsignable(error, "a header name is invalid");
		if (is_added_header(header->name))
			return unsignable(error, "a header is reserved for the signature");
		if (!is_header_value(header->value))
			return unsignable(error, "a header contains a control character");
	}
	for (size_t i = 0; i < request->query_count; i++)
	{
		if (request->query[i].name == NULL)
			return unsignable(error, "a parameter has no name");
		if (signing->by_query && is_added_parameter(request->query[i].name))
			return unsignable(error, "a parameter is reserved for the signature");
	}
	return true;
}

static bool
check_request(const struct signing *signing, struct glue_error *error)
{
	const struct aws_sign_request *request = signing->request;
	const struct aws_credentials *credentials = signing->credentials;

	if (!is_word(request->method, ""))
		return unsignable(error, "the method is invalid");
	if (!is_word(request->host, "-._:[]"))
		return unsignable(error, "the host is invalid");
	if (!is_encoded_path(request->path))
		return unsignable(error, "the path is not properly percent-encoded");
	if (!is_word(request->region, "-") || !is_word(request->service, "-"))
		return unsignable(error, "the region or the service is invalid");
	if (!is_payload_hash(request->payload_hash))
		return unsignable(error, "the payload hash is invalid");
	if (request->time < 0 || request->time > LAST_TIME)
		return unsignable(error, "the time is out of range");
	if (!is_word(credentials->access_key_id, "-_") || credentials->secret_access_key[0] == '\0')
		return unsignable(error, "the credentials are missing or invalid");
	if (!is_header_value(credentials->session_token))
		return unsignable(error, "the session token contains a control character");
	return check_pairs(signing, error);
}

/* ---------------------------------------------------------------------
 * Time and scope
 * ---------------------------------------------------------------------
 */

static bool
write_scope(struct signing *signing, struct glue_error *error)
{
	const struct aws_sign_request *request = signing->request;
	const char *key_id = signing->credentials->access_key_id;
	time_t seconds = (time_t) request->time;
	struct tm utc;
	int length;

	if (gmtime_r(&seconds, &utc) == NULL ||
		strftime(signing->date, sizeof(signing->date), "%Y%m%dT%H%M%SZ", &utc) != DATE_SIZE - 1)
		return unsignable(error, "the time is out of range");
	length = snprintf(signing->scope, sizeof(signing->scope), "%.*s/%s/%s/" SCOPE_END, DAY_LENGTH,
					  signing->date, request->region, request->service);
	if (length < 0 || (size_t) length >= sizeof(signing->scope))
		return unsignable(error, "region and service are too long");
	if (!writer_init(&signing->credential, strlen(key_id) + 1 + (size_t) length, error))
		return false;
	writer_add_text(&signing->credential, key_id);
	writer_add_text(&signing->credential, "/");
	writer_add_text(&signing->credential, signing->scope);
	return true;
}

/* ---------------------------------------------------------------------
 * Headers
 * ---------------------------------------------------------------------
 */

static bool
is_s3(const struct signing *signing)
{
	return strcmp(signing->request->service, "s3") == 0;
}

/*
 * Compare by name.  Headers of the same name remain in order, which is the
 * order of their names in memory.
 */
static int
compare_headers(const void *a, const void *b)
{
	const struct aws_pair *left = a;
	const struct aws_pair *right = b;
	int order = strcmp(left->name, right->name);

	if (order != 0)
		return order;
	return (left->name > right->name) - (left->name < right->name);
}

static void
add_signed_header(struct signing *signing, const char *name, const char *value)
{
	struct aws_pair *header = &signing->headers[signing->header_count++];
	char *start = signing->names.data + signing->names.used;

	header->name = writer_add_string(&signing->names, name);
	header->value = value != NULL ? value : "";
	for (char *p = start; *p != '\0'; p++)
	{
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	}
}

/*
 * Collect all signed headers, sorted, and the list of their names.
 */
static bool
collect_headers(struct signing *signing, struct glue_error *error)
{
	const struct aws_sign_request *request = signing->request;
	size_t length = sizeof("host x-amz-date x-amz-content-sha256 "
						   "x-amz-security-token");

	for (size_t i = 0; i < request->header_count; i++)
		length += strlen(request->headers[i].name) + 1;
	signing->headers =
		glue_allocate((request->header_count + ADDED_HEADERS) * sizeof(struct aws_pair));
	if (signing->headers == NULL)
		return glue_error_memory(error);
	if (!writer_init(&signing->names, length, error) ||
		!writer_init(&signing->signed_headers, length, error))
		return false;

	add_signed_header(signing, "host", request->host);
	if (!signing->by_query)
	{
		add_signed_header(signing, "x-amz-date", signing->date);
		if (is_s3(signing))
			add_signed_header(signing, "x-amz-content-sha256", request->payload_hash);
		if (signing->credentials->session_token[0] != '\0')
			add_signed_header(signing, "x-amz-security-token", signing->credentials->session_token);
	}
	for (size_t i = 0; i < request->header_count; i++)
		add_signed_header(signing, request->headers[i].name, request->headers[i].value);
	qsort(signing->headers, signing->header_count, sizeof(struct aws_pair), compare_headers);

	for (size_t i = 0; i < signing->header_count; i++)
	{
		if (i > 0 && strcmp(signing->headers[i].name, signing->headers[i - 1].name) == 0)
			continue;
		if (i > 0)
			writer_add_text(&signing->signed_headers, ";");
		writer_add_text(&signing->signed_headers, signing->headers[i].name);
	}
	return true;
}

/* ---------------------------------------------------------------------
 * Query and path
 * ---------------------------------------------------------------------
 */

/*
 * Compare by encoded name, then by encoded value.
 */
static int
compare_parameters(const void *a, const void *b)
{
	const struct aws_pair *left = a;
	const struct aws_pair *right = b;
	int order = strcmp(left->name, right->name);

	return order != 0 ? order : strcmp(left->value, right->value);
}

static void
add_parameter(struct signing *signing, const char *name, const char *value)
{
	struct aws_pair *parameter = &signing->query[signing->query_count++];

	parameter->name = writer_add_encoded(&signing->encoded, name);
	parameter->value = writer_add_encoded(&signing->encoded, value);
}

/*
 * Return the maximum size of the query: every byte as %XX, and a NUL after
 * each name and value.
 */
static size_t
query_length(const struct signing *signing)
{
	const struct aws_sign_request *request = signing->request;
	size_t length = 0;

	for (size_t i = 0; i < request->query_count; i++)
		length += 3 * (strlen(request->query[i].name) + length_of(request->query[i].value)) + 2;
	if (signing->by_query)
		length += 3 * (sizeof("X-Amz-Algorithm" ALGORITHM "X-Amz-Credential"
							  "X-Amz-Date"
							  "X-Amz-Expires"
							  "X-Amz-SignedHeaders"
							  "X-Amz-Security-Token") +
					   signing->credential.used + DATE_SIZE + EXPIRY_SIZE +
					   signing->signed_headers.used + strlen(signing->credentials->session_token)) +
				  2 * ADDED_QUERY;
	return length;
}

static void
add_signing_parameters(struct signing *signing)
{
	add_parameter(signing, "X-Amz-Algorithm", ALGORITHM);
	add_parameter(signing, "X-Amz-Credential", signing->credential.data);
	add_parameter(signing, "X-Amz-Date", signing->date);
	add_parameter(signing, "X-Amz-Expires", signing->expiry);
	add_parameter(signing, "X-Amz-SignedHeaders", signing->signed_headers.data);
	if (signing->credentials->session_token[0] != '\0')
		add_parameter(signing, "X-Amz-Security-Token", signing->credentials->session_token);
}

static bool
collect_query(struct signing *signing, struct glue_error *error)
{
	const struct aws_sign_request *request = signing->request;
	size_t length = query_length(signing);

	signing->query = glue_allocate((request->query_count + ADDED_QUERY) * sizeof(struct aws_pair));
	if (signing->query == NULL)
		return glue_error_memory(error);
	if (!writer_init(&signing->encoded, length, error) ||
		!writer_init(&signing->canonical_query, length, error))
		return false;

	for (size_t i = 0; i < request->query_count; i++)
		add_parameter(signing, request->query[i].name, request->query[i].value);
	if (signing->by_query)
		add_signing_parameters(signing);
	qsort(signing->query, signing->query_count, sizeof(struct aws_pair), compare_parameters);

	for (size_t i = 0; i < signing->query_count; i++)
	{
		if (i > 0)
			writer_add_text(&signing->canonical_query, "&");
		writer_add_text(&signing->canonical_query, signing->query[i].name);
		writer_add_text(&signing->canonical_query, "=");
		writer_add_text(&signing->canonical_query, signing->query[i].value);
	}
	return true;
}

/*
 * Write path without empty and dot segments (RFC 3986, section 5.2.4); result
 * has room for the whole path.  A trailing slash remains.
 */
static void
remove_dot_segments(struct writer *result, const char *path)
{
	size_t length;

	for (const char *p = path; *p != '\0'; p += length)
	{
		p += strspn(p, "/");
		length = strcspn(p, "/");
		if (length == 0 || (length == 1 && p[0] == '.'))
			continue;
		if (length == 2 && p[0] == '.' && p[1] == '.')
		{
			while (result->used > 0 && result->data[--result->used] != '/')
				;
			result->data[result->used] = '\0';
			continue;
		}
		writer_add_text(result, "/");
		writer_add(result, p, length);
	}
	if (result->used == 0 || path[strlen(path) - 1] == '/')
		writer_add_text(result, "/");
}

static bool
write_path(struct signing *signing, struct glue_error *error)
{
	const char *path = signing->request->path;
	struct writer normalised = {0};
	bool done;

	if (!writer_init(&signing->path, 3 * strlen(path) + 1, error))
		return false;
	if (!signing->request->normalise_path)
	{
		writer_add_text(&signing->path, path);
		return true;
	}
	done = writer_init(&normalised, strlen(path) + 1, error);
	if (done)
	{
		remove_dot_segments(&normalised, path);
		signing->path.used =
			aws_uri_encode(signing->path.data, normalised.data, normalised.used, true);
	}
	writer_clean_up(&normalised);
	return done;
}

/* ---------------------------------------------------------------------
 * The canonical request
 * ---------------------------------------------------------------------
 */

static bool
hash_bytes(EVP_MD_CTX *hash, const char *bytes, size_t length)
{
	return EVP_DigestUpdate(hash, bytes, length) == 1;
}

static bool
hash_line(EVP_MD_CTX *hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text)) && hash_bytes(hash, "\n", 1);
}

/*
 * Hash a value without surrounding blanks, and with each run of blanks reduced
 * to one.
 */
static bool
hash_header_value(EVP_MD_CTX *hash, const char *value)
{
	const char *p = value + strspn(value, " \t");

	while (*p != '\0')
	{
		size_t length = strcspn(p, " \t");

		if (!hash_bytes(hash, p, length))
			return false;
		p += length;
		p += strspn(p, " \t");
		if (*p != '\0' && !hash_bytes(hash, " ", 1))
			return false;
	}
	return true;
}

static bool
hash_headers(EVP_MD_CTX *hash, const struct signing *signing)
{
	for (size_t i = 0; i < signing->header_count; i++)
	{
		const struct aws_pair *header = &signing->headers[i];
		bool again = i > 0 && strcmp(header->name, header[-1].name) == 0;

		if (again)
		{
			if (!hash_bytes(hash, ",", 1))
				return false;
		}
		else if ((i > 0 && !hash_bytes(hash, "\n", 1)) ||
				 !hash_bytes(hash, header->name, strlen(header->name)) || !hash_bytes(hash, ":", 1))
			return false;
		if (!hash_header_value(hash, header->value))
			return false;
	}
	return hash_bytes(hash, "\n\n", 2);
}

static bool
hash_canonical_request(const struct signing *signing, char result[AWS_HASH_SIZE])
{
	const struct aws_sign_request *request = signing->request;
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	unsigned char bytes[HASH_BYTES];
	bool done;

	done = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
		   hash_line(hash, request->method) && hash_line(hash, signing->path.data) &&
		   hash_line(hash, signing->canonical_query.data) && hash_headers(hash, signing) &&
		   hash_line(hash, signing->signed_headers.data) &&
		   hash_bytes(hash, request->payload_hash, strlen(request->payload_hash)) &&
		   EVP_DigestFinal_ex(hash, bytes, NULL) == 1;
	EVP_MD_CTX_free(hash);
	if (done)
		hex_write(result, bytes, sizeof(bytes));
	return done;
}

/* ---------------------------------------------------------------------
 * Key and signature
 * ---------------------------------------------------------------------
 */

static bool
hmac(const void *key, size_t key_length, const char *text, size_t length,
	 unsigned char result[HASH_BYTES])
{
	return HMAC(EVP_sha256(), key, (int) key_length, (const unsigned char *) text, length, result,
				NULL) != NULL;
}

/*
 * Derive the key from day, region, service and a constant.
 */
static bool
derive_key(const struct signing *signing, unsigned char result[HASH_BYTES])
{
	const struct aws_sign_request *request = signing->request;
	const char *secret = signing->credentials->secret_access_key;
	char start[sizeof("AWS4") + AWS_SECRET_ACCESS_KEY_SIZE];
	unsigned char key[HASH_BYTES];
	bool done;

	snprintf(start, sizeof(start), "AWS4%s", secret);
	done = hmac(start, strlen(start), signing->date, DAY_LENGTH, key) &&
		   hmac(key, HASH_BYTES, request->region, strlen(request->region), result) &&
		   hmac(result, HASH_BYTES, request->service, strlen(request->service), key) &&
		   hmac(key, HASH_BYTES, SCOPE_END, strlen(SCOPE_END), result);
	OPENSSL_cleanse(start, sizeof(start));
	OPENSSL_cleanse(key, sizeof(key));
	return done;
}

/*
 * Return the key of the scope, cached by the signer if possible.  NULL on
 * failure.
 */
static const unsigned char *
signing_key(struct aws_signer *signer, const struct signing *signing)
{
	const char *secret = signing->credentials->secret_access_key;
	struct aws_signer_key *slot;

	for (unsigned i = 0; i < AWS_SIGNER_KEYS; i++)
	{
		slot = &signer->keys[i];
		if (strcmp(slot->scope, signing->scope) == 0 && strcmp(slot->secret, secret) == 0)
			return slot->key;
	}
	slot = &signer->keys[signer->next];
	OPENSSL_cleanse(slot, sizeof(*slot));
	if (!derive_key(signing, slot->key))
		return NULL;
	signer->next = (signer->next + 1) % AWS_SIGNER_KEYS;
	signer->derived++;
	snprintf(slot->scope, sizeof(slot->scope), "%s", signing->scope);
	snprintf(slot->secret, sizeof(slot->secret), "%s", secret);
	return slot->key;
}

static bool
write_signature(struct aws_signer *signer, struct signing *signing, struct glue_error *error)
{
	char request_hash[AWS_HASH_SIZE];
	char text[sizeof(ALGORITHM) + DATE_SIZE + AWS_SIGNER_SCOPE_SIZE + AWS_HASH_SIZE];
	unsigned char bytes[HASH_BYTES];
	const unsigned char *key;

	if (!hash_canonical_request(signing, request_hash))
		return crypto_failed(error);
	snprintf(text, sizeof(text), ALGORITHM "\n%s\n%s\n%s", signing->date, signing->scope,
			 request_hash);
	key = signing_key(signer, signing);
	if (key == NULL || !hmac(key, HASH_BYTES, text, strlen(text), bytes))
		return crypto_failed(error);
	hex_write(signing->signature, bytes, sizeof(bytes));
	return true;
}

/*
 * Do the part common to both ways of signing.
 */
static bool
sign(struct aws_signer *signer, struct signing *signing, struct glue_error *error)
{
	return check_request(signing, error) && write_scope(signing, error) &&
		   collect_headers(signing, error) && collect_query(signing, error) &&
		   write_path(signing, error) && write_signature(signer, signing, error);
}

static void
signing_clean_up(struct signing *signing)
{
	writer_clean_up(&signing->credential);
	writer_clean_up(&signing->names);
	writer_clean_up(&signing->signed_headers);
	writer_clean_up(&signing->encoded);
	writer_clean_up(&signing->canonical_query);
	writer_clean_up(&signing->path);
	glue_release(signing->headers);
	glue_release(signing->query);
	OPENSSL_cleanse(signing, sizeof(*signing));
}

/* ---------------------------------------------------------------------
 * Entry points
 * ---------------------------------------------------------------------
 */

static void
signature_add(struct aws_signature *signature, struct writer *storage, const char *name,
			  const char *value)
{
	struct aws_pair *header = &signature->headers[signature->header_count++];

	header->name = name;
	header->value = writer_add_string(storage, value);
}

/*
 * Copy headers and query into one block that the signature owns.
 */
static bool
fill_signature(const struct signing *signing, struct aws_signature *signature,
			   struct glue_error *error)
{
	const char *token = signing->credentials->session_token;
	const char *parts[] = {
		ALGORITHM " Credential=",     signing->credential.data, ", SignedHeaders=",
		signing->signed_headers.data, ", Signature=",           signing->signature,
	};
	size_t length =
		DATE_SIZE + AWS_HASH_SIZE + strlen(token) + 1 + signing->canonical_query.used + 1 + 1;
	struct writer storage;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		length += strlen(parts[i]);
	if (!writer_init(&storage, length, error))
		return false;

	signature->headers[0].name = "Authorization";
	signature->headers[0].value = storage.data;
	signature->header_count = 1;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		writer_add_text(&storage, parts[i]);
	writer_add(&storage, "", 1);
	signature_add(signature, &storage, "X-Amz-Date", signing->date);
	if (is_s3(signing))
		signature_add(signature, &storage, "X-Amz-Content-Sha256", signing->request->payload_hash);
	if (token[0] != '\0')
		signature_add(signature, &storage, "X-Amz-Security-Token", token);
	signature->query = writer_add_string(&storage, signing->canonical_query.data);
	signature->storage = storage.data;
	signature->storage_size = storage.size;
	return true;
}

void
aws_signer_init(struct aws_signer *signer)
{
	memset(signer, 0, sizeof(*signer));
}

void
aws_signer_clean_up(struct aws_signer *signer)
{
	OPENSSL_cleanse(signer, sizeof(*signer));
}

bool
aws_sign_headers(struct aws_signer *signer, const struct aws_credentials *credentials,
				 const struct aws_sign_request *request, struct aws_signature *signature,
				 struct glue_error *error)
{
	struct signing signing = {.credentials = credentials, .request = request};
	bool done;

	memset(signature, 0, sizeof(*signature));
	done = sign(signer, &signing, error) && fill_signature(&signing, signature, error);
	signing_clean_up(&signing);
	return done;
}

void
aws_signature_clean_up(struct aws_signature *signature)
{
	if (signature->storage != NULL)
		OPENSSL_cleanse(signature->storage, signature->storage_size);
	glue_release(signature->storage);
	memset(signature, 0, sizeof(*signature));
}

static bool
write_url(const struct signing *signing, const char *scheme, char **url, struct glue_error *error)
{
	const char *parts[] = {
		scheme,
		"://",
		signing->request->host,
		signing->request->path,
		"?",
		signing->canonical_query.data,
		"&X-Amz-Signature=",
		signing->signature,
	};
	struct writer writer;
	size_t length = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		length += strlen(parts[i]);
	if (!writer_init(&writer, length, error))
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		writer_add_text(&writer, parts[i]);
	*url = writer.data;
	return true;
}

bool
aws_presign_url(struct aws_signer *signer, const struct aws_credentials *credentials,
				const struct aws_sign_request *request, const char *scheme, int64_t expiry,
				char **url, struct glue_error *error)
{
	struct signing signing = {.credentials = credentials, .request = request, .by_query = true};
	bool done;

	*url = NULL;
	if (expiry < 1 || expiry > AWS_PRESIGN_MAX_EXPIRY)
		return unsignable(error, "the expiry is out of range");
	if (!is_word(scheme, ""))
		return unsignable(error, "the scheme is invalid");
	snprintf(signing.expiry, sizeof(signing.expiry), "%lld", (long long) expiry);
	done = sign(signer, &signing, error) && write_url(&signing, scheme, url, error);
	signing_clean_up(&signing);
	return done;
}

void
aws_url_destroy(char *url)
{
	if (url != NULL)
		OPENSSL_cleanse(url, strlen(url));
	glue_release(url);
}

bool
aws_payload_hash(const void *data, size_t length, char hash[AWS_HASH_SIZE],
				 struct glue_error *error)
{
	unsigned char bytes[HASH_BYTES];

	if (EVP_Digest(length > 0 ? data : "", length, bytes, NULL, EVP_sha256(), NULL) != 1)
		return crypto_failed(error);
	hex_write(hash, bytes, sizeof(bytes));
	return true;
}

void
aws_credentials_wipe(struct aws_credentials *credentials)
{
	OPENSSL_cleanse(credentials, sizeof(*credentials));
}
