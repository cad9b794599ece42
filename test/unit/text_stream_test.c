/*-------------------------------------------------------------------------
 *
 * text_stream_test.c
 *	  The first block of a text arrives in one piece, however it is pushed.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "events.h"
#include "reader/text_stream.h"

struct streaming
{
	struct text_stream *stream;
	struct event_list text; /* all of it */
	size_t first_length;    /* length of the first piece */
	int pieces;
	int stop_after; /* stop after this many pieces; 0 for never */
	struct glue_error error;
};

static bool
take_text(void *context, struct text_view text, bool may_be_damaged)
{
	struct streaming *streaming = context;

	(void) may_be_damaged;
	if (streaming->pieces++ == 0)
		streaming->first_length = text.length;
	events_append(&streaming->text, text.data, text.length);
	return streaming->pieces != streaming->stop_after;
}

static bool
push_piece(void *context, const char *bytes, size_t length)
{
	struct streaming *streaming = context;

	return text_stream_push(streaming->stream, bytes, length, &streaming->error);
}

/* Read a text in pieces; the caller cleans up. */
static bool
read_text(struct streaming *streaming, const char *encoding, const char *input, size_t length,
		  size_t chunk)
{
	streaming->stream = text_stream_new(encoding, take_text, streaming, &streaming->error);
	return streaming->stream != NULL &&
		   push_in_pieces(input, length, chunk, push_piece, streaming) &&
		   text_stream_finish(streaming->stream, &streaming->error);
}

static void
clean_up(struct streaming *streaming)
{
	text_stream_destroy(streaming->stream);
	events_clean_up(&streaming->text);
}

/* The first piece is the text of the first block, whatever the chunk size. */
static void
check_first(const char *name, const char *encoding, const char *input, size_t length,
			size_t first_length, size_t text_length)
{
	for (size_t chunk = next_chunk_size(0, length); chunk > 0;
		 chunk = next_chunk_size(chunk, length))
	{
		struct streaming streaming = {0};

		ok(read_text(&streaming, encoding, input, length, chunk), "%s in pieces of %zu", name,
		   chunk);
		is_int((long long) streaming.first_length, (long long) first_length,
			   "first block is delivered in one piece");
		is_int((long long) streaming.text.length, (long long) text_length,
			   "complete text is delivered");
		clean_up(&streaming);
	}
}

static void
test_first_block(void)
{
	size_t block = TEXT_STREAM_BLOCK_BYTES;
	size_t length = 2 * block + 100;
	char *input = malloc(length);

	memset(input, 'x', length);
	check_first("a long text", NULL, input, length, block, length);
	check_first("a block", NULL, input, block, block, block);
	check_first("less than a block", NULL, input, 1000, 1000, 1000);
	memset(input, 0xE4, length);
	check_first("Latin-1", "ISO-8859-1", input, length, 2 * block, 2 * length);
	free(input);
}

static void
test_short(void)
{
	struct streaming empty = {0};
	struct streaming mark = {0};

	ok(read_text(&empty, NULL, "", 0, 1), "empty file is accepted");
	is_int(empty.pieces, 0, "no text is delivered");
	clean_up(&empty);
	ok(read_text(&mark, NULL, "\xEF\xBB\xBF", 3, 1),
	   "file with only a byte order mark is accepted");
	is_int(mark.pieces, 1, "its text is delivered once");
	is_int((long long) mark.text.length, 0, "its text is empty");
	clean_up(&mark);
}

static void
test_stop(void)
{
	struct streaming bzip2 = {0};
	struct streaming stopped = {.stop_after = 1};

	ok(!read_text(&bzip2, NULL, "BZh9", 4, 2), "compressed data is rejected");
	is_text(bzip2.error.code, "NOT_TEXT", "error has the expected code");
	is_int(bzip2.pieces, 0, "nothing is delivered before that");
	clean_up(&bzip2);
	ok(!read_text(&stopped, NULL, "abc", 3, 1), "receiver stops the stream");
	is_int(stopped.error.class, GLUE_NO_ERROR, "stopping is not an error");
	clean_up(&stopped);
}

/* A resumed stream delivers text immediately. */
static void
test_resume(void)
{
	struct decode_point point = {1000, 1};
	struct streaming streaming = {0};

	streaming.stream =
		text_stream_resume("ISO-8859-1", &point, take_text, &streaming, &streaming.error);
	ok(text_stream_push(streaming.stream, "\xE4y", 2, &streaming.error), "bytes are accepted");
	is_text(streaming.text.text, "\xA4y", "text is delivered without the skipped bytes");
	is_text(text_stream_encoding(streaming.stream), "ISO-8859-1", "encoding is the specified one");
	ok(text_stream_locate(streaming.stream, 1, &point), "position can be located");
	is_int(point.byte_offset, 1000, "byte offset counts from the beginning of the file");
	is_int(point.skip, 2, "text of the first byte is skipped");
	clean_up(&streaming);
}

int
main(void)
{
	test_first_block();
	test_short();
	test_stop();
	test_resume();
	return unit_done();
}
