/*-------------------------------------------------------------------------
 *
 * link_token_test.c
 *	  The token of the mail's link: made, verified, changed, expired, rotated.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "lambda/link_token.h"

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
	char upload_id[LINK_UPLOAD_ID_SIZE] = "left from before";
	char *copy = malloc(length > 0 ? length : 1);
	enum link_verdict verdict;

	memcpy(copy, token, length);
	verdict = link_token_verify(keys, LINK_ERROR_REPORT, copy, length, now, upload_id);
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
 * The expected HMAC was made with:
 * printf %s /r/ID.EXPIRY | openssl dgst -sha256 -hmac KEY
 */
static void
test_made(void)
{
	char token[LINK_TOKEN_SIZE];
	struct glue_error error = {0};

	ok(link_token_make(&keys_then, LINK_ERROR_REPORT, UPLOAD, EXPIRY, token, &error),
	   "a token is made");
	is_text(token,
			UPLOAD ".1767225600."
				   "199da7a247df55bde0cf7d5efb4ce57ca441959f64262c14c3b740b5e7996116",
			"and is id, expiry and HMAC");
	is_text(judge_text(&keys_then, token, EXPIRY - 1), "valid " UPLOAD,
			"it is valid until its expiry");
	is_text(judge_text(&keys_then, token, EXPIRY), "expired " UPLOAD, "and expired from then on");
	is_text(judge_text(&keys_then, token, 0), "valid " UPLOAD, "it was valid in 1970");
	is_text(judge_text(&keys_then, token, INT64_MAX), "expired " UPLOAD,
			"it is expired at the end of time");
}

/* A token opens what it was made for only. */
static void
test_kinds(void)
{
	static const char *const paths[] = {"/r/", "/f/", "/w/"};
	char tokens[LINK_KIND_COUNT][LINK_TOKEN_SIZE];
	char upload_id[LINK_UPLOAD_ID_SIZE];

	for (int kind = 0; kind < LINK_KIND_COUNT; kind++)
	{
		is_text(link_path(kind), paths[kind], "path %d", kind);
		ok(link_token_make(&keys_now, kind, UPLOAD, EXPIRY, tokens[kind], NULL), "its token");
	}
	for (int made = 0; made < LINK_KIND_COUNT; made++)
	{
		for (int asked = 0; asked < LINK_KIND_COUNT; asked++)
			is_int(link_token_verify(&keys_now, asked, tokens[made], strlen(tokens[made]), 0,
									 upload_id),
				   made == asked ? LINK_VALID : LINK_FORGED, "kind %d for kind %d", made, asked);
	}
}

