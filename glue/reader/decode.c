/*-------------------------------------------------------------------------
 *
 * decode.c
 *	  Converts the bytes of a file to UTF-8 text, chunk by chunk.
 *
 * UTF-8 is checked in place and passed on without copying, eight words of
 * plain ASCII at a time.  Only a stretch that contains an invalid byte is
 * copied, into the repair buffer, with U+FFFD for each invalid byte.  Other
 * encodings go through iconv and then the same check, which turns NUL into
 * U+FFFD.
 *
 * A sequence that is split between chunks is kept in held[], as are the first
 * four bytes until the byte order mark is known.
 *
 * Waypoints map text back to bytes: each records a byte offset between two
 * sequences and the amount of text delivered up to there.  One is set every
 * few thousand bytes, so any position can be reached by decoding a short
 * stretch from the last waypoint before it.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/heap.h"
#include "base/utf8.h"
#include "reader/decode.h"

/* Longest byte order mark. */
#define MARK_BYTES 4

/* No encoding has a sequence anywhere near this long, including shifts. */
#define HELD_BYTES 16

/* Input bytes repaired at a time; each may become a three-byte U+FFFD. */
#define REPAIR_BYTES 4096
#define REPAIR_BUFFER (3 * (REPAIR_BYTES + 4))

static const char replacement[] = "\xEF\xBF\xBD";
#define REPLACEMENT_BYTES 3

/* Text between two waypoints, in bytes, and the number of waypoints kept. */
#define WAYPOINT_DISTANCE 4096
#define WAYPOINT_COUNT (DECODE_LOOK_BACK / WAYPOINT_DISTANCE + 2)

struct waypoint
{
	int64_t text; /* text delivered before it, in bytes */
	int64_t byte; /* offset in the file */
	int64_t same; /* bytes from here on that are identical to the text */
};

enum decoder_phase
{
	PHASE_START, /* looking for a byte order mark */
	PHASE_UTF8,
	PHASE_ICONV,
	PHASE_STOPPED
};

struct decoder
{
	/* immutable after decoder_new() */
	decode_text_fn text_fn;
	void *context;

	/* mutable */
	enum decoder_phase phase;
	bool has_mark;
	char name[DECODE_NAME_SIZE];
	iconv_t converter; /* (iconv_t) -1 for none */
	size_t unit;       /* size of a code unit in bytes */
	size_t held_length;
	char held[HELD_BYTES];
	char buffer[REPAIR_BUFFER];

	/* current position, before any bytes kept in held[] */
	int64_t byte_offset;    /* of the next byte to decode */
	int64_t text_offset;    /* bytes of text since the start */
	int64_t skip;           /* initial bytes of text to drop */
	int64_t waypoint_count; /* set so far; the last WAYPOINT_COUNT are kept */
	struct waypoint waypoints[WAYPOINT_COUNT];
};

/* ----- waypoints ----- */

/*
 * Note that the text delivered next comes from byte_offset on.  same is the
 * number of its bytes that are identical to those of the file.
 */
static void
set_waypoint(struct decoder *decoder, size_t same)
{
	struct waypoint *last =
		&decoder->waypoints[(decoder->waypoint_count + WAYPOINT_COUNT - 1) % WAYPOINT_COUNT];

	if (decoder->waypoint_count > 0)
	{
		if (last->text + last->same == decoder->text_offset &&
			last->byte + last->same == decoder->byte_offset)
		{
			last->same += same;
			return;
		}
		if (decoder->text_offset - last->text < WAYPOINT_DISTANCE)
			return;
	}
	decoder->waypoints[decoder->waypoint_count++ % WAYPOINT_COUNT] =
		(struct waypoint){decoder->text_offset, decoder->byte_offset, same};
}

