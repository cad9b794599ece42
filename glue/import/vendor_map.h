/*-------------------------------------------------------------------------
 *
 * vendor_map.h
 *	  The column map that a vendor's file is read with, from the database.
 *
 * An upload keeps the map that it began with, and the rates and value lists that
 * the map uses; every later reading of its file uses that copy, whatever the
 * vendor's map has become.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_VENDOR_MAP_H
#define GLUE_VENDOR_MAP_H

#include <stdbool.h>

#include "base/failure.h"
#include "database/database.h"
#include "database/vendor_refusal.h"
#include "import/upload.h"
#include "reader/file_map.h"

/* The name that asks for no map, even if the vendor has a default one. */
#define VENDOR_MAP_NONE "none"

/*
 * Find the map of a file: that of the upload of this content (NULL: not known yet)
 * if it has begun, else the map of this name, else with NULL the vendor's default.
 * Sets *map to NULL if the file is read without one; otherwise the caller owns it:
 * file_map_destroy().
 *
 * Not-found errors UNKNOWN_VENDOR and UNKNOWN_MAP; file fault INVALID_SETTING
 * if the map cannot be used, notably because it needs an exchange rate that is not
 * stored; the text says what to do.
 */
extern bool
vendor_map_choose(struct database *database, const char *vendor_id, const char *name,
				  const char *content_id, struct file_map **map, struct glue_error *error);

/* Likewise, the map that an upload was begun with. */
extern bool vendor_map_of_upload(struct database *database, const char *upload_id,
								 struct file_map **map, struct glue_error *error);

/*
 * Let a map (NULL: none) decide how rows are applied where *apply does not.  The
 * strings are borrowed from the map.
 */
extern void vendor_map_apply(const struct file_map *map, struct upload_apply *apply);

#endif /* GLUE_VENDOR_MAP_H */
