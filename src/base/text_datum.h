/*-------------------------------------------------------------------------
 *
 * text_datum.h
 *	  Making and reading text datums, comparing stored ones bytewise, and reading arguments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_TEXT_DATUM_H
#define ONBOARD_TEXT_DATUM_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "shared/text.h"

/* Return a copy of the text as a datum, in the current memory context. */
static inline Datum
text_datum(struct text_view text)
{
	return PointerGetDatum(cstring_to_text_with_len(text.data, text.length));
}

/* Return a stored text as a view, which lives as long as the datum or the memory context. */
static inline struct text_view
text_datum_view(Datum datum)
{
	text *value = DatumGetTextPP(datum);

	return (struct text_view){VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

/* Does the text have these bytes?  One of another length is not decompressed. */
extern bool text_datum_is(Datum text, const char *data, Size length);

extern bool text_datums_equal(Datum a, Datum b);

/* Return a text argument of an SQL function; a null raises an error that names it. */
extern char *text_argument(FunctionCallInfo fcinfo, int argument, const char *name);

/* Return a text argument, or NULL for null. */
extern char *text_argument_or_null(FunctionCallInfo fcinfo, int argument);

/* Return a text argument as a view, "" for null. */
extern struct text_view text_argument_view(FunctionCallInfo fcinfo, int argument);

#endif /* ONBOARD_TEXT_DATUM_H */
