/*-------------------------------------------------------------------------
 *
 * map_refusal.h
 *	  Explain why the database did not accept a map, a value list or a rate.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MAP_REFUSAL_H
#define GLUE_MAP_REFUSAL_H

#include "cli/options.h"
#include "database/database.h"

/*
 * Make a refusal of the arguments a usage error, with a hint about this program, and
 * one of a vendor or map that does not exist an error that suggests a name; other
 * errors stay as they are.  The text begins with path (or NULL), the file whose
 * contents were refused.  The name of the map is the first operand.  Always returns
 * false.
 */
extern bool map_refusal(struct database *database, const struct options *options, const char *path,
						struct glue_error *error);

#endif /* GLUE_MAP_REFUSAL_H */
