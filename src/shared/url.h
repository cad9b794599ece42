/*-------------------------------------------------------------------------
 *
 * url.h
 *	  Is a text a web address that is safe to show as a link?
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_URL_H
#define ONBOARD_URL_H

#include "shared/text.h"

/* The first fault is reported. */
enum url_verdict
{
	URL_VALID,
	URL_NO_SCHEME, /* neither http:// nor https://, in any case */
	URL_NO_HOST,
	URL_HAS_USER, /* an "@" before the path */
	URL_SEVERAL,  /* another http:// or https:// after a comma, semicolon, "|" or blank */
	URL_HAS_BACKSLASH,
	URL_HAS_BLANK,    /* any Unicode white space */
	URL_HAS_INVISIBLE /* categories Cc and Cf */
};

/* Judge a URL by its text alone; nothing is looked up or fetched. */
extern enum url_verdict url_judge(struct text_view url);

/*
 * Write the address that a text plainly means, valid and NUL-terminated.  Returns
 * false, and an empty string, if the meaning is not plain or the buffer too small.
 *
 * Understood: several addresses, of which the first is meant; invisible characters; a
 * slash or colon that is missing in "https://"; blanks and backslashes in the path; a
 * formula with the address as text.
 */
extern bool url_suggest(struct text_view url, char *suggestion, size_t size);

#endif /* ONBOARD_URL_H */
