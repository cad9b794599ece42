/*-------------------------------------------------------------------------
 *
 * json_reader.c
 *	  Reads JSON in place, in one pass, and returns slices of it.
 *
 *-------------------------------------------------------------------------
 */
#include "base/hex.h"
#include "base/json_reader.h"
#include "base/utf8.h"

/* Digits of \uXXXX. */
#define UNIT_DIGITS 4

void
json_reader_init(struct json_reader *reader, const char *json, size_t length)
{
	reader->next = length > 0 ? json : "";
	reader->end = reader->next + length;
	reader->depth = 0;
	reader->is_first = true;
	reader->has_failed = false;
	reader->has_bad_text = false;
}

/*
 * Make the reader fail: it finds nothing from now on.  Always returns false.
 */
static bool
fail_reading(struct json_reader *reader)
{
	reader->has_failed = true;
	reader->next = reader->end;
	return false;
}

static void
skip_blanks(struct json_reader *reader)
{
	while (reader->next < reader->end && (*reader->next == ' ' || *reader->next == '\t' ||
										  *reader->next == '\n' || *reader->next == '\r'))
		reader->next++;
}

/*
 * Return the next byte that is not a blank; '\0' at the end.  No caller looks
 * for a NUL, so a NUL in the JSON makes the caller fail.
 */
static char
next_byte(struct json_reader *reader)
{
	skip_blanks(reader);
	return reader->next < reader->end ? *reader->next : '\0';
}

bool
json_reader_end(struct json_reader *reader)
{
	skip_blanks(reader);
	return !reader->has_failed && reader->depth == 0 && !reader->is_first &&
		   reader->next == reader->end;
}

char
json_read_kind(struct json_reader *reader)
{
	char byte = next_byte(reader);

	switch (byte)
	{
		case '{':
		case '[':
		case '"':
		case 't':
		case 'f':
		case 'n':
			return byte;
		case '-':
			return '0';
		default:
			return byte >= '0' && byte <= '9' ? '0' : '\0';
	}
}

/* ----- levels ----- */

bool
json_read_open(struct json_reader *reader, char bracket)
{
	if (next_byte(reader) != bracket)
		return false;
	if (reader->depth == JSON_READER_DEPTH)
		return fail_reading(reader);
	reader->closing[reader->depth++] = bracket == '{' ? '}' : ']';
	reader->next++;
	reader->is_first = true;
	return true;
}

/*
 * Advance to the next member of the innermost level, or leave the level.
 */
static bool
next_member(struct json_reader *reader, char closing)
{
	char byte = next_byte(reader);

	if (reader->depth == 0 || reader->closing[reader->depth - 1] != closing)
		return fail_reading(reader);
	if (byte == closing)
	{
		reader->next++;
		reader->depth--;
		reader->is_first = false;
		return false;
	}
	if (!reader->is_first)
	{
		if (byte != ',')
			return fail_reading(reader);
		reader->next++;
	}
	reader->is_first = false;
	return true;
}

bool
json_read_name(struct json_reader *reader, struct text_view *name)
{
	if (!next_member(reader, '}'))
		return false;
	if (!json_read_text(reader, name) || next_byte(reader) != ':')
		return fail_reading(reader);
	reader->next++;
	return true;
}

bool
json_read_element(struct json_reader *reader)
{
	return next_member(reader, ']');
}

/* ----- texts ----- */

/*
 * Return the value of four hex digits, or -1 if there are fewer.
 */
static int
read_unit(const char *digits, const char *end)
{
	int high = end - digits >= UNIT_DIGITS ? hex_byte(digits) : -1;
	int low = high < 0 ? -1 : hex_byte(digits + 2);

	return low < 0 ? -1 : high << 8 | low;
}

/*
 * Skip \uXXXX, or two of them that form a surrogate pair.
 */
