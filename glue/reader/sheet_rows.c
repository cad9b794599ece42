/*-------------------------------------------------------------------------
 *
 * sheet_rows.c
 *	  In which row a spreadsheet shows each record of a file.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "reader/sheet_rows.h"

int64_t
sheet_rows_lines(struct text_view text)
{
	int64_t lines = 1;

	/* Most records have one line. */
	if (memchr(text.data, '\n', text.length) == NULL &&
		memchr(text.data, '\r', text.length) == NULL)
		return lines;
	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] == '\n' && i > 0 && text.data[i - 1] == '\r')
			continue;
		lines += text.data[i] == '\n' || text.data[i] == '\r';
	}
	return lines;
}

static void
add_step(struct sheet_rows *rows, int64_t row_number, int64_t above)
{
	struct sheet_step *step;

	if (rows->count == SHEET_ROWS_STEPS)
	{
		rows->steps[SHEET_ROWS_STEPS - 1].above = SHEET_STEP_UNKNOWN;
		return;
	}
	step = &rows->steps[rows->count++];
	step->row_number = row_number;
	step->above = above;
}

void
sheet_rows_note(struct sheet_rows *rows, const struct record *record, int64_t header_lines)
{
	if (rows->count == 0)
		add_step(rows, record->row_number, record->line_number - header_lines);
	else if (record->line_number > rows->next_line)
		add_step(rows, record->row_number,
				 rows->steps[rows->count - 1].above + record->line_number - rows->next_line);
	rows->next_line = record->line_number + sheet_rows_lines(record->raw);
}

int64_t
sheet_rows_find(const struct sheet_rows *rows, int64_t row_number)
{
	return sheet_steps_find(rows->steps, rows->count, row_number);
}
