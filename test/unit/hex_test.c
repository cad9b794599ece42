/*-------------------------------------------------------------------------
 *
 * hex_test.c
 *	  Hexadecimal digits: round trip of every byte, and invalid digits.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "base/hex.h"

static void
test_values(void)
{
	int wrong = 0;

	for (int byte = 0; byte < 256; byte++)
	{
		const char *lower = byte != 0 ? strchr(HEX_DIGITS, byte) : NULL;
		const char *upper = byte != 0 ? strchr(HEX_DIGITS_UPPER, byte) : NULL;
		int expected = -1;

		if (lower != NULL)
			expected = (int) (lower - HEX_DIGITS);
		else if (upper != NULL)
			expected = (int) (upper - HEX_DIGITS_UPPER);
		wrong += hex_value((char) byte) != expected;
	}
	is_int(wrong, 0, "value of every byte as a digit is correct");
	is_int(hex_byte("fF"), 255, "two digits are a byte");
	is_int(hex_byte("g0"), -1, "invalid first digit is rejected");
	is_int(hex_byte("0g"), -1, "invalid second digit is rejected");
	is_int(hex_byte(""), -1, "empty string is not read past its end");
}

static void
test_bytes(void)
{
	unsigned char bytes[256];
	unsigned char read[256];
	char digits[2 * 256 + 1];

	for (int i = 0; i < 256; i++)
		bytes[i] = (unsigned char) i;
	hex_write(digits, bytes, 256);
	is_int(strlen(digits), 512, "each byte is written as two digits");
	is_int(strspn(digits, HEX_DIGITS), 512, "digits are lower case");
	ok(hex_read(digits, read, 256) && memcmp(read, bytes, 256) == 0, "every byte is read back");
	digits[511] = ' ';
	ok(!hex_read(digits, read, 256), "blank is not a digit");
	hex_write(digits, bytes, 0);
	is_text(digits, "", "no bytes yield no digits");
}

int
main(void)
{
	test_values();
	test_bytes();
	return unit_done();
}
