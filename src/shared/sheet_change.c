/*-------------------------------------------------------------------------
 *
 * sheet_change.c
 *	  What a spreadsheet does to a text that looks like a number or a date.
 *
 * A person may change a key on purpose, so the second text must be one that a
 * spreadsheet writes: it never adds leading zeros, and it shows a date with the name
 * of a month, with three parts, or as the number of the day.
 *
 *-------------------------------------------------------------------------
 */
#include "shared/sheet_change.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "shared/spreadsheet.h"

/* Longer texts are not compared. */
#define MAX_DIGITS 128

/* Significant digits that some spreadsheets show, although they keep fewer. */
#define MOST_SHOWN_DIGITS 17

/* An exponent has fewer digits. */
#define MAX_EXPONENT_DIGITS 4

/* ---------- Numbers ---------- */

/* A number as read from a text. */
struct decimal
{
	bool is_negative;
	bool has_exponent;
	bool is_sheet_style; /* no leading plus or zeros */
	int64_t scale;       /* the value is 0.DIGITS times ten to this power */
	int count;           /* of digits, without zeros at the ends; 0 for zero */
	char digits[MAX_DIGITS];
};

/* A text being read. */
struct reading
{
	const char *next;
	const char *end;
};

static bool
take(struct reading *reading, const char *wanted)
{
	size_t length = strlen(wanted);

	if ((size_t) (reading->end - reading->next) < length ||
		memcmp(reading->next, wanted, length) != 0)
		return false;
	reading->next += length;
	return true;
}

/*
 * Take a sign between groups of digits, other than the decimal sign; returns an index
 * that tells them apart, or -1 if there is none.
 */
static int
take_group_sign(struct reading *reading, const char *decimal_sign)
{
	/* The last two are U+00A0 and U+202F. */
	static const char *const signs[] = {",", ".", " ", "'", "\xC2\xA0", "\xE2\x80\xAF"};

	for (int i = 0; i < (int) (sizeof(signs) / sizeof(signs[0])); i++)
	{
		if (strcmp(signs[i], decimal_sign) != 0 && take(reading, signs[i]))
			return i;
	}
	return -1;
}

/* Append a digit; zeros before the first other digit are dropped. */
static bool
add_digit(struct decimal *number, char digit)
{
	if (number->count == 0 && digit == '0')
		return true;
	if (number->count == MAX_DIGITS)
		return false;
	number->digits[number->count++] = digit;
	return true;
}

/* Read the digits before the decimal sign, and set the scale; returns how many, or -1. */
static int
read_integer(struct reading *reading, const char *decimal_sign, struct decimal *number)
{
	int group_sign = -1;
	int in_group = 0;
	int total = 0;

	for (;;)
	{
		int sign;

		while (reading->next < reading->end && is_ascii_digit(*reading->next))
		{
			if (!add_digit(number, *reading->next++))
				return -1;
			in_group++;
			total++;
		}
		if (group_sign >= 0 && in_group != 3)
			return -1;
		sign = take_group_sign(reading, decimal_sign);
		if (sign < 0)
			break;
		if (in_group < 1 || in_group > 3 || (group_sign >= 0 && sign != group_sign))
			return -1;
		group_sign = sign;
		in_group = 0;
	}
	number->scale = number->count;
	return total;
}

/* Read the digits after the decimal sign; returns how many, or -1. */
static int
read_fraction(struct reading *reading, struct decimal *number)
{
	int total = 0;

	for (; reading->next < reading->end && is_ascii_digit(*reading->next); reading->next++, total++)
	{
		if (number->count == 0 && *reading->next == '0')
			number->scale--;
		if (!add_digit(number, *reading->next))
			return -1;
	}
	return total;
}

/* Read the exponent, if there is one; returns false if it is incomplete. */
static bool
read_exponent(struct reading *reading, struct decimal *number)
{
	int64_t exponent = 0;
	int digits = 0;
	bool is_negative;

	if (!take(reading, "E") && !take(reading, "e"))
		return true;
	number->has_exponent = true;
	is_negative = take(reading, "-");
	if (!is_negative)
		(void) take(reading, "+");
	for (; reading->next < reading->end && is_ascii_digit(*reading->next); reading->next++)
	{
		if (++digits > MAX_EXPONENT_DIGITS)
			return false;
		exponent = 10 * exponent + (*reading->next - '0');
	}
	number->scale += is_negative ? -exponent : exponent;
	return digits > 0;
}

