/*-------------------------------------------------------------------------
 *
 * sheet_rows.h
 *	  In which row a spreadsheet shows each record of a file.
 *
 * It is neither the number of the record nor that of its line: in a spreadsheet, a
 * cell of several lines is one row, and a blank line is a row.  So it is the
 * number of the record plus that of the other rows above it: the header and blank
 * lines.  Blank lines between records are rare, so a short list suffices.
 *
 * A spreadsheet may split a record that could not be read into other rows; the
 * numbers after it are those of a file in which it is one row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SHEET_ROWS_H
#define GLUE_SHEET_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "reader/record.h"
#include "shared/sheet_steps.h"

/*
 * After this many gaps of blank lines between its records, the rows of a file
 * are unknown.
 */
#define SHEET_ROWS_STEPS 100

/* Zeroed at first.  Owns nothing. */
struct sheet_rows
{
	int count;
	struct sheet_step steps[SHEET_ROWS_STEPS];
	int64_t next_line; /* the line after the last record */
};

/*
 * Note the next record.  header_lines is the number of lines of the header, and of
 * those above it that a spreadsheet does not show.
 */
extern void
sheet_rows_note(struct sheet_rows *rows, const struct record *record, int64_t header_lines);

/* Return the row of a record; 0 if not known. */
extern int64_t sheet_rows_find(const struct sheet_rows *rows, int64_t row_number);

/* Count the lines of a text that does not end with a line end. */
extern int64_t sheet_rows_lines(struct text_view text);

#endif /* GLUE_SHEET_ROWS_H */
