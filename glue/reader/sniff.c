/*-------------------------------------------------------------------------
 *
 * sniff.c
 *	  What the first block of a file tells.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "reader/header.h"
#include "reader/sniff.h"

#define SAVE_AS_CSV "save it as \"CSV UTF-8\" and upload that"

/* How files begin that are sent by mistake. */
static const struct
{
	const char *bytes;
	size_t length;
	const char *reason;
} signatures[] = {
	{"PK\x03\x04", 4,
	 "this is a spreadsheet (xlsx, ods) or a zip archive, not a CSV file; open it and " SAVE_AS_CSV},
	{"PK\x05\x06", 4, "this is an empty zip archive, not a CSV file; upload the CSV file itself"},
	{"\xD0\xCF\x11\xE0", 4,
	 "this is an Excel workbook (xls), not a CSV file; open it and " SAVE_AS_CSV},
	{"\x1F\x8B", 2, "this file is compressed (gzip); unpack it and upload the CSV file itself"},
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

static const char wide[] = "this file looks like UTF-16 without a byte order mark; " SAVE_AS_CSV;

/*
 * Fewer odd bytes than this are accidents in a text: they cost the rows they
 * are in, not the file.
 */
#define NOISE_MIN_BYTES 16

/* Binary data has 11 % control bytes; a text that has 5 % is none. */
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

static const char *
sniff_noise(const char *bytes, size_t length)
{
	size_t nuls = 0;
	size_t controls = 0;

	for (size_t i = 0; i < length; i++)
	{
		nuls += bytes[i] == '\0';
		controls += is_control((unsigned char) bytes[i]);
	}
	if (controls < NOISE_MIN_BYTES || controls * NOISE_SHARE < length)
		return NULL;
	/* English in UTF-16: each second byte is NUL. */
	if (nuls * 5 > length * 2 && nuls * 5 < length * 3 && nuls == controls)
		return wide;
	return noise;
}

const char *
sniff_not_text(const char *bytes, size_t length, bool encoding_given)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
	{
		if (length >= signatures[i].length &&
			memcmp(bytes, signatures[i].bytes, signatures[i].length) == 0)
			return signatures[i].reason;
	}
	if (encoding_given || has_utf16_mark(bytes, length))
		return NULL;
	return sniff_noise(bytes, length);
}

/* The first line, without line ends that stand inside quotes. */
static struct text_view
first_line(struct text_view text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		if (c == '"')
			quoted = !quoted;
		else if ((c == '\n' || c == '\r') && !quoted)
		{
			text.length = i;
			break;
		}
	}
	return text;
}

/* Whether a piece of the header line, quotes around it or not, is known. */
static bool
is_known_name(const char *data, size_t length)
{
	struct text_view name = {data, length};

	if (length >= 2 && data[0] == '"' && data[length - 1] == '"')
	{
		name.data++;
		name.length -= 2;
	}
	return header_find_column(name) != COLUMN_NONE;
}

struct delimiter_score
{
	int known; /* pieces that are names we know */
	int count; /* delimiters */
};

static struct delimiter_score
score_delimiter(struct text_view line, char delimiter)
{
	struct delimiter_score score = {0, 0};
	size_t begin = 0;
	bool quoted = false;

	for (size_t i = 0; i <= line.length; i++)
	{
		if (i < line.length && line.data[i] == '"')
			quoted = !quoted;
		if (i < line.length && (quoted || line.data[i] != delimiter))
			continue;
		score.count += i < line.length;
		score.known += is_known_name(line.data + begin, i - begin);
		begin = i + 1;
	}
	return score;
}

char
sniff_delimiter(struct text_view text)
{
	static const char candidates[] = {',', ';', '\t', '|'};
	struct text_view line = first_line(text);
	struct delimiter_score best = score_delimiter(line, candidates[0]);
	char delimiter = candidates[0];

	for (size_t i = 1; i < sizeof(candidates); i++)
	{
		struct delimiter_score score = score_delimiter(line, candidates[i]);

		if (score.known > best.known || (score.known == best.known && score.count > best.count))
		{
			best = score;
			delimiter = candidates[i];
		}
	}
	return delimiter;
}

bool
sniff_delimiter_acceptable(char delimiter)
{
	unsigned char c = (unsigned char) delimiter;

	return c != 0 && c < 0x80 && c != '"' && c != '\r' && c != '\n';
}
