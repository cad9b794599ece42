/*-------------------------------------------------------------------------
 *
 * sniff.h
 *	  What the first block of a file tells: is it text, and which delimiter.
 *
 * Pure functions of the block.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_SNIFF_H
#define GLUE_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/text.h"

/* How much of the beginning is looked at, bytes. */
#define SNIFF_BLOCK_BYTES (64 * 1024)

/*
 * Whether the first bytes of a file are no text: compressed, a spreadsheet, a
 * PDF, or binary noise.  bytes are as they are in the file, length at most
 * SNIFF_BLOCK_BYTES.  encoding_given says that somebody named the encoding;
 * then noise is not judged, for a strange encoding looks like noise.  Returns
 * NULL for text, or one line that says what it is and what to do (a constant).
 */
extern const char *sniff_not_text(const char *bytes, size_t length, bool encoding_given);

/*
 * The delimiter of a file: comma, semicolon, tab or bar, found from its first
 * line outside of quotes.  The one that yields most known column names wins,
 * then the one that occurs most often, then the order above.  text is UTF-8.
 */
extern char sniff_delimiter(struct text_view text);

/* Whether somebody may ask for this delimiter: ASCII, no quote, CR, LF, NUL. */
extern bool sniff_delimiter_acceptable(char delimiter);

#endif /* GLUE_SNIFF_H */
