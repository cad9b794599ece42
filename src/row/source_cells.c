/*-------------------------------------------------------------------------
 *
 * source_cells.c
 *	  The cells of a row that a map changed or left out, as the vendor wrote them.
 *
 * Only reports show them, and most rows are in no report, so cells are not converted to
 * jsonb in advance.  Plain JSON, which is what the clients send, stays as it is until
 * its cells are needed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"

#include "row/source_cells.h"
#include "shared/columns.h"

/*
 * Skip the string whose first character is at next; returns its closing quote, or
 * NULL if it has a Unicode escape, which jsonb may refuse.
 */
static const char *
skip_string(const char *next)
{
	for (; *next != '"'; next++)
	{
		if (*next == '\\' && *++next == 'u')
			return NULL;
	}
	return next;
}

/* Is valid JSON an object of strings without Unicode escapes? */
static bool
is_object_of_strings(struct text_view json)
{
	const char *end = json.data + json.length;
	const char *next;
	int objects = 0;

	for (next = json.data; next < end; next++)
	{
		switch (*next)
		{
			case '"':
				next = skip_string(next + 1);
				if (next == NULL)
					return false;
				break;
			case '{':
				objects++;
				break;
			case '}':
			case ':':
			case ',':
			case ' ':
			case '\t':
			case '\n':
			case '\r':
				break;
			default:
				return false;
		}
	}
	return objects == 1;
}

static bool
is_plain(struct text_view json)
{
	return json.length <= ONBOARD_MAX_FIELD_BYTES && !text_has_replacement(json) &&
		   is_object_of_strings(json);
}

static Jsonb *
json_to_jsonb(struct text_view json)
{
	char *string = pnstrdup(json.data, json.length);
	Jsonb *object = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(string)));

	pfree(string);
	return object;
}

SourceCells
source_cells_from_json(struct text_view json)
{
	SourceCells cells = {NULL};

	if (json.data == NULL)
		return cells;
	if (is_plain(json))
		cells.json = json;
	else
		cells.object = json_to_jsonb(json);
	return cells;
}

Jsonb *
source_cells_object(const SourceCells *cells)
{
	if (cells->object != NULL || cells->json.data == NULL)
		return cells->object;
	return json_to_jsonb(cells->json);
}
