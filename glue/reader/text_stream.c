/*-------------------------------------------------------------------------
 *
 * text_stream.c
 *	  Converts a text file to UTF-8, delivering its first block in one piece.
 *
 * The first TEXT_STREAM_BLOCK_BYTES, or all of a shorter file, are collected
 * in block, checked, decoded into head and delivered.  Later chunks go
 * straight through the decoder.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "reader/not_text.h"
#include "reader/text_stream.h"

/*
 * Size limit of the first block as UTF-8: each byte may become a three-byte
 * U+FFFD, and no encoding yields more than four bytes per byte.
 */
#define HEAD_MAX_BYTES (4 * TEXT_STREAM_BLOCK_BYTES)

struct text_stream
{
	/* immutable */
	decode_text_fn text_fn;
	void *context;
	bool encoding_given;

	/* mutable */
	struct decoder *decoder;
	char *block; /* NULL after it has been decoded */
	size_t block_length;
	char *head; /* the block as text, while it is being decoded */
	size_t head_length;
	bool head_may_be_damaged;
	struct glue_error error; /* why take_text() stopped the decoder, if known */
};

/* Append a piece of the first block's text. */
static bool
append_head(struct text_stream *stream, struct text_view text)
{
	if (text.length > HEAD_MAX_BYTES - stream->head_length)
		return glue_error_set(&stream->error, GLUE_INTERNAL_ERROR, "INTERNAL",
							  "the first block is too long as UTF-8");
	memcpy(stream->head + stream->head_length, text.data, text.length);
	stream->head_length += text.length;
	return true;
}

static bool
take_text(void *context, struct text_view text, bool may_be_damaged)
{
	struct text_stream *stream = context;

	if (stream->head == NULL)
		return stream->text_fn(stream->context, text, may_be_damaged);
	stream->head_may_be_damaged |= may_be_damaged;
	return append_head(stream, text);
}

/* Decode the first block into head. */
static bool
decode_block(struct text_stream *stream, struct glue_error *error)
{
	stream->head = glue_allocate(HEAD_MAX_BYTES);
	if (stream->head == NULL)
		return glue_error_memory(error);
	if (decoder_push(stream->decoder, stream->block, stream->block_length, error))
		return true;
	if (error->class == GLUE_NO_ERROR)
		*error = stream->error;
	return false;
}

/* Check, decode and deliver the first block, which is complete. */
static bool
begin(struct text_stream *stream, struct glue_error *error)
{
	const char *reason =
		not_text_reason(stream->block, stream->block_length, stream->encoding_given);
	struct text_view head;
	bool good;

	if (reason != NULL)
		return glue_error_set(error, GLUE_FILE_FAULT, "NOT_TEXT", "%s", reason);
	if (!decode_block(stream, error))
		return false;
	glue_release(stream->block);
	stream->block = NULL;
	head = (struct text_view){stream->head, stream->head_length};
	good = stream->text_fn(stream->context, head, stream->head_may_be_damaged);
	glue_release(stream->head);
	stream->head = NULL;
	return good;
}

/* Collect the first block; returns how much of the chunk was used. */
static size_t
collect(struct text_stream *stream, const char *bytes, size_t length)
{
	size_t room = TEXT_STREAM_BLOCK_BYTES - stream->block_length;

	if (length > room)
		length = room;
	memcpy(stream->block + stream->block_length, bytes, length);
	stream->block_length += length;
	return length;
}

bool
text_stream_push(struct text_stream *stream, const char *bytes, size_t length,
				 struct glue_error *error)
{
	glue_error_clear(error);
	if (stream->block != NULL && length > 0)
	{
		size_t taken = collect(stream, bytes, length);

		bytes += taken;
		length -= taken;
		if (stream->block_length == TEXT_STREAM_BLOCK_BYTES && !begin(stream, error))
			return false;
	}
	return length == 0 || decoder_push(stream->decoder, bytes, length, error);
}

bool
text_stream_finish(struct text_stream *stream, struct glue_error *error)
{
	glue_error_clear(error);
	if (stream->block != NULL && stream->block_length > 0 && !begin(stream, error))
		return false;
	return decoder_finish(stream->decoder, error);
}

static struct text_stream *
new_stream(decode_text_fn text_fn, void *context, struct glue_error *error)
{
	struct text_stream *stream = glue_allocate_zero(sizeof(*stream));

	if (stream == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	stream->text_fn = text_fn;
	stream->context = context;
	return stream;
}

struct text_stream *
text_stream_new(const char *encoding, decode_text_fn text_fn, void *context,
				struct glue_error *error)
{
	struct text_stream *stream = new_stream(text_fn, context, error);

	if (stream == NULL)
		return NULL;
	stream->encoding_given = encoding != NULL;
	stream->decoder = decoder_new(encoding, take_text, stream, error);
	if (stream->decoder == NULL)
		goto error;
	stream->block = glue_allocate(TEXT_STREAM_BLOCK_BYTES);
	if (stream->block == NULL)
	{
		glue_error_memory(error);
		goto error;
	}
	return stream;

error:
	text_stream_destroy(stream);
	return NULL;
}

struct text_stream *
text_stream_resume(const char *encoding, const struct decode_point *point, decode_text_fn text_fn,
				   void *context, struct glue_error *error)
{
	struct text_stream *stream = new_stream(text_fn, context, error);

	if (stream == NULL)
		return NULL;
	stream->decoder = decoder_resume(encoding, point, take_text, stream, error);
	if (stream->decoder != NULL)
		return stream;
	text_stream_destroy(stream);
	return NULL;
}

void
text_stream_destroy(struct text_stream *stream)
{
	if (stream == NULL)
		return;
	decoder_destroy(stream->decoder);
	glue_release(stream->block);
	glue_release(stream->head);
	glue_release(stream);
}

const char *
text_stream_encoding(const struct text_stream *stream)
{
	return decoder_encoding(stream->decoder);
}

bool
text_stream_locate(const struct text_stream *stream, int64_t text_offset,
				   struct decode_point *point)
{
	return decoder_locate(stream->decoder, text_offset, point);
}
