/*-------------------------------------------------------------------------
 *
 * header_map.h
 *	  Maps the raw header of a file to the meaning of each field: a known
 *	  column, an attribute, the action of the row, the memo of its keys, or nothing.
 *
 * A source decides what a record is; the map decides what its fields mean.  A
 * heading denotes a column if it is the column's name, compared as heading.h
 * says, or if the vendor's map says so (map_binding.h); mapped_header.h makes the map
 * of a header.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEADER_MAP_H
#define GLUE_HEADER_MAP_H

#include <stdbool.h>

#include "base/failure.h"
#include "reader/file_map.h"
#include "reader/record.h"
#include "reader/row_source.h"
#include "shared/apply.h"
#include "shared/text.h"

enum field_role
{
	FIELD_COLUMN,    /* a known column */
	FIELD_ATTRIBUTE, /* an unknown column: passed on as text */
	FIELD_ACTION,    /* onboard_action: what the row does to its product */
	FIELD_KEY_MEMO,  /* onboard_key: the row's keys, as a fix file remembers them */
	FIELD_IGNORED,   /* a column that a fix file adds, such as onboard_errors */
	FIELD_UNUSED     /* left out by the vendor's map, or used only for other columns */
};

struct mapped_field
{
	enum field_role role;
	enum onboard_column column; /* COLUMN_NONE unless role is FIELD_COLUMN */

	/* As in the file, trimmed; "column_<n>" if blank, n from 1. */
	struct text_view heading;

	/* Of an attribute: its name, the heading or what a map calls it. */
	struct text_view name;

	/*
	 * The name under which the vendor's cell is kept: the column's or the attribute's,
	 * otherwise the heading, or "column_<n>" if that is the name of another field.
	 */
	struct text_view key;

	/* A value cannot be put back into the vendor's cell; see transformation.h. */
	bool is_converted;
};

/* Owns fields and the bytes of the names: header_map_clean_up(). */
struct header_map
{
	int field_count;
	int header_count;            /* of these fields, how many the file has; they come first */
	struct mapped_field *fields; /* in file order, then those that a map adds */
	int position[COLUMN_COUNT];  /* index in fields, or -1 */
	int action;                  /* index in fields of onboard_action, or -1 */
	int key_memo;                /* likewise, of onboard_key */
	int attribute_count;
	char *names;
	bool has_file_map; /* a vendor's map decided what the fields are */
};

/* How the rows of a file are applied, which decides the columns that it needs. */
struct column_needs
{
	enum upload_mode mode;
	enum upload_match match; /* MATCH_COUNT if the columns decide; see apply_match() */

	/* The vendor's map, or NULL.  It must outlive the reader. */
	const struct file_map *map;
};

/* ----- for the files that make a map ----- */

/*
 * Begin a map with the headings of a header, whose fields have no roles yet, and room
 * for more fields.  Returns false on OUT_OF_MEMORY.
 */
extern bool header_map_init(struct header_map *map, const struct record *header, int more,
							struct glue_error *error);

/*
 * Assign a field its role; column is COLUMN_NONE for other roles than FIELD_COLUMN.
 * name is borrowed for the life of the map.
 */
extern void header_map_assign(struct header_map *map, int index, enum field_role role,
							  enum onboard_column column, struct text_view name);

/* Assign a field the role that its heading has by itself. */
extern void header_map_assign_own(struct header_map *map, int index);

/* ----- for all ----- */

/*
 * Return whether a field has no column of the file.  A field that shares a column with
 * another one has the heading of that column.
 */
extern bool header_map_is_constant(const struct header_map *map, int index);

/* Return the known columns that the header has. */
extern column_set header_map_columns(const struct header_map *map);

/* Return whether the header is that of a fix file, which vendors may send back. */
extern bool header_map_is_fix_file(const struct header_map *map);

/*
 * Return whether the last column is one that a fix file adds.  The fix file writes
 * its own cells after a record that could not be read, and the last of them may be
 * blank: if it were dropped, a record with one field too many would appear
 * well-formed.
 */
extern bool header_map_ends_in_ours(const struct header_map *map);

/* Release the map; accepts a zeroed or already released one. */
extern void header_map_clean_up(struct header_map *map);

/*
 * Set fault NO_HEADER for a file that ended before its header.  Always returns
 * false.
 */
extern bool header_map_no_header(struct glue_error *error);

/* The message of EMPTY_ROW. */
#define COLUMN_MAP_EMPTY_ROW "row is empty"

/* Storage for the result of header_map_row(). */
struct header_map_scratch
{
	struct record row;
	char message[RECORD_MESSAGE_SIZE];
};

/*
 * Return the row that a record represents, its fields as in the file; row_map.h
 * transforms them as the vendor's map says.
 * A defect in a field is given the field's name, "field 2 (product_name) ...". A
 * record in which only our own columns have cells is EMPTY_ROW, whatever its number
 * of fields, and a repeated header line is MALFORMED_ROW.  Returns record itself if
 * nothing changes, otherwise a record in *scratch.
 */
extern const struct record *
header_map_row(const struct header_map *map, const struct record *record,
			   struct header_map_scratch *scratch);

/*
 * Return whether a text is the name of a column or a heading that the vendor's map
 * names; a heading_test, whose context is a struct column_needs, or NULL without map.
 */
extern bool header_map_is_heading(const void *needs, struct text_view text);

/* Return the heading by which the vendor's map finds the header; likewise. */
extern struct text_view header_map_header_mark(const void *needs);

#endif /* GLUE_HEADER_MAP_H */
