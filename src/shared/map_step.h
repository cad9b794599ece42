/*-------------------------------------------------------------------------
 *
 * map_step.h
 *	  The transformations of a column map: their names, arguments and places.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_STEP_H
#define ONBOARD_MAP_STEP_H

#include "shared/map_line.h"

/* Read a transformation, from its name on, into the statement; false at a fault. */
extern bool map_step_read(struct map_line *line);

#endif /* ONBOARD_MAP_STEP_H */
