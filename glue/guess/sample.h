/*-------------------------------------------------------------------------
 *
 * sample.h
 *	  The header and the first rows of an unknown file.
 *
 * A sample is read through a row source without a column map: no heading has to be
 * ours.  Bytes are pushed, as to a source, to the end of the file, because all of
 * them tell the encoding.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SAMPLE_H
#define GLUE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/decode.h"
#include "reader/row_source.h"

/* Rows that are kept, and bytes of their cells; the rest of the file is only counted. */
#define SAMPLE_ROWS 500
#define SAMPLE_BYTES ((size_t) 8 << 20)

/* The last rows of a longer file, which may be totals. */
#define SAMPLE_LAST_ROWS 3

/* What was read.  Belongs to the sample. */
struct sample_table
{
	int column_count;
	const struct text_view *headings; /* trimmed */
	int row_count;                    /* of those that are kept */
	int64_t total_rows;               /* of the file, except for empty and unreadable ones */
	int64_t header_line;              /* from 1 */
	struct row_source_found found;

	const struct text_view *cells; /* trimmed, row by row */

	/* The last rows that are not among those above. */
	int last_count;
	const struct text_view *last_cells; /* trimmed, row by row */
};

static inline struct text_view
sample_cell(const struct sample_table *table, int row, int column)
{
	return table->cells[(size_t) row * table->column_count + column];
}

/* Opaque. */
struct sample;

/*
 * Create a sample.  options is copied; known headings are replaced by the vocabulary
 * of eight languages, or by none.  The caller must call sample_destroy().
 * Returns NULL on the errors of formats_open().
 */
extern struct sample *
sample_new(const struct row_source_options *options, bool knows_headings, struct glue_error *error);

/* Free the sample; NULL is accepted. */
extern void sample_destroy(struct sample *sample);

/*
 * Also pass every row, with the fields of the header, to take, unless that is NULL; called
 * before the first bytes are pushed.
 */
extern void sample_watch(struct sample *sample, record_fn take, void *context);

/* Read the next bytes of the file.  Results as row_source_push(). */
extern bool
sample_push(struct sample *sample, const char *bytes, size_t length, struct glue_error *error);

/*
 * End the file.  Returns false on the errors of row_source_finish() and on the file
 * faults EMPTY_FILE, NO_HEADER and WRONG_ENCODING.  For the last,
 * encoding_guess is set as by encoding_check_finish().
 */
extern bool sample_finish(struct sample *sample, char encoding_guess[DECODE_NAME_SIZE],
						  struct glue_error *error);

/* Return what was read, after sample_finish().  Borrowed. */
extern const struct sample_table *sample_table(const struct sample *sample);

#endif /* GLUE_SAMPLE_H */
