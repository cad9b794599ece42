/*-------------------------------------------------------------------------
 *
 * xlsx_number.h
 *	  The text of a number in a workbook, by its format.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_XLSX_NUMBER_H
#define GLUE_XLSX_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

/* What a cell's format makes of a number.  The others leave the number as it is. */
enum xlsx_format_kind
{
	XLSX_PLAIN,
	XLSX_ZEROS,    /* 00000: a fixed number of digits */
	XLSX_DATE,     /* yyyy-mm-dd */
	XLSX_TIME,     /* hh:mm:ss, of the day */
	XLSX_DURATION, /* [h]:mm:ss, of any length */
	XLSX_DATE_TIME
};

struct xlsx_format
{
	unsigned char kind;
	unsigned char digits; /* of XLSX_ZEROS */
};

/* Longest text of a number, including the terminating NUL. */
#define XLSX_NUMBER_SIZE 64

/* Return what a format code, such as "dd/mm/yyyy", makes of a number. */
extern struct xlsx_format xlsx_format_of_code(const char *code);

/* Likewise for a format that has a number and no code; unknown ones are plain. */
extern struct xlsx_format xlsx_format_of_number(int number);

/*
 * Write a stored number as a person means it, and return the length of the text:
 * with up to 15 digits, which is all that a spreadsheet keeps; from 1E+15 on with
 * an exponent, because its last digits are lost; dates and times as ISO 8601.
 * Returns 0 if the stored text is not a number.
 */
extern size_t xlsx_number_write(struct text_view stored, struct xlsx_format format, bool is_1904,
								char text[XLSX_NUMBER_SIZE]);

#endif /* GLUE_XLSX_NUMBER_H */
