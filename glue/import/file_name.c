/*-------------------------------------------------------------------------
 *
 * file_name.c
 *	  Parse the names of vendors' files.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/moment.h"
#include "import/file_name.h"
#include "reader/formats.h"

/* Maximum length of a vendor id. */
#define LONGEST_VENDOR 50

static size_t
count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

size_t
file_name_vendor(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
	const char *date = name + length;

	if (length == 0 || length > LONGEST_VENDOR || date[0] != '_' || count_digits(date + 1) != 8 ||
		date[9] != '_' || count_digits(date + 10) != 6 || !formats_accept_ending(date + 16))
		return 0;
	return length;
}

bool
file_name_time(const char *name, int64_t *moment)
{
	size_t length = file_name_vendor(name);
	const char *date = name + length + 1;
	const char *time = date + 9;
	char text[32];

	if (length == 0)
		return false;
	snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date, date + 4, date + 6, time,
			 time + 2, time + 4);
	return moment_parse(text, moment);
}

bool
file_name_agrees(const char *name, const char *vendor)
{
	size_t length = file_name_vendor(name);

	return length == 0 || (strlen(vendor) == length && memcmp(vendor, name, length) == 0);
}
