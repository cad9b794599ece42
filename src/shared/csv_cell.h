/*-------------------------------------------------------------------------
 *
 * csv_cell.h
 *	  Preparing the cells of a CSV file so that readers and spreadsheets
 *	  take them for plain text.
 *
 * This is the one place that defines which texts a spreadsheet would run as a
 * formula.  The reports of the extension and those of a dry run both use it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_CSV_CELL_H
#define ONBOARD_CSV_CELL_H

#include "shared/text.h"

/* Prefix that keeps a cell's text from being run. */
#define CSV_NEUTRALIZER '\''

/*
 * Could a spreadsheet run the cell as a formula?  It begins with = + - @ or a
 * fullwidth form of these, after blanks, or with a byte that can hide one.  Plain
 * negative numbers are safe.
 */
extern bool csv_cell_is_formula(struct text_view cell);

/*
 * Must the cell be quoted?  It contains a quote, a line end or the delimiter, or
 * begins or ends with a blank, which some readers would strip.  For a delimiter
 * of several bytes the first is enough: unneeded quotes do no harm.
 */
extern bool csv_cell_needs_quotes(struct text_view cell, char delimiter);

/* A text that is being written in quotes; begins with the whole text, and false. */
struct csv_cell_parts
{
	struct text_view rest;
	bool repeats_quote; /* the rest begins with a quote that was written once */
};

/*
 * Take the next part of the text; false at its end.  One after another, the parts are the
 * text with each quote doubled, for the caller to put between quotes.
 */
extern bool csv_cell_next_part(struct csv_cell_parts *parts, struct text_view *part);

/*
 * May a caller specify this delimiter: an ASCII character other than a letter or a
 * digit, which values and headings consist of, and other than a double quote, CR, LF
 * or NUL?  Control characters are allowed, because databases write files with U+0001
 * or U+001F.
 */
extern bool csv_delimiter_is_acceptable(char delimiter);

#endif /* ONBOARD_CSV_CELL_H */
