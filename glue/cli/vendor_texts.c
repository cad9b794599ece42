/*-------------------------------------------------------------------------
 *
 * vendor_texts.c
 *	  The texts for vendors in one language, with the categories to choose from.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "cli/vendor_texts.h"
#include "shared/text.h"

/* Enough for any number, including the NUL. */
#define NUMBER_SIZE 32

bool
vendor_texts_read(struct database *database, const char *language, struct vendor_texts *texts,
				  struct glue_error *error)
{
	const char *const values[] = {language};

	return database_query(database, RUN_AGAIN,
						  "SELECT s.name, onboard.text_of($1::text, s.name)"
						  " FROM onboard.shipped_texts s WHERE s.language = 'en'",
						  1, values, &texts->texts, error) &&
		   database_query(
			   database, RUN_AGAIN,
			   "SELECT c.category_name, p.category_id IS NOT NULL"
			   " FROM onboard.product_categories c"
			   " LEFT JOIN onboard.product_categories p"
			   "  ON p.category_name = c.parent_category AND p.is_active"
			   " WHERE c.is_active"
			   " ORDER BY coalesce(p.category_id, c.category_id), p.category_id IS NOT NULL, c.category_id",
			   0, NULL, &texts->categories, error);
}

void
vendor_texts_clean_up(struct vendor_texts *texts)
{
	PQclear(texts->texts);
	PQclear(texts->categories);
	memset(texts, 0, sizeof(*texts));
}

const char *
vendor_texts_find(const struct vendor_texts *texts, const char *prefix, const char *name)
{
	size_t length = strlen(prefix);

	for (int row = 0; row < PQntuples(texts->texts); row++)
	{
		const char *found = PQgetvalue(texts->texts, row, 0);

		if (strncmp(found, prefix, length) == 0 && strcmp(found + length, name) == 0)
			return PQgetvalue(texts->texts, row, 1);
	}
	return "";
}

/*
 * Find the value for the placeholder with this name; "" if there is none.
 */
static const char *
find_value(const char *const *values, const char *name, size_t length)
{
	for (; values[0] != NULL; values += 2)
	{
		if (strlen(values[0]) == length && memcmp(values[0], name, length) == 0)
			return values[1];
	}
	return "";
}

bool
vendor_texts_fill(struct byte_buffer *buffer, const char *text, const char *const *values,
				  struct glue_error *error)
{
	for (;;)
	{
		size_t plain = strcspn(text, "{");
		size_t length;

		if (!byte_buffer_append(buffer, text, plain, error))
			return false;
		text += plain;
		length = strcspn(text, "}");
		if (text[0] == '\0' || text[length] == '\0')
			return true;
		if (!byte_buffer_append_string(buffer, find_value(values, text + 1, length - 1), error))
			return false;
		text += length + 1;
	}
}

static void
write_number(char text[NUMBER_SIZE], enum value_kind kind, int64_t number)
{
	struct text_builder builder;

	text_start(&builder, text, NUMBER_SIZE);
	if (kind == VALUE_PIECES)
		text_add_integer(&builder, number);
	else
		text_add_hundredths(&builder, number);
	text_finish(&builder);
}

bool
vendor_texts_limit(const struct vendor_texts *texts, struct byte_buffer *buffer,
				   enum onboard_column column, struct glue_error *error)
{
	const struct onboard_column_info *info = &onboard_columns[column];
	char minimum[NUMBER_SIZE];
	char maximum[NUMBER_SIZE];
	char count[INTEGER_TEXT_SIZE];
	const char *const values[] = {"minimum", minimum, "maximum",
								  maximum,   "count", integer_text(count, info->max_characters),
								  NULL};
	const char *name = "characters";

	if (value_is_number(info->kind))
		name = info->kind == VALUE_PIECES ? "range" : "amount";
	write_number(minimum, info->kind, info->minimum);
	write_number(maximum, info->kind, info->maximum);
	return vendor_texts_fill(buffer, vendor_texts_find(texts, "page.limit.", name), values, error);
}
