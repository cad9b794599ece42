/*-------------------------------------------------------------------------
 *
 * mapped_header.h
 *	  The header of a file: what its fields are, and what a vendor's map does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MAPPED_HEADER_H
#define GLUE_MAPPED_HEADER_H

#include "reader/header_map.h"
#include "reader/map_binding.h"

/* Owns both: mapped_header_clean_up(). */
struct mapped_header
{
	struct header_map columns;
	struct map_binding *binding; /* NULL without a vendor's map */
};

/*
 * Map the fields of a header, which is borrowed for the call.  Returns false and
 * leaves *mapped empty on OUT_OF_MEMORY and on these file faults:
 *	  NO_HEADER			the header cannot be read, or has no known column; the text
 *						names the cause, as far as header and *found show it
 *	  DUPLICATE_COLUMN	two headings are the same column or attribute, or a heading
 *						that the vendor's map uses
 *	  MISSING_COLUMN	required columns are absent; the text names all of them,
 *						each with the headings that the vendor's map looks for, or
 *						the heading in the file that may mean it
 */
extern bool mapped_header_init(struct mapped_header *mapped, const struct record *header,
							   const struct column_needs *needs,
							   const struct row_source_found *found, struct glue_error *error);

/*
 * Map the fields of a header with a vendor's map, whatever columns it lacks.  Returns
 * false and leaves *mapped empty on OUT_OF_MEMORY, and on file fault DUPLICATE_COLUMN if
 * the header has a heading twice that the map uses.
 */
extern bool mapped_header_bind(struct mapped_header *mapped, const struct record *header,
							   const struct file_map *map, struct glue_error *error);

/* Release it; accepts a zeroed or already released one. */
extern void mapped_header_clean_up(struct mapped_header *mapped);

#endif /* GLUE_MAPPED_HEADER_H */