bool
decode_is_single_byte(const char *name)
{
	iconv_t converter = iconv_open("UTF-8", name);
	bool single = converter != (iconv_t) -1;

	for (int byte = 0; byte < 256 && single; byte++)
	{
		char input[1] = {(char) byte};
		char output[16];
		char *from = input;
		char *to = output;
		size_t left = 1;
		size_t room = sizeof(output);

		if (iconv(converter, &from, &left, &to, &room) == (size_t) -1)
			single = errno == EILSEQ;
		else
			single = left == 0 && room < sizeof(output);
	}
	if (converter != (iconv_t) -1)
		iconv_close(converter);
	return single;
}

/*
 * Return whether decoding can begin between any two characters.  Of the
 * multibyte encodings, this accepts the common ones without shifts, composed
 * characters or byte order marks.
 */
static bool
can_begin_anywhere(const char *name)
{
	static const char *const known[] = {
		"UTF-8",   "UTF-16LE", "UTF-16BE",  "UTF-32LE",  "UTF-32BE", "UCS-2LE", "UCS-2BE",
		"UCS-4LE", "UCS-4BE",  "SHIFT_JIS", "SHIFT-JIS", "SJIS",     "CP932",   "WINDOWS-31J",
		"EUC-JP",  "EUCJP",    "EUC-KR",    "EUCKR",     "CP949",    "UHC",     "GBK",
		"CP936",   "GB2312",   "EUC-CN",    "EUCCN",     "GB18030",  "BIG5",    "BIG-5",
		"CP950",   "EUC-TW",   "EUCTW",     "JOHAB",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strcasecmp(name, known[i]) == 0)
			return true;
	}
	return decode_is_single_byte(name);
}

bool
decoder_locate(const struct decoder *decoder, int64_t text_offset, struct decode_point *point)
{
	int64_t oldest = decoder->waypoint_count > (int64_t) WAYPOINT_COUNT
						 ? decoder->waypoint_count - (int64_t) WAYPOINT_COUNT
						 : 0;

	text_offset += decoder->skip;
	for (int64_t i = decoder->waypoint_count - 1; i >= oldest; i--)
	{
		const struct waypoint *waypoint = &decoder->waypoints[i % WAYPOINT_COUNT];
		int64_t way = text_offset - waypoint->text;
		int64_t same = way < waypoint->same ? way : waypoint->same;

		if (way < 0)
			continue;
		point->byte_offset = waypoint->byte + same;
		point->skip = way - same;
		return can_begin_anywhere(decoder->name);
	}
	return false;
}

/* ----- delivering text ----- */

/* Deliver a piece of text; false if the receiver stopped. */
static bool
emit(struct decoder *decoder, const char *data, size_t length, bool damaged)
{
	struct text_view text = {data, length};
	int64_t dropped = decoder->skip - decoder->text_offset;

	decoder->text_offset += length;
	if (dropped > 0)
	{
		if ((uint64_t) dropped >= length)
			return true;
		text.data += dropped;
		text.length -= dropped;
	}
	if (text.length == 0)
		return true;
	if (decoder->text_fn(decoder->context, text, damaged))
		return true;
	decoder->phase = PHASE_STOPPED;
	return false;
}

/*
 * Copy a stretch with invalid bytes to the buffer, repaired, and deliver it.
 * *position moves past the bytes read; a sequence truncated by end is left.
 */
static bool
emit_repaired(struct decoder *decoder, const unsigned char **position, const unsigned char *end)
{
	const unsigned char *start = *position;
	const unsigned char *s = start;
	const unsigned char *stop = end - s > REPAIR_BYTES ? s + REPAIR_BYTES : end;
	size_t used = 0;

	while (s < stop)
	{
		size_t length;
		enum utf8_sequence kind = utf8_look(s, end - s, &length);

		if (kind == UTF8_INCOMPLETE)
			break;
		if (kind == UTF8_BAD)
		{
			memcpy(decoder->buffer + used, replacement, REPLACEMENT_BYTES);
			used += REPLACEMENT_BYTES;
			s++;
			continue;
		}
		memcpy(decoder->buffer + used, s, length);
		used += length;
		s += length;
	}
	*position = s;
	set_waypoint(decoder, 0);
	if (!emit(decoder, decoder->buffer, used, true))
		return false;
	decoder->byte_offset += s - start;
	return true;
}

