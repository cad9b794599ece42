/*-------------------------------------------------------------------------
 *
 * copy_row.h
 *	  Records of a file -> rows of COPY onboard.intake, binary format.
 *
 * Binary, because the server then has no text to split and unescape: measured,
 * it takes a third off the server's work on the way to the row.
 *
 * Only the columns that the file has are sent, and those of defects only when
 * the scan found some.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_COPY_ROW_H
#define GLUE_COPY_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "reader/column_map.h"
#include "reader/record.h"

/* Bytes of the statement with the NUL: every column, and what is around them. */
#define COPY_COLUMN_BYTES(symbol, name, ...) +sizeof(", " #name)
#define COPY_STATEMENT_SIZE (256 ONBOARD_COLUMNS(COPY_COLUMN_BYTES))

/*
 * How the rows of one file are sent.  Immutable after copy_layout_init().
 * Owns statement, prefix and keys; map is borrowed.
 */
struct copy_layout
{
	const struct column_map *map;
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
 * Prepare for the rows of one upload.  map and upload_id are borrowed, the
 * first as long as the layout lives.  False on OUT_OF_MEMORY.
 */
extern bool copy_layout_init(struct copy_layout *layout, const struct column_map *map,
							 const char *upload_id, bool with_defects, struct glue_error *error);

/* Accepts a zeroed layout. */
extern void copy_layout_clean_up(struct copy_layout *layout);

/* Append what comes before the first row, and after the last one. */
extern bool copy_append_header(struct byte_buffer *buffer, struct glue_error *error);
extern bool copy_append_trailer(struct byte_buffer *buffer, struct glue_error *error);

/*
 * Append one row.  A record with a defect needs with_defects.  False on
 * OUT_OF_MEMORY, and the buffer then holds only whole rows.
 */
extern bool copy_append_row(const struct copy_layout *layout, const struct record *record,
							struct byte_buffer *buffer, struct glue_error *error);

#endif /* GLUE_COPY_ROW_H */
