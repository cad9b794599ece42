/*-------------------------------------------------------------------------
 *
 * decimal.c
 *	  Exact arithmetic on decimal numbers that are written as text.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "reader/decimal.h"

bool
decimal_read(struct text_view text, struct decimal *number)
{
	bool has_point = false;
	size_t offset = text.length > 0 && text.data[0] == '-';

	number->is_negative = offset > 0;
	number->digit_count = 0;
	number->fraction = 0;
	/* Leading zeros do not count, except for the last one. */
	while (offset + 1 < text.length && text.data[offset] == '0' &&
		   is_ascii_digit((unsigned char) text.data[offset + 1]))
		offset++;
	for (; offset < text.length; offset++)
	{
		char byte = text.data[offset];

		if (byte == '.' && !has_point)
			has_point = true;
		else if (is_ascii_digit((unsigned char) byte) && number->digit_count < DECIMAL_READ_DIGITS)
		{
			number->digits[number->digit_count++] = (unsigned char) (byte - '0');
			number->fraction += has_point;
		}
		else
			return false;
	}
	return number->digit_count > 0;
}

bool
decimal_is_zero(const struct decimal *number)
{
	for (int i = 0; i < number->digit_count; i++)
	{
		if (number->digits[i] != 0)
			return false;
	}
	return true;
}

/* Return the digit of a power of ten, 0 beyond the digits of the number. */
static int
digit_of(const struct decimal *number, int power)
{
	int index = number->digit_count - number->fraction - 1 - power;

	return index >= 0 && index < number->digit_count ? number->digits[index] : 0;
}

static int
compare_sizes(const struct decimal *a, const struct decimal *b)
{
	for (int power = DECIMAL_MAX_DIGITS; power >= -DECIMAL_MAX_DIGITS; power--)
	{
		int difference = digit_of(a, power) - digit_of(b, power);

		if (difference != 0)
			return difference;
	}
	return 0;
}

int
decimal_compare(const struct decimal *a, const struct decimal *b)
{
	bool a_is_negative = a->is_negative && !decimal_is_zero(a);
	bool b_is_negative = b->is_negative && !decimal_is_zero(b);

	if (a_is_negative != b_is_negative)
		return a_is_negative ? -1 : 1;
	return a_is_negative ? compare_sizes(b, a) : compare_sizes(a, b);
}

void
decimal_multiply(const struct decimal *a, const struct decimal *b, struct decimal *product)
{
	product->is_negative = a->is_negative != b->is_negative;
	product->digit_count = a->digit_count + b->digit_count;
	product->fraction = a->fraction + b->fraction;
	memset(product->digits, 0, (size_t) product->digit_count);
	for (int i = a->digit_count - 1; i >= 0; i--)
	{
		int carry = 0;

		for (int j = b->digit_count - 1; j >= 0; j--)
		{
			int sum = product->digits[i + j + 1] + a->digits[i] * b->digits[j] + carry;

			product->digits[i + j + 1] = (unsigned char) (sum % 10);
			carry = sum / 10;
		}
		product->digits[i] = (unsigned char) carry;
	}
}

/* Insert digits before the first one; returns false if there is no room. */
static bool
put_before(struct decimal *number, unsigned char digit, int count)
{
	if (number->digit_count + count > DECIMAL_MAX_DIGITS)
		return false;
	memmove(number->digits + count, number->digits, (size_t) number->digit_count);
	memset(number->digits, digit, (size_t) count);
	number->digit_count += count;
	return true;
}

/* Add one to the last digit. */
static bool
increment(struct decimal *number)
{
	for (int i = number->digit_count - 1; i >= 0; i--)
	{
		if (number->digits[i] < 9)
		{
			number->digits[i]++;
			return true;
		}
		number->digits[i] = 0;
	}
	return put_before(number, 1, 1);
}

bool
decimal_round(struct decimal *number, int fraction)
{
	int dropped = number->fraction - fraction;

	if (dropped <= 0)
	{
		if (number->digit_count - dropped > DECIMAL_MAX_DIGITS)
			return false;
		memset(number->digits + number->digit_count, 0, (size_t) -dropped);
		number->digit_count -= dropped;
		number->fraction = fraction;
		return true;
	}
	number->digit_count -= dropped;
	number->fraction = fraction;
	return number->digits[number->digit_count] < 5 || increment(number);
}

void
decimal_drop_zeros(struct decimal *number)
{
	while (number->fraction > 0 && number->digits[number->digit_count - 1] == 0)
	{
		number->digit_count--;
		number->fraction--;
	}
}

size_t
decimal_write(const struct decimal *number, char text[DECIMAL_TEXT_SIZE])
{
	int whole = number->digit_count - number->fraction;
	int first = 0;
	size_t length = 0;

	while (first < whole - 1 && number->digits[first] == 0)
		first++;
	if (number->is_negative)
		text[length++] = '-';
	if (whole == 0)
		text[length++] = '0';
	for (int i = first; i < number->digit_count; i++)
	{
		if (i == whole)
			text[length++] = '.';
		text[length++] = (char) ('0' + number->digits[i]);
	}
	text[length] = '\0';
	return length;
}
