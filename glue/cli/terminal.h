/*-------------------------------------------------------------------------
 *
 * terminal.h
 *	  Terminal capabilities and safe text output.
 *
 * Results go to standard output, everything else (messages, progress) to
 * standard error.  Text from a file or a database is printed only through
 * terminal_character(), so that it cannot contain terminal escape sequences.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_TERMINAL_H
#define GLUE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/text.h"

enum terminal_style
{
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_WARN
};

/* Buffer size for terminal_count(), including the NUL. */
#define TERMINAL_COUNT_SIZE 32

/*
 * Inspect the two output streams.  Must be called once, before all other
 * functions.  Colours are used on a terminal if NO_COLOR is unset and TERM is
 * not dumb.
 */
extern void terminal_init(void);

/* Return whether standard error is a terminal and can show a progress bar. */
extern bool terminal_has_progress(void);

/* Return whether the locale's character set is UTF-8. */
extern bool terminal_is_utf8(void);

/*
 * Return the width of a stream's terminal, or 80 if unknown.  Queried on every
 * call because the terminal may be resized.  0 if the stream is not a terminal:
 * nothing is truncated or wrapped then.
 */
extern int terminal_width(FILE *stream);

/*
 * Return the escape sequence that begins a style on this stream; "" without
 * colours.
 */
extern const char *terminal_style(FILE *stream, enum terminal_style style);

/* A character as printed. */
struct terminal_character
{
	const char *bytes; /* borrowed */
	size_t size;       /* of bytes */
	size_t consumed;   /* bytes of the text it represents */
	int columns;       /* 2 for wide ones, 0 for combining ones */
};

/*
 * Return the character of a text at offset, which must be inside the text.
 * Control characters, invisible direction marks and bytes that are not UTF-8
 * become "?".
 */
extern struct terminal_character terminal_character(struct text_view text, size_t offset);

/*
 * Print a text, truncated to columns columns with an ellipsis, each character
 * as above.  A NULL text is "".  Returns the columns printed.
 */
extern int terminal_cut(FILE *stream, const char *text, int columns);

/* Return the width of a text; 0 for NULL. */
extern int terminal_text_columns(const char *text);

/*
 * Format 1234567 as "1,234,567". buffer holds TERMINAL_COUNT_SIZE bytes and is
 * returned.
 */
extern const char *terminal_count(char *buffer, int64_t number);

/* Return one or many, such as "row" or "rows". */
extern const char *terminal_plural(int64_t number, const char *one, const char *many);

/*
 * Draw the progress line at the bottom of the terminal, or erase it with "".
 * It must be erased before anything else is printed.  It is truncated to one
 * column less than the terminal has, because a line that reaches the edge may
 * wrap and could then not be erased.
 */
extern void terminal_set_progress(const char *line);

#endif /* GLUE_TERMINAL_H */
