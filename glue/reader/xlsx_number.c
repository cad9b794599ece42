/*-------------------------------------------------------------------------
 *
 * xlsx_number.c
 *	  The text of a number in a workbook, by its format.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "reader/xlsx_number.h"
#include "shared/spreadsheet.h"

/* Plain numbers below 1 have at most this many digits after the point. */
#define LEAST_EXPONENT (-15)

/* Formats of zeros pad to at most this many digits. */
#define MOST_ZEROS 30

#define DAY_SECONDS INT64_C(86400)

/* The number of the day 1970-01-01, in workbooks that count from 1904. */
#define EPOCH_1904 INT64_C(24107)

/* The day after 9999-12-31, since 1899-12-30. */
#define END_OF_DATES 2958466.0

/*
 * Excel counts 29 February 1900, which did not exist, as day 60; the days before
 * it are therefore one day later than a count from 1899-12-30 has them.
 */
#define LEAP_DAY_1900 60

/* ----- formats ----- */

struct numbered_format
{
	int first;
	int last;
	enum xlsx_format_kind kind;
};

/* ECMA-376, part 1, 18.8.30; those above 22 depend on the language. */
static const struct numbered_format numbered[] = {
	{14, 17, XLSX_DATE}, {18, 21, XLSX_TIME}, {22, 22, XLSX_DATE_TIME}, {27, 31, XLSX_DATE},
	{32, 35, XLSX_TIME}, {36, 36, XLSX_DATE}, {45, 45, XLSX_TIME},      {46, 46, XLSX_DURATION},
	{47, 47, XLSX_TIME}, {50, 54, XLSX_DATE}, {55, 56, XLSX_TIME},      {57, 58, XLSX_DATE},
};

struct xlsx_format
xlsx_format_of_number(int number)
{
	struct xlsx_format format = {XLSX_PLAIN, 0};

	for (size_t i = 0; i < sizeof(numbered) / sizeof(numbered[0]); i++)
	{
		if (number >= numbered[i].first && number <= numbered[i].last)
			format.kind = (unsigned char) numbered[i].kind;
	}
	return format;
}

/* What the letters of a format code have shown so far. */
struct code_reading
{
	bool has_date;
	bool has_time;
	bool has_duration;
	char last; /* letter of the last field, in lower case; 0: none */
};

/*
 * Read what is in brackets: a duration, such as [h], or a colour, a language or a
 * condition.  Returns where the code continues.
 */
static const char *
read_brackets(struct code_reading *reading, const char *code)
{
	size_t letters = strspn(code + 1, "hHmMsS");
	const char *end = strchr(code, ']');

	if (letters > 0 && code[1 + letters] == ']')
	{
		reading->has_duration = true;
		reading->last = (char) tolower((unsigned char) code[1]);
	}
	return end != NULL ? end + 1 : code + strlen(code);
}

/* Return the next letter of a field, in lower case, or 0. */
static char
next_letter(const char *code)
{
	code += strcspn(code, "hHmMsSyYdD;\"");
	return (char) tolower((unsigned char) *code);
}

/* Read one field, such as yyyy.  m is a minute after an hour or before a second. */
static const char *
read_field(struct code_reading *reading, const char *code)
{
	char letter = (char) tolower((unsigned char) *code);
	char same[3] = {letter, (char) toupper(letter), '\0'};

	code += strspn(code, same);
	if (letter == 'h' || letter == 's' ||
		(letter == 'm' && (reading->last == 'h' || next_letter(code) == 's')))
		reading->has_time = true;
	else
		reading->has_date = true;
	reading->last = letter;
	return code;
}

/* Skip a text in the code, which shows nothing; returns where the code continues. */
static const char *
skip_text(const char *code)
{
	const char *end;

	switch (*code)
	{
		case '"':
			end = strchr(code + 1, '"');
			return end != NULL ? end + 1 : code + strlen(code);
		case '\\':
		case '_':
		case '*':
			return code[1] != '\0' ? code + 2 : code + 1;
		default:
			if (strncasecmp(code, "general", 7) == 0)
				return code + 7;
			if (strncasecmp(code, "am/pm", 5) == 0)
				return code + 5;
			return code + 1;
	}
}

