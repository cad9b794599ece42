/*-------------------------------------------------------------------------
 *
 * json_reader.h
 *	  Reads JSON in place, in one pass, and returns slices of it.
 *
 *	  json_reader_init(&reader, json, length);
 *	  if (json_read_open(&reader, '{'))
 *		  while (json_read_name(&reader, &name))
 *			  json_read_text(&reader, &value), or json_read_value(&reader), ...
 *	  done = json_reader_end(&reader);
 *
 * Intended for events that are mostly product data, and for replies of which
 * only a few members are needed.  A text is returned with its escapes
 * unresolved and can be copied into other JSON as it is, so it is checked
 * while it is read.  Anything that is not JSON as defined by RFC 8259 makes
 * the reader fail, and from then on it finds nothing.  A text that is valid
 * JSON but that no database accepts is noted in has_bad_text, and reading
 * continues.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_JSON_READER_H
#define GLUE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/byte_buffer.h"
#include "base/failure.h"
#include "shared/text.h"

/*
 * Maximum nesting of objects and arrays.  A DynamoDB item has up to 32 levels,
 * each in an object that names its type ("Service quotas", DynamoDB Developer
 * Guide), and an event adds a few.
 */
#define JSON_READER_DEPTH 100

/* Allocated by the caller; borrows the JSON, owns nothing. */
struct json_reader
{
	const char *next;
	const char *end;
	char closing[JSON_READER_DEPTH]; /* closing bracket of each open level */
	int depth;
	bool is_first; /* no member of the innermost level was read so far */
	bool has_failed;

	/*
	 * A text read so far is not UTF-8, or contains U+0000 or an unpaired
	 * surrogate.  The caller may reset it to false.
	 */
	bool has_bad_text;
};

extern void json_reader_init(struct json_reader *reader, const char *json, size_t length);

/* Return whether the whole input was read and is JSON. */
extern bool json_reader_end(struct json_reader *reader);

/*
 * Return what the next value begins with: one of { [ " t f n, or 0 for a
 * number; '\0' if there is no value.
 */
extern char json_read_kind(struct json_reader *reader);

/*
 * Enter the next value if it begins with bracket, '{' or '['.  Otherwise
 * returns false, and the value remains the next one.
 */
extern bool json_read_open(struct json_reader *reader, char bracket);

/*
 * Read the name of the next member of an object, without its quotes.  The
 * caller must then read its value.  At the end of the object, leaves the
 * object and returns false.
 */
extern bool json_read_name(struct json_reader *reader, struct text_view *name);

/* The same for an array: return whether there is another element. */
extern bool json_read_element(struct json_reader *reader);

/*
 * Read a text, without its quotes, escapes not resolved.  If the next value is
 * not a text, returns false, and the value remains the next one.
 */
extern bool json_read_text(struct json_reader *reader, struct text_view *text);

/*
 * Return where the next value begins.  Read the value in any way, then pass
 * this to json_read_since() to get its bytes.
 */
extern const char *json_read_start(struct json_reader *reader);

/* Return the bytes read since start; {NULL, 0} if reading has failed. */
extern struct text_view json_read_since(const struct json_reader *reader, const char *start);

/* Skip any value. */
extern void json_read_value(struct json_reader *reader);

/*
 * Skip any value and return its bytes, with its quotes or brackets; {NULL, 0}
 * if there is no value.
 */
extern struct text_view json_read_slice(struct json_reader *reader);

/*
 * Return the value of a member of the object that json begins with, as a
 * slice; {NULL, 0} if json is not an object or has no such member.  Names are
 * compared with their escapes unresolved.
 */
extern struct text_view json_find(struct text_view json, const char *name);

/* The same for a member that is a text, without its quotes; otherwise {NULL, 0}. */
extern struct text_view json_find_text(struct text_view json, const char *name);

/* Return whether a value is the literal true. */
extern bool json_is_true(struct text_view value);

/*
 * Append a text to buffer with its escapes resolved.  An unpaired surrogate
 * becomes U+FFFD.  text must come from json_read_text() or json_find_text().
 * Returns false on OUT_OF_MEMORY.
 */
extern bool
json_append_text(struct byte_buffer *buffer, struct text_view text, struct glue_error *error);

#endif /* GLUE_JSON_READER_H */
