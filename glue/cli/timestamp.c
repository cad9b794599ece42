/*-------------------------------------------------------------------------
 *
 * timestamp.c
 *	  Format timestamps for programs: RFC 3339, in UTC, with milliseconds.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/timestamp.h"

/*
 * Parse an optional fraction of a second into milliseconds; *end is set to what
 * follows it.
 */
static int
read_milliseconds(const char *text, const char **end)
{
	int milliseconds = 0;
	int weight = 100;

	*end = text;
	if (*text != '.')
		return 0;
	for (text++; *text >= '0' && *text <= '9'; text++)
	{
		milliseconds += (*text - '0') * weight;
		weight /= 10;
	}
	*end = text;
	return milliseconds;
}

/*
 * Parse an offset from UTC that ends the text: "+01", "-03:30" or "+00:53:28".
 */
static bool
read_offset(const char *text, int *seconds)
{
	char sign;
	int hour;
	int minute = 0;
	int second = 0;

	if (sscanf(text, "%c%2d:%2d:%2d", &sign, &hour, &minute, &second) < 2 ||
		(sign != '+' && sign != '-') || strstr(text, "BC") != NULL)
		return false;
	*seconds = hour * 3600 + minute * 60 + second;
	if (sign == '-')
		*seconds = -*seconds;
	return true;
}

bool
timestamp_rfc3339(const char *text, char *buffer)
{
	struct tm moment = {0};
	const char *rest;
	time_t seconds;
	int milliseconds;
	int offset;
	int used = 0;

	if (sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d%n", &moment.tm_year, &moment.tm_mon, &moment.tm_mday,
			   &moment.tm_hour, &moment.tm_min, &moment.tm_sec, &used) != 6)
		return false;
	milliseconds = read_milliseconds(text + used, &rest);
	if (!read_offset(rest, &offset))
		return false;
	moment.tm_year -= 1900;
	moment.tm_mon -= 1;
	seconds = timegm(&moment) - offset;
	if (gmtime_r(&seconds, &moment) == NULL || moment.tm_year < 1 - 1900 ||
		moment.tm_year > 9999 - 1900)
		return false;
	used = snprintf(buffer, TIMESTAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
					moment.tm_year + 1900, moment.tm_mon + 1, moment.tm_mday, moment.tm_hour,
					moment.tm_min, moment.tm_sec, milliseconds);
	return used < TIMESTAMP_SIZE;
}
