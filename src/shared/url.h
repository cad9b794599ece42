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
	URL_HAS_BACKSLASH,
	URL_HAS_BLANK,  /* any Unicode white space */
	URL_HAS_CONTROL /* C0, DEL or C1 */
};

/* Judge a URL by its text alone; nothing is looked up or fetched. */
extern enum url_verdict url_judge(struct text_view url);

#endif /* ONBOARD_URL_H */