/*
 * Deliver the text that is certain from held[].  Called at the end of the file
 * and after each byte added, so that held[] never contains more than one
 * sequence.
 */
static bool
settle_held(struct decoder *decoder, bool at_end)
{
	const unsigned char *s = (const unsigned char *) decoder->held;
	char text[HELD_BYTES * REPLACEMENT_BYTES];
	size_t done = 0;
	size_t used = 0;
	bool repaired = false;

	while (done < decoder->held_length)
	{
		size_t length;
		enum utf8_sequence kind;

		kind = utf8_look(s + done, decoder->held_length - done, &length);
		if (kind == UTF8_INCOMPLETE && !at_end)
			break;
		if (kind == UTF8_COMPLETE)
			memcpy(text + used, s + done, length);
		else
		{
			length = 1;
			memcpy(text + used, replacement, REPLACEMENT_BYTES);
			repaired = true;
		}
		used += kind == UTF8_COMPLETE ? length : REPLACEMENT_BYTES;
		done += length;
	}
	decoder->held_length -= done;
	memmove(decoder->held, decoder->held + done, decoder->held_length);
	set_waypoint(decoder, repaired ? 0 : used);
	if (!emit(decoder, text, used, true))
		return false;
	decoder->byte_offset += done;
	return true;
}

static bool
push_utf8(struct decoder *decoder, const char *bytes, size_t length)
{
	const unsigned char *s = (const unsigned char *) bytes;
	const unsigned char *end = s + length;

	while (decoder->held_length > 0 && s < end)
	{
		decoder->held[decoder->held_length++] = (char) *s++;
		if (!settle_held(decoder, false))
			return false;
	}
	while (s < end)
	{
		enum utf8_sequence kind;
		bool damaged = false;
		const unsigned char *valid_end = utf8_skip_valid(s, end, &kind, &damaged);

		set_waypoint(decoder, valid_end - s);
		if (!emit(decoder, (const char *) s, valid_end - s, damaged))
			return false;
		decoder->byte_offset += valid_end - s;
		s = valid_end;
		if (s == end)
			break;
		if (kind == UTF8_INCOMPLETE)
		{
			decoder->held_length = end - s;
			memcpy(decoder->held, s, decoder->held_length);
			break;
		}
		if (!emit_repaired(decoder, &s, end))
			return false;
	}
	return true;
}

/* Deliver the output of iconv: valid UTF-8 that may contain NUL. */
static bool
emit_converted(struct decoder *decoder, char *converted, size_t length)
{
	const unsigned char *s = (const unsigned char *) converted;
	const unsigned char *end = s + length;

	while (s < end)
	{
		enum utf8_sequence kind;
		bool damaged = false;
		const unsigned char *valid_end = utf8_skip_valid(s, end, &kind, &damaged);

		if (!emit(decoder, (const char *) s, valid_end - s, damaged))
			return false;
		s = valid_end;
		if (s < end)
		{
			if (!emit(decoder, replacement, REPLACEMENT_BYTES, true))
				return false;
			s++;
		}
	}
	return true;
}

/*
 * Convert all complete sequences and deliver the text.  *consumed is set to
 * the number of bytes converted.
 */
static bool
convert(struct decoder *decoder, char *bytes, size_t length, size_t *consumed,
		struct glue_error *error)
{
	char *input = bytes;
	size_t left = length;

