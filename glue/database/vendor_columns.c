/*-------------------------------------------------------------------------
 *
 * vendor_columns.c
 *	  Statements that set columns of a vendor: the columns, and their parts of the SQL.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "database/vendor_columns.h"

/* How to convert a member of $1 to the value of a column: formats of its name. */
#define REQUIRED_TEXT "$1::jsonb ->> '%s'"
#define OPTIONAL_TEXT "nullif($1::jsonb ->> '%s', '')"
#define OPTIONAL_NUMBER "nullif($1::jsonb ->> '%s', '')::numeric"
#define REQUIRED_LIST "string_to_array(replace($1::jsonb ->> '%s', ' ', ''), ',')"

/* Raises an error if the vendor has no such map. */
#define MAP_NAME                           \
	"CASE WHEN $1::jsonb ->> '%1$s' <> ''" \
	" THEN onboard_map($1::jsonb ->> 'vendor_id', $1::jsonb ->> '%1$s') ->> 'name' END"

/* How to show a column: formats of a row's name and the column's. */
#define PLAIN "%s.%s"
#define LIST "array_to_string(%s.%s, ',')"

/* Enough for any part of one column, including the NUL. */
#define PART_SIZE 200

struct column
{
	const char *name;
	const char *value; /* a REQUIRED one cannot be cleared */
	const char *shown;
};

static const struct column columns_of_vendors[VENDOR_COLUMN_COUNT] = {
	[VENDOR_NAME] = {"vendor_name", REQUIRED_TEXT, PLAIN},
	[VENDOR_EMAIL] = {"email", REQUIRED_TEXT, PLAIN},
	[VENDOR_PHONE] = {"phone", OPTIONAL_TEXT, PLAIN},
	[VENDOR_BUSINESS_NAME] = {"business_name", OPTIONAL_TEXT, PLAIN},
	[VENDOR_TAX_ID] = {"tax_id", OPTIONAL_TEXT, PLAIN},
	[VENDOR_ADDRESS] = {"address", OPTIONAL_TEXT, PLAIN},
	[VENDOR_CITY] = {"city", OPTIONAL_TEXT, PLAIN},
	[VENDOR_STATE] = {"state", OPTIONAL_TEXT, PLAIN},
	[VENDOR_COUNTRY] = {"country", OPTIONAL_TEXT, PLAIN},
	[VENDOR_POSTAL_CODE] = {"postal_code", OPTIONAL_TEXT, PLAIN},
	[VENDOR_STATUS] = {"status", REQUIRED_TEXT, PLAIN},
	[VENDOR_MODES] = {"modes", REQUIRED_LIST, LIST},
	[VENDOR_DEFAULT_MODE] = {"default_mode", REQUIRED_TEXT, PLAIN},
	[VENDOR_DEFAULT_MAP] = {"default_map", MAP_NAME, PLAIN},
	[VENDOR_PRICE_GUARD] = {"price_guard", OPTIONAL_NUMBER, PLAIN},
	[VENDOR_SOLD_OUT_GUARD] = {"sold_out_guard", OPTIONAL_NUMBER, PLAIN},
	[VENDOR_DISCONTINUE_GUARD] = {"discontinue_guard", OPTIONAL_NUMBER, PLAIN},
	[VENDOR_LANGUAGE] = {"language", OPTIONAL_TEXT, PLAIN},
};

const char *
vendor_column_name(enum vendor_column column)
{
	return columns_of_vendors[column].name;
}

enum vendor_column
vendor_column_find(const char *name)
{
	enum vendor_column column = 0;

	while (column < VENDOR_COLUMN_COUNT && strcmp(columns_of_vendors[column].name, name) != 0)
		column++;
	return column;
}

static void
write_part(char text[PART_SIZE], const struct column *column, enum vendor_part part)
{
	int used = 0;

	switch (part)
	{
		case VENDOR_PART_NAME:
			snprintf(text, PART_SIZE, "%s", column->name);
			break;
		case VENDOR_PART_ASSIGNMENT:
			used = snprintf(text, PART_SIZE, "%s = ", column->name);
			/* fall through */
		case VENDOR_PART_VALUE:
			snprintf(text + used, PART_SIZE - (size_t) used, column->value, column->name);
			break;
		case VENDOR_PART_CHANGE:
			used = snprintf(text, PART_SIZE, column->shown, "o", column->name);
			used += snprintf(text + used, PART_SIZE - (size_t) used, ", ");
			snprintf(text + used, PART_SIZE - (size_t) used, column->shown, "v", column->name);
			break;
	}
}

bool
vendor_columns_append(struct byte_buffer *statement, unsigned columns, enum vendor_part part,
					  struct glue_error *error)
{
	const char *separator = "";

	for (int column = 0; column < VENDOR_COLUMN_COUNT; column++)
	{
		char text[PART_SIZE];

		if ((columns & VENDOR_BIT(column)) == 0)
			continue;
		write_part(text, &columns_of_vendors[column], part);
		if (!byte_buffer_append_string(statement, separator, error) ||
			!byte_buffer_append_string(statement, text, error))
			return false;
		separator = ", ";
	}
	return true;
}

bool
vendor_columns_append_update(struct byte_buffer *statement, unsigned columns,
							 struct glue_error *error)
{
	return byte_buffer_append_string(statement,
									 "WITH o AS (SELECT * FROM onboard.vendors"
									 " WHERE vendor_id = $1::jsonb ->> 'vendor_id' FOR UPDATE),"
									 " v AS (UPDATE onboard.vendors n SET ",
									 error) &&
		   vendor_columns_append(statement, columns, VENDOR_PART_ASSIGNMENT, error) &&
		   byte_buffer_append_string(
			   statement, " FROM o WHERE n.vendor_id = o.vendor_id RETURNING n.*) ", error);
}
