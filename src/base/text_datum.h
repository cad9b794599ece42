/*-------------------------------------------------------------------------
 *
 * text_datum.h
 *	  Comparing stored texts bytewise.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_TEXT_DATUM_H
#define ONBOARD_TEXT_DATUM_H

#include "postgres.h"

/* Does the text have these bytes?  One of another length is not decompressed. */
extern bool text_datum_is(Datum text, const char *data, Size length);

extern bool text_datums_equal(Datum a, Datum b);

#endif /* ONBOARD_TEXT_DATUM_H */
