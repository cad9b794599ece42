/*-------------------------------------------------------------------------
 *
 * json_scan.c
 *	  Reading replies in JSON in place.
 *
 * RFC 8259 as far as finding values needs it: strings are skipped with their
 * escapes, brackets are counted, what stands between them is not judged.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <string.h>

#include "aws/json_scan.h"
#include "base/utf8.h"

static size_t
skip_blanks(struct text_view text, size_t at)
{
	while (at < text.length && (text.data[at] == ' ' || text.data[at] == '\t' ||
								text.data[at] == '\n' || text.data[at] == '\r'))
		at++;
	return at;
}

/*
 * From an opening quote to behind the closing one; the end when there is none.
 */
static size_t
skip_string(struct text_view text, size_t at)
{
	for (at++; at < text.length; at++)
	{
		if (text.data[at] == '\\')
			at++;
		else if (text.data[at] == '"')
			return at + 1;
	}
	return text.length;
}

/*
 * From the first byte of a value to behind its last.
 */
static size_t
skip_value(struct text_view text, size_t at)
{
	size_t depth = 0;

	while (at < text.length)
	{
		char byte = text.data[at];

		if (byte == '"')
			at = skip_string(text, at);
		else if (byte == '{' || byte == '[')
		{
			depth++;
			at++;
		}
		else if (depth > 0)
		{
			if (byte == '}' || byte == ']')
				depth--;
			at++;
		}
		else if (byte == ',' || byte == ':' || byte == '}' || byte == ']' || byte == ' ' ||
				 byte == '\t' || byte == '\n' || byte == '\r')
			return at;
		else
		{
			at++;
			continue;
		}
		if (depth == 0)
			return at;
	}
	return text.length;
}

bool
json_next(struct text_view container, size_t *position, struct text_view *name,
		  struct text_view *value)
{
	size_t at = *position > 0 ? *position : skip_blanks(container, 0);
	bool object;
	size_t start;

	if (at >= container.length)
		return false;
	start = skip_blanks(container, 0);
	object = container.data[start] == '{';
	if (!object && container.data[start] != '[')
		return false;
	at = skip_blanks(container, *position > 0 ? *position : start + 1);
	if (*position > 0 && at < container.length && container.data[at] == ',')
		at = skip_blanks(container, at + 1);
	if (name != NULL)
		*name = (struct text_view){container.data + at, 0};
	if (object)
	{
		size_t end;

		if (at >= container.length || container.data[at] != '"')
			return false;
		end = skip_string(container, at);
		if (name != NULL && end >= at + 2)
			*name = (struct text_view){container.data + at + 1, end - at - 2};
		at = skip_blanks(container, end);
		if (at >= container.length || container.data[at] != ':')
			return false;
		at = skip_blanks(container, at + 1);
	}
	start = at;
	at = skip_value(container, start);
	if (at == start)
		return false;
	*value = (struct text_view){container.data + start, at - start};
	*position = at;
	return true;
}

struct text_view
json_member(struct text_view object, const char *name)
{
	struct text_view member;
	struct text_view value;
	size_t position = 0;
	size_t start = skip_blanks(object, 0);

	if (start < object.length && object.data[start] == '{')
	{
		while (json_next(object, &position, &member, &value))
		{
			if (text_equal(member, text_of(name)))
				return value;
		}
	}
	return (struct text_view){NULL, 0};
}

bool
json_is_true(struct text_view value)
{
	return text_equal(value, text_of("true"));
}

int
json_unit(const char digits[4])
{
	int unit = 0;

	for (int i = 0; i < 4; i++)
	{
		char digit = digits[i];

		unit <<= 4;
		if (digit >= '0' && digit <= '9')
			unit |= digit - '0';
		else if (digit >= 'a' && digit <= 'f')
			unit |= digit - 'a' + 10;
		else if (digit >= 'A' && digit <= 'F')
			unit |= digit - 'A' + 10;
		else
			return -1;
	}
	return unit;
}

/*
 * Read the escape at text, which begins with a backslash, and append what it
 * stands for.  Gives back how long it is, 0 when it is none.
 */
static size_t
read_escape(const char *text, size_t length, struct byte_buffer *buffer)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;
	int unit;
	uint32_t character;
	size_t used = 6;

	if (length >= 2 && text[1] != '\0' && (letter = strchr(letters, text[1])) != NULL)
	{
		buffer->data[buffer->used++] = meanings[letter - letters];
		return 2;
	}
	if (length < 6 || text[1] != 'u' || (unit = json_unit(text + 2)) < 0)
		return 0;
	character = (uint32_t) unit;
	if (unit >= 0xD800 && unit < 0xDC00 && length >= 12 && text[6] == '\\' && text[7] == 'u')
	{
		int low = json_unit(text + 8);

		if (low >= 0xDC00 && low <= 0xDFFF)
		{
			character = 0x10000 + (((uint32_t) unit - 0xD800) << 10) + ((uint32_t) low - 0xDC00);
			used = 12;
		}
	}
	buffer->used += utf8_encode(character, buffer->data + buffer->used);
	return used;
}

bool
json_string(struct text_view value, struct byte_buffer *buffer, struct glue_error *error)
{
	if (value.length < 2 || value.data[0] != '"' || value.data[value.length - 1] != '"')
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_BAD_REPLY",
							  "the reply has no text where one belongs");
	/* No escape is longer than what it is written with. */
	if (!byte_buffer_reserve(buffer, value.length, error))
		return false;
	for (size_t at = 1; at < value.length - 1;)
	{
		size_t used;

		if (value.data[at] != '\\')
		{
			buffer->data[buffer->used++] = value.data[at++];
			continue;
		}
		used = read_escape(value.data + at, value.length - 1 - at, buffer);
		if (used == 0)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_BAD_REPLY",
								  "the reply has a text with a broken escape");
		at += used;
	}
	return true;
}

void
json_copy_word(struct text_view value, char *word, size_t size)
{
	size_t length = value.length >= 2 ? value.length - 2 : 0;

	word[0] = '\0';
	if (length == 0 || length >= size || value.data[0] != '"')
		return;
	for (size_t i = 1; i <= length; i++)
	{
		char byte = value.data[i];

		if (byte < 0x20 || byte >= 0x7F || byte == '"' || byte == '\\')
			return;
	}
	memcpy(word, value.data + 1, length);
	word[length] = '\0';
}
