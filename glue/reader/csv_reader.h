/*-------------------------------------------------------------------------
 *
 * csv_reader.h
 *	  UTF-8 text in chunks -> records, by libcsv.
 *
 * A record is the header line or one row.  A line with nothing on it is no
 * record; one with only delimiters is.  A record that cannot be read as one
 * carries a defect instead of being dropped:
 *
 *	  a stray or unclosed quote, or a cap	MALFORMED_ROW; reading resumes at
 *			the line after the one where the record BEGAN, so an unclosed
 *			quote costs its own line only
 *	  another number of fields than the header	MALFORMED_ROW; reading resumes
 *			after the record
 *	  U+FFFD anywhere in it	INVALID_ENCODING; likewise
 *
 * A record has one defect at most, the first in this order.  The caps are
 * those of columns.h, counted in bytes of UTF-8.
 *
 * The raw text of a record is without its line end, and its first line only
 * where reading resumes at the line after it.
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
#include "reader/record.h"
#include "shared/columns.h"
#include "shared/text.h"

/*
 * Opaque; about 650 KiB of address space, of which only what the longest record
 * needs is ever touched.
 */
struct csv_reader;

/*
 * A new reader that calls take_record(context, ...).  The delimiter must be
 * csv_dialect_acceptable().  The caller owns the result:
 * csv_reader_destroy().  NULL on OUT_OF_MEMORY.
 */
extern struct csv_reader *
csv_reader_new(char delimiter, record_fn take_record, void *context, struct glue_error *error);

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
 * cannot continue: with error->class GLUE_NO_ERROR because take_record returned
 * false, otherwise OUT_OF_MEMORY.
 */
extern bool csv_reader_push(struct csv_reader *reader, struct text_view text, bool may_be_damaged,
							struct glue_error *error);

/* The text ended: hand out the last record.  Results as csv_reader_push(). */
extern bool csv_reader_finish(struct csv_reader *reader, struct glue_error *error);

/*
 * Where the record begins that take_record is called for, in bytes of all text
 * that was pushed.  It is never further back than the longest record before the
 * piece that is being read.
 */
extern int64_t csv_reader_record_offset(const struct csv_reader *reader);

/*
 * Bytes given to libcsv so far.  With all the restarts it is never more than
 * twice the bytes of the text; a test holds us to that.
 */
extern int64_t csv_reader_parsed_bytes(const struct csv_reader *reader);

#endif /* GLUE_CSV_READER_H */
