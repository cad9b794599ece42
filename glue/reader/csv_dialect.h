/*-------------------------------------------------------------------------
 *
 * csv_dialect.h
 *	  How a CSV file is written: delimiter, quote character, header line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_CSV_DIALECT_H
#define GLUE_CSV_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/header_line.h"
#include "shared/text.h"

/* The character that quotes fields; zero is the double quote.  */
enum quote_sign
{
	QUOTE_DOUBLE,
	QUOTE_SINGLE,
	QUOTE_NONE, /* no sign quotes fields, all are text */
	QUOTE_SIGN_COUNT
};

struct csv_dialect
{
	char delimiter; /* 0 if not known */
	enum quote_sign quote;
	size_t header_offset; /* where the text of the header begins, or blank lines before it */
	int64_t header_line;  /* number of the line there, from 1 */
	int64_t hidden_lines; /* above the header, which a spreadsheet does not show: "sep=;" */
	int64_t heading_line; /* the line that has our headings, if it is not where a header
						   * may be; 0: there is none */
};

/*
 * Detect how a file is written.  *dialect contains the quote character, which a fix
 * file replaces by the double quote, and the delimiter or 0; the rest is set.  The
 * delimiter is comma, semicolon, tab or bar, determined from the header outside of
 * quotes: the candidate that yields the most known headings, then the most frequent,
 * then the first in the order above.  A line "sep=;" at the beginning, as Excel writes
 * and reads it, comes before these.
 *
 * The header is the first line that is not blank, unless a later line of the text
 * has enough known headings and all lines above it are titles: lines without a known
 * heading that have as few cells as header_line.h says.  If there is a heading that only
 * the header has, the first line with it is the header, whatever is above.
 *
 * text is UTF-8, and holds TEXT_STREAM_BLOCK_BYTES of the file unless the file is
 * shorter.  Headings are tested without their quotes.
 */
extern void csv_dialect_detect(struct csv_dialect *dialect, struct text_view text,
							   const struct heading_test *known);

/*
 * Return the number of known headings in a line with this delimiter and quote
 * character.
 */
extern int csv_dialect_headings(struct text_view line, char delimiter, enum quote_sign quote,
								const struct heading_test *known);

/* Return the byte of a quote character, NUL for none.  */
extern char quote_sign_byte(enum quote_sign quote);

/*
 * Return the name of a quote character in options and metadata: the character
 * or "none".
 */
extern const char *quote_sign_name(enum quote_sign quote);

/* Find the quote character with this name; false if there is none.  */
extern bool quote_sign_by_name(const char *name, enum quote_sign *quote);

#endif /* GLUE_CSV_DIALECT_H */
