/*-------------------------------------------------------------------------
 *
 * line.h
 *	  Print one line of output, wrapped to the width of the terminal.
 *
 * On a terminal, long lines are wrapped at blanks.  A word wider than the
 * terminal, such as a path, is left for the terminal to wrap, so it can still
 * be copied as one line.  In a pipe or a file, lines are never wrapped.
 *
 *	  struct line line;
 *
 *	  line_begin(&line, stdout, 4);
 *	  line_add(&line, "  %s: ", name);
 *	  line_style(&line, STYLE_BOLD);
 *	  ...
 *	  line_end(&line);
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LINE_H
#define GLUE_LINE_H

#include <stdarg.h>
#include <stdio.h>

#include "base/byte_buffer.h"
#include "cli/terminal.h"

struct line
{
	FILE *stream;             /* borrowed */
	int indent;               /* of continuation rows, in columns */
	struct byte_buffer bytes; /* UTF-8; the only escape sequences are ours */
};

/* Begin a line; continuation rows are indented by indent columns. */
extern void line_begin(struct line *line, FILE *stream, int indent);

/*
 * Add text, printf-like, cleaned as by terminal_character().  Out of memory,
 * the text is dropped.
 */
extern void
line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Likewise, with a va_list. */
extern void line_add_list(struct line *line, const char *format, va_list arguments);

/* Begin a style; STYLE_PLAIN ends it. */
extern void line_style(struct line *line, enum terminal_style style);

/* Print the line and release it. */
extern void line_end(struct line *line);

/* Likewise for help text, which is never wider than 80 columns. */
extern void line_end_help(struct line *line);

/* Print a whole line. */
extern void
line_print(FILE *stream, int indent, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Print a whole line of help text. */
extern void line_print_help(FILE *stream, int indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* GLUE_LINE_H */
