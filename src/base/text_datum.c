/*-------------------------------------------------------------------------
 *
 * text_datum.c
 *	  Making and reading text datums, comparing stored ones bytewise, and reading arguments.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_collation.h"
#include "utils/fmgrprotos.h"

#include "base/compat.h"
#include "base/text_datum.h"

bool
text_datum_is(Datum text, const char *data, Size length)
{
	struct varlena *value;
	bool same;

	if (toast_raw_datum_size(text) != length + VARHDRSZ)
		return false;
	value = PG_DETOAST_DATUM_PACKED(text);
	same = memcmp(VARDATA_ANY(value), data, length) == 0;
	if ((Pointer) value != DatumGetPointer(text))
		pfree(value);
	return same;
}

bool
text_datums_equal(Datum a, Datum b)
{
	return DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, a, b));
}

char *
text_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

char *
text_argument_or_null(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

struct text_view
text_argument_view(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return (struct text_view){"", 0};
	return text_datum_view(PG_GETARG_DATUM(argument));
}
