/*-------------------------------------------------------------------------
 *
 * not_text.c
 *	  Detects files that are not text.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "reader/not_text.h"

#define SAVE_AS_CSV "save it as \"CSV UTF-8\" and upload that"

/*
 * Signatures of files that are often sent by mistake.  Those that we read, and OLE
 * files, have a source of their own; see formats.c.
 */
static const struct
{
	const char *bytes;
	size_t length;
	const char *reason;
} signatures[] = {
	{"BZh", 3, "this file is compressed (bzip2); unpack it and upload the CSV file itself"},
	{"\xFD"
	 "7zXZ",
	 5, "this file is compressed (xz); unpack it and upload the CSV file itself"},
	{"\x28\xB5\x2F\xFD", 4,
	 "this file is compressed (zstd); unpack it and upload the CSV file itself"},
	{"7z\xBC\xAF\x27\x1C", 6, "this is a 7z archive; unpack it and upload the CSV file itself"},
	{"%PDF-", 5,
	 "this is a PDF document, not a CSV file; export the product list as \"CSV UTF-8\" and upload that"},
};

static const char noise[] =
	"this file holds binary data, not text; open it in the program that made it and " SAVE_AS_CSV;

/*
 * Fewer control bytes than this are accidents in a text: they invalidate the
 * rows they are in, not the file.
 */
#define NOISE_MIN_BYTES 16

/* Binary data has 11 % control bytes; text stays below 5 %. */
#define NOISE_SHARE 20

static bool
is_control(unsigned char c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\v') || c == 0x7F;
}

static bool
has_utf16_mark(const char *bytes, size_t length)
{
	return length >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0);
}

static bool
is_noise(const char *bytes, size_t length)
{
	size_t controls = 0;

	for (size_t i = 0; i < length; i++)
		controls += is_control((unsigned char) bytes[i]);
	return controls >= NOISE_MIN_BYTES && controls * NOISE_SHARE >= length;
}

/*
 * In UTF-16, one byte of each ASCII character, of which every header has many, is
 * NUL: always the second, or always the first.  Other data has NULs at odd and at
 * even offsets.
 */
const char *
not_text_utf16(const char *bytes, size_t length)
{
	size_t nuls[2] = {0};

	if (has_utf16_mark(bytes, length))
		return NULL;
	for (size_t i = 0; i < length; i++)
		nuls[i % 2] += bytes[i] == '\0';
	if (nuls[0] + nuls[1] < NOISE_MIN_BYTES || (nuls[0] > 0 && nuls[1] > 0) ||
		!is_noise(bytes, length))
		return NULL;
	return nuls[0] == 0 ? "UTF-16LE" : "UTF-16BE";
}

const char *
not_text_reason(const char *bytes, size_t length, bool encoding_given)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
	{
		if (length >= signatures[i].length &&
			memcmp(bytes, signatures[i].bytes, signatures[i].length) == 0)
			return signatures[i].reason;
	}
	if (encoding_given || has_utf16_mark(bytes, length))
		return NULL;
	return is_noise(bytes, length) && not_text_utf16(bytes, length) == NULL ? noise : NULL;
}
