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
 * For events that are mostly product data: a text is handed out as it stands,
 * escapes and all, and can go into other JSON like that.  So each one is
 * checked while it is read.  What is no JSON by RFC 8259 ends the reading: the
 * reader has failed, and from then on finds nothing.  What is JSON and yet no
 * text of a database, is noted and reading goes on: see has_bad_text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_JSON_READER_H
#define GLUE_LAMBDA_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

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

#endif /* GLUE_LAMBDA_JSON_READER_H */