/* Read a text as a number with this decimal sign; returns false if it is none. */
static bool
read_decimal(struct text_view text, const char *decimal_sign, struct decimal *number)
{
	struct reading reading = {text.data, text.data + text.length};
	int integer_digits;
	int fraction_digits = 0;
	bool has_plus;
	bool has_zeros;

	memset(number, 0, offsetof(struct decimal, digits));
	number->is_negative = take(&reading, "-");
	has_plus = !number->is_negative && take(&reading, "+");
	has_zeros =
		reading.end - reading.next > 1 && reading.next[0] == '0' && is_ascii_digit(reading.next[1]);
	number->is_sheet_style = !has_plus && !has_zeros;
	integer_digits = read_integer(&reading, decimal_sign, number);
	if (integer_digits < 0)
		return false;
	if (take(&reading, decimal_sign))
		fraction_digits = read_fraction(&reading, number);
	if (fraction_digits < 0 || integer_digits + fraction_digits == 0 ||
		!read_exponent(&reading, number) || reading.next != reading.end)
		return false;
	while (number->count > 0 && number->digits[number->count - 1] == '0')
		number->count--;
	if (number->count == 0)
		number->scale = 0;
	return true;
}

static bool
is_equal(const struct decimal *a, const struct decimal *b)
{
	return a->is_negative == b->is_negative && a->count == b->count && a->scale == b->scale &&
		   memcmp(a->digits, b->digits, (size_t) a->count) == 0;
}

/* Cut a number to its first digits. */
static void
cut(const struct decimal *number, int count, struct decimal *result)
{
	*result = *number;
	result->count = count;
	while (result->count > 0 && result->digits[result->count - 1] == '0')
		result->count--;
}

/* Likewise, rounding half up. */
static void
round_to(const struct decimal *number, int count, struct decimal *result)
{
	*result = *number;
	result->count = count;
	if (number->digits[count] < '5')
	{
		cut(number, count, result);
		return;
	}
	while (result->count > 0 && result->digits[result->count - 1] == '9')
		result->count--;
	if (result->count > 0)
	{
		result->digits[result->count - 1]++;
		return;
	}
	result->digits[0] = '1';
	result->count = 1;
	result->scale++;
}

/* Does a spreadsheet show the number like this? */
static bool
is_shown_as(const struct decimal *number, const struct decimal *shown)
{
	int fewest = shown->has_exponent ? shown->count : SPREADSHEET_DIGITS;

	if (is_equal(number, shown))
		return true;
	for (int count = fewest; count <= MOST_SHOWN_DIGITS && count < number->count; count++)
	{
		struct decimal less;

		if (count == 0)
			continue;
		cut(number, count, &less);
		if (is_equal(&less, shown))
			return true;
		round_to(number, count, &less);
		if (is_equal(&less, shown))
			return true;
	}
	return false;
}

static const char *const decimal_signs[] = {".", ","};

#define DECIMAL_SIGNS 2

/* Are both texts the same number, the second as a spreadsheet shows it? */
static bool
is_same_number(struct text_view before, struct text_view after)
{
	struct decimal number;
	struct decimal shown;

	for (int i = 0; i < DECIMAL_SIGNS; i++)
	{
		if (!read_decimal(before, decimal_signs[i], &number))
			continue;
		for (int j = 0; j < DECIMAL_SIGNS; j++)
		{
			if (read_decimal(after, decimal_signs[j], &shown) && shown.is_sheet_style &&
				is_shown_as(&number, &shown))
				return true;
		}
	}
	return false;
}

/* ---------- Dates ---------- */

#define DATE_PARTS 3

/* Numbers and months of a text that may be a date, in the order of the text. */
struct date
{
	int count;
	int parts[DATE_PARTS];
	bool has_month_name;
	char separator; /* the first one; 0 if none */
};

#define DAY_SECONDS INT64_C(86400)

/* Return the month whose name begins with these letters, in English or German; or 0. */
static int
month_of(struct text_view word)
{
	static const struct
	{
		const char *beginning;
		int month;
	} months[] = {
		{"jan", 1},  {"feb", 2},  {"mar", 3},  {"mrz", 3},  {"m\xC3\xA4r", 3}, {"apr", 4},
		{"may", 5},  {"mai", 5},  {"jun", 6},  {"jul", 7},  {"aug", 8},        {"sep", 9},
		{"oct", 10}, {"okt", 10}, {"nov", 11}, {"dec", 12}, {"dez", 12},
	};

	for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++)
	{
		size_t length = strlen(months[i].beginning);
		size_t same = 0;

		while (same < length && same < word.length &&
			   fold_ascii((unsigned char) word.data[same]) ==
				   (unsigned char) months[i].beginning[same])
			same++;
		if (same == length)
			return months[i].month;
	}
	return 0;
}

static bool
is_letter(char byte)
{
	return is_ascii_letter((unsigned char) byte) || (unsigned char) byte >= 0x80;
}

