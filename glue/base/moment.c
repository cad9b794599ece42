/*-------------------------------------------------------------------------
 *
 * moment.c
 *	  Points in time as text.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/moment.h"

#define MICROSECONDS INT64_C(1000000)

/*
 * Consume exactly digits digits at the front of *text.
 */
static bool
take_digits(const char **text, int digits, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++)
	{
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (*(*text)++ - '0');
	}
	return true;
}

static bool
take_character(const char **text, const char *wanted)
{
	if (**text == '\0' || strchr(wanted, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

/*
 * Consume an optional fraction of a second, in microseconds; truncates further
 * digits.
 */
static bool
take_fraction(const char **text, int64_t *microseconds)
{
	int64_t weight = MICROSECONDS / 10;

	*microseconds = 0;
	if (!take_character(text, "."))
		return true;
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++, weight /= 10)
		*microseconds += (**text - '0') * weight;
	return true;
}

/*
 * Consume an optional time of day; omitted parts are 0.
 */
static bool
take_time(const char **text, struct tm *when, int64_t *microseconds)
{
	*microseconds = 0;
	if (**text == '\0')
		return true;
	if (!take_character(text, "Tt ") || !take_digits(text, 2, &when->tm_hour) ||
		!take_character(text, ":") || !take_digits(text, 2, &when->tm_min))
		return false;
	if (take_character(text, ":") &&
		(!take_digits(text, 2, &when->tm_sec) || !take_fraction(text, microseconds)))
		return false;
	return when->tm_hour <= 23 && when->tm_min <= 59 && when->tm_sec <= 60;
}

/*
 * Consume the zone at the end; sets *local if there is none.
 */
static bool
take_zone(const char *text, bool *local, int *offset)
{
	int sign = *text == '-' ? -1 : 1;
	int hours;
	int minutes;

	*offset = 0;
	*local = *text == '\0';
	if (*local)
		return true;
	if (take_character(&text, "Zz"))
		return *text == '\0';
	if (!take_character(&text, "+-") || !take_digits(&text, 2, &hours) ||
		!take_character(&text, ":") || !take_digits(&text, 2, &minutes) || *text != '\0' ||
		hours > 23 || minutes > 59)
		return false;
	*offset = sign * (hours * 3600 + minutes * 60);
	return true;
}

/*
 * Return whether the day exists; timegm() would turn 31 June into 1 July.
 */
static bool
is_day(const struct tm *when)
{
	struct tm day = {
		.tm_year = when->tm_year,
		.tm_mon = when->tm_mon,
		.tm_mday = when->tm_mday,
	};

	(void) timegm(&day);
	return day.tm_mon == when->tm_mon && day.tm_mday == when->tm_mday;
}

bool
moment_parse(const char *text, int64_t *moment)
{
	struct tm when = {.tm_isdst = -1};
	int64_t microseconds;
	bool local;
	int offset;
	time_t seconds;

	if (!take_digits(&text, 4, &when.tm_year) || !take_character(&text, "-") ||
		!take_digits(&text, 2, &when.tm_mon) || !take_character(&text, "-") ||
		!take_digits(&text, 2, &when.tm_mday))
		return false;
	when.tm_year -= 1900;
	when.tm_mon--;
	if (!is_day(&when) || !take_time(&text, &when, &microseconds) ||
		!take_zone(text, &local, &offset))
		return false;
	seconds = local ? mktime(&when) : timegm(&when) - offset;
	*moment = (int64_t) seconds * MICROSECONDS + microseconds;
	return *moment >= MOMENT_EARLIEST;
}

void
moment_write(int64_t moment, char text[MOMENT_SIZE])
{
	int64_t microseconds = moment % MICROSECONDS;
	time_t seconds = (time_t) (moment / MICROSECONDS);
	struct tm when;

	if (microseconds < 0)
	{
		microseconds += MICROSECONDS;
		seconds--;
	}
	gmtime_r(&seconds, &when);
	snprintf(text, MOMENT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", when.tm_year + 1900,
			 when.tm_mon + 1, when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec,
			 (int) microseconds);
}
