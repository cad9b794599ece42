/*-------------------------------------------------------------------------
 *
 * sigv4.h
 *	  AWS Signature Version 4: signed headers and presigned URLs.
 *
 *	  aws_signer_init(&signer)
 *	  aws_sign_headers(&signer, &credentials, &request, &signature, &error)
 *		send the request to scheme://host + path + "?" + signature.query with
 *		exactly the headers of the request and those of the signature
 *	  aws_signature_clean_up(&signature)
 *	  aws_signer_clean_up(&signer)
 *
 * Implements "Create a signed AWS API request" in the IAM User Guide, and for
 * presigned URLs "Authenticating Requests: Using Query Parameters" in the
 * Amazon S3 API Reference.
 *
 * The request must be sent exactly as signed, byte for byte:
 *
 *	  path		is encoded once, by the caller (aws_uri_encode() with slashes
 *				kept), and used unchanged in the URL and in the signature.
 *				S3 signs such paths.  Other services sign the path
 *				normalised and encoded a second time.  For "/", the only path
 *				that we use with them, both are the same; any other requires
 *				normalise_path.
 *	  query		is passed unencoded; signature.query is the encoded and sorted
 *				string, which must be used in the URL.
 *	  headers	are those that the caller will send and wants signed.  Omit
 *				User-Agent, Expect, Accept, Connection, Transfer-Encoding and
 *				X-Amzn-Trace-Id, which proxies and libraries change.  For S3,
 *				include every x-amz-* header and Content-Type.
 *
 * The time is a parameter.  No error text contains the value of a credential,
 * a header or a query parameter.  Data derived from a secret is wiped on
 * release.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_SIGV4_H
#define GLUE_AWS_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

/* Used instead of the hash of an unsigned payload; S3 over TLS only. */
#define AWS_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/* Size of a SHA-256 in hex, including the NUL. */
#define AWS_HASH_SIZE 65

/* Maximum lifetime of a presigned URL in seconds: seven days. */
#define AWS_PRESIGN_MAX_EXPIRY 604800

/*
 * Sizes including the NUL.  An access key id has up to 128 characters (IAM
 * API, AccessKey), a secret has 40.  AWS does not specify a limit for a
 * session token, but S3 accepts at most 8 KB of headers, so a longer one could
 * not be used.
 */
#define AWS_ACCESS_KEY_ID_SIZE 129
#define AWS_SECRET_ACCESS_KEY_SIZE 257
#define AWS_SESSION_TOKEN_SIZE 8192

/*
 * Credentials to sign a request with.  Owns nothing and can be copied by
 * assignment; every copy must be wiped with aws_credentials_wipe().
 */
struct aws_credentials
{
	char access_key_id[AWS_ACCESS_KEY_ID_SIZE];
	char secret_access_key[AWS_SECRET_ACCESS_KEY_SIZE];
	char session_token[AWS_SESSION_TOKEN_SIZE]; /* "" for none */
	int64_t expires_at;                         /* epoch seconds, 0 for never */
};

/* A query parameter or a header; borrowed.  A NULL value counts as empty. */
struct aws_pair
{
	const char *name;
	const char *value;
};

/* A request to sign.  Everything is borrowed for the call. */
struct aws_sign_request
{
	const char *method;           /* GET, PUT, ... */
	const char *host;             /* as in the Host header: with any non-default ":port" */
	const char *path;             /* begins with a slash, percent-encoded */
	const struct aws_pair *query; /* not encoded, in any order; names may repeat */
	size_t query_count;
	const struct aws_pair *headers; /* without Host and those that the signature adds */
	size_t header_count;
	const char *payload_hash; /* aws_payload_hash() or AWS_UNSIGNED_PAYLOAD */
	const char *region;       /* us-east-1 */
	const char *service;      /* signing name: s3, dynamodb, sqs, sns, secretsmanager */
	int64_t time;             /* epoch seconds */
	bool normalise_path;      /* sign the path as services other than S3 do */
};

