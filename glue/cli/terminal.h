/*-------------------------------------------------------------------------
 *
 * terminal.h
 *	  What the terminal is, and how text looks on it.
 *
 * Results go to standard output, everything else (messages, progress) to
 * standard error.  Text that came from a file or a database is printed as of
 * terminal_character() only, so that nothing in it can command a terminal.
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

/* Bytes of the longest result of terminal_count(), NUL included. */
#define TERMINAL_COUNT_SIZE 32

/*
 * Find out what the two streams are.  To be called once, before all others.
 * Colours are used on a terminal when NO_COLOR is unset and TERM is not dumb.
 */
extern void terminal_init(void);

/* Whether standard error is a terminal, where a progress bar makes sense. */
extern bool terminal_has_progress(void);

/* Whether the locale's characters are UTF-8. */
extern bool terminal_is_utf8(void);

/*
 * Columns of the terminal that a stream is, queried each time, because it may be
 * resized; 80 if it does not say.  0 if the stream is not a terminal: then nothing
 * is cut or wrapped.
 */
extern int terminal_width(FILE *stream);

/* The sequence that begins a style on this stream; "" without colours. */
extern const char *terminal_style(FILE *stream, enum terminal_style style);

/* A character as it is printed. */
struct terminal_character
{
	const char *bytes; /* borrowed */
	size_t size;       /* of these */
	size_t consumed;   /* bytes of the text that it stands for */
	int columns;       /* 2 for wide ones, 0 for combining ones */
};

/*
 * The character of a text at offset, which must be inside it.  Control characters,
 * invisible direction marks and bytes that are not UTF-8 become "?".
 */
extern struct terminal_character terminal_character(struct text_view text, size_t offset);

/*
 * Print at most so many columns of a text, character by character as above; an
 * ellipsis stands for what is cut.  text may be NULL, which is "".  Returns the
 * columns taken.
 */
extern int terminal_cut(FILE *stream, const char *text, int columns);

/* Columns that all of a text takes; NULL takes none. */
extern int terminal_text_columns(const char *text);

/* 1234567 -> "1,234,567"; buffer holds TERMINAL_COUNT_SIZE; returns it. */
extern const char *terminal_count(char *buffer, int64_t number);

/* "row" or "rows". */
extern const char *terminal_plural(int64_t number, const char *one, const char *many);

/*
 * The line that is drawn at the bottom of the terminal and must be wiped
 * before anything else is printed; "" wipes it.  It is cut to one column less
 * than there are, because a line that reaches the edge may wrap, and one that
 * has wrapped cannot be wiped.
 */
extern void terminal_set_progress(const char *line);

#endif /* GLUE_TERMINAL_H */
