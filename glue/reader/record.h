/*-------------------------------------------------------------------------
 *
 * record.h
 *	  A record of a file: what a source yields and every later stage passes on.
 *
 * The header is a record, too.  One that cannot be read as a record carries a
 * defect instead of being dropped.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_RECORD_H
#define GLUE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/text.h"

/* Bytes of a defect's message, the terminating NUL included. */
#define RECORD_MESSAGE_SIZE 256

/* Everything in it is borrowed for the time of the call that passes it. */
struct record
{
	int64_t row_number;  /* from 1; 0 is the header */
	int64_t line_number; /* where a person finds it, from 1: the first
									 * line of the record in a text */
	int field_count;
	const struct text_view *fields; /* in the order of the header; none (0, NULL)
									 * when the record could not be cut into
									 * fields; never data NULL */
	const char *defect_type;        /* NULL, "MALFORMED_ROW", "INVALID_ENCODING" */
	int defect_field;               /* the field that the message is about, from
									 * 1; 0 for the whole record */
	const char *defect_message;     /* NULL without a defect.  A source leaves
									 * out "field N" when it sets defect_field;
									 * column_map_row() adds it */
	struct text_view raw;           /* as in the file, at most
									 * ONBOARD_MAX_RECORD_BYTES; no meaning
									 * beyond showing it to a person */
};

/* Receives a record.  Returning false stops whoever calls. */
typedef bool (*record_fn)(void *context, const struct record *record);

#endif /* GLUE_RECORD_H */
