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
#include "shared/map_word.h"

/* How a map fits the header of a file. */
struct map_fit
{
	char name[MAP_MAX_NAME + 1]; /* "" if none does */
	int columns;                 /* that it finds */
	int headings;                /* other than ours that it names */
	bool updates;                /* its mode is update, so it needs few columns */
};

/*
 * Find the map of the vendor, or else the preset, that accepts the header of a file, names
 * some of its headings, and finds the most columns and headings in it.  With each
 * candidate, the file is read down to the header that the map finds.  A failure is not
 * reported: it ends the search, and the best map so far fits.
 */
extern void map_fit_find(const struct vendor_file *file, struct database *database,
						 const char *vendor_id, struct map_fit *best);

/* Return whether a file was refused for a reason that a map could remove. */
extern bool map_fit_may_help(const struct glue_error *fault);

/*
 * Set file->fitting_map to the map that fits a file that the first reading refused; "" if
 * none does, or if no map could remove the reason.  If one fits, the advice of the fault is
 * removed, because it is about a file with our headings.
 */
extern void map_fit_explain(struct vendor_file *file, struct database *database,
							const char *vendor_id, struct glue_error *fault);

/*
 * Begin the text of a fault with the advice to use file->fitting_map; its name follows
 * "how", such as "load it with --map ".
 */
extern void
map_fit_advise(const struct vendor_file *file, const char *how, struct glue_error *fault);

#endif /* GLUE_MAP_FIT_H */
