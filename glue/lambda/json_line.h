/*-------------------------------------------------------------------------
 *
 * json_line.h
 *	  Write one JSON object as one line of standard output.
 *
 * The line is built in a fixed-size buffer, without the heap, and leaves in
 * one write, so lines of several processes never mix and no output is lost
 * when the sandbox is frozen or killed.  A member that does not fit is omitted
 * entirely: the line is always one valid object.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_JSON_LINE_H
#define GLUE_LAMBDA_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A write of up to this many bytes to a pipe is atomic (PIPE_BUF on Linux). */
#define JSON_LINE_SIZE 4096

/* Deepest nesting of objects and arrays in a line, including the outermost. */
#define JSON_LINE_DEPTH 8

/* Allocated by the caller; owns nothing. */
struct json_line
{
	char text[JSON_LINE_SIZE];
	size_t used;
	char closing[JSON_LINE_DEPTH]; /* closes each open level */
	int depth;
	bool has_members; /* in the innermost level */
	int skipped;      /* open levels that did not fit */
};

/* Begin an object. */
extern void json_line_init(struct json_line *line);

/*
 * Add a member.  name is a plain constant, or NULL inside an array.  text may
 * be any bytes: invalid UTF-8 becomes U+FFFD.
 */
extern void json_line_text(struct json_line *line, const char *name, const char *text);
extern void json_line_integer(struct json_line *line, const char *name, int64_t number);

/*
 * Open an object or an array in the innermost level; json_line_close() closes
 * it.
 */
extern void json_line_open_object(struct json_line *line, const char *name);
extern void json_line_open_array(struct json_line *line, const char *name);
extern void json_line_close(struct json_line *line);

/*
 * Close all open levels and write the line with its line feed.  Write errors
 * are ignored: logging never changes the outcome of the work.
 */
extern void json_line_write(struct json_line *line, int descriptor);

#endif /* GLUE_LAMBDA_JSON_LINE_H */
