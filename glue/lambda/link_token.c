/*-------------------------------------------------------------------------
 *
 * link_token.c
 *	  Tokens of the links in vendors' mails: <upload_id>.<expiry>.<hmac>
 *
 * The signed text is the beginning of the token itself, so there is only one
 * valid form, and nothing is parsed before the HMAC has been verified.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hex.h"
#include "lambda/link_token.h"

#define HMAC_BYTES 32
#define HMAC_DIGITS (2 * HMAC_BYTES)

/* Length of the path before the token. */
#define PATH_LENGTH 3

const char *
link_path(enum link_kind kind)
{
	static const char *const paths[LINK_KIND_COUNT] = {
		[LINK_ERROR_REPORT] = "/r/",
		[LINK_FIX_FILE] = "/f/",
		[LINK_WORKBOOK] = "/w/",
	};

	return paths[kind];
}

/*
 * Compute the HMAC of a token that begins with text.
 */
static bool
hmac_digits(const struct link_key *key, enum link_kind kind, const char *text, size_t length,
			char result[HMAC_DIGITS + 1])
{
	char signed_text[PATH_LENGTH + LINK_TOKEN_SIZE];
	unsigned char bytes[HMAC_BYTES];

	memcpy(signed_text, link_path(kind), PATH_LENGTH);
	memcpy(signed_text + PATH_LENGTH, text, length);
	if (HMAC(EVP_sha256(), key->bytes, (int) key->length, (const unsigned char *) signed_text,
			 PATH_LENGTH + length, bytes, NULL) == NULL)
		return false;
	hex_write(result, bytes, HMAC_BYTES);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return true;
}

static bool
is_usable_key(const struct link_key *key)
{
	return key->bytes != NULL && key->length >= LINK_KEY_MIN_LENGTH && key->length <= INT32_MAX;
}

static bool
is_upload_id(const char *text, size_t length)
{
	if (length == 0 || length >= LINK_UPLOAD_ID_SIZE)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			  c == '-' || c == '_'))
			return false;
	}
	return true;
}

/*
 * Read digits as "%" PRId64 writes them: no sign, no leading zero.
 */
static bool
read_expiry(const char *text, size_t length, int64_t *expiry)
{
	*expiry = 0;
	if (length == 0 || (text[0] == '0' && length > 1))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		int digit = text[i] - '0';

		if (digit < 0 || digit > 9 || *expiry > (INT64_MAX - digit) / 10)
			return false;
		*expiry = *expiry * 10 + digit;
	}
	return true;
}

static bool
is_signed_by(const struct link_key *key, enum link_kind kind, const char *text, size_t length,
			 const char *given)
{
	char expected[HMAC_DIGITS + 1];
	bool equal;

	if (!is_usable_key(key) || !hmac_digits(key, kind, text, length, expected))
		return false;
	equal = CRYPTO_memcmp(expected, given, HMAC_DIGITS) == 0;
	OPENSSL_cleanse(expected, sizeof(expected));
	return equal;
}

bool
link_token_make(const struct link_keys *keys, enum link_kind kind, const char *upload_id,
				int64_t expiry, char token[LINK_TOKEN_SIZE], struct glue_error *error)
{
	int length;

	token[0] = '\0';
	if (!is_usable_key(&keys->current))
		return glue_error_set(error, GLUE_USAGE_ERROR, "LINK_KEY",
							  "the key that signs links is shorter than %d bytes",
							  LINK_KEY_MIN_LENGTH);
	if (!is_upload_id(upload_id, strlen(upload_id)) || expiry < 0)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "LINK_TOKEN",
							  "the upload id or expiry is not valid in a link");
	length = snprintf(token, LINK_TOKEN_SIZE, "%s.%" PRId64 ".", upload_id, expiry);
	if (!hmac_digits(&keys->current, kind, token, (size_t) length - 1, token + length))
	{
		token[0] = '\0';
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "CRYPTO_FAILED",
							  "the cryptographic library failed");
	}
	return true;
}

enum link_verdict
link_token_verify(const struct link_keys *keys, enum link_kind kind, const char *token,
				  size_t length, int64_t now, char upload_id[LINK_UPLOAD_ID_SIZE])
{
	size_t signed_length;
	size_t id_length;
	const char *point;
	int64_t expiry;
	bool good;

	upload_id[0] = '\0';
	if (length <= HMAC_DIGITS + 1 || length >= LINK_TOKEN_SIZE)
		return LINK_FORGED;
	signed_length = length - HMAC_DIGITS - 1;
	if (token[signed_length] != '.')
		return LINK_FORGED;
	/*
	 * Always try both keys, so that timing does not reveal which one matched.
	 */
	good = is_signed_by(&keys->current, kind, token, signed_length, token + signed_length + 1);
	good |= is_signed_by(&keys->previous, kind, token, signed_length, token + signed_length + 1);
	point = memchr(token, '.', signed_length);
	if (!good || point == NULL)
		return LINK_FORGED;
	id_length = (size_t) (point - token);
	if (!is_upload_id(token, id_length) ||
		!read_expiry(point + 1, signed_length - id_length - 1, &expiry))
		return LINK_FORGED;
	memcpy(upload_id, token, id_length);
	upload_id[id_length] = '\0';
	return now < expiry ? LINK_VALID : LINK_EXPIRED;
}
