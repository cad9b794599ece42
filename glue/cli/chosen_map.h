/*-------------------------------------------------------------------------
 *
 * chosen_map.h
 *	  Choose the map that a command reads a file with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CHOSEN_MAP_H
#define GLUE_CHOSEN_MAP_H

#include "base/failure.h"
#include "cli/local_file.h"
#include "database/database.h"

/*
 * Read the file with the map in the file that --map-file names, the map that --map
 * names, or else the vendor's default; the map decides what *apply leaves open.  For
 * commands without an import, before the first reading.
 */
extern bool chosen_map_use(struct local_file *local, struct database *database,
						   struct upload_apply *apply, struct glue_error *error);

/*
 * Suggest a similar name if *error says that the map does not exist.  Always
 * returns false.
 */
extern bool chosen_map_explain(const struct options *options, struct database *database,
							   struct glue_error *error);

/*
 * Remark that the file's map uses a value list without values, which may be why rows are
 * rejected.  Without errors, or with --quiet, there is no remark.
 */
extern void chosen_map_note_list(const struct local_file *local, int64_t errors);

#endif /* GLUE_CHOSEN_MAP_H */
