/*-------------------------------------------------------------------------
 *
 * spreadsheet.h
 *	  What spreadsheets write in place of the text of a cell.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SPREADSHEET_H
#define ONBOARD_SPREADSHEET_H

#include "shared/text.h"

/* Significant digits that spreadsheets keep of a number. */
#define SPREADSHEET_DIGITS 15

/* The number of the day 1970-01-01, in workbooks that count from 1900. */
#define SPREADSHEET_EPOCH INT64_C(25569)

/*
 * Does the text look like a long number that a spreadsheet shortened, such as
 * 4.00639E+12?  The digits that it left out are lost.
 */
extern bool spreadsheet_shortened(struct text_view text);

/*
 * Find the text in a formula that keeps a spreadsheet from changing it, such as
 * ="00125".  Returns false for any other text.
 */
extern bool spreadsheet_formula_text(struct text_view text, struct text_view *content);

#endif /* ONBOARD_SPREADSHEET_H */
