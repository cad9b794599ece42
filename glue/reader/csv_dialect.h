/*-------------------------------------------------------------------------
 *
 * csv_dialect.h
 *	  Detects the delimiter of a CSV file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_DIALECT_H
#define GLUE_CSV_DIALECT_H

#include <stdbool.h>

#include "shared/text.h"

/*
 * Return the delimiter of a text: comma, semicolon, tab or bar, determined
 * from its first line outside of quotes.  The candidate that yields the most
 * known headings wins, then the most frequent, then the first in the order
 * above.  is_heading tests for a known heading, without its quotes; NULL if
 * none is known.  text is UTF-8, and holds TEXT_STREAM_BLOCK_BYTES of the file
 * unless the file is shorter.
 */
extern char
csv_dialect_delimiter(struct text_view text, bool (*is_heading)(struct text_view heading));

/*
 * Return whether a caller may specify this delimiter: ASCII, except quote, CR,
 * LF and NUL.
 */
extern bool csv_dialect_acceptable(char delimiter);

#endif /* GLUE_CSV_DIALECT_H */
