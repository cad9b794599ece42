/*-------------------------------------------------------------------------
 *
 * header.h
 *	  The header line of a file, mapped to the columns we know.
 *
 * Names are compared without the blanks at both ends (U+0009, U+0020, U+00A0)
 * and without case; only A to Z are folded, the names we know have no others.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEADER_H
#define GLUE_HEADER_H

#include <stdbool.h>

#include "base/failure.h"
#include "shared/columns.h"
#include "shared/text.h"

enum header_role
{
	HEADER_COLUMN,    /* one of columns.h */
	HEADER_ATTRIBUTE, /* a column we do not know: travels as text */
	HEADER_IGNORED    /* onboard_errors and its like, of a fix file */
};

struct header_field
{
	enum header_role role;
	enum onboard_column column; /* COLUMN_NONE unless role is HEADER_COLUMN */
	struct text_view name;      /* as written, trimmed; "column_<n>" for a
								 * blank one, n from 1 */
};

/* Owns fields and the bytes of the names; header_clean_up(). */
struct csv_header
{
	int field_count;
	struct header_field *fields; /* in the order of the file */
	int position[COLUMN_COUNT];  /* index in fields, or -1 */
	int attribute_count;
	char *names;
};

/*
 * Map the fields of a header line; fields are borrowed for the call.  Returns
 * false and leaves *header empty on the file faults
 *	  NO_HEADER			no known column among them
 *	  DUPLICATE_COLUMN	two are equal after folding
 *	  MISSING_COLUMN	required ones are absent; the text names all of them,
 *						with the nearest header that is there
 * and on OUT_OF_MEMORY.
 */
extern bool header_init(struct csv_header *header, const struct text_view *fields, int field_count,
						struct glue_error *error);

/* A zeroed or already cleaned header is accepted. */
extern void header_clean_up(struct csv_header *header);

/* The column with this header name, folded as above, or COLUMN_NONE. */
extern enum onboard_column header_find_column(struct text_view name);

#endif /* GLUE_HEADER_H */
