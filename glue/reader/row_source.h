/*-------------------------------------------------------------------------
 *
 * row_source.h
 *	  A file in whatever format, pushed in chunks of any size -> records.
 *
 * A source yields the raw header, then the records below it, in order, and can
 * tell where another source would resume.  It knows nothing of our columns:
 * what the fields mean is decided by column_map.h, the next stage.
 *
 *	  bytes -> row_source (csv_source, ...) -> column_map -> rows
 *
 * Bytes come by push, because S3 and standard input push.  A format that can
 * be read front to back (CSV, JSON lines, XML) yields records while it is
 * pushed, and its memory is flat.  One that needs the whole file, such as xlsx
 * with its directory at the end, writes what is pushed into a spool of its own
 * (a nameless temporary file) and yields header and records from its finish();
 * its callers see no difference, except that the records come late.
 *
 * A new format is one file that fills a struct row_format, and a line in
 * formats.c.  Its source begins with a struct row_source:
 *
 *	  struct csv_source
 *	  {
 *		  struct row_source base;
 *		  ...
 *	  };
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_ROW_SOURCE_H
#define GLUE_ROW_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/record.h"

struct row_format;

/* What somebody may fix beforehand; all zero means "find out". */
struct row_source_options
{
	const struct row_format *format; /* or NULL */
	char delimiter;                  /* or 0 */

	/* A name that iconv knows, or NULL; a byte order mark wins over it. */
	const char *encoding;

	/*
	 * Whether a text is the heading of a column that we know, which helps to
	 * guess the delimiter.  NULL: none is known.
	 */
	bool (*is_heading)(struct text_view text);
};

/* What is called, in order: header once, then record for each row. */
struct row_source_events
{
	/* The header as it is in the file.  It may have a defect. */
	record_fn header;
	record_fn record;
	void *context;
};

/* What a source found out.  Borrowed from it. */
struct row_source_found
{
	const char *format;   /* "csv" */
	const char *encoding; /* final once the header was yielded */
	char delimiter;       /* 0 as long as it is not known; not every format has one */
	bool has_content;     /* there is more in the file than a byte order mark */
};

/*
 * Where reading can resume.  The numbers are stored with an upload and compared
 * by the database; state is the source's own, and nobody else looks into it.
 * Borrowed.
 */
struct resume_token
{
	int64_t byte_offset; /* push the file from this byte on; 1 or more */
	int64_t row_number;  /* of the last record before it */
	int64_t line_number; /* of the next record */
	const char *state;   /* a JSON object */
};

/* ----- for those who read ----- */

struct row_source;

/*
 * The next bytes of the file, borrowed for the call; where the chunks are cut
 * never changes the events.  Returns false when it cannot continue, and so does
 * every later call: with error->class GLUE_NO_ERROR because an event returned
 * false, otherwise file fault NOT_TEXT or UNSUPPORTED_ENCODING,
 * or OUT_OF_MEMORY.
 */
extern bool row_source_push(struct row_source *source, const char *bytes, size_t length,
							struct glue_error *error);

/*
 * The file ended: the last events.  Results as row_source_push().  A file
 * without header or rows is no fault here.
 */
extern bool row_source_finish(struct row_source *source, struct glue_error *error);

/*
 * To be called while the events' record runs: where another source would
 * resume with this very record.  *token is borrowed from the source until the
 * next call.  False with GLUE_NO_ERROR when the file can only be read from its
 * beginning, otherwise OUT_OF_MEMORY.
 */
extern bool
row_source_token(struct row_source *source, struct resume_token *token, struct glue_error *error);

/* See struct row_source_found. */
extern void row_source_found(const struct row_source *source, struct row_source_found *found);

/* NULL is accepted. */
extern void row_source_destroy(struct row_source *source);

/* ----- for those who implement a format ----- */

/*
 * A format, as a table of functions.  push and finish return false when the
 * source cannot continue, with the reason in source->error unless an event
 * returned false; they are not called again after that.
 */
struct row_format
{
	const char *name;

	/*
	 * A new source; options are borrowed for the call, except is_heading.
	 * Returns NULL on: usage error (an option that cannot be), file fault
	 * UNSUPPORTED_ENCODING, OUT_OF_MEMORY.
	 */
	struct row_source *(*open)(const struct row_source_options *options, struct glue_error *error);

	/*
	 * A source that yields the header again, and then what the source that
	 * wrote the token would still have yielded.  NULL also on class internal,
	 * CHECKPOINT, when the state is not one that this format wrote.  A format
	 * that can only be read from the beginning has neither resume nor token.
	 */
	struct row_source *(*resume)(const struct resume_token *token, struct glue_error *error);

	bool (*push)(struct row_source *source, const char *bytes, size_t length);
	bool (*finish)(struct row_source *source);
	bool (*token)(struct row_source *source, struct resume_token *token, struct glue_error *error);
	void (*found)(const struct row_source *source, struct row_source_found *found);
	void (*destroy)(struct row_source *source);
};

/* What each source begins with.  open and resume leave it zeroed. */
struct row_source
{
	const struct row_format *format;
	struct row_source_events events;
	struct glue_error error; /* why it stopped; none when an event said so */
	bool stopped;
};

/*
 * A new source of this format, or one that resumes.  The results of the
 * format's functions; events are copied.  The caller owns the source:
 * row_source_destroy().
 */
extern struct row_source *
row_source_open(const struct row_format *format, const struct row_source_options *options,
				const struct row_source_events *events, struct glue_error *error);
extern struct row_source *
row_source_resume(const struct row_format *format, const struct resume_token *token,
				  const struct row_source_events *events, struct glue_error *error);

#endif /* GLUE_ROW_SOURCE_H */
