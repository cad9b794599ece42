/*-------------------------------------------------------------------------
 *
 * map_fit.h
 *	  Which map would accept a file whose header was refused.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MAP_FIT_H
#define GLUE_MAP_FIT_H

#include "base/failure.h"
#include "database/database.h"
#include "import/vendor_file.h"

/*
 * Set file->fitting_map to the map of the vendor, or else the preset, that finds most
 * columns in the header of a file that the first reading refused for this reason; ""
 * if there is none, or if the reason is not the header.  A failure to find out is no
 * error: the reason of the refusal matters more.
 */
extern void map_fit_find(struct vendor_file *file, struct database *database, const char *vendor_id,
						 const struct glue_error *fault);

#endif /* GLUE_MAP_FIT_H */
