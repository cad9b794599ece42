/*-------------------------------------------------------------------------
 *
 * encoding_check.c
 *	  Decides, over all bytes of a file, whether it is in the encoding that it
 *	  is read in.
 *
 * The file is examined in blocks that begin at multiples of their size, so that
 * the result is the same however the bytes arrive.  The check is idle as soon as
 * nothing can change its verdict: for UTF-8, that is the first block with an
 * accented letter.  Blocks of plain ASCII cost one pass over their words.
 *
 * libuchardet guesses the encoding.  It sees only blocks that contain a byte
 * that is not UTF-8, and no more of them than it needs.
 *
 *-------------------------------------------------------------------------
 */
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <uchardet/uchardet.h>

#include "base/heap.h"
#include "base/utf8.h"
#include "reader/encoding_check.h"
#include "reader/not_text.h"
#include "reader/text_stream.h"
#include "shared/text.h"

/* not_text_utf16() must see what text_stream.c shows it: the same first block. */
#define BLOCK_BYTES TEXT_STREAM_BLOCK_BYTES

/*
 * libuchardet is slow, about 20 MB a second, and does not change its mind after
 * this much.
 */
#define GUESS_MAX_BYTES (4 * 1024 * 1024)

/* Different non-ASCII letters that are too few for the detector. */
#define FEW_LETTERS 5

/* Bytes that are signs, not letters, in windows-1252. */
#define FIRST_SIGN 0xA0
#define LAST_SIGN 0xBF

/* What the file is read as; see the table in encoding_check.h. */
enum expectation
{
	EXPECT_UTF8,
	EXPECT_NAMED_UTF8,  /* nothing is refused */
	EXPECT_ANY,         /* the encoding is to be detected */
	EXPECT_SINGLE_BYTE, /* of this name */
	EXPECT_NOTHING
};

struct encoding_check
{
	/* immutable */
	enum expectation expectation;
	char name[DECODE_NAME_SIZE]; /* if EXPECT_SINGLE_BYTE */

	/* mutable */
	bool is_idle;
	bool is_begun;            /* the first block was examined */
	const char *utf16;        /* the file is this, without a mark; or NULL */
	bool is_not_text;         /* unless its encoding is named; see not_text.h */
	int64_t valid;            /* non-ASCII sequences that are UTF-8 */
	int64_t invalid;          /* bytes that are not */
	bool seen[UCHAR_MAX + 1]; /* non-ASCII bytes shown to the detector */
	uchardet_t detector;      /* NULL until there is something to guess */
	int64_t guess_length;     /* bytes that it has seen */
	size_t held_length;
	unsigned char held[MAX_CHARACTER_BYTES]; /* a sequence truncated by a block's end */
	size_t block_length;
	char block[BLOCK_BYTES];
};

bool
encoding_is_auto(const char *name)
{
	return name != NULL && strcasecmp(name, "auto") == 0;
}

bool
encoding_check_name(const char *name, struct glue_error *error)
{
	char quoted[4 * QUOTED_CHARACTERS + 8];
	struct text_builder builder;

	if (name == NULL || encoding_is_auto(name) || decode_is_supported(name))
		return true;
	text_start(&builder, quoted, sizeof(quoted));
	text_add_quoted(&builder, text_of(name));
	text_finish(&builder);
	return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
						  "encoding %s is not supported; \"iconv -l\" lists the supported ones",
						  quoted);
}

static enum expectation
expectation_of(const char *encoding, bool is_trusted)
{
	if (encoding == NULL)
		return EXPECT_UTF8;
	if (encoding_is_auto(encoding))
		return EXPECT_ANY;
	if (decode_is_utf8(encoding))
		return EXPECT_NAMED_UTF8;
	return !is_trusted && decode_is_single_byte(encoding) ? EXPECT_SINGLE_BYTE : EXPECT_NOTHING;
}

