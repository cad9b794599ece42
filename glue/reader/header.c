/*-------------------------------------------------------------------------
 *
 * header.c
 *	  The header line of a file, mapped to the columns we know.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "reader/header.h"
#include "shared/suggest.h"
#include "shared/text.h"

/* "column_4096" and its NUL. */
#define BLANK_NAME_SIZE 12

/* Of a header that a message repeats. */
#define SHOWN_NAME_BYTES 40

/* Headers that our own fix file adds. */
static const char *const reserved[] = {
	"onboard_errors",
	"onboard_suggestion",
	"onboard_line",
};

/* Like memcmp() of the folded names, then by length. */
static int
compare_folded(struct text_view a, struct text_view b)
{
	size_t shorter = a.length < b.length ? a.length : b.length;

	for (size_t i = 0; i < shorter; i++)
	{
		uint32_t x = fold_ascii((unsigned char) a.data[i]);
		uint32_t y = fold_ascii((unsigned char) b.data[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.length == b.length ? 0 : a.length < b.length ? -1 : 1;
}

static bool
equals_folded(struct text_view name, const char *known)
{
	return compare_folded(name, text_of(known)) == 0;
}

enum onboard_column
header_find_column(struct text_view name)
{
	name = text_trim(name);
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (equals_folded(name, onboard_columns[column].name))
			return (enum onboard_column) column;
	}
	return COLUMN_NONE;
}

static bool
is_reserved(struct text_view name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
	{
		if (equals_folded(name, reserved[i]))
			return true;
	}
	return false;
}

/* For messages: how much of a name to show. */
static int
shown_length(struct text_view name)
{
	return (int) text_cut(name, SHOWN_NAME_BYTES);
}

/* Bytes that the names take together. */
static size_t
names_size(const struct text_view *fields, int field_count)
{
	size_t size = 1; /* never zero */

	for (int i = 0; i < field_count; i++)
		size += fields[i].length + BLANK_NAME_SIZE;
	return size;
}

/* Copy the names, and give each field its role. */
static void
assign_roles(struct csv_header *header, const struct text_view *fields)
{
	char *next = header->names;

	for (int i = 0; i < header->field_count; i++)
	{
		struct header_field *field = &header->fields[i];
		struct text_view name = text_trim(fields[i]);

		field->name.data = next;
		field->name.length = name.length;
		if (name.length > 0)
			memcpy(next, name.data, name.length);
		else
			field->name.length = snprintf(next, BLANK_NAME_SIZE, "column_%d", i + 1);
		next += field->name.length;

		field->column = header_find_column(field->name);
		if (field->column != COLUMN_NONE)
		{
			field->role = HEADER_COLUMN;
			if (header->position[field->column] < 0)
				header->position[field->column] = i;
		}
		else if (is_reserved(field->name))
			field->role = HEADER_IGNORED;
		else
		{
			field->role = HEADER_ATTRIBUTE;
			header->attribute_count++;
		}
	}
}

static bool
check_known(const struct csv_header *header, struct glue_error *error)
{
	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (header->position[column] >= 0)
			return true;
	}
	return glue_error_set(
		error, GLUE_FILE_FAULT, "NO_HEADER",
		"the first line holds none of the column names (vendor_product_id, product_name, category, ...); the file must begin with its header line");
}

static int
compare_fields(const void *a, const void *b)
{
	const struct header_field *x = *(const struct header_field *const *) a;
	const struct header_field *y = *(const struct header_field *const *) b;
	int order = compare_folded(x->name, y->name);

	/* Equal names in the order of the file, for a stable message. */
	return order != 0 ? order : x < y ? -1 : x > y;
}

/* Two names equal after folding?  Those that are ignored may repeat. */
static bool
check_duplicates(const struct csv_header *header, struct glue_error *error)
{
	struct header_field **sorted;
	bool good = true;

	sorted = glue_allocate(sizeof(*sorted) * header->field_count);
	if (sorted == NULL)
		return glue_error_memory(error);
	for (int i = 0; i < header->field_count; i++)
		sorted[i] = &header->fields[i];
	qsort(sorted, header->field_count, sizeof(*sorted), compare_fields);
	for (int i = 1; i < header->field_count && good; i++)
	{
		const struct header_field *first = sorted[i - 1];
		const struct header_field *second = sorted[i];

		if (first->role != HEADER_IGNORED && compare_folded(first->name, second->name) == 0)
			good = glue_error_set(
				error, GLUE_FILE_FAULT, "DUPLICATE_COLUMN",
				"columns %d and %d have the same name, \"%.*s\"; rename or remove one of them",
				(int) (first - header->fields) + 1, (int) (second - header->fields) + 1,
				shown_length(second->name), second->name.data);
	}
	glue_release(sorted);
	return good;
}

/* The required columns that the header lacks; returns how many. */
static int
find_missing(const struct csv_header *header, struct text_view *missing)
{
	int count = 0;

	for (int column = 0; column < COLUMN_COUNT; column++)
	{
		if (onboard_columns[column].required && header->position[column] < 0)
			missing[count++] = text_of(onboard_columns[column].name);
	}
	return count;
}

/* For each missing column the first unknown header that may mean it. */
static void
find_meant(const struct csv_header *header, const struct text_view *missing, int count,
		   const struct header_field **meant)
{
	for (int i = 0; i < header->field_count; i++)
	{
		const struct header_field *field = &header->fields[i];
		int index;

		if (field->role != HEADER_ATTRIBUTE)
			continue;
		index = name_suggest(field->name, missing, count);
		if (index >= 0 && meant[index] == NULL)
			meant[index] = field;
	}
}

/* Name all required columns that are absent, then what may be meant by them. */
static bool
check_required(const struct csv_header *header, struct glue_error *error)
{
	struct text_view missing[COLUMN_COUNT];
	const struct header_field *meant[COLUMN_COUNT] = {NULL};
	int count = find_missing(header, missing);
	char buffer[GLUE_ERROR_TEXT_SIZE];
	struct text_builder text;

	if (count == 0)
		return true;
	find_meant(header, missing, count, meant);
	text_start(&text, buffer, sizeof(buffer));
	for (int i = 0; i < count; i++)
	{
		text_add(&text, text_of(i > 0 ? ", " : ""));
		text_add(&text, missing[i]);
	}
	for (int i = 0; i < count; i++)
	{
		if (meant[i] == NULL)
			continue;
		text_add(&text, text_of("; if \""));
		text_add(&text, (struct text_view){meant[i]->name.data, shown_length(meant[i]->name)});
		text_add(&text, text_of("\" is meant, rename it to "));
		text_add(&text, missing[i]);
	}
	text_finish(&text);
	return glue_error_set(error, GLUE_FILE_FAULT, "MISSING_COLUMN",
						  "required column%s missing from the header: %s", count > 1 ? "s" : "",
						  buffer);
}

bool
header_init(struct csv_header *header, const struct text_view *fields, int field_count,
			struct glue_error *error)
{
	memset(header, 0, sizeof(*header));
	for (int column = 0; column < COLUMN_COUNT; column++)
		header->position[column] = -1;
	header->names = glue_allocate(names_size(fields, field_count));
	header->fields = glue_allocate_zero(sizeof(*header->fields) * (field_count + 1));
	if (header->names == NULL || header->fields == NULL)
	{
		glue_error_memory(error);
		goto error;
	}
	header->field_count = field_count;
	assign_roles(header, fields);
	if (!check_known(header, error) || !check_duplicates(header, error) ||
		!check_required(header, error))
		goto error;
	return true;

error:
	header_clean_up(header);
	return false;
}

void
header_clean_up(struct csv_header *header)
{
	glue_release(header->fields);
	glue_release(header->names);
	memset(header, 0, sizeof(*header));
}
