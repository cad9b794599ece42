/*-------------------------------------------------------------------------
 *
 * csv_feed.c
 *	  A wrapper of libcsv: strict but for harmless quotes and blanks, without
 *	  trimming, with a limit on field size.
 *
 * libcsv trims blanks around an unquoted field.  A space function that always
 * returns false prevents that, but it is called through a pointer for each
 * byte and costs a quarter of the speed.  It is needed only where a blank is
 * next to a delimiter, a quote or a line end; elsewhere there is nothing to
 * trim.  So text is fed in stretches: long ones without such a blank, using
 * libcsv's own test, and short ones around such a blank, using the function.
 *
 * libcsv's other mode would accept any quote anywhere, and so read a file with one
 * forgotten quote as a few long fields.  So libcsv stays strict and stops at each
 * byte that is not allowed.  forgive() decides whether that byte is harmless, and
 * passes it on with the option or the function that lets libcsv accept it.
 *
 * libcsv does not limit the size of a field either.  Its realloc hook refuses
 * to grow the buffer beyond our limit, plus two bytes: the closing quote,
 * which libcsv keeps until it knows what follows, and the byte that follows.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <string.h>

#include "base/heap.h"
#include "reader/csv_feed.h"
#include "shared/columns.h"

#define FIELD_BUFFER_BYTES (ONBOARD_MAX_FIELD_BYTES + 2)

#define STRICT_OPTIONS (CSV_STRICT | CSV_STRICT_FINI)

/* Sixteen bytes at a time: gcc and clang use one vector register if available. */
#define BLOCK_BYTES 16
typedef uint8_t block __attribute__((vector_size(BLOCK_BYTES)));

static int
never_blank(unsigned char c)
{
	(void) c;
	return 0;
}

static void *
reallocate_capped(void *buffer, size_t size)
{
	return size > FIELD_BUFFER_BYTES ? NULL : glue_reallocate(buffer, size);
}

void
feed_init(struct csv_parser *parser, char delimiter, char quote)
{
	csv_init(parser, STRICT_OPTIONS);
	csv_set_delim(parser, (unsigned char) delimiter);
	csv_set_quote(parser, (unsigned char) quote);
	csv_set_realloc_func(parser, reallocate_capped);
	csv_set_free_func(parser, glue_release);
	csv_set_blk_size(parser, FIELD_BUFFER_BYTES);
}

void
feed_clean_up(struct csv_parser *parser)
{
	csv_free(parser);
}

void
feed_reset(struct csv_parser *parser)
{
	/* csv_fini() resets every state only in non-strict mode. */
	csv_set_opts(parser, 0);
	csv_fini(parser, NULL, NULL, NULL);
	csv_set_opts(parser, STRICT_OPTIONS);
}

static inline block
load_block(const char *data)
{
	block loaded;

	memcpy(&loaded, data, sizeof(loaded));
	return loaded;
}

static inline bool
any_set(block mask)
{
	uint64_t halves[2];

	memcpy(halves, &mask, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

/*
 * Return the length of the longest prefix of data, in whole blocks, in which
 * no blank is next to a delimiter or a quote.  Each block is checked together
 * with the byte after it.  data counts as the beginning of a field, because
 * what precedes it is unknown.  A line end can only be the last byte of data;
 * that byte and the one before it are always excluded.
 */
static size_t
plain_length(const char *data, size_t length, unsigned char delimiter, unsigned char quote_byte)
{
	const block tab = delimiter == '\t' ? (block){0} + ' ' : (block){0} + '\t';
	const block space = delimiter == ' ' ? (block){0} + '\t' : (block){0} + ' ';
	const block quote = (block){0} + quote_byte;
	const block border = (block){0} + delimiter;
	size_t done = 0;

	if (length > 0 && (data[0] == ' ' || data[0] == '\t'))
		return 0;
	while (length - done > BLOCK_BYTES + 1)
	{
		block here = load_block(data + done);
		block next = load_block(data + done + 1);
		block here_blank = (here == space) | (here == tab);
		block next_blank = (next == space) | (next == tab);
		block here_border = (here == quote) | (here == border);
		block next_border = (next == quote) | (next == border);

		if (any_set((here_blank & next_border) | (here_border & next_blank)))
			break;
		done += BLOCK_BYTES;
	}
	return done;
}

static enum feed_result
feed_error(struct csv_parser *parser)
{
	if (csv_error(parser) == CSV_EPARSE)
		return FEED_BAD_QUOTE;
	if (csv_get_buffer_size(parser) == FIELD_BUFFER_BYTES)
		return FEED_FIELD_TOO_LONG;
	return FEED_OUT_OF_MEMORY;
}

/* Parse one stretch; returns the length of what libcsv accepted. */
static size_t
parse_stretch(struct csv_parser *parser, const char *data, size_t length,
			  int (*is_blank)(unsigned char), const struct feed_events *events)
{
	csv_set_space_func(parser, is_blank);
	return csv_parse(parser, data, length, events->field, events->record, events->context);
}

/*
 * Return whether the unquoted field so far is blank.  Looks from its end, so
 * that all calls for one field examine each byte of it once.
 */
static bool
is_blank_so_far(const struct csv_parser *parser)
{
	size_t length = parser->entry_pos;

	while (length > 0 &&
		   (parser->entry_buf[length - 1] == ' ' || parser->entry_buf[length - 1] == '\t'))
		length--;
	return length == 0;
}

/*
 * libcsv has stopped at a byte that strict CSV does not allow.  If it is
 * harmless, consume it and return true.
 */
static bool
forgive(struct csv_parser *parser, const char *byte, const struct feed_events *events)
{
	bool done;

	if (csv_error(parser) != CSV_EPARSE)
		return false;
	/* After a closing quote, with libcsv's own test, blanks are trimmed. */
	if (parser->quoted)
		return (*byte == ' ' || *byte == '\t') && parse_stretch(parser, byte, 1, NULL, events) == 1;
	/* A quote after blanks opens the field, as if they were not there. */
	if (is_blank_so_far(parser))
	{
		parser->entry_pos = 0;
		parser->quoted = 1;
		return true;
	}
	csv_set_opts(parser, CSV_STRICT_FINI);
	done = parse_stretch(parser, byte, 1, never_blank, events) == 1;
	csv_set_opts(parser, STRICT_OPTIONS);
	return done;
}

enum feed_result
feed_parse(struct csv_parser *parser, const char *data, size_t length,
		   const struct feed_events *events)
{
	unsigned char delimiter = csv_get_delim(parser);
	unsigned char quote = csv_get_quote(parser);

	while (length > 0)
	{
		size_t plain = plain_length(data, length, delimiter, quote);
		size_t rest = length - plain;
		size_t done = 0;

		if (rest > BLOCK_BYTES)
			rest = BLOCK_BYTES;
		if (plain > 0)
			done = parse_stretch(parser, data, plain, NULL, events);
		if (done == plain)
			done += parse_stretch(parser, data + plain, rest, never_blank, events);
		if (done < plain + rest)
		{
			if (!forgive(parser, data + done, events))
				return feed_error(parser);
			done++;
		}
		data += done;
		length -= done;
	}
	return FEED_GOOD;
}

enum feed_result
feed_finish(struct csv_parser *parser, const struct feed_events *events)
{
	csv_set_space_func(parser, never_blank);
	if (csv_fini(parser, events->field, events->record, events->context) != 0)
		return FEED_BAD_QUOTE;
	return FEED_GOOD;
}

bool
feed_in_quotes(const struct csv_parser *parser)
{
	return parser->quoted != 0;
}
