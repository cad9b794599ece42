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
#include "reader/header_map.h"
#include "shared/map_word.h"

/* A header, and what the rows below it need. */
struct map_fit_header
{
	const struct record *record;
	char delimiter;
	struct column_needs needs; /* without a map */
	bool mode_is_requested;    /* otherwise, the mode may be that of the map */
};

/* How a map fits a header. */
struct map_fit
{
	char name[MAP_MAX_NAME + 1]; /* "" if none does */
	int columns;                 /* that it finds */
	int headings;                /* other than ours that it names */
	bool updates;                /* its mode is update, so it needs few columns */
};

/* The maps that a vendor may use.  Opaque. */
struct map_candidates;

/*
 * Read the maps that a vendor may use; their value lists, rates and categories are left
 * out, because no header needs them.  The caller must call map_candidates_destroy().
 * Returns NULL on a failure, which is not an error: then no map fits.
 */
extern struct map_candidates *map_candidates_read(struct database *database, const char *vendor_id);

/* Free the maps; NULL is accepted. */
extern void map_candidates_destroy(struct map_candidates *candidates);

/*
 * Find the map of the vendor, or else the preset, that accepts a header, names some of its
 * headings, and finds most columns and headings in it.  Candidates may be NULL.
 */
extern void map_fit_header(const struct map_candidates *candidates,
						   const struct map_fit_header *header, struct map_fit *fit);

/*
 * Set file->fitting_map as map_fit_header() does for the header of a file that the first
 * reading refused for this reason; "" also if the reason is not the header.
 */
extern void map_fit_find(struct vendor_file *file, struct database *database, const char *vendor_id,
						 const struct glue_error *fault);

#endif /* GLUE_MAP_FIT_H */
