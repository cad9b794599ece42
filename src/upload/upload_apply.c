/*-------------------------------------------------------------------------
 *
 * upload_apply.c
 *	  How the rows of an upload are applied: what a client may request, and what
 *	  its file determines.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/jsonb_object.h"
#include "shared/apply.h"
#include "shared/heading.h"
#include "upload/upload_apply.h"

/* ----- fix files ----- */

/* Does a header, an array of names as in the file, contain this heading? */
static bool
has_heading(JsonbContainer *header, const char *heading)
{
	uint32 count = JsonContainerSize(header);
	uint32 i;

	for (i = 0; i < count; i++)
	{
		struct text_view name = jsonb_array_text(header, i);

		if (name.data != NULL && heading_matches(name, heading))
			return true;
	}
	return false;
}

enum upload_mode
upload_apply_mode(enum upload_mode mode, Jsonb *metadata)
{
	JsonbContainer *header;

	if (mode != MODE_REPLACE || metadata == NULL)
		return mode;
	header = jsonb_find_array(&metadata->root, "header");
	return header != NULL && has_heading(header, ONBOARD_LINE_HEADING) &&
				   has_heading(header, ONBOARD_ERRORS_HEADING)
			   ? MODE_UPSERT
			   : mode;
}

/* ----- columns ----- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

void
upload_apply_check_columns(ArrayType *names)
{
	Datum *elements;
	bool *nulls;
	char **texts;
	int count;
	int i;

	if (ARR_NDIM(names) > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("columns must be a one-dimensional array")));
	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count > ONBOARD_MAX_COLUMNS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("columns must not have more than %d names", ONBOARD_MAX_COLUMNS)));
	texts = palloc(sizeof(char *) * (count + 1));
	for (i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("columns must not contain nulls")));
		texts[i] = TextDatumGetCString(elements[i]);
	}
	qsort(texts, count, sizeof(char *), compare_names);
	for (i = 1; i < count; i++)
	{
		if (strcmp(texts[i - 1], texts[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("columns must not contain duplicate names"),
					 errdetail("The name \"%.*s\" appears more than once.",
							   pg_mbcliplen(texts[i], strlen(texts[i]), NAMEDATALEN), texts[i])));
	}
}
