/*-------------------------------------------------------------------------
 *
 * vendor_terms.c
 *	  Errors in the vendor's own terms: its headings and cells.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/jsonb_object.h"
#include "base/text_datum.h"
#include "report/vendor_terms.h"
#include "shared/rules.h"

/* Characters of a heading that are shown. */
#define HEADING_CHARACTERS 100

/* Return where a text is in a list, or -1. */
static int
find_in_list(JsonbContainer *list, struct text_view text)
{
	uint32 count = list == NULL ? 0 : JsonContainerSize(list);
	uint32 i;

	for (i = 0; i < count; i++)
	{
		struct text_view element = jsonb_array_text(list, i);

		if (element.data != NULL && text_equal(element, text))
			return (int) i;
	}
	return -1;
}

/* Return the heading of a column that shares a cell with another column; or absent. */
static struct text_view
source_heading(Jsonb *metadata, struct text_view field)
{
	JsonbValue storage;
	JsonbValue *sources =
		getKeyJsonValueFromContainer(&metadata->root, "sources", strlen("sources"), &storage);

	if (sources == NULL || sources->type != jbvBinary ||
		!JsonContainerIsObject(sources->val.binary.data))
		return (struct text_view){NULL, 0};
	return jsonb_find_text(sources->val.binary.data, field);
}

int
vendor_place(Jsonb *metadata, struct text_view field)
{
	int place = find_in_list(jsonb_find_array(&metadata->root, "keys"), field);
	struct text_view source;

	if (place >= 0)
		return place;
	source = source_heading(metadata, field);
	return source.data == NULL ? -1
							   : find_in_list(jsonb_find_array(&metadata->root, "header"), source);
}

/* Return a heading as part of a line of text. */
static struct text_view
shown_heading(struct text_view heading)
{
	char *shown;
	size_t i;

	heading.length = pg_mbcharcliplen(heading.data, (int) heading.length, HEADING_CHARACTERS);
	shown = pnstrdup(heading.data, heading.length);
	for (i = 0; i < heading.length; i++)
	{
		if ((unsigned char) shown[i] < ' ' || shown[i] == '\x7F')
			shown[i] = ' ';
	}
	return (struct text_view){shown, heading.length};
}

struct text_view
vendor_heading(Jsonb *metadata, struct text_view field)
{
	int place = vendor_place(metadata, field);
	struct text_view heading = {NULL, 0};

	if (place >= 0)
		heading = text_trim(jsonb_array_text(jsonb_find_array(&metadata->root, "header"), place));
	return heading.length == 0 ? field : shown_heading(heading);
}

struct text_view
vendor_message(Jsonb *metadata, struct text_view field, struct text_view message)
{
	struct text_view heading;
	StringInfoData text;

	/* Messages about a column begin with its name. */
	if (field.length == 0 || message.length <= field.length || message.data[field.length] != ' ' ||
		memcmp(message.data, field.data, field.length) != 0)
		return message;
	heading = vendor_heading(metadata, field);
	if (heading.data == field.data)
		return message;
	initStringInfo(&text);
	appendBinaryStringInfo(&text, heading.data, heading.length);
	appendBinaryStringInfo(&text, message.data + field.length, message.length - field.length);
	return (struct text_view){text.data, text.len};
}

struct text_view
vendor_suggestion(Jsonb *metadata, struct text_view error_type, struct text_view field,
				  struct text_view suggestion)
{
	const char *changed_key = rule_built_in(RULE_KEY_CHANGED_BY_SPREADSHEET)->code;

	if (find_in_list(jsonb_find_array(&metadata->root, "converted"), field) < 0)
		return suggestion;
	/* The original of a key is what the vendor wrote in its own column. */
	if (text_equal(error_type, text_of(changed_key)) &&
		find_in_list(jsonb_find_array(&metadata->root, "keys"), field) >= 0)
		return suggestion;
	return (struct text_view){"", 0};
}

/*
 * The same for SQL.
 */

PG_FUNCTION_INFO_V1(onboard_vendor_heading);

/* Return the heading of a column of ours in the file of an upload with this metadata. */
Datum
onboard_vendor_heading(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(
		text_datum(vendor_heading(PG_GETARG_JSONB_P(0), text_argument_view(fcinfo, 1))));
}

PG_FUNCTION_INFO_V1(onboard_vendor_message);

/* Return the message of an error with that heading. */
Datum
onboard_vendor_message(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(text_datum(vendor_message(PG_GETARG_JSONB_P(0), text_argument_view(fcinfo, 1),
											  text_argument_view(fcinfo, 2))));
}

PG_FUNCTION_INFO_V1(onboard_vendor_suggestion);

/* Return the suggestion of an error, or null if the column is converted. */
Datum
onboard_vendor_suggestion(PG_FUNCTION_ARGS)
{
	struct text_view suggestion;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	suggestion = vendor_suggestion(PG_GETARG_JSONB_P(0), text_argument_view(fcinfo, 1),
								   text_argument_view(fcinfo, 2), text_argument_view(fcinfo, 3));
	if (suggestion.length == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(text_datum(suggestion));
}
