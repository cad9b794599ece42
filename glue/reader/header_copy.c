/*-------------------------------------------------------------------------
 *
 * header_copy.c
 *	  A copy of a header that outlives the source that yielded it.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/heap.h"
#include "reader/header_copy.h"

bool
header_copy_make(struct header_copy *copy, const struct record *header, struct glue_error *error)
{
	size_t used = 0;

	for (int i = 0; i < header->field_count; i++)
		used += header->fields[i].length;
	/* An allocation of no bytes may return NULL. */
	copy->fields = glue_allocate(sizeof(*copy->fields) * (size_t) header->field_count + 1);
	copy->bytes = glue_allocate(used + 1);
	if (copy->fields == NULL || copy->bytes == NULL)
		return glue_error_memory(error);
	used = 0;
	for (int i = 0; i < header->field_count; i++)
	{
		struct text_view field = header->fields[i];

		memcpy(copy->bytes + used, field.data, field.length);
		copy->fields[i] = (struct text_view){copy->bytes + used, field.length};
		used += field.length;
	}
	copy->record = (struct record){
		.line_number = header->line_number,
		.field_count = header->field_count,
		.fields = copy->fields,
		.raw = {"", 0},
	};
	return true;
}

void
header_copy_clean_up(struct header_copy *copy)
{
	glue_release(copy->fields);
	glue_release(copy->bytes);
	memset(copy, 0, sizeof(*copy));
}
