/*-------------------------------------------------------------------------
 *
 * row_reader.h
 *	  A file, pushed in chunks of any size -> a map of its columns, and rows.
 *
 *		bytes -> row_source -> column_map -> events
 *
 * The scan of a whole file and whoever loads it both read through this and
 * nothing else, so that what was promised is what is loaded.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ROW_READER_H
#define GLUE_ROW_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "reader/column_map.h"
#include "reader/record.h"
#include "reader/row_source.h"

/* What is called, in order: header once, then row for each row. */
struct row_reader_events
{
	/*
	 * The header was understood.  May be NULL.  The map lives as long as the
	 * reader.  Returning false stops the reader.
	 */
	bool (*header)(void *context, const struct column_map *map);

	/* One row, defects included.  Never NULL. */
	record_fn row;

	void *context;
};

/* Opaque. */
struct row_reader;

/*
 * A new reader; options may be NULL, and is_heading in them is set here;
 * events are copied.  The caller owns the result: row_reader_destroy().  NULL
 * on the errors of formats_open().
 */
extern struct row_reader *
row_reader_open(const struct row_source_options *options, const struct row_reader_events *events,
				struct glue_error *error);

/*
 * A reader that resumes at a token: it calls events->header with the first
 * bytes, then gives the rows that a reader of the whole file would still give.
 * Bytes are pushed from token->byte_offset on.  NULL on the errors of
 * formats_resume().
 */
extern struct row_reader *
row_reader_resume(const struct resume_token *token, const struct row_reader_events *events,
				  struct glue_error *error);

/* NULL is accepted. */
extern void row_reader_destroy(struct row_reader *reader);

/*
 * The next bytes of the file, borrowed for the call.  Results as
 * row_source_push(), and the file faults of column_map_init().
 */
extern bool row_reader_push(struct row_reader *reader, const char *bytes, size_t length,
							struct glue_error *error);

/*
 * The file ended: the last events.  Results as row_reader_push(), and file
 * fault EMPTY_FILE, or NO_HEADER when nothing but blank lines was in it.  A
 * file with a header and no row is no fault here.
 */
extern bool row_reader_finish(struct row_reader *reader, struct glue_error *error);

/* As row_source_token(), while events->row runs. */
extern bool
row_reader_token(struct row_reader *reader, struct resume_token *token, struct glue_error *error);

/* As row_source_found(). */
extern void row_reader_found(const struct row_reader *reader, struct row_source_found *found);

/* NULL until the header was understood.  Borrowed. */
extern const struct column_map *row_reader_map(const struct row_reader *reader);

#endif /* GLUE_ROW_READER_H */
