/*-------------------------------------------------------------------------
 *
 * hex.c
 *	  Reading and writing hexadecimal digits.
 *
 *-------------------------------------------------------------------------
 */
#include "base/hex.h"

void
hex_write(char *digits, const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		digits[2 * i] = HEX_DIGITS[bytes[i] >> 4];
		digits[2 * i + 1] = HEX_DIGITS[bytes[i] & 0x0F];
	}
	digits[2 * length] = '\0';
}

bool
hex_read(const char *digits, unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		int byte = hex_byte(digits + 2 * i);

		if (byte < 0)
			return false;
		bytes[i] = (unsigned char) byte;
	}
	return true;
}
