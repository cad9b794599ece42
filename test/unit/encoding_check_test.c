/*-------------------------------------------------------------------------
 *
 * encoding_check_test.c
 *	  The verdict on the encoding of a whole file.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/encoding_check.h"

#define HEADER "sku,vendor_product_id,product_name,category,price\r\n"

/* A literal that may contain NULs, and its length without the terminating one. */
#define BYTES(literal) literal, sizeof(literal) - 1

/* Verdicts other than the name of an encoding. */
#define GOOD "good"
#define UNKNOWN "unknown"

/* Length of a block, after which the check may forget. */
#define BLOCK (64 * 1024)

/*
 * Return the verdict on a file that arrives in chunks: GOOD, the guess, or
 * UNKNOWN.
 */
static const char *
verdict_in_chunks(const char *encoding, bool is_trusted, const char *bytes, size_t length,
				  size_t chunk)
{
	static char guess[DECODE_NAME_SIZE];
	struct glue_error error = {0};
	struct encoding_check *check = encoding_check_new(encoding, is_trusted, &error);
	bool good;

	for (size_t done = 0; done < length; done += chunk)
		encoding_check_push(check, bytes + done, length - done < chunk ? length - done : chunk);
	good = encoding_check_finish(check, guess, &error);
	encoding_check_destroy(check);
	if (good)
		return error.class == GLUE_NO_ERROR && guess[0] == '\0' ? GOOD : "good, with an error";
	if (strcmp(error.code, "WRONG_ENCODING") != 0 || error.class != GLUE_FILE_FAULT)
		return "another error";
	return guess[0] != '\0' ? guess : UNKNOWN;
}

static void
check_file(const char *name, const char *encoding, const char *bytes, size_t length,
		   const char *expected)
{
	static const size_t chunks[] = {1, 3, 7, 4096, BLOCK - 1, BLOCK, BLOCK + 1, 1 << 20};
	const char *verdict = "";

	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
	{
		verdict = verdict_in_chunks(encoding, false, bytes, length, chunks[i]);
		if (strcmp(verdict, expected) != 0)
		{
			is_text(verdict, expected, "%s, in chunks of %zu", name, chunks[i]);
			return;
		}
	}
	is_text(verdict, expected, "%s", name);
	is_text(verdict_in_chunks("windows-1252", true, bytes, length, 4096), GOOD,
			"%s: a trusted encoding is right", name);
}

static void
test_utf8(void)
{
	check_file("an empty file", NULL, "", 0, GOOD);
	check_file("ASCII", NULL, BYTES(HEADER "1,2,3,4,5\n"), GOOD);
	check_file("UTF-8", NULL,
			   BYTES(HEADER "1,2,Gr\xC3\xB6\xC3\x9F"
							"e,4,5\n"),
			   GOOD);
	check_file("a NUL", NULL, BYTES(HEADER "1,2,\0,4,5\n"), GOOD);
	check_file("U+FFFD in the file", NULL,
			   BYTES(HEADER "1,2,Gr\xEF\xBF\xBD"
							"e,4,5\n"),
			   GOOD);
	check_file("UTF-8 with a damaged row", NULL,
			   BYTES(HEADER "1,2,Gr\xC3\xB6\xC3\x9F"
							"e,4,5\n1,2,Gr\xF6\xDF"
							"e,4,5\n"),
			   GOOD);
	check_file("a damaged row, then UTF-8", NULL,
			   BYTES(HEADER "1,2,Gr\xF6\xDF"
							"e,4,5\n1,2,Gr\xC3\xB6\xC3\x9F"
							"e,4,5\n"),
			   GOOD);
	check_file("UTF-8 that ends within its last character", NULL,
			   BYTES(HEADER "1,2,Gr\xC3\xB6\xC3"), GOOD);
	check_file("a truncated character alone", NULL, BYTES(HEADER "1,2,Caf\xC3"), GOOD);
	check_file("windows-1252", NULL,
			   BYTES(HEADER "1,2,Gr\xF6\xDF"
							"e f\xFCr K\xFC"
							"che,4,5\n"),
			   "windows-1252");
	check_file("a byte that DOS used, too", NULL, BYTES(HEADER "1,2,na\xEFve,4,5\n"),
			   "windows-1252");
	check_file("a byte that old Macs used, too", NULL,
			   BYTES(HEADER "1,2,Citro\xEB"
							"n,4,5\n"),
			   "windows-1252");
	check_file("a sign that is a letter elsewhere", NULL, BYTES(HEADER "1,2,Sony\xAE,4,5\n"),
			   "windows-1252");
	check_file("many letters of DOS", NULL,
			   BYTES(HEADER "1,2,Za\xBE\xA2\x88\x86 g\xA9\x98l\xA5 ja\xAB\xE4 "
							"\xBD\xA2\x88ty pi\xA9kny \x98liczny,4,5\n"),
			   "IBM852");
	check_file("one byte", NULL, BYTES(HEADER "1,2,Caf\xE9,4,5\n"), "windows-1252");
	check_file(
		"windows-1251", NULL,
		BYTES(HEADER "1,2,\xCF\xF0\xE8\xE2\xE5\xF2 \xEC\xE8\xF0 \xF2\xEE\xE2\xE0\xF0\xFB,4,5\n"),
		"windows-1251");
	check_file("Shift_JIS that has UTF-8 by accident", NULL,
			   BYTES(HEADER "1,2,\x93\xFA\x96{\x8C\xEA\x82\xCC\x90\xBB\x95i\x96\xBC,4,5\n"), GOOD);
}

