/*-------------------------------------------------------------------------
 *
 * csv_reader.h
 *	  Reads records from chunks of UTF-8 text, using libcsv.
 *
 * A record is the header line or one row.  An empty line is not a record; a
 * line of delimiters only is.  A quote inside an unquoted field is text, blanks
 * beside a quoted field are outside its value, and empty fields beyond the last
 * of the header are dropped.  A malformed record carries a defect instead of
 * being dropped:
 *
 *	  text after a closing quote, an unclosed quote, or a limit exceeded
 *			MALFORMED_ROW; reading resumes at the line after the one where the
 *			record BEGAN, so an unclosed quote costs only its own line
 *	  a number of fields other than that of the header
 *			MALFORMED_ROW; reading resumes after the record, or after the line
 *			where it began if a later line of it could be a row, so a row is not
 *			hidden by a quote that another row closes
 *	  U+FFFD anywhere in the record
 *			INVALID_ENCODING; reading resumes after the record
 *
 * A record has at most one defect, the first in this order.  The limits are
 * those of columns.h, in bytes of UTF-8.
 *
 * The raw text of a record excludes its line end.  It is only the first line
 * if reading resumes at the line after that.
 *
 * Lines are physical: each LF, CR or CRLF ends one, even inside quotes.
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
 * Opaque; about 650 KiB of address space, of which only as much as the longest
 * record needs is ever touched.
 */
struct csv_reader;

/*
 * Create a reader that calls take_record(context, ...).  The delimiter must be
 * csv_delimiter_is_acceptable(); quote is the byte that quotes fields, or NUL if
 * nothing does.  The caller must call csv_reader_destroy().
 * Returns NULL on OUT_OF_MEMORY.
 */
extern struct csv_reader *csv_reader_new(char delimiter, char quote, record_fn take_record,
										 void *context, struct glue_error *error);

/*
 * Called before any text is pushed: set the row and the line at which the text
 * begins, and the number of fields in the header; row 0 is the header itself.
 */
extern void csv_reader_begin_at(struct csv_reader *reader, int64_t row_number, int64_t line_number,
								int header_fields);

/* Do not drop empty fields beyond the last of the header in the records that follow. */
extern void csv_reader_keep_fields(struct csv_reader *reader);

/*
 * In the records that follow, add empty fields to those that have at least this
 * many, up to the header's: the last headings are blank.
 */
extern void csv_reader_need_fields(struct csv_reader *reader, int needed_fields);

/* Free the reader; NULL is accepted. */
extern void csv_reader_destroy(struct csv_reader *reader);

/*
 * Read the next piece of text (valid UTF-8 without NUL, as produced by a
 * decoder; borrowed for the call).  may_be_damaged means that the piece may
 * contain U+FFFD.  The records do not depend on how the text is split.
 * Returns false if it cannot continue: with error->class GLUE_NO_ERROR if
 * take_record returned false, otherwise OUT_OF_MEMORY.
 */
extern bool csv_reader_push(struct csv_reader *reader, struct text_view text, bool may_be_damaged,
							struct glue_error *error);

/* End the text: deliver the last record.  Results as csv_reader_push(). */
extern bool csv_reader_finish(struct csv_reader *reader, struct glue_error *error);

/*
 * Return the offset, in bytes of all text pushed, of the record for which
 * take_record is being called.  It precedes the current piece by at most the
 * length of the longest record.
 */
extern int64_t csv_reader_record_offset(const struct csv_reader *reader);

/*
 * Return whether another reader that begins at that record would read the same
 * records.  It would not if the verdict on this one depends on what an earlier
 * record found out about the text.
 */
extern bool csv_reader_may_resume(const struct csv_reader *reader);

/*
 * Return the number of bytes passed to libcsv so far.  Including all restarts,
 * it is never more than twice the length of the text; a test verifies that.
 */
extern int64_t csv_reader_parsed_bytes(const struct csv_reader *reader);

#endif /* GLUE_CSV_READER_H */
