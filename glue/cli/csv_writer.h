/*-------------------------------------------------------------------------
 *
 * csv_writer.h
 *	  Write CSV files for spreadsheets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_WRITER_H
#define GLUE_CSV_WRITER_H

#include <stdbool.h>
#include <stdio.h>

#include "base/failure.h"

/*
 * Create or replace a file, and mark it as UTF-8, which spreadsheets do not
 * assume.  Returns NULL on error; csv_close() closes it.
 */
extern FILE *csv_open(const char *path, struct glue_error *error);

/* Close the file and set *file to NULL; returns false if a write failed. */
extern bool csv_close(FILE **file, const char *path, struct glue_error *error);

/*
 * Write one cell, preceded by the delimiter unless it is the first of its
 * record.  A cell that a spreadsheet would evaluate as a formula is prefixed
 * with '; plain negative numbers stay numbers.  A NULL text makes an empty
 * cell.
 */
extern void csv_write_cell(FILE *file, const char *text, bool first, char delimiter);

/*
 * Likewise, with commas and always in quotes, for programs rather than spreadsheets: a
 * formula is not neutralized, so what is read back is the text.
 */
extern void csv_write_verbatim(FILE *file, const char *text, bool first);

#endif /* GLUE_CSV_WRITER_H */
