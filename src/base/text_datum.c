/*-------------------------------------------------------------------------
 *
 * text_datum.c
 *	  Making text datums, and comparing stored ones bytewise.
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
