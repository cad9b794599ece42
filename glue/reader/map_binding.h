/*-------------------------------------------------------------------------
 *
 * map_binding.h
 *	  Binds a vendor's map to the header of a file.
 *
 * The binding decides, once for each file, what each of its columns is and which
 * cells each value comes from; row_map.c then applies it to rows.
 *
 * A heading that the map uses for several columns is, as a field, the first of
 * them.  The others, and constants, become fields after those of the file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MAP_BINDING_H
#define GLUE_MAP_BINDING_H

#include "base/failure.h"
#include "reader/file_map.h"
#include "reader/header_map.h"

/* A value that the map makes from one or more cells. */
struct bound_use
{
	int field;  /* where the value goes */
	int source; /* the field of the file that it comes from */
	const struct map_use *use;
	struct text_view sign; /* of join: the text between the cells */
	int joined_count;
	int *joined; /* of join: the fields of the file that are appended */
};

/* A value that no cell has. */
struct bound_constant
{
	int field;
	struct text_view value;
};

/*
 * A column of the file whose blank cells are filled from above: from the last text or,
 * with groups, from the first row of the group.
 */
struct bound_fill
{
	int source;
	bool is_for_skip; /* the filled cell is only compared */
	int group_count;
	int groups[TRANSFORMATION_MAX_ARGUMENTS]; /* the first that is not blank is the group */
};

/* A column of the file that tells which rows are not products. */
struct bound_skip
{
	int source;
	int fill;               /* index in fills; -1: blank cells stay */
	struct text_view value; /* data NULL: a blank one */
	bool is_not;
	bool spares_blank; /* a row whose cell is blank is not skipped */
};

struct map_binding
{
	int use_count;
	struct bound_use *uses; /* those that a row must be transformed for */
	int constant_count;
	struct bound_constant *constants;
	int fill_count;
	struct bound_fill *fills;
	int skip_count;
	struct bound_skip *skips;
	int unused_count;
	int *unused; /* fields of the file that are FIELD_UNUSED */
	char *keys;  /* bytes of keys that are not headings */
};

/* Return how many fields a map may add to those of a file. */
extern int map_binding_fields(const struct file_map *map);

/*
 * Assign the fields of a header_map their roles, as a vendor's map says; the fields
 * have their headings, and room for those that the map adds.  The result, which the
 * header_map owns, borrows from the map.  Returns NULL on OUT_OF_MEMORY, and on file
 * fault DUPLICATE_COLUMN if the file has a heading twice that the map uses.
 */
extern struct map_binding *
map_binding_new(struct header_map *columns, const struct file_map *map, struct glue_error *error);

/* Free the binding; NULL is accepted. */
extern void map_binding_destroy(struct map_binding *binding);

#endif /* GLUE_MAP_BINDING_H */
