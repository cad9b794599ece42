/*-------------------------------------------------------------------------
 *
 * link_token_test.c
 *	  The token of the mail's link: made, verified, changed, expired, rotated.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "link_token.h"

#define UPLOAD "VEND001-0123456789abcdef"
#define EXPIRY INT64_C(1767225600)

static const unsigned char old_bytes[] = "the key of last year, 32 bytes at least";
static const unsigned char new_bytes[] = "the key of this year, 32 bytes at least";

/* The keys without the NULs behind them. */
static const struct link_keys keys_then = {
	.current = {old_bytes, sizeof(old_bytes) - 1},
};
static const struct link_keys keys_now = {
	.current = {new_bytes, sizeof(new_bytes) - 1},
	.previous = {old_bytes, sizeof(old_bytes) - 1},
};
static const struct link_keys keys_later = {
	.current = {new_bytes, sizeof(new_bytes) - 1},
};

static const char *
verdict_name(enum link_verdict verdict)
{
	switch (verdict)
	{
		case LINK_VALID:
			return "valid";
		case LINK_FORGED:
			return "forged";
		case LINK_EXPIRED:
			return "expired";
	}
	return "none";
}

/* "verdict upload_id", of a copy that has no byte behind its end. */
static const char *
judge(const struct link_keys *keys, const char *token, size_t length, int64_t now)
{
	static char result[LINK_UPLOAD_ID_SIZE + 16];
	char		upload_id[LINK_UPLOAD_ID_SIZE] = "left from before";
	char	   *copy = malloc(length > 0 ? length : 1);
	enum link_verdict verdict;

	memcpy(copy, token, length);
	verdict = link_token_verify(keys, copy, length, now, upload_id);
	free(copy);
	snprintf(result, sizeof(result), "%s %s", verdict_name(verdict), upload_id);
	return result;
}

static const char *
judge_text(const struct link_keys *keys, const char *token, int64_t now)
{
	return judge(keys, token, strlen(token), now);
}

/*
 * The expected HMAC was made with: printf %s TEXT | openssl dgst -sha256 -hmac KEY
 */
static void
test_made(void)
{
	char		token[LINK_TOKEN_SIZE];
	struct glue_error error = {0};

	ok(link_token_make(&keys_then, UPLOAD, EXPIRY, token, &error), "a token is made");
	is_text(token, UPLOAD ".1767225600."
			"47b6e26eae93f2a17538cfc7c9aad1c8133dd8896d453647fcc50963f264b960",
			"and is id, expiry and HMAC");
	is_text(judge_text(&keys_then, token, EXPIRY - 1), "valid " UPLOAD,
			"it is valid until its expiry");
	is_text(judge_text(&keys_then, token, EXPIRY), "expired " UPLOAD,
			"and expired from then on");
	is_text(judge_text(&keys_then, token, 0), "valid " UPLOAD, "it was valid in 1970");
	is_text(judge_text(&keys_then, token, INT64_MAX), "expired " UPLOAD,
			"it is expired at the end of time");
}

/* Whatever is changed, added or missing, a token is forged. */
static void
test_changed(void)
{
	char		token[LINK_TOKEN_SIZE];
	char		changed[LINK_TOKEN_SIZE + 1];
	size_t		length;
	int			accepted = 0;

	if (!ok(link_token_make(&keys_now, UPLOAD, EXPIRY, token, NULL), "a token is made"))
		return;
	length = strlen(token);
	for (size_t at = 0; at < length; at++)
	{
		for (int byte = 0; byte < 256; byte++)
		{
			memcpy(changed, token, length);
			if ((unsigned char) changed[at] == byte)
				continue;
			changed[at] = (char) byte;
			accepted += strcmp(judge(&keys_now, changed, length, 0), "forged ") != 0;
		}
	}
	is_int(accepted, 0, "no byte of it can be changed");

	for (size_t cut = 0; cut < length; cut++)
	{
		accepted += strcmp(judge(&keys_now, token, cut, 0), "forged ") != 0;
		accepted += strcmp(judge(&keys_now, token + length - cut, cut, 0), "forged ") != 0;
	}
	is_int(accepted, 0, "nothing of it can be left out");
	snprintf(changed, sizeof(changed), "%sa", token);
	is_text(judge_text(&keys_now, changed, 0), "forged ", "nothing can be added");
	is_text(judge(&keys_now, token, length + 1, 0), "forged ", "not even a NUL");
}

