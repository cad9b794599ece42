/*-------------------------------------------------------------------------
 *
 * column_map.h
 *	  From the raw header of a file to what each field means: a column that we
 *	  know, an attribute, or nothing.
 *
 * A source decides what a record is; the map decides what its fields mean.
 * Today a heading means a column when it is the column's name.  Names are
 * compared without the blanks at both ends (U+0009, U+0020, U+00A0) and
 * without case; only A to Z are folded, the names we know have no others.  A
 * vendor's own headings are another way to fill a map, in column_map_init();
 * what a vendor's values have to become before they are judged belongs into
 * column_map_row(), which every row passes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_COLUMN_MAP_H
#define GLUE_COLUMN_MAP_H

#include <stdbool.h>

#include "base/failure.h"
#include "reader/record.h"
#include "shared/columns.h"
#include "shared/text.h"

enum field_role
{
	FIELD_COLUMN,    /* one of the columns we know */
	FIELD_ATTRIBUTE, /* a column we do not know: travels as text */
	FIELD_IGNORED    /* onboard_errors and its like, of a fix file */
};

struct mapped_field
{
	enum field_role role;
	enum onboard_column column; /* COLUMN_NONE unless role is FIELD_COLUMN */

	/* As written, trimmed; "column_<n>" for a blank one, n from 1. */
	struct text_view name;
};

/* Owns fields and the bytes of the names: column_map_clean_up(). */
struct column_map
{
	int field_count;
	struct mapped_field *fields; /* in the order of the file */
	int position[COLUMN_COUNT];  /* index in fields, or -1 */
	int attribute_count;
	char *names;
};

/*
 * Map the fields of a header, which is borrowed for the call.  Returns false
 * and leaves *map empty on OUT_OF_MEMORY and on the file faults
 *	  NO_HEADER			it cannot be read, is not in the first line, or has no
 *						column that we know
 *	  DUPLICATE_COLUMN	two are equal after folding
 *	  MISSING_COLUMN	required ones are absent; the text names all of them,
 *						with the nearest heading that is there
 */
extern bool
column_map_init(struct column_map *map, const struct record *header, struct glue_error *error);

/* A zeroed or already cleaned map is accepted. */
extern void column_map_clean_up(struct column_map *map);

/* Fault NO_HEADER of a file that ended before its header.  Always returns false. */
extern bool column_map_no_header(struct glue_error *error);

/* Where column_map_row() keeps what it has to write. */
struct column_map_scratch
{
	struct record row;
	char message[RECORD_MESSAGE_SIZE];
};

/*
 * The row that a record is: its fields stand where the map says.  A defect
 * about a field names the field, "field 2 (product_name) ...".  Returns the
 * record itself where there is nothing to change, otherwise one in *scratch.
 */
extern const struct record *
column_map_row(const struct column_map *map, const struct record *record,
			   struct column_map_scratch *scratch);

/* The column with this name, folded as above, or COLUMN_NONE. */
extern enum onboard_column column_map_find(struct text_view name);

/* Whether a text is the name of a column; for row_source_options.is_heading. */
extern bool column_map_is_heading(struct text_view text);

#endif /* GLUE_COLUMN_MAP_H */
