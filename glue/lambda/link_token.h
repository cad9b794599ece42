/*-------------------------------------------------------------------------
 *
 * link_token.h
 *	  Tokens of the links in vendors' mails: <upload_id>.<expiry>.<hmac>
 *
 * A presigned URL expires with the credentials of the function that signed
 * it, so mails contain our own URL, with this token after the path that says
 * what the link is for:
 *
 *	  /r/<token>	the error report
 *	  /f/<token>	the fix file
 *	  /w/<token>	the workbook
 *
 * expiry is decimal epoch seconds; hmac is HMAC-SHA-256 over the path before
 * it, "/r/<upload_id>.<expiry>", in lower-case hex, so a token is valid only
 * for the path it was made for.  It consists of characters allowed in a URL
 * path segment and has one form only: changing any character makes it forged.
 *
 * Keys are rotated by moving the current key to previous: existing links stay
 * valid while the verifier has it.
 *
 * Time is a parameter, in epoch seconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LINK_TOKEN_H
#define GLUE_LINK_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

/* Fewest bytes of a key: the length of the HMAC (RFC 2104, section 3). */
#define LINK_KEY_MIN_LENGTH 32

/*
 * Sizes including the NUL.  An upload id has up to 67 characters: a vendor id
 * of 50, a hyphen, 16 hex digits; the rest is reserve.  A token is the id, two
 * periods, up to 19 digits and 64 hex digits.
 */
#define LINK_UPLOAD_ID_SIZE 97
#define LINK_TOKEN_SIZE (LINK_UPLOAD_ID_SIZE + 2 + 19 + 64)

/* Borrowed bytes, not text.  A length of 0 means no key. */
struct link_key
{
	const unsigned char *bytes;
	size_t length;
};

/* The key that signs, and the one that is also accepted. */
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
	LINK_WORKBOOK,
	LINK_KIND_COUNT
};

enum link_verdict
{
	LINK_VALID,
	LINK_FORGED, /* not ours, not for this path, or altered: answer 403 */
	LINK_EXPIRED /* ours, but too old: answer 410 */
};

/* Return the path of a link before its token: "/r/", "/f/" or "/w/". */
extern const char *link_path(enum link_kind kind);

/*
 * Write the token that lets its bearer read this file of an upload until
 * expiry.  upload_id consists of letters, digits, "-" and "_".  Errors: usage
 * error LINK_KEY if the current key is shorter than LINK_KEY_MIN_LENGTH;
 * internal error LINK_TOKEN if id or expiry is not valid in a token; internal
 * error CRYPTO_FAILED.
 */
extern bool
link_token_make(const struct link_keys *keys, enum link_kind kind, const char *upload_id,
				int64_t expiry, char token[LINK_TOKEN_SIZE], struct glue_error *error);

/*
 * Verify an untrusted token of any length and content.  It has expired if now
 * is at or after expiry; a forged token is never reported as expired.
 * upload_id is filled for LINK_VALID and LINK_EXPIRED, else empty.  Keys
 * shorter than LINK_KEY_MIN_LENGTH verify nothing.  The HMACs are compared in
 * constant time.
 */
extern enum link_verdict
link_token_verify(const struct link_keys *keys, enum link_kind kind, const char *token,
				  size_t length, int64_t now, char upload_id[LINK_UPLOAD_ID_SIZE]);

#endif /* GLUE_LINK_TOKEN_H */
