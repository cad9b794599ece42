/*-------------------------------------------------------------------------
 *
 * map_column.h
 *	  What a column map makes of the columns of a file: ours, attributes, the action.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_COLUMN_H
#define ONBOARD_MAP_COLUMN_H

#include "shared/map_line.h"

/* An attribute, by which the line that has it is found again. */
struct map_attribute
{
	uint32_t hash;   /* of its name, with A to Z folded */
	uint32_t offset; /* of its line in the map */
};

/* What the map has had so far, because nothing may occur twice.  Begins zeroed. */
struct map_columns
{
	column_set columns;
	bool has_action;
	int attribute_count;
	struct map_attribute attributes[MAP_MAX_STATEMENTS]; /* each has a statement */
};

/* Read one of our columns from "=" on; false at a fault, as with the others. */
extern bool
map_column_read(struct map_line *line, enum onboard_column column, struct map_columns *had);

/* Read the column of actions from "=" on. */
extern bool map_column_read_action(struct map_line *line, struct map_columns *had);

/* Read an attribute from its name on. */
extern bool map_column_read_attribute(struct map_line *line, struct map_columns *had);

/* Read what is ignored: a heading, or others. */
extern bool map_column_read_ignore(struct map_line *line);

#endif /* ONBOARD_MAP_COLUMN_H */
