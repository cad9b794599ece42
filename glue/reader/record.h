/*-------------------------------------------------------------------------
 *
 * record.h
 *	  A record of a file, as yielded by a source and passed on by every later stage.
 *
 * The header is a record, too.  A malformed record carries a defect instead of
 * being dropped.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_RECORD_H
#define GLUE_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "shared/text.h"

/* Size of a defect's message, including the terminating NUL. */
#define RECORD_MESSAGE_SIZE 256

/* A cell as the vendor wrote it, and the name under which it is kept. */
struct source_cell
{
	struct text_view name;
	struct text_view text;
};

/* All pointers are borrowed for the call that passes the record. */
struct record
{
	int64_t row_number; /* from 1; 0 is the header */

	/* Where a person finds the record, from 1: in a text, its first line. */
	int64_t line_number;

	/*
	 * In header order; none (0, NULL) if the record could not be split into
	 * fields.  A field's data is never NULL.
	 */
	int field_count;
	const struct text_view *fields;

	/*
	 * The cells that the vendor's map changed or left out; none without a map.  A
	 * name is a mapped_field's key.
	 */
	int cell_count;
	const struct source_cell *cells;

	/*
	 * NULL, "MALFORMED_ROW", "EMPTY_ROW" or "INVALID_ENCODING", and its message.  If the
	 * message concerns one field, counted from 1, a source sets defect_field
	 * and omits "field N" from the message; header_map_row() adds it.
	 */
	const char *defect_type;
	int defect_field; /* 0: the whole record, or no defect */
	const char *defect_message;

	/*
	 * As in the file, at most ONBOARD_MAX_RECORD_BYTES; only for display.
	 */
	struct text_view raw;
};

/* The defect of a row in which no field has a value. */
#define RECORD_EMPTY_ROW "EMPTY_ROW"

static inline bool
record_is_empty_row(const struct record *record)
{
	return record->defect_type != NULL && strcmp(record->defect_type, RECORD_EMPTY_ROW) == 0;
}

/* Receive a record.  Returning false stops the caller. */
typedef bool (*record_fn)(void *context, const struct record *record);

#endif /* GLUE_RECORD_H */
