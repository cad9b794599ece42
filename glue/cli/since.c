/*-------------------------------------------------------------------------
 *
 * since.c
 *	  Parse the value of --since.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "cli/since.h"

#define MICROSECONDS INT64_C(1000000)

/* Digits of the longest duration. */
#define MOST_DIGITS 6

/*
 * Parse digits and a unit as a duration before now.
 */
static bool
parse_duration(const char *text, int64_t now, int64_t *moment)
{
	static const char units[] = "smhdw";
	static const int seconds[] = {1, 60, 3600, 86400, 604800};
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] != '\0' ? strchr(units, text[digits]) : NULL;

	if (digits == 0 || digits > MOST_DIGITS || unit == NULL || text[digits + 1] != '\0')
		return false;
	*moment = now - strtoll(text, NULL, 10) * seconds[unit - units] * MICROSECONDS;
	if (*moment < MOMENT_EARLIEST)
		*moment = MOMENT_EARLIEST;
	return true;
}

bool
since_parse(const char *text, int64_t now, int64_t *moment)
{
	return parse_duration(text, now, moment) || moment_parse(text, moment);
}