/*
 * Signing keys, derived once for each day, region, service and secret.  Owned
 * by the caller; contains secrets: aws_signer_clean_up().  Not thread-safe.
 */
#define AWS_SIGNER_KEYS 8
#define AWS_SIGNER_SCOPE_SIZE 160

struct aws_signer
{
	struct aws_signer_key
	{
		char scope[AWS_SIGNER_SCOPE_SIZE]; /* day/region/service/... */
		char secret[AWS_SECRET_ACCESS_KEY_SIZE];
		unsigned char key[32];
	} keys[AWS_SIGNER_KEYS];
	unsigned next;    /* the slot for the next key */
	unsigned derived; /* number of keys derived so far */
};

/*
 * Headers and query to send.  Owns storage, which the other members point
 * into: aws_signature_clean_up().
 */
#define AWS_SIGNATURE_HEADERS 4

struct aws_signature
{
	/*
	 * Authorization and X-Amz-Date; for S3, X-Amz-Content-Sha256; with a
	 * session token, X-Amz-Security-Token.
	 */
	struct aws_pair headers[AWS_SIGNATURE_HEADERS];
	size_t header_count;
	const char *query; /* encoded and sorted, "" if there is none */
	char *storage;
	size_t storage_size;
};

extern void aws_signer_init(struct aws_signer *signer);

/* Wipe the keys and reset the signer to its state after aws_signer_init(). */
extern void aws_signer_clean_up(struct aws_signer *signer);

/*
 * Sign a request with headers.  Fills *signature, which may be uninitialised;
 * on failure it is empty.  Errors: OUT_OF_MEMORY; internal error
 * UNSIGNABLE_REQUEST if the request is invalid (a control character in a
 * header, a path that is not encoded, a header that the signature adds) or the
 * credentials are missing or invalid; internal error CRYPTO_FAILED.
 */
extern bool aws_sign_headers(struct aws_signer *signer, const struct aws_credentials *credentials,
							 const struct aws_sign_request *request,
							 struct aws_signature *signature, struct glue_error *error);

/* Release the signature; accepts a zeroed one and leaves it zeroed. */
extern void aws_signature_clean_up(struct aws_signature *signature);

/*
 * Make a URL that needs no headers beyond those of the request, of which a
 * download has none.  scheme is "https" or "http"; expiry is in seconds, from
 * 1 to AWS_PRESIGN_MAX_EXPIRY, and counts from request->time.  For S3 the
 * payload hash is AWS_UNSIGNED_PAYLOAD, and query may specify headers of the
 * reply, such as response-content-disposition.  The URL becomes invalid when
 * the credentials expire.
 *
 * *url is NUL-terminated and owned by the caller.  Release it with
 * aws_url_destroy(), which wipes it, because anyone who has it may read the
 * object.  *url is NULL on failure; errors as for aws_sign_headers().
 */
extern bool aws_presign_url(struct aws_signer *signer, const struct aws_credentials *credentials,
							const struct aws_sign_request *request, const char *scheme,
							int64_t expiry, char **url, struct glue_error *error);

/* Wipe and free a URL; NULL is accepted. */
extern void aws_url_destroy(char *url);

/*
 * Percent-encode as signatures require: all bytes but A-Z a-z 0-9 - .  _ ~
 * become %XX in upper case.  With keep_slashes, for S3 keys, slashes are kept.
 * result must have room for 3 * length + 1 bytes and is NUL-terminated.
 * Returns the length without the NUL.
 */
extern size_t aws_uri_encode(char *result, const char *text, size_t length, bool keep_slashes);

/* Compute the SHA-256 of a body in hex.  Errors: CRYPTO_FAILED. */
extern bool aws_payload_hash(const void *data, size_t length, char hash[AWS_HASH_SIZE],
							 struct glue_error *error);

/* Overwrite the credentials with zeroes. */
extern void aws_credentials_wipe(struct aws_credentials *credentials);

#endif /* GLUE_AWS_SIGV4_H */
