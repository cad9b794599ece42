/*-------------------------------------------------------------------------
 *
 * json_scan.h
 *	  Reading replies in JSON in place: members, elements, strings.
 *
 * Slices of the reply are handed out, so that unprocessed items go back byte
 * by byte as they came, and a secret is copied to one place only.  Input is a
 * reply of AWS, but nothing here reads out of bounds when it is not JSON; it
 * then finds nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_JSON_SCAN_H
#define GLUE_AWS_JSON_SCAN_H

#include <stdbool.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/*
 * The value of a member of an object, with its quotes or brackets; {NULL, 0}
 * when object is none or has no such member.  Names are compared as they
 * stand, escapes not resolved; those of AWS's replies have none.
 */
extern struct text_view json_member(struct text_view object, const char *name);

/*
 * Walk through an array or an object.  *position is 0 at first.  False at the
 * end.  name is that of a member, without quotes; it may be NULL, and is empty
 * in an array.
 */
extern bool json_next(struct text_view container, size_t *position, struct text_view *name,
					  struct text_view *value);

/* Whether a value is the literal true. */
extern bool json_is_true(struct text_view value);

/* The value of four hex digits, as behind \u; -1 when they are none. */
extern int json_unit(const char digits[4]);

/*
 * Append what a string stands for, escapes resolved, to buffer.  False on
 * OUT_OF_MEMORY, and with code AWS_BAD_REPLY when value is no string.
 */
extern bool
json_string(struct text_view value, struct byte_buffer *buffer, struct glue_error *error);

/*
 * Copy a string of plain ASCII, such as a code or an id, into a buffer of
 * fixed size.  "" when value is no such string or too long.
 */
extern void json_copy_word(struct text_view value, char *word, size_t size);

#endif /* GLUE_AWS_JSON_SCAN_H */
