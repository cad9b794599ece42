/*-------------------------------------------------------------------------
 *
 * csv_writer.h
 *	  Writing CSV files for spreadsheets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_WRITER_H
#define GLUE_CSV_WRITER_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Write one cell; the first of a record has no delimiter before it.  A cell
 * that a spreadsheet would run as a formula gets a ' before it; plain negative
 * numbers stay numbers.  text may be NULL for an empty cell.
 */
extern void csv_write_cell(FILE *file, const char *text, bool first, char delimiter);

#endif /* GLUE_CSV_WRITER_H */
