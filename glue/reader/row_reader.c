/*-------------------------------------------------------------------------
 *
 * row_reader.c
 *	  Reads the column map and the rows of a file that is pushed in chunks.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "reader/formats.h"
#include "reader/row_reader.h"

struct row_reader
{
	/* immutable */
	struct row_reader_events events;
	struct column_needs needs;

	/* mutable */
	struct row_source *source;
	struct column_map map;
	bool has_map;
	struct column_map_scratch scratch;
	struct glue_error error; /* why mapping the header, or the end of the file, failed */
};

/* Callback of the source. */
static bool
take_header(void *context, const struct record *header)
{
	struct row_reader *reader = context;

	reader->has_map = column_map_init(&reader->map, header, &reader->needs, &reader->error);
	return reader->has_map && (reader->events.header == NULL ||
							   reader->events.header(reader->events.context, &reader->map));
}

/* Callback of the source. */
static bool
take_record(void *context, const struct record *record)
{
	struct row_reader *reader = context;

	return reader->events.row(reader->events.context,
							  column_map_row(&reader->map, record, &reader->scratch));
}

/* Allocate a reader and set the events through which its source calls it. */
static struct row_reader *
new_reader(const struct row_reader_events *events, struct row_source_events *source_events,
		   struct glue_error *error)
{
	struct row_reader *reader = glue_allocate_zero(sizeof(*reader));

	if (reader == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	reader->events = *events;
	reader->needs = (struct column_needs){MODE_INSERT, MATCH_COUNT};
	*source_events = (struct row_source_events){take_header, take_record, reader};
	return reader;
}

static struct row_reader *
check_source(struct row_reader *reader)
{
	if (reader->source != NULL)
		return reader;
	row_reader_destroy(reader);
	return NULL;
}

struct row_reader *
row_reader_open(const struct row_source_options *options, const struct row_reader_events *events,
				struct glue_error *error)
{
	struct row_source_options own = {0};
	struct row_source_events source_events;
	struct row_reader *reader = new_reader(events, &source_events, error);

	if (reader == NULL)
		return NULL;
	if (options != NULL)
		own = *options;
	own.is_heading = column_map_is_heading;
	reader->source = formats_open(&own, &source_events, error);
	return check_source(reader);
}

struct row_reader *
row_reader_resume(const struct resume_token *token, const struct row_reader_events *events,
				  struct glue_error *error)
{
	struct row_source_events source_events;
	struct row_reader *reader = new_reader(events, &source_events, error);

	if (reader == NULL)
		return NULL;
	reader->source = formats_resume(token, &source_events, error);
	return check_source(reader);
}

void
row_reader_need(struct row_reader *reader, const struct column_needs *needs)
{
	reader->needs = *needs;
}

void
row_reader_destroy(struct row_reader *reader)
{
	if (reader == NULL)
		return;
	row_source_destroy(reader->source);
	column_map_clean_up(&reader->map);
	glue_release(reader);
}

/* Return the source's result.  If it stopped without an error, report ours. */
static bool
settle(const struct row_reader *reader, bool good, struct glue_error *error)
{
	if (!good && error != NULL && error->class == GLUE_NO_ERROR)
		*error = reader->error;
	return good;
}

bool
row_reader_push(struct row_reader *reader, const char *bytes, size_t length,
				struct glue_error *error)
{
	return settle(reader, row_source_push(reader->source, bytes, length, error), error);
}

/* Check that the file had a header. */
static bool
check_end(struct row_reader *reader)
{
	struct row_source_found found;

	row_source_found(reader->source, &found);
	if (!found.has_content)
		return glue_error_file(&reader->error, "EMPTY_FILE");
	return reader->has_map || column_map_no_header(&reader->error);
}

bool
row_reader_finish(struct row_reader *reader, struct glue_error *error)
{
	return settle(reader, row_source_finish(reader->source, error) && check_end(reader), error);
}

bool
row_reader_token(struct row_reader *reader, struct resume_token *token, struct glue_error *error)
{
	return row_source_token(reader->source, token, error);
}

void
row_reader_found(const struct row_reader *reader, struct row_source_found *found)
{
	row_source_found(reader->source, found);
}

const struct column_map *
row_reader_map(const struct row_reader *reader)
{
	return reader->has_map ? &reader->map : NULL;
}