static struct xlsx_format
format_of(const struct code_reading *reading)
{
	enum xlsx_format_kind kind = XLSX_PLAIN;

	if (reading->has_duration)
		kind = XLSX_DURATION;
	else if (reading->has_date && reading->has_time)
		kind = XLSX_DATE_TIME;
	else if (reading->has_date)
		kind = XLSX_DATE;
	else if (reading->has_time)
		kind = XLSX_TIME;
	return (struct xlsx_format){(unsigned char) kind, 0};
}

struct xlsx_format
xlsx_format_of_code(const char *code)
{
	struct code_reading reading = {0};
	size_t zeros = strspn(code, "0");

	if (zeros > 1 && zeros <= MOST_ZEROS && code[zeros] == '\0')
		return (struct xlsx_format){XLSX_ZEROS, (unsigned char) zeros};
	/* The first section is for positive numbers, and dates are. */
	while (*code != '\0' && *code != ';')
	{
		if (*code == '[')
			code = read_brackets(&reading, code);
		else if (strchr("hHmMsSyYdD", *code) != NULL)
			code = read_field(&reading, code);
		else
			code = skip_text(code);
	}
	return format_of(&reading);
}

/* ----- plain numbers ----- */

/*
 * Is a stored number already the text that a person means?  Digits with an
 * optional sign and point, at most 15 of them, no superfluous zeros.
 */
static bool
is_plain(struct text_view stored)
{
	size_t i = stored.length > 0 && stored.data[0] == '-';
	size_t digits = 0;
	bool has_point = false;

	if (i >= stored.length || (stored.data[i] == '0' && (i > 0 || stored.length > 1) &&
							   (i + 1 >= stored.length || stored.data[i + 1] != '.')))
		return false;
	for (; i < stored.length; i++)
	{
		char c = stored.data[i];

		if (c == '.' && !has_point && digits > 0)
			has_point = true;
		else if (c < '0' || c > '9' || ++digits > SPREADSHEET_DIGITS)
			return false;
	}
	return digits > 0 && !(has_point && (stored.data[stored.length - 1] == '0' ||
										 stored.data[stored.length - 1] == '.'));
}

/* Read a number as strtod() does, without the words and forms that XML has not. */
static bool
read_number(struct text_view stored, double *number)
{
	char copy[XLSX_NUMBER_SIZE];
	char *end;

	if (stored.length == 0 || stored.length >= sizeof(copy))
		return false;
	memcpy(copy, stored.data, stored.length);
	copy[stored.length] = '\0';
	if (strspn(copy, "0123456789.+-eE") != stored.length)
		return false;
	*number = strtod(copy, &end);
	return *end == '\0' && isfinite(*number);
}

/* Write digits with the point after the first 1 + exponent of them. */
static size_t
write_plain(char *text, const char *digits, int count, int exponent)
{
	char *to = text;

	for (int i = exponent < 0 ? exponent : 0; i < count || i <= exponent; i++)
	{
		if (i == exponent + 1 && i > exponent)
			*to++ = '.';
		*to++ = i >= 0 && i < count ? digits[i] : '0';
	}
	return (size_t) (to - text);
}

