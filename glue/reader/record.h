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
	int64_t row_number; /* from 1; 0 is the header */

	/* Where a person finds it, from 1: the first line of it, in a text. */
	int64_t line_number;

	/*
	 * In the order of the header; none (0, NULL) when the record could not be
	 * cut into fields.  A field's data is never NULL.
	 */
	int field_count;
	const struct text_view *fields;

	/*
	 * NULL, "MALFORMED_ROW" or "INVALID_ENCODING", and the message of it.
	 * When the message is about one field, counted from 1, a source sets
	 * defect_field and leaves "field N" out of the message; column_map_row()
	 * adds it.
	 */
	const char *defect_type;
	int defect_field; /* 0: the whole record, or no defect */
	const char *defect_message;

	/*
	 * As in the file, at most ONBOARD_MAX_RECORD_BYTES; only to be shown to a
	 * person.
	 */
	struct text_view raw;
};

/* Receives a record.  Returning false stops whoever calls. */
typedef bool (*record_fn)(void *context, const struct record *record);

#endif /* GLUE_RECORD_H */
