/*-------------------------------------------------------------------------
 *
 * json_line.h
 *	  One JSON object on one line of standard output.
 *
 * The line is built in a buffer of fixed size, without the heap, and leaves in
 * one write, so lines of several processes never mix and nothing waits in a
 * buffer when the sandbox is frozen or killed.  A member that does not fit is
 * left out as a whole: the line is always one valid object.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_JSON_LINE_H
#define GLUE_LAMBDA_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pipe takes so many bytes at once or none (PIPE_BUF of Linux). */
#define JSON_LINE_SIZE 4096

/* Nesting of objects and arrays in a line, the outermost included. */
#define JSON_LINE_DEPTH 8

/* Caller storage; owns nothing. */
struct json_line
{
	char text[JSON_LINE_SIZE];
	size_t used;
	char closing[JSON_LINE_DEPTH]; /* what ends each open level */
	int depth;
	bool has_members; /* in the innermost level */
	int skipped;      /* open levels that did not fit */
};

/* Begin an object. */
extern void json_line_init(struct json_line *line);

/*
 * Add a member; name is a plain word of ours and NULL inside of an array.
 * text may be any bytes: what is no UTF-8 becomes U+FFFD.
 */
extern void json_line_text(struct json_line *line, const char *name, const char *text);
extern void json_line_integer(struct json_line *line, const char *name, int64_t number);

/* Open an object or an array in the innermost level; json_line_close() ends it. */
extern void json_line_open_object(struct json_line *line, const char *name);
extern void json_line_open_array(struct json_line *line, const char *name);
extern void json_line_close(struct json_line *line);

/*
 * End all that is open and write the line with its line feed.  A reader that
 * has gone away is no error: a log never changes what is done.
 */
extern void json_line_write(struct json_line *line, int descriptor);

#endif /* GLUE_LAMBDA_JSON_LINE_H */
