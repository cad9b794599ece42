/*-------------------------------------------------------------------------
 *
 * line.h
 *	  One line of output, wrapped to the terminal that it is printed on.
 *
 * On a terminal a line that is too long is wrapped at blanks.  A word that is
 * longer than the terminal is wide, such as a path, is left to the terminal,
 * which shows it in several rows and copies it as one.  A pipe or a file gets
 * the line as it is.
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
	int indent;               /* columns, of what is broken off */
	struct byte_buffer bytes; /* UTF-8, with sequences of ours alone */
};

/* Begin a line; what is broken off is indented by so many columns. */
extern void line_begin(struct line *line, FILE *stream, int indent);

/*
 * Add text, printf-like; it is cleaned as by terminal_character().  When there is
 * no memory for it, it is left out.
 */
extern void
line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with a va_list. */
extern void line_add_list(struct line *line, const char *format, va_list arguments);

/* Begin a style; STYLE_PLAIN ends it. */
extern void line_style(struct line *line, enum terminal_style style);

/* Print the line and release it. */
extern void line_end(struct line *line);

/* The same for a line of a help, which is never wider than 80 columns. */
extern void line_end_help(struct line *line);

/* A whole line. */
extern void
line_print(FILE *stream, int indent, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A whole line of a help. */
extern void line_print_help(FILE *stream, int indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* GLUE_LINE_H */
