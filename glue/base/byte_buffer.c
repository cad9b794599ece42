/*-------------------------------------------------------------------------
 *
 * byte_buffer.c
 *	  A byte buffer that grows up to a limit.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "base/heap.h"
#include "base/hex.h"

#define FIRST_BUFFER_SIZE 4096
#define LARGEST_BUFFER ((size_t) 64 * 1024 * 1024)

void
byte_buffer_clean_up(struct byte_buffer *buffer)
{
	glue_release(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}

bool
byte_buffer_reserve(struct byte_buffer *buffer, size_t more, struct glue_error *error)
{
	size_t size = buffer->size > 0 ? buffer->size : FIRST_BUFFER_SIZE;
	char *data;

	/* Allocate even for no bytes, so that data can be passed to memcpy(). */
	if (buffer->data != NULL && buffer->size - buffer->used >= more)
		return true;
	if (more > LARGEST_BUFFER - buffer->used)
		return glue_error_memory(error);
	while (size - buffer->used < more)
		size *= 2;
	data = glue_reallocate(buffer->data, size);
	if (data == NULL)
		return glue_error_memory(error);
	buffer->data = data;
	buffer->size = size;
	return true;
}

bool
byte_buffer_append(struct byte_buffer *buffer, const void *bytes, size_t length,
				   struct glue_error *error)
{
	if (!byte_buffer_reserve(buffer, length, error))
		return false;
	byte_buffer_put(buffer, bytes, length);
	return true;
}

bool
byte_buffer_append_string(struct byte_buffer *buffer, const char *string, struct glue_error *error)
{
	return byte_buffer_append(buffer, string, strlen(string), error);
}

bool
byte_buffer_terminate(struct byte_buffer *buffer, struct glue_error *error)
{
	if (!byte_buffer_reserve(buffer, 1, error))
		return false;
	buffer->data[buffer->used] = '\0';
	return true;
}

/* Return how many bytes from offset on need no escape in JSON, in whole words. */
static inline size_t
plain_words(struct text_view text, size_t offset)
{
	size_t end = offset;

	while (text.length - end >= sizeof(uint64_t))
	{
		uint64_t word = load_word(text.data + end);

		if (word_has_below(word, ' ') | word_has_byte(word, '"') | word_has_byte(word, '\\'))
			break;
		end += sizeof(uint64_t);
	}
	return end - offset;
}

/* Write a byte with its escape, if it needs one; returns where the next one goes. */
static inline char *
put_escaped(char *next, unsigned char byte)
{
	if (byte == '"' || byte == '\\')
		*next++ = '\\';
	if (byte >= ' ')
	{
		*next++ = (char) byte;
		return next;
	}
	memcpy(next, "\\u00", 4);
	next[4] = HEX_DIGITS[byte >> 4];
	next[5] = HEX_DIGITS[byte & 0x0F];
	return next + LONGEST_JSON_ESCAPE;
}

void
byte_buffer_append_json(struct byte_buffer *buffer, struct text_view text)
{
	char *next = buffer->data + buffer->used;
	size_t offset = 0;

	while (offset < text.length)
	{
		size_t plain = plain_words(text, offset);

		if (plain == 0)
			next = put_escaped(next, (unsigned char) text.data[offset++]);
		else
			memcpy(next, text.data + offset, plain);
		next += plain;
		offset += plain;
	}
	buffer->used = next - buffer->data;
}

bool
byte_buffer_append_json_string(struct byte_buffer *buffer, struct text_view text,
							   struct glue_error *error)
{
	if (!byte_buffer_reserve(buffer, LONGEST_JSON_ESCAPE * text.length + 2, error))
		return false;
	byte_buffer_put(buffer, "\"", 1);
	byte_buffer_append_json(buffer, text);
	byte_buffer_put(buffer, "\"", 1);
	return true;
}