/* Write a number with up to 15 digits. */
static size_t
write_number(double number, char *text)
{
	char written[SPREADSHEET_DIGITS + 12]; /* -d.dddde+xxx */
	char digits[SPREADSHEET_DIGITS + 1];
	int count = 0;
	int exponent;
	size_t sign = number < 0;

	snprintf(written, sizeof(written), "%.*e", SPREADSHEET_DIGITS - 1, fabs(number));
	for (const char *c = written; *c != 'e'; c++)
	{
		if (*c != '.')
			digits[count++] = *c;
	}
	exponent = (int) strtol(strchr(written, 'e') + 1, NULL, 10);
	while (count > 1 && digits[count - 1] == '0')
		count--;
	digits[count] = '\0';
	if (sign)
		text[0] = '-';
	if (exponent < SPREADSHEET_DIGITS && exponent >= LEAST_EXPONENT)
		return sign + write_plain(text + sign, digits, count, exponent);
	return sign + (size_t) snprintf(text + sign, XLSX_NUMBER_SIZE - 1, "%c%s%sE%+03d", digits[0],
									count > 1 ? "." : "", digits + 1, exponent);
}

/* Put zeros before a whole number that has fewer digits than the format. */
static size_t
pad(char *text, size_t length, size_t digits)
{
	size_t sign = text[0] == '-';
	size_t zeros;

	if (memchr(text, '.', length) != NULL || memchr(text, 'E', length) != NULL ||
		length - sign >= digits)
		return length;
	zeros = digits - (length - sign);
	memmove(text + sign + zeros, text + sign, length - sign);
	memset(text + sign, '0', zeros);
	return length + zeros;
}

/* ----- dates and times ----- */

/* Write a moment in seconds since the beginning of the calendar. */
static size_t
write_date(int64_t seconds, bool is_1904, enum xlsx_format_kind kind, char *text)
{
	int64_t day = seconds / DAY_SECONDS;
	bool is_leap_day = !is_1904 && day == LEAP_DAY_1900;
	time_t moment;
	struct tm parts;
	size_t length;

	if (!is_1904 && day < LEAP_DAY_1900)
		seconds += DAY_SECONDS;
	moment = (time_t) (seconds - (is_1904 ? EPOCH_1904 : SPREADSHEET_EPOCH) * DAY_SECONDS);
	if (gmtime_r(&moment, &parts) == NULL)
		return 0;
	length = strftime(text, XLSX_NUMBER_SIZE, kind == XLSX_DATE ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S",
					  &parts);
	if (is_leap_day)
		memcpy(text, "1900-02-29", strlen("1900-02-29"));
	return length;
}

static size_t
write_time(int64_t seconds, char *text)
{
	return (size_t) snprintf(text, XLSX_NUMBER_SIZE, "%02d:%02d:%02d", (int) (seconds / 3600),
							 (int) (seconds / 60 % 60), (int) (seconds % 60));
}

/* Write a date or a time; returns 0 if the calendar has none for this number. */
static size_t
write_moment(double number, enum xlsx_format_kind kind, bool is_1904, char *text)
{
	int64_t seconds;

	if (number < 0 || number >= END_OF_DATES - (is_1904 ? SPREADSHEET_EPOCH - EPOCH_1904 : 0))
		return 0;
	seconds = (int64_t) (number * (double) DAY_SECONDS + 0.5);
	switch (kind)
	{
		case XLSX_TIME:
			return write_time(seconds % DAY_SECONDS, text);
		case XLSX_DURATION:
			return write_time(seconds, text);
		default:
			return !is_1904 && seconds < DAY_SECONDS ? 0 : write_date(seconds, is_1904, kind, text);
	}
}

size_t
xlsx_number_write(struct text_view stored, struct xlsx_format format, bool is_1904,
				  char text[XLSX_NUMBER_SIZE])
{
	size_t length = stored.length;
	double number;

	if (format.kind <= XLSX_ZEROS && is_plain(stored) && length < XLSX_NUMBER_SIZE)
		memcpy(text, stored.data, length);
	else
	{
		if (!read_number(stored, &number))
			return 0;
		length = format.kind > XLSX_ZEROS ? write_moment(number, format.kind, is_1904, text) : 0;
		if (length == 0)
			length = write_number(number, text);
	}
	return format.kind == XLSX_ZEROS ? pad(text, length, format.digits) : length;
}
