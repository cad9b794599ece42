/*-------------------------------------------------------------------------
 *
 * gzip_source.c
 *	  The format gzip: one compressed file of any format but an archive.
 *
 * The bytes are unpacked as they arrive and pushed into a source of the file
 * inside, in constant memory.  A file may consist of several members, which are
 * read as one; what follows the last one is padding.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <zlib.h>

#include "base/heap.h"
#include "reader/gzip_source.h"
#include "reader/unpacking.h"

#define PIECE_BYTES (64 * 1024)

/* inflateInit2(): a gzip header, and the largest window. */
#define GZIP_WINDOW (16 + MAX_WBITS)

/* The first byte of a member. */
#define MEMBER_BYTE 0x1F

enum gzip_state
{
	IN_MEMBER,
	AFTER_MEMBER,
	IN_PADDING
};

struct gzip_source
{
	struct row_source base;
	struct row_source_options options; /* of the file inside */
	const struct row_format *inside;   /* its format */
	struct row_source *inner;          /* NULL until the first bytes arrive */
	struct unpacking unpacking;
	z_stream stream;
	enum gzip_state state;
	int64_t packed;   /* read by stream so far, over all members */
	int64_t unpacked; /* written by it */
	char piece[PIECE_BYTES];
};

static struct gzip_source *
gzip_source_of(struct row_source *base)
{
	return (struct gzip_source *) base;
}

/* ----- zlib's memory ----- */

static voidpf
allocate(voidpf opaque, uInt items, uInt size)
{
	(void) opaque;
	return glue_allocate((size_t) items * size);
}

static void
release(voidpf opaque, voidpf block)
{
	(void) opaque;
	glue_release(block);
}

/* ----- unpacking ----- */

static bool
damaged(struct gzip_source *source)
{
	return glue_error_set(&source->base.error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
						  "the compressed file is damaged; compress it anew and send that");
}

/* Push what has been unpacked into piece. */
static bool
forward(struct gzip_source *source, size_t length)
{
	struct glue_error *error = &source->base.error;

	return unpacking_add(&source->unpacking, (int64_t) length, source->packed, source->unpacked,
						 error) &&
		   (length == 0 || row_source_push(source->inner, source->piece, length, error));
}

/* Unpack what fits into piece, and push it. */
static bool
unpack_piece(struct gzip_source *source)
{
	z_stream *stream = &source->stream;
	uInt available = stream->avail_in;
	size_t length;
	int result;

	stream->next_out = (Bytef *) source->piece;
	stream->avail_out = PIECE_BYTES;
	result = inflate(stream, Z_NO_FLUSH);
	if (result == Z_MEM_ERROR)
		return glue_error_memory(&source->base.error);
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return damaged(source);
	if (result == Z_STREAM_END)
		source->state = AFTER_MEMBER;
	length = PIECE_BYTES - stream->avail_out;
	source->packed += available - stream->avail_in;
	source->unpacked += (int64_t) length;
	return forward(source, length);
}

/* Decide what follows a member, by its first byte. */
static void
begin_next(struct gzip_source *source)
{
	if (source->stream.next_in[0] != MEMBER_BYTE || inflateReset(&source->stream) != Z_OK)
		source->state = IN_PADDING;
	else
		source->state = IN_MEMBER;
}

/* Unpack what is available.  Output may be pending when all input has been read. */
static bool
unpack(struct gzip_source *source)
{
	z_stream *stream = &source->stream;

	do
	{
		if (source->state == AFTER_MEMBER && stream->avail_in > 0)
			begin_next(source);
		if (source->state != IN_MEMBER)
			continue;
		if (!unpack_piece(source))
			return false;
	} while (source->state != IN_PADDING &&
			 (stream->avail_in > 0 || (source->state == IN_MEMBER && stream->avail_out == 0)));
	return true;
}

/* ----- the format ----- */

static struct row_source *
gzip_open(const struct row_source_options *options, struct glue_error *error)
{
	struct gzip_source *source;

	if (options->inside == NULL)
	{
		unpacking_nested(error);
		return NULL;
	}
	source = glue_allocate_zero(sizeof(*source));
	if (source != NULL)
	{
		source->options = *options;
		source->options.inside = NULL;
		source->inside = options->inside;
		source->unpacking.max_bytes = options->max_bytes;
		source->stream.zalloc = allocate;
		source->stream.zfree = release;
		if (inflateInit2(&source->stream, GZIP_WINDOW) == Z_OK)
			return &source->base;
	}
	glue_release(source);
	glue_error_memory(error);
	return NULL;
}

static bool
gzip_push(struct row_source *base, const char *bytes, size_t length)
{
	struct gzip_source *source = gzip_source_of(base);

	if (source->inner == NULL)
		source->inner =
			row_source_open(source->inside, &source->options, &base->events, &base->error);
	if (source->inner == NULL)
		return false;
	source->stream.next_in = (Bytef *) bytes;
	source->stream.avail_in = (uInt) length;
	return unpack(source);
}

static bool
gzip_finish(struct row_source *base)
{
	struct gzip_source *source = gzip_source_of(base);

	if (source->state == IN_MEMBER)
		return glue_error_set(&base->error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
							  "the compressed file is incomplete; send it again");
	return row_source_finish(source->inner, &base->error);
}

static void
gzip_found(const struct row_source *base, struct row_source_found *found)
{
	const struct gzip_source *source = (const struct gzip_source *) base;

	found->encoding = "UTF-8";
	if (source->inner != NULL)
		row_source_found(source->inner, found);
	found->compression = "gzip";
}

static void
gzip_destroy(struct row_source *base)
{
	struct gzip_source *source = gzip_source_of(base);

	row_source_destroy(source->inner);
	inflateEnd(&source->stream);
	glue_release(source);
}

const struct row_format gzip_format = {
	.name = "gzip",
	.open = gzip_open,
	.push = gzip_push,
	.finish = gzip_finish,
	.found = gzip_found,
	.destroy = gzip_destroy,
};
