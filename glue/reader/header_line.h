/*-------------------------------------------------------------------------
 *
 * header_line.h
 *	  Which line of a table is its header, and which are titles above it.
 *
 * The sources of all formats look at one line after another, and decide by what is here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEADER_LINE_H
#define GLUE_HEADER_LINE_H

#include <stdbool.h>

#include "shared/text.h"

/* Recognizes known headings; test is NULL if none is known. */
struct heading_test
{
	bool (*test)(const void *context, struct text_view text);

	/* Return the heading by which the header is found, if there is one, or NULL data. */
	struct text_view (*mark)(const void *context);

	const void *context;
};

/* Return the heading that only the header has; its data is NULL if none is known. */
static inline struct text_view
heading_mark(const struct heading_test *known)
{
	return known->mark != NULL ? known->mark(known->context) : (struct text_view){NULL, 0};
}

/* A line with fewer known headings may have them by accident. */
#define HEADER_FEWEST_HEADINGS 2

/* What the cells of a line tell; begins zeroed. */
struct header_line
{
	int cells;
	int filled;     /* cells that are not blank */
	int known;      /* cells that are known headings */
	bool is_marked; /* a cell is the heading that only the header has */
};

/* Add the next cell of a line, without its quotes. */
extern void
header_line_add(struct header_line *line, const struct heading_test *known, struct text_view cell);

/* What a table is written in. */
enum header_medium
{
	HEADER_IN_TEXT,
	HEADER_IN_SHEET
};

/*
 * Return how many cells a title above this header may fill.  In a sheet, titles have
 * fewer cells than the header, as names of groups of columns do.  In a text, such a line
 * could as well be a row with blank cells, which must not be lost: a title there fills
 * at most three cells, and at most half as many as the header has.
 */
extern int header_line_title_cells(const struct header_line *header, enum header_medium medium);

#endif /* GLUE_HEADER_LINE_H */
