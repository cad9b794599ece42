/*-------------------------------------------------------------------------
 *
 * dynamodb_item.h
 *	  DynamoDB items and parameters, written as JSON directly into a buffer.
 *
 *	  dynamodb_json_begin(&json, buffer);
 *	  dynamodb_open(&json, NULL, '{');
 *	  dynamodb_put_string(&json, "upload_id", upload_id);
 *	  dynamodb_put_number(&json, "row_number", 17);
 *	  dynamodb_open_map(&json, "product_data");
 *	  dynamodb_put_text(&json, name, value);
 *	  dynamodb_close_map(&json);
 *	  dynamodb_close(&json, '}');
 *	  return dynamodb_json_end(&json, error);
 *
 * A failure (out of memory is the only one) is kept until dynamodb_json_end(),
 * so the calls before that need no checks.  Attribute values follow
 * "AttributeValue" in the DynamoDB API Reference: a number is sent as a
 * string.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_DYNAMODB_ITEM_H
#define GLUE_AWS_DYNAMODB_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/* JSON being written; borrows buffer. */
struct dynamodb_json
{
	struct byte_buffer *buffer;
	size_t start; /* offset in buffer at which it began */
	bool comma;   /* the next value needs one before it */
	bool failed;
};

extern void dynamodb_json_begin(struct dynamodb_json *json, struct byte_buffer *buffer);

/*
 * End the JSON.  Returns false on OUT_OF_MEMORY; the buffer is then restored
 * to its state at dynamodb_json_begin().
 */
extern bool dynamodb_json_end(struct dynamodb_json *json, struct glue_error *error);

/*
 * Open or close a plain object or array, '{' or '['.  name is NULL inside an
 * array and at the outermost level.
 */
extern void dynamodb_open(struct dynamodb_json *json, const char *name, char bracket);
extern void dynamodb_close(struct dynamodb_json *json, char bracket);

/* Write a plain string, used for parts of the request other than values. */
extern void dynamodb_plain(struct dynamodb_json *json, const char *name, struct text_view text);

/* Write an attribute of type S, N or BOOL; name is NULL for a parameter. */
extern void
dynamodb_put_text(struct dynamodb_json *json, struct text_view name, struct text_view value);
extern void dynamodb_put_string(struct dynamodb_json *json, const char *name, const char *value);
extern void dynamodb_put_number(struct dynamodb_json *json, const char *name, int64_t value);
extern void dynamodb_put_bool(struct dynamodb_json *json, const char *name, bool value);

/* Open or close an attribute of type M; its attributes are written in between. */
extern void dynamodb_open_map(struct dynamodb_json *json, const char *name);
extern void dynamodb_close_map(struct dynamodb_json *json);

/* Write the JSON of a complete value, of ours or of a reply, unchanged. */
extern void dynamodb_raw(struct dynamodb_json *json, const char *name, struct text_view value);

#endif /* GLUE_AWS_DYNAMODB_ITEM_H */
