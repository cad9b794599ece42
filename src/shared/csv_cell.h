/*-------------------------------------------------------------------------
 *
 * csv_cell.h
 *	  What a cell of a CSV file needs so that readers and spreadsheets take it
 *	  for the text it is.
 *
 * The one place that knows which texts a spreadsheet would run as a formula.
 * Both the reports that the extension writes and those of a dry run ask here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CSV_CELL_H
#define ONBOARD_CSV_CELL_H

#include "shared/text.h"

/* What stands before the text of a cell to keep it from being run. */
#define CSV_NEUTRALIZER '\''

/*
 * Whether a spreadsheet could run the cell as a formula: it begins with = + - @
 * or a fullwidth form of these, after blanks, or with a byte that can hide one.
 * Plain negative numbers are safe.
 */
extern bool csv_cell_is_formula(struct text_view cell);

/*
 * Whether the cell must be written in quotes: it has a quote, a line end or the
 * delimiter, or a blank at an end, which some readers take off otherwise.  Of a
 * delimiter of several bytes the first is enough: unneeded quotes do no harm.
 */
extern bool csv_cell_needs_quotes(struct text_view cell, char delimiter);

#endif /* ONBOARD_CSV_CELL_H */
