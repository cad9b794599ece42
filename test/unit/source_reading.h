/*-------------------------------------------------------------------------
 *
 * source_reading.h
 *	  Reads a file through the source of its format, for comparison.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SOURCE_READING_H
#define ONBOARD_SOURCE_READING_H

#include "events.h"
#include "reader/formats.h"

struct source_reading
{
	struct event_list list;
	struct row_source *source; /* NULL if it could not be opened */
	struct glue_error error;
};

static inline bool
source_reading_push(void *context, const char *bytes, size_t length)
{
	struct source_reading *reading = context;

	return row_source_push(reading->source, bytes, length, &reading->error);
}

/* Read a file in pieces into a zeroed reading; clean up with source_reading_clean_up(). */
static inline void
source_reading_read(struct source_reading *reading, const struct row_source_options *options,
					const char *bytes, size_t length, size_t chunk)
{
	struct row_source_events events = {events_record, events_record, &reading->list};

	reading->source = formats_open(options, &events, &reading->error);
	if (reading->source != NULL &&
		push_in_pieces(bytes, length, chunk, source_reading_push, reading))
		row_source_finish(reading->source, &reading->error);
	events_append(&reading->list, "", 0);
}

/* Append the error, if there is one, as "CODE text". */
static inline void
source_reading_append_error(struct source_reading *reading)
{
	if (reading->error.class == GLUE_NO_ERROR)
		return;
	events_append(&reading->list, reading->error.code, strlen(reading->error.code));
	events_append(&reading->list, " ", 1);
	events_append(&reading->list, reading->error.text, strlen(reading->error.text));
}

/* Return what was read, cut to the length of what is expected of it. */
static inline const char *
source_reading_beginning(struct source_reading *reading, const char *expected)
{
	if (strlen(reading->list.text) > strlen(expected))
		reading->list.text[strlen(expected)] = '\0';
	return reading->list.text;
}

static inline void
source_reading_clean_up(struct source_reading *reading)
{
	row_source_destroy(reading->source);
	events_clean_up(&reading->list);
}

#endif /* ONBOARD_SOURCE_READING_H */
