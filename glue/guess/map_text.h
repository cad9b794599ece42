/*-------------------------------------------------------------------------
 *
 * map_text.h
 *	  Writes a proposed map as the text that "onboard map set" stores.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_MAP_TEXT_H
#define GLUE_MAP_TEXT_H

#include "base/byte_buffer.h"
#include "guess/proposal.h"

/* What else the text says; NULL or 0 for what is not to be said. */
struct map_text_facts
{
	const char *file_name;
	const char *fitting_map; /* a stored map that has all it needs in this file */

	/* Settings for reading the file, which detection would not find. */
	const char *encoding;
	const char *sheet;
	char delimiter;
	const char *quote; /* as quote_sign_name() */
	int64_t max_bytes;
};

/*
 * Append the text of a map: a statement for each column, the likeliest first, each with
 * a comment that says how sure it is and why; then comments about what is missing, what
 * is not used, and the unknown categories.  Returns false if out of memory.
 */
extern bool map_text_write(const struct map_guess *guess, const struct map_text_facts *facts,
						   struct byte_buffer *text, struct glue_error *error);

/*
 * Write the right side of a statement for a column that has a heading, such as
 * "Preis" | decimal_comma, NUL-terminated.
 */
extern void map_text_source(const struct map_guess *guess, enum onboard_column column, char *source,
							size_t size);

/* Size that is enough for it. */
#define MAP_TEXT_SOURCE_SIZE 2048

/*
 * Fill columns with those that the guess has a heading for, the surest first; returns how
 * many.
 */
extern int map_text_order(const struct map_guess *guess, enum onboard_column columns[COLUMN_COUNT]);

/* Does the map lack a column that the rows need? */
extern bool map_text_is_missing(const struct map_guess *guess, enum onboard_column column);

#endif /* GLUE_MAP_TEXT_H */
