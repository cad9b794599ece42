/*-------------------------------------------------------------------------
 *
 * kept_rows.h
 *	  The header and records of a file, kept from one reading for the next.
 *
 * A file is read twice.  Reading a workbook costs several times as much as
 * reading a text, so its first reading writes the records to a temporary file, and
 * the second one reads them from there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_KEPT_ROWS_H
#define GLUE_KEPT_ROWS_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "reader/record.h"
#include "reader/row_source.h"

/* Initialize with kept_rows_init(), free with kept_rows_clean_up(). */
struct kept_rows
{
	int spool;                 /* -1: nothing was kept */
	bool is_complete;          /* the file was read to its end */
	struct byte_buffer buffer; /* what is to be written, or was read */
};

extern void kept_rows_init(struct kept_rows *kept);
extern void kept_rows_clean_up(struct kept_rows *kept);

/*
 * Keep the header or a record; its defect_type must be a constant.  Returns false
 * on infrastructure errors.
 */
extern bool
kept_rows_add(struct kept_rows *kept, const struct record *record, struct glue_error *error);

/* The file has been read to its end.  Returns false on infrastructure errors. */
extern bool kept_rows_end(struct kept_rows *kept, struct glue_error *error);

/*
 * The format of a source that yields what options->kept has, which must be
 * complete, and ignores the bytes that are pushed.  For second readings of the
 * same file.
 */
extern const struct row_format kept_format;

#endif /* GLUE_KEPT_ROWS_H */