/* Whatever is changed, added or missing, a token is forged. */
static void
test_changed(void)
{
	char token[LINK_TOKEN_SIZE];
	char changed[LINK_TOKEN_SIZE + 1];
	size_t length;
	int accepted = 0;

	if (!ok(link_token_make(&keys_now, LINK_ERROR_REPORT, UPLOAD, EXPIRY, token, NULL),
			"a token is made"))
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
	char old_token[LINK_TOKEN_SIZE];
	char new_token[LINK_TOKEN_SIZE];

	link_token_make(&keys_then, LINK_ERROR_REPORT, UPLOAD, EXPIRY, old_token, NULL);
	link_token_make(&keys_now, LINK_ERROR_REPORT, UPLOAD, EXPIRY, new_token, NULL);
	ok(strcmp(old_token, new_token) != 0, "another key signs otherwise");
	is_text(judge_text(&keys_now, old_token, 0), "valid " UPLOAD,
			"a token of the previous key is good");
	is_text(judge_text(&keys_now, old_token, EXPIRY), "expired " UPLOAD, "until it expires");
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
		"6cb13caf3cefead7d5167b2fd624f126b01b9dde826319bc9529e22376653714",
		"a.."
		"d6048e61c58c989e8d9f5988445609c585670c595f27475cce6619329dbd5aed",
		"a.01."
		"866e35ff4a81ec96d35064a7d8d162759519791ddb9a3e28e822b2b4f861db24",
		".1."
		"4c28c7b8104dfe527275cb7ff28b76d3a2cdd978e270392b72d49d8d1646fa6a",
		"a.b."
		"fe3225ada20dd02bb397992ff5c937b6a8b0e68c9562516ad06fb8b656871b67",
		"a.+1."
		"fddcf7d52994698d83cee2152b641b738d48880dfe42fed61d35525b150fc666",
		"a.1 ."
		"3169d933fd0c1f1eea97450434f14dffd8cb1e282b0531d1e6872eff7c76720c",
		"a.1.2."
		"d23bf210ba8a0fcb0ac6fea2d772d02279f3231320591d68df3592431d6f5242",
		"a.9223372036854775808."
		"a67ed430b63fc8cc0a6c1d1f58be58eed5c77035743404b3dc250dd14b02b874",
		"a b.1."
		"0112ba9f44ceef996b1d96317eead66489515ba007845e38eb99955306e848dd",
		".."
		"8d59e6a923bac2b6f3eb94ccda883f3c0e3fc40ec35f2ec48c83ef87eeb85b50",
		".",
		"..",
		"a.1.",
		"a..",
		"",
		UPLOAD ".1767225600.0000000000000000000000000000000000000000000000000000000000000000",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		is_text(judge_text(&keys_now, texts[i], 0), "forged ", "\"%s\"", texts[i]);
	is_text(judge_text(&keys_now,
					   "a.1."
					   "730f3d72929d3b42b7634a008c55b56c71c335eaa8e486f9432a88bf4d53e113",
					   0),
			"valid a", "but one signed in the same way is");
}

static void
test_refused(void)
{
	char token[LINK_TOKEN_SIZE] = "left from before";
	char long_id[LINK_UPLOAD_ID_SIZE + 1];
	struct link_keys keys = keys_then;
	struct glue_error error = {0};
	static const char *const ids[] = {
		"", "a.b", "a b", "a/b", "a%2Fb", "\xC3\xA4", "a\n",
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		ok(!link_token_make(&keys_then, LINK_ERROR_REPORT, ids[i], EXPIRY, token, &error) &&
			   strcmp(error.code, "LINK_TOKEN") == 0 && token[0] == '\0',
		   "no token for id %zu", i);
	ok(!link_token_make(&keys_then, LINK_ERROR_REPORT, UPLOAD, -1, token, &error),
	   "no token that expires before 1970");

	memset(long_id, 'a', sizeof(long_id));
	long_id[LINK_UPLOAD_ID_SIZE] = '\0';
	ok(!link_token_make(&keys_then, LINK_ERROR_REPORT, long_id, EXPIRY, token, &error),
	   "no token for an id that is too long");
	long_id[LINK_UPLOAD_ID_SIZE - 1] = '\0';
	ok(link_token_make(&keys_then, LINK_ERROR_REPORT, long_id, INT64_MAX, token, &error),
	   "one for the longest id and the last expiry");
	is_int(strlen(token), LINK_TOKEN_SIZE - 1, "which fills its room");
	ok(strncmp(judge_text(&keys_then, token, EXPIRY), "valid aaa", 9) == 0, "and is valid");

	keys.current.length = LINK_KEY_MIN_LENGTH - 1;
	ok(!link_token_make(&keys, LINK_ERROR_REPORT, UPLOAD, EXPIRY, token, &error) &&
		   error.class == GLUE_USAGE_ERROR && strcmp(error.code, "LINK_KEY") == 0,
	   "a short key signs nothing");
	is_text(error.text, "the key that signs links is shorter than 32 bytes",
			"and the error says so");
	keys.current.length = LINK_KEY_MIN_LENGTH;
	ok(link_token_make(&keys, LINK_ERROR_REPORT, UPLOAD, EXPIRY, token, &error),
	   "32 bytes are enough");
	is_text(judge_text(&keys, token, 0), "valid " UPLOAD, "and verify");
	keys.current.length = 0;
	is_text(judge_text(&keys, token, 0), "forged ", "no key verifies nothing");
}

int
main(void)
{
	test_made();
	test_kinds();
	test_changed();
	test_rotation();
	test_other_forms();
	test_refused();
	return unit_done();
}