static void
test_rotation(void)
{
	char		old_token[LINK_TOKEN_SIZE];
	char		new_token[LINK_TOKEN_SIZE];

	link_token_make(&keys_then, UPLOAD, EXPIRY, old_token, NULL);
	link_token_make(&keys_now, UPLOAD, EXPIRY, new_token, NULL);
	ok(strcmp(old_token, new_token) != 0, "another key signs otherwise");
	is_text(judge_text(&keys_now, old_token, 0), "valid " UPLOAD,
			"a token of the previous key is good");
	is_text(judge_text(&keys_now, old_token, EXPIRY), "expired " UPLOAD,
			"until it expires");
	is_text(judge_text(&keys_now, new_token, 0), "valid " UPLOAD,
			"and so is one of the current key");
	is_text(judge_text(&keys_later, old_token, 0), "forged ",
			"when the previous key is gone, so are its tokens");
	is_text(judge_text(&keys_then, new_token, 0), "forged ",
			"the old key alone does not know the new one's");
}

/* Signed by a key of ours, and still no token. */
static void
test_other_forms(void)
{
	static const char *const texts[] = {
		"a."
		"17c6f25bfc978666616a24eb383cab380c2c71d6e4f491674a6395e4e0795f74",
		"a.."
		"6896d13cf3cfaff845b6b6e52cf1054e9fbedcebef1385a062b0942dd9032206",
		"a.01."
		"3b81a581c83443384cbc36f208c733f078b5d513acdc4eaeef7c5a136b8dd7ff",
		".1."
		"0c53d3986473ab6019cc26d39dd8b2595f20d3ef19de9976ea624199eece2881",
		"a.b."
		"0552c684d6b6e36b43b3301924d934cc3617fb96b940027486fa23064e353cec",
		"a.+1."
		"76e8367ca65984bf9668471b9ce5ee0215fea34b4457e776506e342bf1020104",
		"a.1 ."
		"48474871025bede07710b6112a782f5a4453c166c930d5e78ad5d4f7f881fadf",
		"a.1.2."
		"5113bc1845ebf35ea894e956c7ae77d456e0e82edba8c6cb404dc31ad105ad67",
		"a.9223372036854775808."
		"7ee5a5d99628946023da8f8c1d483376fddb1efd783df2380c7a73303f8f2800",
		"a b.1."
		"cfe7e3ec978a0d4d38d2ba0f148e7653e4d1303699a3312492706c790206468a",
		".."
		"3522ba380e2d4f48e439703d76becfcefb2e940bae656351d76233fe34afa78c",
		".", "..", "a.1.", "a..", "",
		UPLOAD ".1767225600.0000000000000000000000000000000000000000000000000000000000000000",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		is_text(judge_text(&keys_now, texts[i], 0), "forged ", "\"%s\"", texts[i]);
	is_text(judge_text(&keys_now, "a.1."
					   "1cbf68d34f62498bccb54833940b03d75f7094e167dd82e31251fa67b1716fb5", 0),
			"valid a", "but one signed in the same way is");
}

static void
test_refused(void)
{
	char		token[LINK_TOKEN_SIZE] = "left from before";
	char		long_id[LINK_UPLOAD_ID_SIZE + 1];
	struct link_keys keys = keys_then;
	struct glue_error error = {0};
	static const char *const ids[] = {
		"", "a.b", "a b", "a/b", "a%2Fb", "\xC3\xA4", "a\n"
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		ok(!link_token_make(&keys_then, ids[i], EXPIRY, token, &error) &&
		   strcmp(error.code, "LINK_TOKEN") == 0 && token[0] == '\0',
		   "no token for id %zu", i);
	ok(!link_token_make(&keys_then, UPLOAD, -1, token, &error),
	   "no token that expires before 1970");

	memset(long_id, 'a', sizeof(long_id));
	long_id[LINK_UPLOAD_ID_SIZE] = '\0';
	ok(!link_token_make(&keys_then, long_id, EXPIRY, token, &error),
	   "no token for an id that is too long");
	long_id[LINK_UPLOAD_ID_SIZE - 1] = '\0';
	ok(link_token_make(&keys_then, long_id, INT64_MAX, token, &error),
	   "one for the longest id and the last expiry");
	is_int(strlen(token), LINK_TOKEN_SIZE - 1, "which fills its room");
	ok(strncmp(judge_text(&keys_then, token, EXPIRY), "valid aaa", 9) == 0,
	   "and is valid");

	keys.current.length = LINK_KEY_MIN_LENGTH - 1;
	ok(!link_token_make(&keys, UPLOAD, EXPIRY, token, &error) &&
	   error.class == GLUE_USAGE_ERROR && strcmp(error.code, "LINK_KEY") == 0,
	   "a short key signs nothing");
	is_text(error.text, "the key that signs links has fewer than 32 bytes",
			"and the error says so");
	keys.current.length = LINK_KEY_MIN_LENGTH;
	ok(link_token_make(&keys, UPLOAD, EXPIRY, token, &error), "32 bytes are enough");
	is_text(judge_text(&keys, token, 0), "valid " UPLOAD, "and verify");
	keys.current.length = 0;
	is_text(judge_text(&keys, token, 0), "forged ", "no key verifies nothing");
}

int
main(void)
{
	test_made();
	test_changed();
	test_rotation();
	test_other_forms();
	test_refused();
	return unit_done();
}
