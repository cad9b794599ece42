/*-------------------------------------------------------------------------
 *
 * csv_source.h
 *	  A vendor's file, pushed in chunks of any size -> header and records.
 *
 *		bytes -> decode -> sniff -> csv_reader -> header -> callbacks
 *
 * The scan of a whole file and the job that loads it both read through this
 * and nothing else, so that what was promised is what is loaded.  The first
 * SNIFF_BLOCK_BYTES are held back until the delimiter is known; from then on
 * memory is flat whatever the size of the file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_SOURCE_H
#define GLUE_CSV_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"
#include "reader/csv_reader.h"
#include "reader/decode.h"
#include "reader/header.h"

/* What somebody may fix beforehand; all zero means "find out". */
struct csv_options
{
	const char *encoding; /* a name that iconv knows, or NULL; a byte
								 * order mark wins over it */
	char delimiter;       /* or 0 */
};

/* What is called, in order: header once, then record for each row. */
struct csv_events
{
	/*
	 * The header was understood.  May be NULL.  It lives as long as the
	 * source.  Returning false stops the source.
	 */
	bool (*header)(void *context, const struct csv_header *header);

	/* One row, defects included; see csv_reader.h.  Never NULL. */
	csv_record_fn record;

	void *context;
};

/* Opaque. */
struct csv_source;

/*
 * A new source; options may be NULL, events are copied.  The caller owns the
 * result: csv_source_destroy().  NULL on: usage error (a delimiter nobody may
 * ask for), file fault UNSUPPORTED_ENCODING, OUT_OF_MEMORY.
 */
extern struct csv_source *csv_source_new(const struct csv_options *options,
										 const struct csv_events *events, struct glue_error *error);

/*
 * Where the reading of a file can go on, with the record of this number.  The
 * bytes from bytes.byte_offset on are then pushed to another source.
 */
struct csv_resume_point
{
	struct decode_point bytes;
	int64_t row_number;
	int64_t line_number;
};

/*
 * For the record callback, and while it runs: where to go on with this record.
 * False when the file can only be read from its beginning, see
 * decoder_locate().
 */
extern bool
csv_source_resume_point(const struct csv_source *source, struct csv_resume_point *point);

/*
 * What the source that gave the point knew.  All is borrowed for the call of
 * csv_source_resume().
 */
struct csv_resume_file
{
	const char *encoding;           /* csv_source_encoding() */
	char delimiter;                 /* csv_source_delimiter() */
	const struct text_view *header; /* the names of csv_source_header() */
	int header_count;
};

/*
 * A source that goes on at a point and gives the records that one which read
 * the file from its beginning would still give.  The header is known at once
 * and events->header is not called.  Results as csv_source_new(), and the
 * file faults of header_init().
 */
extern struct csv_source *
csv_source_resume(const struct csv_resume_point *point, const struct csv_resume_file *file,
				  const struct csv_events *events, struct glue_error *error);

/* NULL is accepted. */
extern void csv_source_destroy(struct csv_source *source);

/*
 * The next bytes of the file, borrowed for the call; where the chunks are cut
 * never changes the events.  Returns false when it cannot go on, and so does
 * every later call: with error->class GLUE_NO_ERROR because a callback said
 * stop, otherwise one of the file faults NOT_TEXT, UNSUPPORTED_ENCODING,
 * NO_HEADER, MISSING_COLUMN, DUPLICATE_COLUMN, or OUT_OF_MEMORY.
 */
extern bool csv_source_push(struct csv_source *source, const char *bytes, size_t length,
							struct glue_error *error);

/*
 * The file ended: the last events.  Results as csv_source_push(), and file
 * fault EMPTY_FILE.  A file with a header and no row is no fault here.
 */
extern bool csv_source_finish(struct csv_source *source, struct glue_error *error);

/*
 * What was found.  Known once the header callback was called; before that the
 * delimiter is the one given or 0, and the header is NULL.  Borrowed.
 */
extern char csv_source_delimiter(const struct csv_source *source);
extern const char *csv_source_encoding(const struct csv_source *source);
extern const struct csv_header *csv_source_header(const struct csv_source *source);

#endif /* GLUE_CSV_SOURCE_H */
