/*-------------------------------------------------------------------------
 *
 * record_text.c
 *	  A record of a workbook as a line of CSV, for people to see.
 *
 *-------------------------------------------------------------------------
 */
#include "reader/record_text.h"
#include "shared/columns.h"
#include "shared/csv_cell.h"

/* Append a cell in quotes, with each quote in it doubled. */
static bool
append_quoted(struct byte_buffer *buffer, struct text_view cell, struct glue_error *error)
{
	struct csv_cell_parts parts = {.rest = cell};
	struct text_view part;

	if (!byte_buffer_reserve(buffer, 2 * cell.length + 2, error))
		return false;
	byte_buffer_put(buffer, "\"", 1);
	while (csv_cell_next_part(&parts, &part))
		byte_buffer_put(buffer, part.data, part.length);
	byte_buffer_put(buffer, "\"", 1);
	return true;
}

bool
record_text_write(const struct text_view *cells, int count, struct byte_buffer *buffer,
				  struct text_view *text, struct glue_error *error)
{
	buffer->used = 0;
	for (int i = 0; i < count; i++)
	{
		struct text_view cell = cells[i];

		if ((i > 0 && !byte_buffer_append(buffer, ",", 1, error)) ||
			!(csv_cell_needs_quotes(cell, ',')
				  ? append_quoted(buffer, cell, error)
				  : byte_buffer_append(buffer, cell.data, cell.length, error)))
			return false;
	}
	*text = (struct text_view){buffer->data != NULL ? buffer->data : "", buffer->used};
	text->length = text_cut(*text, ONBOARD_MAX_RECORD_BYTES);
	return true;
}
