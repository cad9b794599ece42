/*-------------------------------------------------------------------------
 *
 * not_text_test.c
 *	  Detection of files that are not text.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "reader/not_text.h"

/* A literal that may contain NULs, and its length without the terminating one. */
#define BYTES(literal) literal, sizeof(literal) - 1

static void
check_refused(const char *bytes, size_t length, const char *word)
{
	const char *reason = not_text_reason(bytes, length, false);

	ok(reason != NULL && strstr(reason, word) != NULL, "%s is not text", word);
	ok(reason == NULL || strchr(reason, '\n') == NULL, "%s: the reason is one line", word);
	ok(not_text_reason(bytes, length, true) != NULL,
	   "%s: still rejected if the encoding is specified", word);
}

static void
test_signatures(void)
{
	check_refused(BYTES("BZh91AY"), "bzip2");
	check_refused(BYTES("\xFD"
						"7zXZ\0"),
				  "xz");
	check_refused(BYTES("\x28\xB5\x2F\xFD\x04"), "zstd");
	check_refused(BYTES("7z\xBC\xAF\x27\x1C"), "7z");
	check_refused(BYTES("%PDF-1.7"), "PDF");
}

static void
test_text(void)
{
	ok(not_text_reason("", 0, false) == NULL, "empty file is text");
	ok(not_text_reason(BYTES("sku,price\r\n\t1,2\n"), false) == NULL, "CSV file is text");
	ok(not_text_reason(BYTES("PK,name\n1,2\n"), false) == NULL, "header PK is text");
	ok(not_text_reason(BYTES("sku\n\0\0\0\x01\n"), false) == NULL, "a few NULs are tolerated");
	ok(not_text_reason(BYTES("\xFF\xFE"
							 "s\0k\0u\0,\0p\0r\0i\0c\0e\0\n\0"
							 "1\0,\0"
							 "2\0\n\0a\0b\0"),
					   false) == NULL,
	   "UTF-16 with its mark is text");
	ok(not_text_reason(BYTES("\xFE\xFF"
							 "\0s\0k\0u\0,\0p\0r\0i\0c\0e\0\n\0"
							 "1\0,\0"
							 "2\0\n\0a\0b"),
					   false) == NULL,
	   "UTF-16 with its mark in either byte order is text");
	ok(not_text_reason(BYTES("Gr\xF6\xDF"
							 "e\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\xE4\n"),
					   false) == NULL,
	   "Latin-1 is text");
}

static void
test_noise(void)
{
	char noise[1000];
	const char *reason;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char) unit_random(256);
	noise[0] = 'x';
	reason = not_text_reason(noise, sizeof(noise), false);
	ok(reason != NULL && strstr(reason, "binary") != NULL, "random bytes are not text");
	ok(not_text_reason(noise, sizeof(noise), true) == NULL,
	   "random bytes are accepted if the encoding is specified");
	ok(not_text_utf16(noise, sizeof(noise)) == NULL, "nor UTF-16");
	memset(noise, 0, sizeof(noise));
	ok(not_text_reason(noise, sizeof(noise), false) != NULL, "zeros are not text");
}

static void
test_utf16(void)
{
	static const char little[] = "s\0k\0u\0,\0p\0r\0i\0c\0e\0\n\0"
								 "1\0,\0"
								 "2\0\n\0a\0b\0c\0";
	static const char cyrillic[] = "s\0k\0u\0,\0p\0r\0i\0c\0e\0,\0n\0a\0m\0e\0\r\0\n\0"
								   "\x1F\x04@\x04"
								   "8\x04"
								   "2\x04"
								   "5\x04"
								   "B\x04";
	char big[sizeof(little)] = {'\0'};

	memcpy(big + 1, little, sizeof(little) - 1);
	is_text(not_text_utf16(BYTES(little)), "UTF-16LE", "UTF-16LE without a mark is recognized");
	is_text(not_text_utf16(BYTES(cyrillic)), "UTF-16LE", "so is text of other characters");
	is_text(not_text_utf16(big, sizeof(big) - 1), "UTF-16BE", "and UTF-16BE");
	ok(not_text_reason(BYTES(little), false) == NULL, "it is text");
	ok(not_text_utf16(BYTES("\xFF\xFE"
							"s\0k\0u\0,\0p\0r\0i\0c\0e\0,\0n\0a\0m\0e\0\r\0\n\0")) == NULL,
	   "a file with a mark is not without one");
	ok(not_text_utf16(BYTES("sku,price\n1,2\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")) ==
		   NULL,
	   "NULs at the end of a file are not UTF-16");
	ok(not_text_utf16(BYTES("sku,price\n1,2\n")) == NULL, "nor is ASCII");
}

int
main(void)
{
	unit_seed();
	test_signatures();
	test_text();
	test_noise();
	test_utf16();
	return unit_done();
}
