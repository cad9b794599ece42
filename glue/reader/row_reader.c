/*-------------------------------------------------------------------------
 *
 * row_reader.c
 *	  Reads the column map and the rows of a file that is pushed in chunks.
 *
 * Empty rows at the end of a file are ignored, because spreadsheets write them.
 * Elsewhere each is a row with a defect.  So empty rows are held back until a row
 * follows that is not empty.  There may be a million of them, so only their
 * numbers are held, as runs of rows in lines of equal distance: usually there is
 * one run.  If there are more runs than we remember, the rows of the oldest one
 * are delivered even though they may be at the end.
 *
 * With a vendor's map, each row passes through a row_map, which may skip it.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "reader/formats.h"
#include "reader/header_copy.h"
#include "reader/mapped_header.h"
#include "reader/row_map.h"
#include "reader/row_reader.h"
#include "reader/row_token.h"

/* Runs of empty rows that are remembered. */
#define MOST_EMPTY_RUNS 64

/* Consecutive empty rows in lines of equal distance. */
struct empty_run
{
	int64_t row_number; /* of the first one, as its line */
	int64_t line_number;
	int64_t distance; /* between their lines; 0 if there is one row */
	int64_t count;
};

struct row_reader
{
	/* immutable */
	struct row_reader_events events;
	struct column_needs needs;
	bool only_counts;

	/* mutable */
	struct row_source *source;
	struct mapped_header header;
	bool has_map;                      /* the header has been mapped */
	struct header_copy refused_header; /* if it could not be mapped */
	struct header_map_scratch scratch;
	struct row_map *row_map;  /* NULL without a vendor's map */
	struct row_token resumed; /* zero unless the reader resumes */
	bool is_resumed;
	struct byte_buffer state; /* of the last token */
	struct empty_run empty_runs[MOST_EMPTY_RUNS];
	int empty_run_count;
	bool delivers_empty;     /* the current row is one that was held back */
	char *empty_raw;         /* what an empty row looks like: the delimiters */
	struct glue_error error; /* why mapping the header, or the end of the file, failed */
};

/* Write what an empty row looks like. */
static bool
make_empty_raw(struct row_reader *reader, const struct row_source_found *found)
{
	int count = reader->header.columns.header_count - 1;

	reader->empty_raw = glue_allocate(count + 1);
	if (reader->empty_raw == NULL)
		return glue_error_memory(&reader->error);
	memset(reader->empty_raw, found->delimiter != 0 ? found->delimiter : ',', count);
	reader->empty_raw[count] = '\0';
	return true;
}

/* Prepare to apply the vendor's map, if there is one, to rows. */
static bool
open_row_map(struct row_reader *reader)
{
	if (reader->is_resumed && (reader->resumed.rows != NULL) != (reader->header.binding != NULL))
		return row_source_foreign_token(&reader->error);
	if (reader->header.binding == NULL)
		return true;
	reader->row_map = row_map_new(&reader->header.columns, reader->header.binding, &reader->error);
	return reader->row_map != NULL &&
		   (!reader->is_resumed ||
			row_map_read(reader->row_map, reader->resumed.rows, &reader->error));
}

/* Callback of the source. */
static bool
take_header(void *context, const struct record *header)
{
	struct row_reader *reader = context;
	struct row_source_found found;

	row_source_found(reader->source, &found);
	reader->has_map =
		mapped_header_init(&reader->header, header, &reader->needs, &found, &reader->error);
	if (!reader->has_map && header->defect_type == NULL)
		(void) header_copy_make(&reader->refused_header, header, NULL);
	if (reader->has_map && header_map_ends_in_ours(&reader->header.columns))
		row_source_keep_fields(reader->source);
	return reader->has_map && open_row_map(reader) && make_empty_raw(reader, &found) &&
		   (reader->events.header == NULL ||
			reader->events.header(reader->events.context, &reader->header.columns));
}

/* ----- empty rows ----- */

/* Deliver the rows of the oldest run, and forget it. */
static bool
deliver_oldest_run(struct row_reader *reader)
{
	struct empty_run run = reader->empty_runs[0];
	struct record row = {
		.row_number = run.row_number,
		.line_number = run.line_number,
		.defect_type = RECORD_EMPTY_ROW,
		.defect_message = COLUMN_MAP_EMPTY_ROW,
		.raw = text_of(reader->empty_raw),
	};
	bool wanted = true;

	reader->empty_run_count--;
	memmove(reader->empty_runs, reader->empty_runs + 1, reader->empty_run_count * sizeof(run));
	reader->delivers_empty = true;
	for (int64_t i = 0; wanted && i < run.count; i++)
	{
		wanted = reader->events.row(reader->events.context, &row);
		row.row_number++;
		row.line_number += run.distance;
	}
	reader->delivers_empty = false;
	return wanted;
}

