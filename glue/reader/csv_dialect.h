/*-------------------------------------------------------------------------
 *
 * csv_dialect.h
 *	  What separates the fields of a CSV file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_DIALECT_H
#define GLUE_CSV_DIALECT_H

#include <stdbool.h>

#include "shared/text.h"

/*
 * The delimiter of a text: comma, semicolon, tab or bar, found from its first
 * line outside of quotes.  The one that yields most known headings wins, then
 * the one that occurs most often, then the order above.  is_heading tells a
 * known heading, without the quotes around it; NULL when none is known.  text
 * is UTF-8 and, unless the file is shorter, TEXT_STREAM_BLOCK_BYTES of it.
 */
extern char
csv_dialect_delimiter(struct text_view text, bool (*is_heading)(struct text_view heading));

/* Whether somebody may ask for this delimiter: ASCII, no quote, CR, LF, NUL. */
extern bool csv_dialect_acceptable(char delimiter);

#endif /* GLUE_CSV_DIALECT_H */