static void
test_marks(void)
{
	check_file("UTF-8 with a mark and damage", NULL, BYTES("\xEF\xBB\xBF" HEADER "\xE9\n"), GOOD);
	check_file("UTF-16 with a mark", NULL,
			   BYTES("\xFF\xFE"
					 "s\0k\0u\0\xE9\0"),
			   GOOD);
	check_file("UTF-16 without a mark", NULL,
			   BYTES("s\0k\0u\0,\0p\0r\0i\0c\0e\0,\0n\0a\0m\0e\0\n\0\xE9\0"), "UTF-16LE");
	check_file("UTF-16 in the other order", "auto",
			   BYTES("\0s\0k\0u\0,\0p\0r\0i\0c\0e\0,\0n\0a\0m\0e\0\n\0\xE9"), "UTF-16BE");
}

/* A file is judged by all of its bytes, also far from its beginning. */
static void
test_long(void)
{
	size_t length = 9 * 1024 * 1024;
	char *text = malloc(length + 16);
	size_t from = BLOCK - 4;

	memset(text, 'a', length + 16);
	check_file("a long file of ASCII", NULL, text, length, GOOD);
	text[length - 100] = (char) 0xE9;
	check_file("with one byte at its end", NULL, text, length, "windows-1252");
	memcpy(text, "\xC3\xA4", 2);
	check_file("with one byte, and UTF-8 at its beginning", NULL, text, length, GOOD);
	memset(text, 'a', length);
	/* Sequences around the end of a block. */
	for (size_t at = from; at < from + 6; at++)
	{
		memcpy(text + at, "\xE2\x82\xAC", 3);
		is_text(verdict_in_chunks(NULL, false, text, 3 * BLOCK, 5000), GOOD,
				"a character at byte %zu", at);
		is_text(verdict_in_chunks("windows-1252", false, text, 3 * BLOCK, 5000), UNKNOWN,
				"is UTF-8");
		memcpy(text + at,
			   "\xE2"
			   "a\xAC",
			   3);
		ok(strcmp(verdict_in_chunks(NULL, false, text, 3 * BLOCK, 5000), GOOD) != 0,
		   "a damaged one at byte %zu is not", at);
		memset(text + at, 'a', 3);
	}
	free(text);
}

static void
test_given(void)
{
	check_file("UTF-8 as windows-1252", "windows-1252",
			   BYTES(HEADER "Gr\xC3\xB6\xC3\x9F"
							"e\n"),
			   UNKNOWN);
	check_file("ASCII as windows-1252", "windows-1252", BYTES(HEADER "Groesse\n"), GOOD);
	check_file("windows-1252 as such", "windows-1252",
			   BYTES(HEADER "Gr\xF6\xDF"
							"e\n"),
			   GOOD);
	check_file("a mixture as windows-1252", "cp1252",
			   BYTES(HEADER "Gr\xF6\xDF"
							"e, Gr\xC3\xB6\xC3\x9F"
							"e\n"),
			   GOOD);
	check_file("UTF-8 as UTF-8", "utf-8",
			   BYTES(HEADER "Gr\xC3\xB6\xC3\x9F"
							"e\n"),
			   GOOD);
	check_file("windows-1252 as UTF-8", "UTF-8",
			   BYTES(HEADER "Gr\xF6\xDF"
							"e\n"),
			   GOOD);
	check_file("UTF-8 as a multibyte encoding", "GB18030", BYTES(HEADER "\xC3\xB6\n"), GOOD);
}