static bool
skip_unit_escape(struct json_reader *reader)
{
	int unit = read_unit(reader->next + 2, reader->end);
	int low = -1;

	if (unit < 0)
		return fail_reading(reader);
	reader->next += 2 + UNIT_DIGITS;
	if (unit >= 0xD800 && unit <= 0xDBFF && reader->end - reader->next >= 2 &&
		reader->next[0] == '\\' && reader->next[1] == 'u')
		low = read_unit(reader->next + 2, reader->end);
	if (low >= 0xDC00 && low <= 0xDFFF)
		reader->next += 2 + UNIT_DIGITS;
	else if (unit == 0 || (unit >= 0xD800 && unit <= 0xDFFF))
		reader->has_bad_text = true;
	return true;
}

/*
 * Skip the escape that begins here.
 */
static bool
skip_escape(struct json_reader *reader)
{
	if (reader->end - reader->next < 2)
		return fail_reading(reader);
	switch (reader->next[1])
	{
		case '"':
		case '\\':
		case '/':
		case 'b':
		case 'f':
		case 'n':
		case 'r':
		case 't':
			reader->next += 2;
			return true;
		case 'u':
			return skip_unit_escape(reader);
		default:
			return fail_reading(reader);
	}
}

/*
 * Skip unescaped characters; *has_high is set if any of them is not ASCII.
 */
static void
skip_plain(struct json_reader *reader, bool *has_high)
{
	const char *next = reader->next;
	uint64_t high = 0;

	while (reader->end - next >= 8)
	{
		uint64_t word = load_word(next);

		if ((word_has_below(word, ' ') | word_has_byte(word, '"') | word_has_byte(word, '\\')) != 0)
			break;
		high |= word_has_high(word);
		next += 8;
	}
	while (next < reader->end && (unsigned char) *next >= ' ' && *next != '"' && *next != '\\')
		high |= (unsigned char) *next++ & 0x80;
	reader->next = next;
	*has_high |= high != 0;
}

bool
json_read_text(struct json_reader *reader, struct text_view *text)
{
	bool has_high = false;

	if (next_byte(reader) != '"')
		return false;
	text->data = ++reader->next;
	for (;;)
	{
		skip_plain(reader, &has_high);
		if (reader->next == reader->end)
			return fail_reading(reader);
		if (*reader->next == '"')
			break;
		if (*reader->next != '\\')
			return fail_reading(reader);
		if (!skip_escape(reader))
			return false;
	}
	text->length = reader->next - text->data;
	reader->next++;
	reader->is_first = false;
	if (has_high && !utf8_is_valid(*text))
		reader->has_bad_text = true;
	return true;
}

/* ----- other values ----- */

static size_t
skip_digits(struct json_reader *reader)
{
	const char *start = reader->next;

	while (reader->next < reader->end && *reader->next >= '0' && *reader->next <= '9')
		reader->next++;
	return reader->next - start;
}

static bool
skip_byte(struct json_reader *reader, char byte)
{
	if (reader->next == reader->end || *reader->next != byte)
		return false;
	reader->next++;
	return true;
}

static bool
skip_number(struct json_reader *reader)
{
	(void) skip_byte(reader, '-');
	/* No digit may follow a leading zero. */
	if (!skip_byte(reader, '0') && skip_digits(reader) == 0)
		return fail_reading(reader);
	if (skip_byte(reader, '.') && skip_digits(reader) == 0)
		return fail_reading(reader);
	if (skip_byte(reader, 'e') || skip_byte(reader, 'E'))
	{
		if (!skip_byte(reader, '+'))
			(void) skip_byte(reader, '-');
		if (skip_digits(reader) == 0)
			return fail_reading(reader);
	}
	return true;
}

static bool
skip_word(struct json_reader *reader, struct text_view word)
{
	if ((size_t) (reader->end - reader->next) < word.length ||
		memcmp(reader->next, word.data, word.length) != 0)
		return fail_reading(reader);
	reader->next += word.length;
	return true;
}

/*
 * Skip a value, or enter it if it is an object or an array.
 */
