/*-------------------------------------------------------------------------
 *
 * header_check.h
 *	  Whether a header has what the rows of its file need.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEADER_CHECK_H
#define GLUE_HEADER_CHECK_H

#include "reader/header_map.h"

/*
 * Check a header whose fields have their roles.  Returns false on OUT_OF_MEMORY and
 * on the file faults of mapped_header_init().
 */
extern bool header_check(const struct header_map *map, const struct record *header,
						 const struct column_needs *needs, const struct row_source_found *found,
						 struct glue_error *error);

/* Set fault DUPLICATE_COLUMN for two fields; always returns false. */
extern bool header_check_twice(const struct header_map *map, const struct mapped_field *first,
							   const struct mapped_field *second, struct glue_error *error);

#endif /* GLUE_HEADER_CHECK_H */
