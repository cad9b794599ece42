/*-------------------------------------------------------------------------
 *
 * hex.h
 *	  Hexadecimal digits: reading and writing them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEX_H
#define GLUE_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* The digits in the order of their values. */
#define HEX_DIGITS "0123456789abcdef"
#define HEX_DIGITS_UPPER "0123456789ABCDEF"

/* The value of a digit of either case; -1 when it is not one. */
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

/* The value of two digits; -1 when the first or the second is not one. */
static inline int
hex_byte(const char *digits)
{
	int high = hex_value(digits[0]);
	int low = high < 0 ? -1 : hex_value(digits[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* Write bytes as lower-case digits, two each, and a NUL. */
extern void hex_write(char *digits, const unsigned char *bytes, size_t length);

/* Read length bytes from twice as many digits; false when one is not a digit. */
extern bool hex_read(const char *digits, unsigned char *bytes, size_t length);

#endif /* GLUE_HEX_H */
