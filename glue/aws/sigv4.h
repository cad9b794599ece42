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
 * The rules are those of "Create a signed AWS API request" in the IAM User
 * Guide, and for presigned URLs "Authenticating Requests: Using Query
 * Parameters" in the Amazon S3 API Reference.
 *
 * What is signed must be what is sent, byte by byte:
 *
 *	  path		is encoded once, by the caller (aws_uri_encode() with slashes
 *				kept), and goes as it is into the URL and into the signature.
 *				S3 signs paths just so.  Other services sign the path
 *				normalised and encoded a second time; ours all live at "/",
 *				where both are the same.  Any other path there needs
 *				normalise_path.
 *	  query		is handed over plain; the encoded and sorted string comes back
 *				and is what belongs into the URL.
 *	  headers	are those the caller will send and wants signed.  Proxies and
 *				libraries change User-Agent, Expect, Accept, Connection,
 *				Transfer-Encoding and X-Amzn-Trace-Id: leave those out.  Of
 *				S3 every x-amz-* header and Content-Type should be in.
 *
 * The time is a parameter.  No error text holds a value of a credential, of a
 * header or of a query; what is derived from a secret is wiped when released.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_SIGV4_H
#define GLUE_AWS_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

/* In place of the hash of a payload that is not signed; S3 over TLS only. */
#define AWS_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/* A SHA-256 in hex, and its NUL. */
#define AWS_HASH_SIZE 65

/* Seconds that a presigned URL may live: seven days. */
#define AWS_PRESIGN_MAX_EXPIRY 604800

/*
 * Bytes with the NUL.  An access key id has up to 128 characters (IAM API,
 * AccessKey), a secret has 40.  AWS names no limit for a session token; S3
 * takes 8 KB of headers at most, so no longer one could be used.
 */
#define AWS_ACCESS_KEY_ID_SIZE 129
#define AWS_SECRET_ACCESS_KEY_SIZE 257
#define AWS_SESSION_TOKEN_SIZE 8192

/*
 * What a request is signed with.  Plain storage, copied by assignment and
 * owning nothing; every copy is to be wiped by aws_credentials_wipe().
 */
struct aws_credentials
{
	char access_key_id[AWS_ACCESS_KEY_ID_SIZE];
	char secret_access_key[AWS_SECRET_ACCESS_KEY_SIZE];
	char session_token[AWS_SESSION_TOKEN_SIZE]; /* "" for none */
	int64_t expires_at;                         /* epoch seconds, 0 for never */
};

/* A parameter of a query, or a header; borrowed.  A NULL value is empty. */
struct aws_pair
{
	const char *name;
	const char *value;
};

/* What is to be signed.  Everything is borrowed for the call. */
struct aws_sign_request
{
	const char *method;           /* GET, PUT, ... */
	const char *host;             /* as in the Host header: with ":port" unless
								 * that is the scheme's own */
	const char *path;             /* begins with a slash, percent-encoded */
	const struct aws_pair *query; /* not encoded, in any order; names may
									 * come twice */
	size_t query_count;
	const struct aws_pair *headers; /* without Host and without those that
									 * the signature brings */
	size_t header_count;
	const char *payload_hash; /* aws_payload_hash() or AWS_UNSIGNED_PAYLOAD */
	const char *region;       /* us-east-1 */
	const char *service;      /* the signing name: s3, dynamodb, sqs, sns,
								 * secretsmanager */
	int64_t time;             /* epoch seconds */
	bool normalise_path;      /* sign the path as services other than S3 do */
};

/*
 * Signing keys, derived once for each day, region, service and secret.  Owned
 * by the caller, holds secrets: aws_signer_clean_up().  Not for use by two
 * threads at once.
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
	unsigned next;    /* the slot to be used for the next key */
	unsigned derived; /* how many were derived so far */
};

/*
 * What to send along.  Owns storage, which the rest points into:
 * aws_signature_clean_up().
 */
#define AWS_SIGNATURE_HEADERS 4

struct aws_signature
{
	struct aws_pair headers[AWS_SIGNATURE_HEADERS]; /* Authorization,
													 * X-Amz-Date; of S3
													 * X-Amz-Content-Sha256;
													 * with a session token
													 * X-Amz-Security-Token */
	size_t header_count;
	const char *query; /* encoded, sorted, "" when there is none */
	char *storage;
	size_t storage_size;
};

extern void aws_signer_init(struct aws_signer *signer);

/* Wipes the keys; the signer is as after aws_signer_init(). */
extern void aws_signer_clean_up(struct aws_signer *signer);

/*
 * Sign a request by headers.  Fills *signature, which may be uninitialised;
 * on false it is empty.  Errors: OUT_OF_MEMORY; internal error
 * UNSIGNABLE_REQUEST, when the request is none (a control character in a
 * header, a path that is not encoded, a header that the signature brings) or
 * there are no credentials; internal error CRYPTO_FAILED.
 */
extern bool aws_sign_headers(struct aws_signer *signer, const struct aws_credentials *credentials,
							 const struct aws_sign_request *request,
							 struct aws_signature *signature, struct glue_error *error);

/* Accepts a zeroed signature; leaves a zeroed one. */
extern void aws_signature_clean_up(struct aws_signature *signature);

/*
 * Make a URL that needs no headers (beyond those of the request, of which a
 * download has none).  scheme is "https" or "http"; expiry is in seconds, from
 * 1 to AWS_PRESIGN_MAX_EXPIRY, and counts from request->time.  Of S3 the
 * payload hash is AWS_UNSIGNED_PAYLOAD, and query takes what the reply is to
 * say, such as response-content-disposition.  The URL dies with the
 * credentials if these expire earlier.
 *
 * *url is NUL-terminated, and the caller's: aws_url_destroy(), which wipes it,
 * because whoever has it may read the object.  NULL on false; errors as of
 * aws_sign_headers().
 */
extern bool aws_presign_url(struct aws_signer *signer, const struct aws_credentials *credentials,
							const struct aws_sign_request *request, const char *scheme,
							int64_t expiry, char **url, struct glue_error *error);

/* NULL is accepted. */
extern void aws_url_destroy(char *url);

/*
 * Percent-encode as the signature wants it: all bytes but A-Z a-z 0-9 - . _ ~
 * become %XX in upper case, and a slash stays one with keep_slashes (keys of
 * S3).  result has room for 3 * length + 1 bytes and becomes NUL-terminated;
 * gives back the length of what was written, without the NUL.
 */
extern size_t aws_uri_encode(char *result, const char *text, size_t length, bool keep_slashes);

/* SHA-256 of a body in hex.  Errors: CRYPTO_FAILED. */
extern bool aws_payload_hash(const void *data, size_t length, char hash[AWS_HASH_SIZE],
							 struct glue_error *error);

/* Leaves zeroes. */
extern void aws_credentials_wipe(struct aws_credentials *credentials);

#endif /* GLUE_AWS_SIGV4_H */
