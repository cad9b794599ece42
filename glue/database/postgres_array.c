/*-------------------------------------------------------------------------
 *
 * postgres_array.c
 *	  Read an array of texts, as PostgreSQL writes it: {a,"b, c",NULL}.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "database/postgres_array.h"

/* Copy a quoted element, without its quotes; returns its end. */
static const char *
copy_quoted(const char *next, struct byte_buffer *buffer)
{
	while (*next != '"' && *next != '\0')
	{
		if (*next == '\\')
			next++;
		byte_buffer_put(buffer, next++, 1);
	}
	return *next == '"' ? next + 1 : next;
}

bool
postgres_array_next(const char **next, struct byte_buffer *buffer, struct text_view *element,
					struct glue_error *error)
{
	const char *start = *next;

	if (*start == '{' || *start == ',')
		start++;
	if (*start == '}' || *start == '\0')
		return false;
	buffer->used = 0;
	if (!byte_buffer_reserve(buffer, strlen(start) + 1, error))
		return false;
	*element = (struct text_view){NULL, 0};
	if (*start == '"')
		*next = copy_quoted(start + 1, buffer);
	else
	{
		size_t length = strcspn(start, ",}");

		*next = start + length;
		if (length == 4 && memcmp(start, "NULL", 4) == 0)
			return true;
		byte_buffer_put(buffer, start, length);
	}
	*element = (struct text_view){buffer->data, buffer->used};
	return true;
}
