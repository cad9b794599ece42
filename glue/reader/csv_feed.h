/*-------------------------------------------------------------------------
 *
 * csv_feed.h
 *	  A wrapper of libcsv: strict but for harmless quotes and blanks, without
 *	  trimming, with a limit on field size.
 *
 * Private to csv_reader.c.
 *
 * A quote inside an unquoted field is text.  Blanks (tab and space) between a
 * delimiter and a quote are outside the value, on both sides of the field.
 * Anything else that strict CSV does not allow is an error.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_FEED_H
#define GLUE_CSV_FEED_H

#include <csv.h>
#include <stdbool.h>
#include <stddef.h>

enum feed_result
{
	FEED_GOOD,
	FEED_BAD_QUOTE,      /* text after a closing quote */
	FEED_FIELD_TOO_LONG, /* longer than ONBOARD_MAX_FIELD_BYTES */
	FEED_OUT_OF_MEMORY
};

/* Callbacks for the end of a field and the end of a record. */
struct feed_events
{
	void (*field)(void *value, size_t length, void *context);
	void (*record)(int terminator, void *context);
	void *context;
};

/*
 * The caller provides the parser's storage, and must call feed_clean_up().  A NUL
 * as quote, which no text contains, means that quotes are text.
 */
extern void feed_init(struct csv_parser *parser, char delimiter, char quote);
extern void feed_clean_up(struct csv_parser *parser);

/* Discard any partial record; keep the buffer. */
extern void feed_reset(struct csv_parser *parser);

/*
 * Parse bytes.  A field up to two bytes over the limit may still reach
 * events->field, which must check the length.  After any result but FEED_GOOD,
 * only feed_reset() or feed_clean_up() may be called.
 */
extern enum feed_result feed_parse(struct csv_parser *parser, const char *data, size_t length,
								   const struct feed_events *events);

/* End the text; FEED_BAD_QUOTE means that a quote is still open. */
extern enum feed_result feed_finish(struct csv_parser *parser, const struct feed_events *events);

/* Return whether the current field, if any, began with a quote. */
extern bool feed_in_quotes(const struct csv_parser *parser);

#endif /* GLUE_CSV_FEED_H */
