/*-------------------------------------------------------------------------
 *
 * map_line.h
 *	  A line of a column map: its tokens, and the fault of a wrong one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_MAP_LINE_H
#define ONBOARD_MAP_LINE_H

#include "shared/map_statement.h"

enum map_token_kind
{
	MAP_TOKEN_END,  /* of the line */
	MAP_TOKEN_WORD, /* without quotes */
	MAP_TOKEN_TEXT, /* in quotes */
	MAP_TOKEN_SIGN  /* = | ( ) , */
};

struct map_token
{
	enum map_token_kind kind;
	struct text_view text; /* of a word or text; of a sign, the sign */
};

/* A line that is being read. */
struct map_line
{
	struct text_view map; /* the whole map */
	struct text_view text;
	struct map_statement *statement;
	struct map_fault *fault;
	struct map_token token; /* the next one */

	/* private */
	size_t offset;
	size_t stored; /* bytes of the statement's storage in use */
};

/* ----- reading; false at a fault, which is then set, unless the function only asks ----- */

/*
 * Begin to read the line of a map that begins at *offset, and move *offset after it.
 * Reads the first token.  The number of the line is that of the statement.
 */
extern bool map_line_start(struct map_line *line, struct text_view map, size_t *offset,
						   struct map_statement *statement, struct map_fault *fault);

/* Read the next token. */
extern bool map_line_advance(struct map_line *line);

/* Is the next token this sign, this word without quotes, or any word or text? */
extern bool map_line_is_sign(const struct map_line *line, char sign);
extern bool map_line_is_word(const struct map_line *line, const char *word);
extern bool map_line_is_text(const struct map_line *line);

/* Read a required word or text; wanted says what it is. */
extern bool map_line_take_word(struct map_line *line, const char *word, const char *wanted);
extern bool map_line_take_text(struct map_line *line, struct text_view *text, const char *wanted);

/* Read the heading of a column of the file. */
extern bool map_line_take_heading(struct map_line *line, struct text_view *heading);

/* Read the alternative headings of a column into the statement. */
extern bool map_line_take_headings(struct map_line *line);

/* Check that the statement ends here. */
extern bool map_line_take_end(struct map_line *line);

/* ----- faults; each sets one, and returns false ----- */

/* Begin the message of a fault; the caller must call text_finish(). */
extern void map_line_fault_start(struct map_line *line, struct text_builder *message);

/* A message of a text, a text in quotes unless its data is NULL, and a text. */
extern bool map_line_fault(struct map_line *line, const char *before, struct text_view quoted,
						   const char *after);

/* A message of one text. */
extern bool map_line_plain_fault(struct map_line *line, const char *text);

/* A message that this is wanted in place of the next token. */
extern bool map_line_unexpected(struct map_line *line, const char *wanted);

#endif /* ONBOARD_MAP_LINE_H */
