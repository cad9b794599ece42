/*-------------------------------------------------------------------------
 *
 * copy_row.h
 *	  Convert records of a file to rows of COPY onboard.intake, binary format.
 *
 * Binary spares the server from splitting and unescaping text, which measurably
 * cuts a third of its work per row.
 *
 * Sends only columns present in the file, and defect columns only if the scan
 * found defects.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_COPY_ROW_H
#define GLUE_COPY_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "reader/header_map.h"
#include "reader/record.h"

/*
 * Size of the statement including the NUL: every column and the text around
 * them.
 */
#define COPY_COLUMN_BYTES(symbol, name, ...) +sizeof(", " #name)
#define COPY_STATEMENT_SIZE (256 ONBOARD_COLUMNS(COPY_COLUMN_BYTES))

/*
 * How the rows of one file are sent.  Immutable after copy_layout_init().  Owns
 * statement, prefix, keys and key_ends; map is borrowed.
 */
struct copy_layout
{
	const struct header_map *map;
	bool with_defects;
	int column_count;          /* of the COPY */
	char *statement;           /* COPY onboard.intake (...) FROM STDIN ... */
	struct byte_buffer prefix; /* the beginning of each row: the number of
								 * columns and the upload_id */
	struct byte_buffer keys;   /* "name": of each attribute, one after the
								 * other */
	size_t *key_ends;          /* where each ends in keys, by attribute */
};

/*
 * Prepare for the rows of one upload.  Borrows map for the lifetime of the
 * layout and upload_id for the call.  Returns false on OUT_OF_MEMORY.
 */
extern bool copy_layout_init(struct copy_layout *layout, const struct header_map *map,
							 const char *upload_id, bool with_defects, struct glue_error *error);

/* Accepts a zeroed layout. */
extern void copy_layout_clean_up(struct copy_layout *layout);

/* Append the header and the trailer of the COPY data. */
extern bool copy_append_header(struct byte_buffer *buffer, struct glue_error *error);
extern bool copy_append_trailer(struct byte_buffer *buffer, struct glue_error *error);

/*
 * Append one row.  A record with a defect requires with_defects.  Returns false
 * on OUT_OF_MEMORY, leaving only whole rows in the buffer.
 */
extern bool copy_append_row(const struct copy_layout *layout, const struct record *record,
							struct byte_buffer *buffer, struct glue_error *error);

#endif /* GLUE_COPY_ROW_H */
