/*-------------------------------------------------------------------------
 *
 * file_map.h
 *	  A vendor's column map, as the database gives it to a program that reads a
 *	  file.
 *
 * The document of onboard_map() has the text of the map and the lists of values, the
 * exchange rates and the categories that it uses.  Parsing it yields everything that
 * a reader needs, so that one file is read the same way from begin to end, whatever
 * is stored meanwhile.
 *
 * A file_map is immutable, and independent of any file; map_binding.h binds it to
 * the header of one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FILE_MAP_H
#define GLUE_FILE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/failure.h"
#include "reader/csv_dialect.h"
#include "shared/text.h"

/* How the map says that a file is read and applied; NULL, 0 or false: it does not say. */
struct file_map_defaults
{
	const char *mode;
	const char *match;
	const char *blank;
	const char *encoding;
	const char *sheet;
	char delimiter;
	bool has_quote;
	enum quote_sign quote;
	int64_t max_bytes;
	int64_t max_rows;
};

/* Opaque. */
struct file_map;

/*
 * Parse the document of onboard_map(), NUL-terminated and borrowed for the call.  The
 * caller must call file_map_destroy().  Returns NULL on OUT_OF_MEMORY, on usage error
 * INVALID_SETTING if the map cannot be used (it has a fault, or an exchange rate is
 * missing; the text says what to do), and on internal error MAP if the document is
 * not one of onboard_map().
 */
extern struct file_map *file_map_parse(const char *document, struct glue_error *error);

/* Free the map; NULL is accepted. */
extern void file_map_destroy(struct file_map *map);

/* Return the name of the map, and the hash over what it consists of.  Borrowed. */
extern const char *file_map_name(const struct file_map *map);
extern const char *file_map_hash(const struct file_map *map);

/* Return the settings of the map.  Borrowed. */
extern const struct file_map_defaults *file_map_defaults(const struct file_map *map);

#endif /* GLUE_FILE_MAP_H */
