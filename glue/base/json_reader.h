/*-------------------------------------------------------------------------
 *
 * json_reader.h
 *	  Reads JSON in place, in one pass, and hands out slices of it.
 *
 *	  json_reader_init(&reader, json, length);
 *	  if (json_read_open(&reader, '{'))
 *		  while (json_read_name(&reader, &name))
 *			  json_read_text(&reader, &value), or json_read_value(&reader), ...
 *	  done = json_reader_end(&reader);
 *
 * For events that are mostly product data, and for replies of which little is
 * wanted.  A text is handed out as it stands, escapes and all, and can go into
 * other JSON like that, so each one is checked while it is read.  Whatever is
 * not JSON by RFC 8259 ends the reading: the reader has failed, and from then on
 * finds nothing.  A text that is JSON, but that no database takes, is noted and
 * reading continues: see has_bad_text.
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
 * Objects and arrays inside of each other.  A DynamoDB item has up to 32, each
 * in an object that names its type ("Service quotas", DynamoDB Developer
 * Guide), and an event adds a few.
 */
#define JSON_READER_DEPTH 100

/* Caller storage; borrows the JSON, owns nothing. */
struct json_reader
{
	const char *next;
	const char *end;
	char closing[JSON_READER_DEPTH]; /* what ends each open level */
	int depth;
	bool is_first; /* no member of the innermost level was read */
	bool has_failed;

	/*
	 * Some text so far is not UTF-8, or has U+0000 or half a surrogate pair.
	 * The caller may set it back to false.
	 */
	bool has_bad_text;
};

extern void json_reader_init(struct json_reader *reader, const char *json, size_t length);

/* Whether all was read and is JSON. */
extern bool json_reader_end(struct json_reader *reader);

/*
 * What the next value begins with: one of { [ " t f n, or 0 for a number; '\0'
 * when there is none.
 */
extern char json_read_kind(struct json_reader *reader);

/*
 * Enter the next value, which is to begin with bracket, '{' or '['.  False
 * when it does not; then it is still the next one.
 */
extern bool json_read_open(struct json_reader *reader, char bracket);

/*
 * Read the name of the next member of an object, without its quotes; its value
 * is next then and has to be read.  False at the end of the object, which is
 * left with that.
 */
extern bool json_read_name(struct json_reader *reader, struct text_view *name);

/* The same for an array: whether there is another element. */
extern bool json_read_element(struct json_reader *reader);

/*
 * Read a text, without its quotes, escapes not resolved.  False when the next
 * value is none; then it is still the next one.
 */
extern bool json_read_text(struct json_reader *reader, struct text_view *text);

/* Read past any value. */
extern void json_read_value(struct json_reader *reader);

/*
 * Read past any value and hand out its bytes, with its quotes or brackets;
 * {NULL, 0} when there is none.
 */
extern struct text_view json_read_slice(struct json_reader *reader);

/*
 * The value of a member of the object that json begins with, as a slice;
 * {NULL, 0} when json is no object or has no such member.  Names are compared
 * as they stand, escapes not resolved.
 */
extern struct text_view json_find(struct text_view json, const char *name);

/* The same for a member that is a text, without its quotes; else {NULL, 0}. */
extern struct text_view json_find_text(struct text_view json, const char *name);

/* Whether a value is the literal true. */
extern bool json_is_true(struct text_view value);

/*
 * Append what a text stands for, its escapes resolved, to buffer.  Half a
 * surrogate pair becomes U+FFFD.  Only a text that json_read_text() or
 * json_find_text() handed out; false on OUT_OF_MEMORY.
 */
extern bool
json_append_text(struct byte_buffer *buffer, struct text_view text, struct glue_error *error);

#endif /* GLUE_JSON_READER_H */
