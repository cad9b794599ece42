/*-------------------------------------------------------------------------
 *
 * csv_reader.h
 *	  UTF-8 text in chunks -> records, by libcsv.
 *
 * A record is the header line or one row.  A line with nothing on it is no
 * record; one with only delimiters is.  A record that cannot be read as one
 * carries a defect instead of being dropped:
 *
 *	  a stray or unclosed quote, or a cap	MALFORMED_ROW; reading goes on at
 *			the line after the one where the record BEGAN, so an unclosed
 *			quote costs its own line only
 *	  another number of fields than the header	MALFORMED_ROW; reading goes on
 *			after the record
 *	  U+FFFD anywhere in it	INVALID_ENCODING; likewise
 *
 * A record has one defect at most, the first in this order.  The caps are
 * those of columns.h, counted in bytes of UTF-8.
 *
 * Lines are physical: each LF, CR or CRLF ends one, also inside quotes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_READER_H
#define GLUE_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "shared/columns.h"
#include "shared/text.h"

/* Bytes of a defect's message, the terminating NUL included. */
#define CSV_DEFECT_MESSAGE_SIZE 256

/* Everything in it is borrowed from the reader for the time of the call. */
struct csv_record
{
	int64_t row_number;  /* from 1; 0 is the header */
	int64_t line_number; /* of the record's first line; the file's first
								 * line is 1 */
	int field_count;
	const struct text_view *fields; /* none (0, NULL) when the record could not
									 * be cut into fields; never data NULL */
	const char *defect_type;        /* NULL, "MALFORMED_ROW", "INVALID_ENCODING" */
	const char *defect_message;     /* NULL without a defect */
	struct text_view raw;           /* as in the file, without the line end, at
								 * most ONBOARD_MAX_RECORD_BYTES; the first
								 * line only where reading goes on at the line
								 * after it */
};

/* Returning false stops the reader. */
typedef bool (*csv_record_fn)(void *context, const struct csv_record *record);

/*
 * Opaque; about 650 KiB of address space, of which only what the longest record
 * needs is ever touched.
 */
struct csv_reader;

/*
 * A new reader that calls record_fn(context, ...).  The delimiter must be
 * sniff_delimiter_acceptable().  The caller owns the result:
 * csv_reader_destroy().  NULL on OUT_OF_MEMORY.
 */
extern struct csv_reader *
csv_reader_new(char delimiter, csv_record_fn record_fn, void *context, struct glue_error *error);

/*
 * Before any text: it begins at this row, which is in this line, of a file
 * whose header line had so many fields.
 */
extern void csv_reader_begin_at(struct csv_reader *reader, int64_t row_number, int64_t line_number,
								int header_fields);

/* NULL is accepted. */
extern void csv_reader_destroy(struct csv_reader *reader);

/*
 * Read the next piece of text (valid UTF-8 without NUL, as a decoder gives
 * it; borrowed for the call).  may_be_damaged: the piece may hold U+FFFD.
 * Where the pieces are cut never changes the records.  Returns false when it
 * cannot go on: with error->class GLUE_NO_ERROR because record_fn said stop,
 * otherwise OUT_OF_MEMORY.
 */
extern bool csv_reader_push(struct csv_reader *reader, struct text_view text, bool may_be_damaged,
							struct glue_error *error);

/* The text ended: hand out the last record.  Results as csv_reader_push(). */
extern bool csv_reader_finish(struct csv_reader *reader, struct glue_error *error);

/*
 * Where the record begins that record_fn is called for, in bytes of all text
 * that was pushed.  It is never more than a record of the longest kind behind
 * the piece that is being read.
 */
extern int64_t csv_reader_record_offset(const struct csv_reader *reader);

/*
 * Bytes given to libcsv so far.  With all the restarts it is never more than
 * twice the bytes of the text; a test holds us to that.
 */
extern int64_t csv_reader_parsed_bytes(const struct csv_reader *reader);

#endif /* GLUE_CSV_READER_H */
