/*-------------------------------------------------------------------------
 *
 * header_line.c
 *	  Which line of a table is its header, and which are titles above it.
 *
 *-------------------------------------------------------------------------
 */
#include "reader/header_line.h"
#include "shared/heading.h"

/* The most cells that a title of a text fills. */
#define MOST_TITLE_CELLS 3

void
header_line_add(struct header_line *line, const struct heading_test *known, struct text_view cell)
{
	struct text_view mark = heading_mark(known);

	line->cells++;
	line->filled += text_trim(cell).length > 0;
	line->known += known->test != NULL && known->test(known->context, cell);
	line->is_marked |= mark.data != NULL && heading_same(cell, mark);
}

int
header_line_title_cells(const struct header_line *header, enum header_medium medium)
{
	if (medium == HEADER_IN_SHEET)
		return header->filled - 1;
	return header->cells / 2 < MOST_TITLE_CELLS ? header->cells / 2 : MOST_TITLE_CELLS;
}
