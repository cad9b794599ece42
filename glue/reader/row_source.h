/*-------------------------------------------------------------------------
 *
 * row_source.h
 *	  Reads the records of a file of any format that is pushed in chunks.
 *
 * A source yields the raw header, then the records after it, in order, and can
 * report where another source could resume.  It is independent of our columns:
 * the next stage, header_map.h, decides what the fields mean.
 *
 *	  bytes -> row_source (csv_source, ...) -> header_map -> rows
 *
 * Bytes are pushed because S3 and standard input push.  A format that can be
 * read sequentially (CSV, JSON lines, XML) yields records during push, in
 * constant memory.  One that needs the whole file, such as xlsx with its
 * directory at the end, spools the bytes into an unlinked temporary file and
 * yields header and records from finish().  Callers see no difference, except
 * that the records arrive late.
 *
 * To add a format, define a struct row_format in a file of its own and add a
 * line to formats.c.  Its source begins with a struct row_source:
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
#include "reader/csv_dialect.h"
#include "reader/header_line.h"
#include "reader/record.h"

struct row_format;
struct kept_rows;

/*
 * Settings that a caller may specify in advance; zero values are detected.  The
 * strings are borrowed as long as the source lives.
 */
struct row_source_options
{
	const struct row_format *format; /* or NULL */
	char delimiter;                  /* or 0 */
	enum quote_sign quote;

	/*
	 * A name that iconv supports, or NULL; a byte order mark takes precedence.  A
	 * trusted one is not checked against the file; see encoding_check.h.
	 */
	const char *encoding;
	bool encoding_is_trusted;

	/*
	 * Receives the bytes of a text before they are decoded, unpacked if the file is
	 * compressed.  NULL: not needed.
	 */
	void (*take_bytes)(void *context, const char *bytes, size_t length);
	void *bytes_context;

	/* The sheet of a workbook, or NULL: the first one with known headings. */
	const char *sheet;

	/* Most bytes to unpack from a compressed file; 0 for no limit. */
	int64_t max_bytes;

	/*
	 * Where a format that is slow to read keeps its records for the next reading,
	 * or NULL; borrowed as long as the source lives.
	 */
	struct kept_rows *kept;

	/* Format of the file in an archive; NULL: the file may be no archive. */
	const struct row_format *inside;

	/* Which headings are known, which helps to find the header and the delimiter. */
	struct heading_test known;
};

/* Callbacks, in order: header once, then record for each row. */
struct row_source_events
{
	/*
	 * The header as in the file.  It may have a defect.  A line_number above 1
	 * says that other lines precede it: blank ones, titles, a line "sep=;".
	 */
	record_fn header;
	record_fn record;
	void *context;
};

/* Properties of the file that a source has detected.  Borrowed from the source. */
struct row_source_found
{
	const char *format;      /* "csv" or "xlsx" */
	const char *compression; /* "gzip" or "zip"; NULL if the file was not compressed */
	const char *encoding;    /* final once the header has been yielded */
	char delimiter;          /* 0 if unknown, or if the format has none */
	enum quote_sign quote;
	int64_t heading_line; /* the line that has our headings, if the header is another */
	int64_t hidden_lines; /* above the header, which a spreadsheet does not show */
	bool has_content;     /* the file contains more than a byte order mark */
	int64_t empty_rows;   /* at the end of the file, ignored; set by row_reader.c */
	int64_t skipped_rows; /* left out by the vendor's map; likewise */

	/* The sheet of a workbook that is read: NULL and 0 if unknown, or if there are none. */
	const char *sheet;
	int sheet_number; /* its position in the workbook, from 1 */
};

/*
 * Where reading can resume.  The numbers are stored with an upload and
 * compared by the database; state is private to the source.  Borrowed.
 */
struct resume_token
{
	int64_t byte_offset; /* push the file from this byte on; 1 or more */
	int64_t row_number;  /* of the last record before that byte */
	int64_t line_number; /* of the next record */
	const char *state;   /* a JSON object */
};

/* ----- for readers ----- */

struct row_source;

/*
 * Read the next bytes of the file, borrowed for the call.  The events do not
 * depend on how the file is split.  Returns false if it cannot continue, as
 * does every later call: with error->class GLUE_NO_ERROR if an event returned
 * false, otherwise file fault NOT_TEXT or UNSUPPORTED_ENCODING, or
 * OUT_OF_MEMORY.
 */
extern bool row_source_push(struct row_source *source, const char *bytes, size_t length,
							struct glue_error *error);

/*
 * End the file: deliver the last events.  Results as row_source_push().  A
 * file without a header or rows is not a fault here.
 */
extern bool row_source_finish(struct row_source *source, struct glue_error *error);

/*
 * Report where another source could resume with the current record.  Must be
 * called while the record event runs.  *token is borrowed from the source
 * until the next call.  Returns false with GLUE_NO_ERROR if the file can only
 * be read from its beginning, or if the record is there, as it may be in a
 * format without a line for the header; otherwise with OUT_OF_MEMORY.
 */
extern bool
row_source_token(struct row_source *source, struct resume_token *token, struct glue_error *error);

/*
 * Set internal error CHECKPOINT: a token was not written by this program.  Always
 * returns false.
 */
extern bool row_source_foreign_token(struct glue_error *error);

/*
 * Called while the header event runs: a record with more fields than the header is
 * malformed even if these are empty.
 */
extern void row_source_keep_fields(struct row_source *source);

/* Fill *found; see struct row_source_found. */
extern void row_source_found(const struct row_source *source, struct row_source_found *found);

/* Free the source; NULL is accepted. */
extern void row_source_destroy(struct row_source *source);

/* ----- for implementers of a format ----- */

/*
 * A format, as a table of functions.  push and finish return false if the
 * source cannot continue, with the reason in source->error unless an event
 * returned false; they are not called again after that.
 */
struct row_format
{
	const char *name;

	/*
	 * Create a source.  options is borrowed for the call, its strings and
	 * context of known as long as the source lives.  Returns NULL on a usage error (an invalid option), file fault
	 * UNSUPPORTED_ENCODING, or OUT_OF_MEMORY.
	 */
	struct row_source *(*open)(const struct row_source_options *options, struct glue_error *error);

	/*
	 * Create a source that yields the header again, then the records that the
	 * source that wrote the token had left.  Also returns NULL on internal
	 * error CHECKPOINT if this format did not write the state.  A format that
	 * can only be read from the beginning has neither resume nor token.
	 */
	struct row_source *(*resume)(const struct resume_token *token, struct glue_error *error);

	bool (*push)(struct row_source *source, const char *bytes, size_t length);
	bool (*finish)(struct row_source *source);
	bool (*token)(struct row_source *source, struct resume_token *token, struct glue_error *error);
	void (*found)(const struct row_source *source, struct row_source_found *found);
	void (*destroy)(struct row_source *source);
};

/* Common head of all sources.  open and resume leave it zeroed. */
struct row_source
{
	const struct row_format *format;
	struct row_source_events events;
	struct glue_error error; /* why it stopped; no error if an event stopped it */
	bool stopped;
	bool keeps_fields; /* see row_source_keep_fields() */
};

/*
 * Create a source of this format, new or resumed.  Results as the format's
 * functions; events is copied.  The caller must call row_source_destroy().
 */
extern struct row_source *
row_source_open(const struct row_format *format, const struct row_source_options *options,
				const struct row_source_events *events, struct glue_error *error);
extern struct row_source *
row_source_resume(const struct row_format *format, const struct resume_token *token,
				  const struct row_source_events *events, struct glue_error *error);

#endif /* GLUE_ROW_SOURCE_H */