	while (left > 0)
	{
		char converted[4096];
		char *output = converted;
		size_t room = sizeof(converted);
		size_t before = left;
		size_t result;
		int reason;

		result = iconv(decoder->converter, &input, &left, &output, &room);
		reason = result == (size_t) -1 ? errno : 0;
		set_waypoint(decoder, 0);
		if (!emit_converted(decoder, converted, output - converted))
			return false;
		decoder->byte_offset += before - left;
		if (reason == EINVAL)
			break;
		if (reason == EILSEQ)
		{
			size_t step = left < decoder->unit ? left : decoder->unit;

			set_waypoint(decoder, 0);
			if (!emit(decoder, replacement, REPLACEMENT_BYTES, true))
				return false;
			input += step;
			left -= step;
			decoder->byte_offset += step;
		}
		else if (reason != 0 && reason != E2BIG)
			return glue_error_set(error, GLUE_INTERNAL_ERROR, "INTERNAL",
								  "could not convert from \"%s\": %s", decoder->name,
								  strerror(reason));
	}
	*consumed = length - left;
	return true;
}

/*
 * Append bytes to held[] until the sequence there is complete.  *bytes and
 * *length move past the bytes used.
 */
static bool
convert_held(struct decoder *decoder, const char **bytes, size_t *length, struct glue_error *error)
{
	while (decoder->held_length > 0 && *length > 0)
	{
		size_t before = decoder->held_length;
		size_t taken = HELD_BYTES - before;
		size_t consumed;

		if (taken > *length)
			taken = *length;
		memcpy(decoder->held + before, *bytes, taken);
		if (!convert(decoder, decoder->held, before + taken, &consumed, error))
			return false;
		if (consumed == 0 && before + taken == HELD_BYTES)
			return glue_error_set(error, GLUE_INTERNAL_ERROR, "INTERNAL",
								  "no sequence of \"%s\" is %d bytes long", decoder->name,
								  HELD_BYTES);
		if (consumed >= before)
		{
			/* Bytes appended beyond the sequence are still in the chunk. */
			taken = consumed - before;
			decoder->held_length = 0;
		}
		else
		{
			decoder->held_length = before + taken - consumed;
			memmove(decoder->held, decoder->held + consumed, decoder->held_length);
		}
		*bytes += taken;
		*length -= taken;
	}
	return true;
}

static bool
push_iconv(struct decoder *decoder, const char *bytes, size_t length, struct glue_error *error)
{
	size_t consumed;

	if (!convert_held(decoder, &bytes, &length, error))
		return false;
	if (length == 0)
		return true;
	/* iconv() does not modify its input, despite its prototype. */
	if (!convert(decoder, (char *) bytes, length, &consumed, error))
		return false;
	if (length - consumed > HELD_BYTES)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "INTERNAL",
							  "no sequence of \"%s\" is %d bytes long", decoder->name, HELD_BYTES);
	decoder->held_length = length - consumed;
	memcpy(decoder->held, bytes + consumed, decoder->held_length);
	return true;
}

/*
 * Handle a file that ends within a sequence, or a character that iconv still
 * keeps.
 */
static bool
finish_iconv(struct decoder *decoder, struct glue_error *error)
{
	char *output = decoder->buffer;
	size_t room = sizeof(decoder->buffer);

	if (iconv(decoder->converter, NULL, NULL, &output, &room) == (size_t) -1)
		return glue_error_set(error, GLUE_INTERNAL_ERROR, "INTERNAL",
							  "could not end the conversion from \"%s\": %s", decoder->name,
							  strerror(errno));
	if (!emit_converted(decoder, decoder->buffer, output - decoder->buffer))
		return false;
	for (size_t i = 0; i < decoder->held_length; i += decoder->unit)
	{
		if (!emit(decoder, replacement, REPLACEMENT_BYTES, true))
			return false;
	}
	decoder->held_length = 0;
	return true;
}

static bool
unsupported(struct glue_error *error, const char *name)
{
	return glue_error_set(error, GLUE_FILE_FAULT, "UNSUPPORTED_ENCODING",
						  "the encoding \"%.*s\" is not supported; save the file as \"CSV UTF-8\"",
						  DECODE_NAME_SIZE, name);
}

bool
decode_is_utf8(const char *name)
{
	return strcasecmp(name, "UTF-8") == 0 || strcasecmp(name, "UTF8") == 0;
}

/* Return whether a name consists of characters that occur in iconv's names. */
static bool
name_is_plain(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < DECODE_NAME_SIZE &&
		   strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
						"0123456789-_.:+()") == length;
}

