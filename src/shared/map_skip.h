/*-------------------------------------------------------------------------
 *
 * map_skip.h
 *	  The rows that a column map leaves out because they are not products.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_SKIP_H
#define ONBOARD_MAP_SKIP_H

#include "shared/map_line.h"

/* Read the statement from "when" on; false at a fault. */
extern bool map_skip_read(struct map_line *line);

#endif /* ONBOARD_MAP_SKIP_H */
