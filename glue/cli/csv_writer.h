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

/*
 * Write one cell, preceded by the delimiter unless it is the first of its
 * record.  A cell that a spreadsheet would evaluate as a formula is prefixed
 * with '; plain negative numbers stay numbers.  A NULL text makes an empty
 * cell.
 */
extern void csv_write_cell(FILE *file, const char *text, bool first, char delimiter);

#endif /* GLUE_CSV_WRITER_H */