struct encoding_check *
encoding_check_new(const char *encoding, bool is_trusted, struct glue_error *error)
{
	struct encoding_check *check = glue_allocate(sizeof(*check));

	if (check == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	memset(check, 0, offsetof(struct encoding_check, block));
	check->expectation = expectation_of(encoding, is_trusted);
	check->is_idle = check->expectation == EXPECT_NOTHING;
	if (check->expectation == EXPECT_SINGLE_BYTE)
		snprintf(check->name, sizeof(check->name), "%s", encoding);
	return check;
}

void
encoding_check_destroy(struct encoding_check *check)
{
	if (check == NULL)
		return;
	if (check->detector != NULL)
		uchardet_delete(check->detector);
	glue_release(check);
}

/* ----- guessing ----- */

/*
 * Show a stretch of the file to the detector.  If it runs out of memory, there
 * is no guess; the file is not affected.
 */
static void
show(struct encoding_check *check, const unsigned char *bytes, size_t length)
{
	if (length == 0 || check->guess_length >= GUESS_MAX_BYTES ||
		check->expectation == EXPECT_NAMED_UTF8)
		return;
	if (check->detector == NULL)
		check->detector = uchardet_new();
	if (check->detector != NULL)
		(void) uchardet_handle_data(check->detector, (const char *) bytes, length);
	check->guess_length += (int64_t) length;
	for (size_t i = 0; i < length; i++)
		check->seen[bytes[i]] |= bytes[i] >= 0x80;
}

/*
 * Return whether few different letters say nothing for the detector's choice.  An
 * encoding of DOS or old Macs is chosen for a single accent, and one of Central
 * Europe for a sign such as U+00AE; a text in one of them has more letters.
 */
static bool
is_accidental(const char *name, const char *bytes, size_t length)
{
	bool has_letter = false;

	for (size_t i = 0; i < length; i++)
		has_letter |= (unsigned char) bytes[i] < FIRST_SIGN || (unsigned char) bytes[i] > LAST_SIGN;
	return length > 0 && length <= FEW_LETTERS &&
		   (!has_letter || strncasecmp(name, "IBM", 3) == 0 || strncasecmp(name, "MAC-", 4) == 0);
}

/*
 * Return whether windows-1252 is the better guess.  It is by far the most frequent
 * encoding, and with few accented letters to go by, the detector may choose any of
 * its relatives, even those that no spreadsheet writes.
 */
static bool
is_windows(const struct encoding_check *check, const char *name)
{
	static const char *const unlikely[] = {"ISO-8859-3", "ISO-8859-4", "ISO-8859-10", "ISO-8859-14",
										   "ISO-8859-16"};
	char bytes[UCHAR_MAX + 1];
	size_t length = 0;

	for (size_t i = 0; i < sizeof(unlikely) / sizeof(unlikely[0]); i++)
	{
		if (strcasecmp(name, unlikely[i]) == 0)
			return true;
	}
	for (int byte = 0; byte <= UCHAR_MAX; byte++)
	{
		if (check->seen[byte])
			bytes[length++] = (char) byte;
	}
	if (is_accidental(name, bytes, length))
		return true;
	return decode_is_same(name, "windows-1252", bytes, length);
}

/*
 * Write the name of the encoding that the detector found as we know it; "" if it
 * found none.
 */
static void
name_guess(struct encoding_check *check, char guess[DECODE_NAME_SIZE])
{
	static const char windows[] = "WINDOWS-";
	const char *name = "";

	if (check->utf16 != NULL)
		name = check->utf16;
	else if (check->detector != NULL)
	{
		uchardet_data_end(check->detector);
		name = uchardet_get_charset(check->detector);
	}
	if (strcasecmp(name, "ASCII") == 0 || strcasecmp(name, "UTF-8") == 0)
		name = "";
	else if (is_windows(check, name))
		name = "windows-1252";
	if (strncasecmp(name, windows, sizeof(windows) - 1) == 0)
		snprintf(guess, DECODE_NAME_SIZE, "windows-%s", name + sizeof(windows) - 1);
	else
		snprintf(guess, DECODE_NAME_SIZE, "%s", name);
}

/* ----- counting ----- */

static bool
is_ascii(const unsigned char *bytes, size_t length)
{
	uint64_t high = 0;
	size_t i = 0;

	/* Several sums at a time, so that no addition waits for the one before it. */
	for (; i + 64 <= length; i += 64)
	{
		const char *next = (const char *) bytes + i;

		high |= (load_word(next) | load_word(next + 8)) |
				(load_word(next + 16) | load_word(next + 24)) |
				((load_word(next + 32) | load_word(next + 40)) |
				 (load_word(next + 48) | load_word(next + 56)));
	}
	for (; i < length; i++)
		high |= bytes[i];
	return (high & EVERY_BYTE(0x80)) == 0;
}

/*
 * Count the sequences of a stretch.  One that its end truncates is held, and
 * counts as neither if the file ends there.
 */
static void
count_sequences(struct encoding_check *check, const unsigned char *s, const unsigned char *end)
{
	while (s < end)
	{
		size_t length = 1;
		enum utf8_sequence kind = *s < 0x80 ? UTF8_COMPLETE : utf8_look(s, end - s, &length);

		if (kind == UTF8_INCOMPLETE)
		{
			check->held_length = end - s;
			memcpy(check->held, s, check->held_length);
			return;
		}
		if (kind == UTF8_BAD)
			check->invalid++;
		else if (length > 1)
			check->valid++;
		s += length;
	}
}

/*
 * Complete the sequence that the end of the last block truncated.  Returns how
 * many bytes of this block belong to it.
 */
static size_t
complete_held(struct encoding_check *check, const unsigned char *bytes, size_t length)
{
	unsigned char sequence[2 * MAX_CHARACTER_BYTES];
	size_t held = check->held_length;
	size_t taken = length < MAX_CHARACTER_BYTES ? length : MAX_CHARACTER_BYTES;
	size_t size;

	check->held_length = 0;
	memcpy(sequence, check->held, held);
	memcpy(sequence + held, bytes, taken);
	if (utf8_look(sequence, held + taken, &size) == UTF8_COMPLETE)
	{
		check->valid++;
		return size - held;
	}
	check->invalid += (int64_t) held;
	show(check, sequence, held);
	return 0;
}

/* Return whether no further byte can change the verdict. */
static bool
is_decided(const struct encoding_check *check)
{
	switch (check->expectation)
	{
		case EXPECT_UTF8:
		case EXPECT_NAMED_UTF8:
			return check->valid > 0;
		case EXPECT_SINGLE_BYTE:
			return check->invalid > 0;
		case EXPECT_ANY:
		case EXPECT_NOTHING:
			break;
	}
	return false;
}

/* Check what the beginning of the file shows by itself.  */
static void
begin(struct encoding_check *check, const char *bytes, size_t length)
{
	check->is_begun = true;
	if (decode_has_mark(bytes, length))
		check->is_idle = true;
	else if (check->expectation != EXPECT_SINGLE_BYTE)
		check->utf16 = not_text_utf16(bytes, length);
	if (check->expectation == EXPECT_NAMED_UTF8)
		check->is_not_text = not_text_reason(bytes, length, false) != NULL;
	if (check->utf16 != NULL)
		check->is_idle = true;
}

static void
examine(struct encoding_check *check, const char *block, size_t length)
{
	const unsigned char *bytes = (const unsigned char *) block;
	int64_t invalid = check->invalid;
	size_t done = 0;

	if (!check->is_begun)
		begin(check, block, length);
	if (check->is_idle || (check->held_length == 0 && is_ascii(bytes, length)))
		return;
	if (check->held_length > 0)
		done = complete_held(check, bytes, length);
	count_sequences(check, bytes + done, bytes + length);
	check->is_idle = is_decided(check);
	if (check->invalid > invalid && !check->is_idle)
		show(check, bytes, length);
}

void
encoding_check_push(struct encoding_check *check, const char *bytes, size_t length)
{
	while (length > 0 && !check->is_idle)
	{
		size_t taken = BLOCK_BYTES - check->block_length;

		if (taken > length)
			taken = length;
		if (taken == BLOCK_BYTES)
			examine(check, bytes, taken);
		else
		{
			memcpy(check->block + check->block_length, bytes, taken);
			check->block_length += taken;
			if (check->block_length == BLOCK_BYTES)
			{
				examine(check, check->block, BLOCK_BYTES);
				check->block_length = 0;
			}
		}
		bytes += taken;
		length -= taken;
	}
}

/* ----- the verdict ----- */

bool
encoding_check_is_settled(const struct encoding_check *check)
{
	return check->is_idle;
}

#define SAVE_AS_UTF8 "save it as \"CSV UTF-8\" and send it again"

static bool
refuse(const struct encoding_check *check, char guess[DECODE_NAME_SIZE], struct glue_error *error)
{
	if (check->expectation == EXPECT_SINGLE_BYTE)
		return glue_error_set(error, GLUE_FILE_FAULT, "WRONG_ENCODING",
							  "the file is UTF-8, not %s; send it without naming an encoding",
							  check->name);
	if (guess[0] == '\0')
		return glue_error_set(
			error, GLUE_FILE_FAULT, "WRONG_ENCODING",
			"the file is not UTF-8, and its encoding is not recognized; " SAVE_AS_UTF8);
	if (decode_is_supported(guess))
		return glue_error_set(error, GLUE_FILE_FAULT, "WRONG_ENCODING",
							  "the file is not UTF-8; it looks like %s; " SAVE_AS_UTF8, guess);
	(void) glue_error_set(
		error, GLUE_FILE_FAULT, "WRONG_ENCODING",
		"the file is not UTF-8; it looks like %s, which cannot be read; " SAVE_AS_UTF8, guess);
	guess[0] = '\0';
	return false;
}

/* Return whether the file is in another encoding than UTF-8. */
static bool
is_not_utf8(const struct encoding_check *check)
{
	return check->utf16 != NULL || (check->invalid > 0 && check->valid == 0);
}

bool
encoding_check_finish(struct encoding_check *check, char guess[DECODE_NAME_SIZE],
					  struct glue_error *error)
{
	bool is_wrong;

	if (check->block_length > 0)
		examine(check, check->block, check->block_length);
	check->block_length = 0;
	name_guess(check, guess);
	if (check->expectation == EXPECT_SINGLE_BYTE)
		is_wrong = check->valid > 0 && check->invalid == 0;
	else
		is_wrong = check->expectation != EXPECT_NAMED_UTF8 && is_not_utf8(check);
	if (check->expectation == EXPECT_ANY && check->invalid > check->valid)
		is_wrong = is_wrong || decode_is_supported(guess);
	if (is_wrong)
		return refuse(check, guess, error);
	guess[0] = '\0';
	return true;
}

bool
encoding_check_mattered(const struct encoding_check *check)
{
	return check->expectation == EXPECT_NAMED_UTF8 && (check->is_not_text || is_not_utf8(check));
}
