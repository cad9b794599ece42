/*-------------------------------------------------------------------------
 *
 * sheet_change.h
 *	  What a spreadsheet does to a text that looks like a number or a date.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SHEET_CHANGE_H
#define ONBOARD_SHEET_CHANGE_H

#include <stdbool.h>

#include "shared/text.h"

/*
 * Could a spreadsheet have turned the first text into the second by opening a CSV
 * file and saving it?  It
 *
 *	  - drops leading zeros, a leading plus, and zeros at the end of a fraction:
 *		00017 becomes 17;
 *	  - shows a long number with an exponent, with any number of digits: 4006381333931
 *		becomes 4.00638E+12;
 *	  - keeps 15 digits of a number;
 *	  - changes the decimal sign and the signs between groups of digits;
 *	  - takes 1-2 or MAR1 for a date, and shows it in its own way or as the number of
 *		the day;
 *	  - shows ##### for lack of room, and #NAME? for a formula that fails.
 *
 * Both texts are trimmed.  Equal texts are not a change, nor is any change of a
 * number that spreadsheet_shortened() finds shortened already.
 */
extern bool sheet_changed(struct text_view before, struct text_view after);

#endif /* ONBOARD_SHEET_CHANGE_H */
