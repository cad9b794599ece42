/*-------------------------------------------------------------------------
 *
 * row_reader.h
 *	  Reads the column map and the rows of a file that is pushed in chunks.
 *
 *		bytes -> row_source -> header_map -> events
 *
 * Both the scan of a file and the load read through this module, so the rows
 * that are loaded are those that were scanned.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ROW_READER_H
#define GLUE_ROW_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "reader/header_map.h"
#include "reader/record.h"
#include "reader/row_source.h"

/* Callbacks, in order: header once, then row for each row. */
struct row_reader_events
{
	/*
	 * Called after the header has been mapped.  May be NULL.  The map lives as
	 * long as the reader.  Returning false stops the reader.
	 */
	bool (*header)(void *context, const struct header_map *map);

	/*
	 * Called for each row, including those with a defect, but not for the empty
	 * rows at the end of the file, which are ignored.  Never NULL.
	 */
	record_fn row;

	void *context;
};

/* Opaque. */
struct row_reader;

/*
 * Create a reader.  options may be NULL; its known headings are ignored.  events is
 * copied.  The caller must call row_reader_destroy().  Returns NULL on the
 * errors of formats_open().
 */
extern struct row_reader *
row_reader_open(const struct row_source_options *options, const struct row_reader_events *events,
				struct glue_error *error);

/*
 * Create a reader that resumes at a token.  It calls events->header with the
 * first bytes, then yields the rows that a reader of the whole file would
 * yield from there on.  The caller pushes bytes from token->byte_offset on.
 * Returns NULL on the errors of formats_resume().
 */
extern struct row_reader *
row_reader_resume(const struct resume_token *token, const struct row_reader_events *events,
				  struct glue_error *error);

/*
 * Set what the rows need; by default, rows are inserted.  Called before the first
 * bytes are pushed.
 */
extern void row_reader_need(struct row_reader *reader, const struct column_needs *needs);

/*
 * Say that rows are only counted: they keep the vendor's cells, and those that a map
 * makes too large have no defect.  Called before the first bytes are pushed.
 */
extern void row_reader_only_count(struct row_reader *reader);

/* Free the reader; NULL is accepted. */
extern void row_reader_destroy(struct row_reader *reader);

/*
 * Read the next bytes of the file, borrowed for the call.  Results as
 * row_source_push(), and the file faults of mapped_header_init().
 */
extern bool row_reader_push(struct row_reader *reader, const char *bytes, size_t length,
							struct glue_error *error);

/*
 * End the file: deliver the last events.  Results as row_reader_push(), and
 * file fault EMPTY_FILE, or NO_HEADER if it contained only blank lines.  A
 * file with a header and no rows is not a fault here.
 */
extern bool row_reader_finish(struct row_reader *reader, struct glue_error *error);

/*
 * Like row_source_token(); called while events->row runs.  There is no token at an
 * empty row.
 */
extern bool
row_reader_token(struct row_reader *reader, struct resume_token *token, struct glue_error *error);

/* Like row_source_found(), with the empty rows at the end once the file has ended. */
extern void row_reader_found(const struct row_reader *reader, struct row_source_found *found);

/* Return the map, or NULL if the header has not been mapped.  Borrowed. */
extern const struct header_map *row_reader_map(const struct row_reader *reader);

/*
 * Return the header if it could be read but not mapped, without its raw text; NULL
 * otherwise.  Borrowed.
 */
extern const struct record *row_reader_refused_header(const struct row_reader *reader);

#endif /* GLUE_ROW_READER_H */