static bool
deliver_empty_rows(struct row_reader *reader)
{
	while (reader->empty_run_count > 0)
	{
		if (!deliver_oldest_run(reader))
			return false;
	}
	return true;
}

/* Add an empty row to the last run; false if it does not fit. */
static bool
extend_run(struct row_reader *reader, const struct record *row)
{
	struct empty_run *run;
	int64_t distance;

	if (reader->empty_run_count == 0)
		return false;
	run = &reader->empty_runs[reader->empty_run_count - 1];
	distance = row->line_number - run->line_number;
	if (run->count == 1)
		run->distance = distance;
	if (distance != run->distance * run->count)
		return false;
	run->count++;
	return true;
}

static bool
hold_empty_row(struct row_reader *reader, const struct record *row)
{
	if (extend_run(reader, row))
		return true;
	if (reader->empty_run_count == MOST_EMPTY_RUNS && !deliver_oldest_run(reader))
		return false;
	reader->empty_runs[reader->empty_run_count++] =
		(struct empty_run){row->row_number, row->line_number, 0, 1};
	return true;
}

static bool
deliver_row(struct row_reader *reader, const struct record *row)
{
	if (record_is_empty_row(row))
		return hold_empty_row(reader, row);
	return deliver_empty_rows(reader) && reader->events.row(reader->events.context, row);
}

/* Callback of the source. */
static bool
take_record(void *context, const struct record *record)
{
	struct row_reader *reader = context;
	struct row_map *map = reader->row_map;
	const struct record *row = header_map_row(&reader->header.columns, record, &reader->scratch);
	bool skips;

	if (map == NULL)
		return deliver_row(reader, row);
	skips = row_map_skips(map, row);
	return (skips || deliver_row(reader, reader->only_counts ? row_map_number(map, row)
															 : row_map_apply(map, row))) &&
		   row_map_pass(map, row, skips, &reader->error);
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
	reader->needs = (struct column_needs){MODE_INSERT, MATCH_COUNT, NULL};
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
	own.known =
		(struct heading_test){header_map_is_heading, header_map_header_mark, &reader->needs};
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
	reader->is_resumed = true;
	if (row_token_split(&reader->resumed, token, error))
		reader->source = formats_resume(&reader->resumed.source, &source_events, error);
	return check_source(reader);
}

void
row_reader_need(struct row_reader *reader, const struct column_needs *needs)
{
	reader->needs = *needs;
}

void
row_reader_only_count(struct row_reader *reader)
{
	reader->only_counts = true;
}

void
row_reader_destroy(struct row_reader *reader)
{
	if (reader == NULL)
		return;
	row_source_destroy(reader->source);
	row_map_destroy(reader->row_map);
	mapped_header_clean_up(&reader->header);
	row_token_clean_up(&reader->resumed);
	byte_buffer_clean_up(&reader->state);
	header_copy_clean_up(&reader->refused_header);
	glue_release(reader->empty_raw);
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
	return reader->has_map || header_map_no_header(&reader->error);
}

bool
row_reader_finish(struct row_reader *reader, struct glue_error *error)
{
	return settle(reader, row_source_finish(reader->source, error) && check_end(reader), error);
}

bool
row_reader_token(struct row_reader *reader, struct resume_token *token, struct glue_error *error)
{
	glue_error_clear(error);
	/* The source is already at the row after the empty ones. */
	if (reader->delivers_empty || !row_source_token(reader->source, token, error))
		return false;
	return reader->row_map == NULL || row_token_join(token, reader->row_map, &reader->state, error);
}

void
row_reader_found(const struct row_reader *reader, struct row_source_found *found)
{
	row_source_found(reader->source, found);
	for (int i = 0; i < reader->empty_run_count; i++)
		found->empty_rows += reader->empty_runs[i].count;
	if (reader->row_map != NULL)
		found->skipped_rows = row_map_skipped(reader->row_map);
}

const struct header_map *
row_reader_map(const struct row_reader *reader)
{
	return reader->has_map ? &reader->header.columns : NULL;
}

const struct record *
row_reader_refused_header(const struct row_reader *reader)
{
	return reader->refused_header.record.field_count > 0 ? &reader->refused_header.record : NULL;
}
