/*-------------------------------------------------------------------------
 *
 * csv_feed.h
 *	  libcsv, set up so that it is strict, never trims and has a cap.
 *
 * Private to csv_reader.c.
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
	FEED_BAD_QUOTE,      /* a quote where none may stand */
	FEED_FIELD_TOO_LONG, /* over ONBOARD_MAX_FIELD_BYTES */
	FEED_OUT_OF_MEMORY
};

/* What libcsv calls: the end of a field, the end of a record. */
struct feed_events
{
	void (*field)(void *value, size_t length, void *context);
	void (*record)(int terminator, void *context);
	void *context;
};

/* The parser lives in the caller's storage; feed_clean_up(). */
extern void feed_init(struct csv_parser *parser, char delimiter);
extern void feed_clean_up(struct csv_parser *parser);

/* Forget what was begun; the buffer stays. */
extern void feed_reset(struct csv_parser *parser);

/*
 * Parse bytes.  A field up to two bytes longer than the cap may still reach
 * events->field, which must look at the length.  After another result than
 * FEED_GOOD only feed_reset() or feed_clean_up() may follow.
 */
extern enum feed_result feed_parse(struct csv_parser *parser, const char *data, size_t length,
								   const struct feed_events *events);

/* The text ended; FEED_BAD_QUOTE says that a quote is still open. */
extern enum feed_result feed_finish(struct csv_parser *parser, const struct feed_events *events);

/* Whether the field that is being read, if any, began with a quote. */
extern bool feed_in_quotes(const struct csv_parser *parser);

#endif /* GLUE_CSV_FEED_H */