/* Read a run of digits or letters; returns its number or month, or -1. */
static int
read_part(struct reading *reading, bool *is_name)
{
	const char *start = reading->next;
	int number = 0;

	*is_name = !is_ascii_digit(*start);
	if (*is_name)
	{
		while (reading->next < reading->end && is_letter(*reading->next))
			reading->next++;
		number = month_of((struct text_view){start, (size_t) (reading->next - start)});
		return number > 0 ? number : -1;
	}
	for (; reading->next < reading->end && is_ascii_digit(*reading->next); reading->next++)
	{
		if (reading->next - start == 4)
			return -1;
		number = 10 * number + (*reading->next - '0');
	}
	return number;
}

static bool
is_separator(char byte)
{
	return byte == '-' || byte == '/' || byte == '.' || byte == ' ' || byte == ',';
}

/* Read a text of two or three parts; returns false if it cannot be a date. */
static bool
read_date(struct text_view text, struct date *date)
{
	struct reading reading = {text.data, text.data + text.length};

	memset(date, 0, sizeof(*date));
	while (reading.next < reading.end)
	{
		bool is_name;
		int part;

		if (date->count > 0 && is_separator(*reading.next))
		{
			if (date->separator == 0)
				date->separator = *reading.next;
			reading.next++;
			continue;
		}
		if (date->count == DATE_PARTS ||
			(!is_ascii_digit(*reading.next) && !is_letter(*reading.next)))
			return false;
		part = read_part(&reading, &is_name);
		if (part < 0 || (is_name && date->has_month_name))
			return false;
		date->has_month_name = date->has_month_name || is_name;
		date->parts[date->count++] = part;
	}
	return date->count >= 2;
}

/* Read a text as the number of a day; returns false if it is not one of this age. */
static bool
read_day_number(struct text_view text, struct date *date)
{
	int64_t days = 0;
	time_t moment;
	struct tm day;

	if (text.length != 5)
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		if (!is_ascii_digit(text.data[i]))
			return false;
		days = 10 * days + (text.data[i] - '0');
	}
	moment = (time_t) ((days - SPREADSHEET_EPOCH) * DAY_SECONDS);
	if (gmtime_r(&moment, &day) == NULL)
		return false;
	memset(date, 0, sizeof(*date));
	date->count = DATE_PARTS;
	date->parts[0] = day.tm_year + 1900;
	date->parts[1] = day.tm_mon + 1;
	date->parts[2] = day.tm_mday;
	return true;
}

/* Are two parts the same, one of them perhaps a year of two digits? */
static bool
is_same_part(int a, int b)
{
	return a == b || ((a >= 100) != (b >= 100) && a % 100 == b % 100);
}

/* Does the longer date have all parts of the shorter, in any order? */
static bool
has_parts(const struct date *longer, const struct date *shorter)
{
	bool used[DATE_PARTS] = {false};

	for (int i = 0; i < shorter->count; i++)
	{
		int j = 0;

		while (j < longer->count && (used[j] || !is_same_part(longer->parts[j], shorter->parts[i])))
			j++;
		if (j == longer->count)
			return false;
		used[j] = true;
	}
	return true;
}

static bool
has_same_order(const struct date *a, const struct date *b)
{
	for (int i = 0; i < a->count; i++)
	{
		if (!is_same_part(a->parts[i], b->parts[i]))
			return false;
	}
	return a->count == b->count;
}

/* Are both texts the same date, the second as a spreadsheet shows it? */
static bool
is_same_date(struct text_view before, struct text_view after)
{
	struct date written;
	struct date shown;

	if (!read_date(before, &written))
		return false;
	if (read_day_number(after, &shown))
		return has_parts(&shown, &written);
	if (!read_date(after, &shown) || (!shown.has_month_name && shown.count < DATE_PARTS))
		return false;
	/* In one notation, another order is another date. */
	if (!shown.has_month_name && shown.separator == written.separator &&
		shown.count == written.count)
		return has_same_order(&written, &shown);
	return shown.count < written.count ? has_parts(&written, &shown) : has_parts(&shown, &written);
}

/* ---------- Errors ---------- */

/* Is the text what a cell shows in place of its value? */
static bool
is_placeholder(struct text_view text)
{
	size_t marks = 0;

	while (marks < text.length && text.data[marks] == '#')
		marks++;
	return (marks >= 2 && marks == text.length) || text_equal(text, text_of("#NAME?"));
}

bool
sheet_changed(struct text_view before, struct text_view after)
{
	if (before.length == 0 || after.length == 0 || text_equal(before, after) ||
		spreadsheet_shortened(before))
		return false;
	return is_same_number(before, after) || is_same_date(before, after) ||
		   (is_placeholder(after) && !is_placeholder(before));
}