bool
decode_is_supported(const char *name)
{
	iconv_t converter;

	if (decode_is_utf8(name))
		return true;
	converter = name_is_plain(name) ? iconv_open("UTF-8", name) : (iconv_t) -1;
	if (converter == (iconv_t) -1)
		return false;
	iconv_close(converter);
	return true;
}

/* Decode a few bytes; returns the length of the text, 0 if there is a fault. */
static size_t
decode_few(const char *name, const char *bytes, size_t length, char *text, size_t size)
{
	iconv_t converter = iconv_open("UTF-8", name);
	char *from = (char *) bytes;
	char *to = text;
	size_t room = size;
	size_t left = length;

	if (converter == (iconv_t) -1)
		return 0;
	if (iconv(converter, &from, &left, &to, &room) == (size_t) -1)
		room = size;
	iconv_close(converter);
	return size - room;
}

bool
decode_is_same(const char *name, const char *other, const char *bytes, size_t length)
{
	char text[1024];
	char other_text[sizeof(text)];
	size_t size = decode_few(name, bytes, length, text, sizeof(text));

	return size > 0 && size == decode_few(other, bytes, length, other_text, sizeof(other_text)) &&
		   memcmp(text, other_text, size) == 0;
}

/* Return the number of bytes to skip at an invalid sequence. */
static size_t
unit_of(const char *name)
{
	if (strncasecmp(name, "UTF-16", 6) == 0 || strncasecmp(name, "UTF16", 5) == 0 ||
		strncasecmp(name, "UCS-2", 5) == 0 || strncasecmp(name, "UCS2", 4) == 0)
		return 2;
	if (strncasecmp(name, "UTF-32", 6) == 0 || strncasecmp(name, "UTF32", 5) == 0 ||
		strncasecmp(name, "UCS-4", 5) == 0 || strncasecmp(name, "UCS4", 4) == 0)
		return 4;
	return 1;
}

/* Set name and converter; UTF-8 needs no converter. */
static bool
choose_encoding(struct decoder *decoder, const char *name, struct glue_error *error)
{
	if (decoder->converter != (iconv_t) -1)
		iconv_close(decoder->converter);
	decoder->converter = (iconv_t) -1;
	if (decode_is_utf8(name))
	{
		memcpy(decoder->name, "UTF-8", sizeof("UTF-8"));
		return true;
	}
	if (!name_is_plain(name))
		return unsupported(error, name);
	decoder->converter = iconv_open("UTF-8", name);
	if (decoder->converter == (iconv_t) -1)
		return errno == ENOMEM ? glue_error_memory(error) : unsupported(error, name);
	memcpy(decoder->name, name, strlen(name) + 1);
	decoder->unit = unit_of(name);
	return true;
}

/* Prepare to decode in the chosen encoding. */
static void
set_phase(struct decoder *decoder)
{
	decoder->phase = decoder->converter == (iconv_t) -1 ? PHASE_UTF8 : PHASE_ICONV;
}

