/*-------------------------------------------------------------------------
 *
 * link_token.h
 *	  The token of the links in a vendor's mail: <upload_id>.<expiry>.<hmac>
 *
 * A presigned URL dies with the credentials of the function that signed it, so
 * the mail names our own address, with this token behind what the link is for:
 *
 *	  /r/<token>	the error report
 *	  /f/<token>	the fix file
 *
 * expiry is decimal epoch seconds; hmac is HMAC-SHA-256 over the path before
 * it, "/r/<upload_id>.<expiry>", in lower-case hex.  So a token opens what it
 * was made for and nothing else.  It is all characters of a URL's path
 * segment, and of one form only: changing any of its characters makes it a
 * forged one.
 *
 * Keys are rotated by making the key in use the previous one: links out there
 * stay good as long as it is given to the verifier.
 *
 * Time is a parameter, epoch seconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LINK_TOKEN_H
#define GLUE_LINK_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

/* Bytes of a key at least: as many as the HMAC has (RFC 2104, section 3). */
#define LINK_KEY_MIN_LENGTH 32

/*
 * Bytes with the NUL.  An upload's id has up to 67: a vendor's 50, a hyphen, 16
 * hex digits; the rest is reserve.  A token is the id, two points, up to 19
 * digits and 64 hex digits.
 */
#define LINK_UPLOAD_ID_SIZE 97
#define LINK_TOKEN_SIZE (LINK_UPLOAD_ID_SIZE + 2 + 19 + 64)

/* Borrowed bytes, not text.  No length means there is no such key. */
struct link_key
{
	const unsigned char *bytes;
	size_t length;
};

/* What signs, and what else is accepted. */
struct link_keys
{
	struct link_key current;
	struct link_key previous;
};

/* What a link is for. */
enum link_kind
{
	LINK_ERROR_REPORT,
	LINK_FIX_FILE,
	LINK_KIND_COUNT
};

enum link_verdict
{
	LINK_VALID,
	LINK_FORGED, /* none of ours for this, or changed: answer 403 */
	LINK_EXPIRED /* ours, but too old: answer 410 */
};

/* The path of a link before its token: "/r/", "/f/". */
extern const char *link_path(enum link_kind kind);

/*
 * Write the token that lets its bearer read this file of an upload before
 * expiry.  upload_id consists of letters, digits, "-" and "_".  Errors:
 * usage error LINK_KEY when the current key is shorter than
 * LINK_KEY_MIN_LENGTH; internal error LINK_TOKEN when id or expiry cannot be
 * in a token; internal error CRYPTO_FAILED.
 */
extern bool
link_token_make(const struct link_keys *keys, enum link_kind kind, const char *upload_id,
				int64_t expiry, char token[LINK_TOKEN_SIZE], struct glue_error *error);

/*
 * Judge a token that came from outside, of any length and content.  It is
 * expired when now is expiry or later, and only a token that is not forged
 * can be.  upload_id is filled for LINK_VALID and LINK_EXPIRED, else empty.
 * Keys shorter than LINK_KEY_MIN_LENGTH verify nothing.  The HMACs are
 * compared in constant time.
 */
extern enum link_verdict
link_token_verify(const struct link_keys *keys, enum link_kind kind, const char *token,
				  size_t length, int64_t now, char upload_id[LINK_UPLOAD_ID_SIZE]);

#endif /* GLUE_LINK_TOKEN_H */
