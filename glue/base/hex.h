/*-------------------------------------------------------------------------
 *
 * hex.h
 *	  Reading and writing hexadecimal digits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEX_H
#define GLUE_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* The digits in order of their values. */
#define HEX_DIGITS "0123456789abcdef"
#define HEX_DIGITS_UPPER "0123456789ABCDEF"

/* Return the value of a digit of either case, or -1 if it is not a digit. */
static inline int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Return the value of two digits, or -1 if either is not a digit. */
static inline int
hex_byte(const char *digits)
{
	int high = hex_value(digits[0]);
	int low = high < 0 ? -1 : hex_value(digits[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* Write bytes as pairs of lower-case digits, and a NUL. */
extern void hex_write(char *digits, const unsigned char *bytes, size_t length);

/* Read length bytes from twice as many digits; false if any is not a digit. */
extern bool hex_read(const char *digits, unsigned char *bytes, size_t length);

#endif /* GLUE_HEX_H */
