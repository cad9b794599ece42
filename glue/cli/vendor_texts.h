/*-------------------------------------------------------------------------
 *
 * vendor_texts.h
 *	  The texts for vendors in one language, with the categories to choose from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_VENDOR_TEXTS_H
#define GLUE_VENDOR_TEXTS_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "database/database.h"
#include "shared/columns.h"

/* Owns its results; free with vendor_texts_clean_up(). */
struct vendor_texts
{
	PGresult *texts;
	PGresult *categories; /* active ones, under their parents: name, is under one */
};

/*
 * Read the texts of a language such as "de"; those that it lacks are in
 * English.
 */
extern bool vendor_texts_read(struct database *database, const char *language,
							  struct vendor_texts *texts, struct glue_error *error);

/* Accepts a zeroed struct. */
extern void vendor_texts_clean_up(struct vendor_texts *texts);

/*
 * Return the text whose name is a prefix and a name, such as "rule." and
 * "INVALID_PRICE"; "" if there is none.  It belongs to texts.
 */
extern const char *
vendor_texts_find(const struct vendor_texts *texts, const char *prefix, const char *name);

/*
 * Append a text with values in place of its placeholders; the list of names and
 * values ends with NULL.
 */
extern bool vendor_texts_fill(struct byte_buffer *buffer, const char *text,
							  const char *const *values, struct glue_error *error);

/* Append the limits of a column, such as "at most 100 characters". */
extern bool vendor_texts_limit(const struct vendor_texts *texts, struct byte_buffer *buffer,
							   enum onboard_column column, struct glue_error *error);

#endif /* GLUE_VENDOR_TEXTS_H */