static void
test_auto(void)
{
	ok(encoding_is_auto("AUTO") && !encoding_is_auto("UTF-8") && !encoding_is_auto(NULL),
	   "\"auto\" is the name of no encoding");
	check_file("UTF-8, found out", "auto",
			   BYTES(HEADER "Gr\xC3\xB6\xC3\x9F"
							"e\n"),
			   GOOD);
	check_file("windows-1252, detected", "auto",
			   BYTES(HEADER "Gr\xF6\xDF"
							"e f\xFCr\n"),
			   "windows-1252");
	check_file("mostly UTF-8, detected", "auto", BYTES(HEADER "\xC3\xB6 \xC3\xB6 \xC3\xB6 \xF6\n"),
			   GOOD);
	check_file("Shift_JIS, found out", "auto",
			   BYTES(HEADER "1,2,\x93\xFA\x96{\x8C\xEA\x82\xCC\x90\xBB\x95i\x96\xBC,4,5\n"),
			   "SHIFT_JIS");
	check_file("Chinese that has UTF-8 by accident", "auto",
			   BYTES(HEADER
					 "\xD6\xD0\xCE\xC4\xB2\xFA\xC6\xB7\xC3\xFB\xB3\xC6\xB2\xE2\xCA\xD4\xC2\xB7"
					 "\xD6\xD0\xCE\xC4\xB2\xFA\xC6\xB7\xC3\xFB\xB3\xC6\xB2\xE2\xCA\xD4\n"),
			   "GB18030");
}

/* Whether naming UTF-8 lets a file be read that would be refused. */
static bool
mattered(const char *encoding, const char *bytes, size_t length)
{
	char guess[DECODE_NAME_SIZE];
	struct encoding_check *check = encoding_check_new(encoding, false, NULL);
	bool result;

	encoding_check_push(check, bytes, length);
	ok(encoding_check_finish(check, guess, NULL), "%s is not refused", encoding);
	result = encoding_check_mattered(check);
	encoding_check_destroy(check);
	return result;
}

static void
test_named_utf8(void)
{
	ok(mattered("UTF-8", BYTES(HEADER "1,2,Gr\xF6\xDF"
									  "e,4,5\n")),
	   "another encoding, read as UTF-8 by name");
	ok(mattered("utf8", BYTES("s\0k\0u\0,\0p\0r\0i\0c\0e\0,\0n\0a\0m\0e\0\n\0x\0y\0")),
	   "UTF-16 without a mark");
	ok(mattered("UTF-8", BYTES("\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7\0\1\2\3\4\5\6\7")), "noise");
	ok(!mattered("UTF-8", BYTES(HEADER "1,2,Gr\xC3\xB6\xC3\x9F"
									   "e,4,5\n1,2,\xF6,4,5\n")),
	   "UTF-8 with a damaged row would be read by default");
	ok(!mattered("UTF-8", BYTES(HEADER)), "so would ASCII");
	ok(!mattered("ISO-8859-1", BYTES(HEADER "\xF6\n")), "another encoding is no UTF-8");
}

/* Names that a person may choose. */
static void
test_names(void)
{
	static const char *const supported[] = {NULL,   "auto",         "UTF-8",
											"utf8", "windows-1252", "UTF-16LE"};
	static const char *const others[] = {"", " ", "nonsense-8", "UTF-8//IGNORE", "Größe"};
	struct glue_error error;
	char long_name[1000];

	for (size_t i = 0; i < sizeof(supported) / sizeof(supported[0]); i++)
		ok(encoding_check_name(supported[i], &error), "%s is supported",
		   supported[i] != NULL ? supported[i] : "the default");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ok(!encoding_check_name(others[i], NULL), "\"%s\" is not supported", others[i]);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	ok(!encoding_check_name(long_name, &error), "a long name is not supported");
	is_int(error.class, GLUE_USAGE_ERROR, "which is a usage error");
	ok(strstr(error.text, "...\" is not supported; \"iconv -l\" lists the supported ones") != NULL,
	   "that cuts the name");
}

int
main(void)
{
	test_names();
	test_utf8();
	test_marks();
	test_long();
	test_given();
	test_auto();
	test_named_utf8();
	return unit_done();
}