struct decoder *
decoder_new(const char *encoding, decode_text_fn text_fn, void *context, struct glue_error *error)
{
	struct decoder *decoder = glue_allocate_zero(sizeof(*decoder));

	if (decoder == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	decoder->text_fn = text_fn;
	decoder->context = context;
	decoder->phase = PHASE_START;
	decoder->converter = (iconv_t) -1;
	decoder->unit = 1;
	if (!choose_encoding(decoder, encoding != NULL ? encoding : "UTF-8", error))
	{
		decoder_destroy(decoder);
		return NULL;
	}
	return decoder;
}

void
decoder_destroy(struct decoder *decoder)
{
	if (decoder == NULL)
		return;
	if (decoder->converter != (iconv_t) -1)
		iconv_close(decoder->converter);
	glue_release(decoder);
}

struct decoder *
decoder_resume(const char *encoding, const struct decode_point *point, decode_text_fn text_fn,
			   void *context, struct glue_error *error)
{
	struct decoder *decoder = decoder_new(encoding, text_fn, context, error);

	if (decoder == NULL)
		return NULL;
	decoder->byte_offset = point->byte_offset;
	decoder->skip = point->skip;
	set_phase(decoder);
	return decoder;
}

static const struct byte_order_mark
{
	const char *name; /* of the encoding */
	const char *mark;
	size_t length;
} marks[] = {
	{"UTF-32LE", "\xFF\xFE\0\0", 4}, /* before UTF-16LE, whose mark is a prefix */
	{"UTF-32BE", "\0\0\xFE\xFF", 4}, {"UTF-8", "\xEF\xBB\xBF", 3},
	{"UTF-16LE", "\xFF\xFE", 2},     {"UTF-16BE", "\xFE\xFF", 2},
};

/* Return the byte order mark that a file begins with; NULL if it has none. */
static const struct byte_order_mark *
find_mark(const char *bytes, size_t length)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
	{
		if (length >= marks[i].length && memcmp(bytes, marks[i].mark, marks[i].length) == 0)
			return &marks[i];
	}
	return NULL;
}

bool
decode_has_mark(const char *bytes, size_t length)
{
	return find_mark(bytes, length) != NULL;
}

/* Decode bytes in the chosen encoding. */
static bool
push_chosen(struct decoder *decoder, const char *bytes, size_t length, struct glue_error *error)
{
	if (decoder->phase == PHASE_UTF8)
		return push_utf8(decoder, bytes, length);
	if (decoder->phase == PHASE_ICONV)
		return push_iconv(decoder, bytes, length, error);
	return false;
}

/*
 * Look for a byte order mark in held[], which contains the first four bytes or
 * the whole file, choose the encoding and decode them.
 */
static bool
start(struct decoder *decoder, struct glue_error *error)
{
	char first[MARK_BYTES];
	size_t length = decoder->held_length;
	const struct byte_order_mark *mark;
	size_t skip = 0;

	memcpy(first, decoder->held, length);
	decoder->held_length = 0;
	mark = find_mark(first, length);
	if (mark != NULL)
	{
		if (mark->length == MARK_BYTES)
			return unsupported(error, mark->name);
		if (!choose_encoding(decoder, mark->name, error))
			return false;
		decoder->has_mark = true;
		skip = mark->length;
	}
	decoder->byte_offset = skip;
	set_phase(decoder);
	return push_chosen(decoder, first + skip, length - skip, error);
}

bool
decoder_push(struct decoder *decoder, const char *bytes, size_t length, struct glue_error *error)
{
	glue_error_clear(error);
	if (length == 0)
		return decoder->phase != PHASE_STOPPED;
	if (decoder->phase == PHASE_START)
	{
		size_t taken = MARK_BYTES - decoder->held_length;

		if (taken > length)
			taken = length;
		memcpy(decoder->held + decoder->held_length, bytes, taken);
		decoder->held_length += taken;
		bytes += taken;
		length -= taken;
		if (decoder->held_length < MARK_BYTES)
			return true;
		if (!start(decoder, error))
		{
			decoder->phase = PHASE_STOPPED;
			return false;
		}
	}
	if (push_chosen(decoder, bytes, length, error))
		return true;
	decoder->phase = PHASE_STOPPED;
	return false;
}

bool
decoder_finish(struct decoder *decoder, struct glue_error *error)
{
	bool good = true;

	glue_error_clear(error);
	if (decoder->phase == PHASE_START)
		good = start(decoder, error);
	if (good && decoder->phase == PHASE_UTF8)
		good = settle_held(decoder, true);
	else if (good && decoder->phase == PHASE_ICONV)
		good = finish_iconv(decoder, error);
	else
		good = false;
	decoder->phase = PHASE_STOPPED;
	return good;
}

const char *
decoder_encoding(const struct decoder *decoder)
{
	return decoder->name;
}

bool
decoder_has_byte_order_mark(const struct decoder *decoder)
{
	return decoder->has_mark;
}