static bool
skip_start(struct json_reader *reader)
{
	struct text_view text;

	switch (json_read_kind(reader))
	{
		case '{':
			return json_read_open(reader, '{');
		case '[':
			return json_read_open(reader, '[');
		case '"':
			return json_read_text(reader, &text);
		case 't':
			return skip_word(reader, text_of("true"));
		case 'f':
			return skip_word(reader, text_of("false"));
		case 'n':
			return skip_word(reader, text_of("null"));
		case '0':
			return skip_number(reader);
		default:
			return fail_reading(reader);
	}
}

void
json_read_value(struct json_reader *reader)
{
	int depth = reader->depth;
	struct text_view name;

	if (!skip_start(reader))
		return;
	while (reader->depth > depth)
	{
		bool has_next = reader->closing[reader->depth - 1] == '}' ? json_read_name(reader, &name)
																  : json_read_element(reader);

		if (reader->has_failed || (has_next && !skip_start(reader)))
			return;
	}
	reader->is_first = false;
}

const char *
json_read_start(struct json_reader *reader)
{
	skip_blanks(reader);
	return reader->next;
}

struct text_view
json_read_since(const struct json_reader *reader, const char *start)
{
	if (reader->has_failed)
		return (struct text_view){NULL, 0};
	return (struct text_view){start, (size_t) (reader->next - start)};
}

struct text_view
json_read_slice(struct json_reader *reader)
{
	const char *start = json_read_start(reader);

	json_read_value(reader);
	return json_read_since(reader, start);
}

/* ----- members of a reply ----- */

/*
 * Advance to the value of a member of the object that json begins with.
 */
static bool
find_member(struct json_reader *reader, struct text_view json, const char *name)
{
	struct text_view member;

	json_reader_init(reader, json.data, json.length);
	if (!json_read_open(reader, '{'))
		return false;
	while (json_read_name(reader, &member))
	{
		if (text_equal(member, text_of(name)))
			return true;
		json_read_value(reader);
	}
	return false;
}

struct text_view
json_find(struct text_view json, const char *name)
{
	struct json_reader reader;

	if (!find_member(&reader, json, name))
		return (struct text_view){NULL, 0};
	return json_read_slice(&reader);
}

struct text_view
json_find_text(struct text_view json, const char *name)
{
	struct json_reader reader;
	struct text_view text;

	if (!find_member(&reader, json, name) || !json_read_text(&reader, &text))
		return (struct text_view){NULL, 0};
	return text;
}

bool
json_is_true(struct text_view value)
{
	return text_equal(value, text_of("true"));
}

/* ----- resolving escapes ----- */

/*
 * Append the character that the escape at text stands for.  Returns the length
 * of the escape.
 */
static size_t
append_escape(struct byte_buffer *buffer, const char *text, const char *end)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter = strchr(letters, text[1]);
	uint32_t character;
	int low = -1;

	if (letter != NULL)
	{
		buffer->data[buffer->used++] = meanings[letter - letters];
		return 2;
	}
	character = (uint32_t) read_unit(text + 2, end);
	if (character >= 0xD800 && character <= 0xDBFF && end - text >= 8 && text[6] == '\\' &&
		text[7] == 'u')
		low = read_unit(text + 8, end);
	if (low >= 0xDC00 && low <= 0xDFFF)
		character = 0x10000 + ((character - 0xD800) << 10) + ((uint32_t) low - 0xDC00);
	buffer->used += text_encode(character, buffer->data + buffer->used);
	return character >= 0x10000 ? 2 * (2 + UNIT_DIGITS) : 2 + UNIT_DIGITS;
}

bool
json_append_text(struct byte_buffer *buffer, struct text_view text, struct glue_error *error)
{
	const char *next = text.data;
	const char *end = text.length > 0 ? text.data + text.length : text.data;

	/* No character is longer than its escape. */
	if (!byte_buffer_reserve(buffer, text.length, error))
		return false;
	while (next < end)
	{
		const char *escape = memchr(next, '\\', (size_t) (end - next));
		const char *stop = escape != NULL ? escape : end;

		byte_buffer_put(buffer, next, (size_t) (stop - next));
		next = stop;
		if (next < end)
			next += append_escape(buffer, next, end);
	}
	return true;
}
