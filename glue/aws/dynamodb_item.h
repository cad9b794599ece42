/*-------------------------------------------------------------------------
 *
 * dynamodb_item.h
 *	  Items and parameters of DynamoDB, written as JSON straight into a buffer.
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
 * A failure (only memory can fail) is kept until dynamodb_json_end(), so the
 * calls between need no checks.  Attribute values are those of "AttributeValue"
 * in the DynamoDB API Reference: a number travels as a string.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_AWS_DYNAMODB_ITEM_H
#define GLUE_AWS_DYNAMODB_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/failure.h"

/* Being written; borrows buffer. */
struct dynamodb_json
{
	struct byte_buffer *buffer;
	size_t start; /* where in buffer it began */
	bool comma;   /* one goes before the next value */
	bool failed;
};

extern void dynamodb_json_begin(struct dynamodb_json *json, struct byte_buffer *buffer);

/*
 * False on OUT_OF_MEMORY, and the buffer is then as it was at
 * dynamodb_json_begin().
 */
extern bool dynamodb_json_end(struct dynamodb_json *json, struct glue_error *error);

/* A plain object or array, '{' or '['; name is NULL inside an array and at the
 * outermost level. */
extern void dynamodb_open(struct dynamodb_json *json, const char *name, char bracket);
extern void dynamodb_close(struct dynamodb_json *json, char bracket);

/* A plain string, as parts of the request other than values are. */
extern void dynamodb_plain(struct dynamodb_json *json, const char *name, struct text_view text);

/* An attribute of type S, N or BOOL; name is NULL for a parameter. */
extern void
dynamodb_put_text(struct dynamodb_json *json, struct text_view name, struct text_view value);
extern void dynamodb_put_string(struct dynamodb_json *json, const char *name, const char *value);
extern void dynamodb_put_number(struct dynamodb_json *json, const char *name, int64_t value);
extern void dynamodb_put_bool(struct dynamodb_json *json, const char *name, bool value);

/* An attribute of type M, whose attributes follow. */
extern void dynamodb_open_map(struct dynamodb_json *json, const char *name);
extern void dynamodb_close_map(struct dynamodb_json *json);

/* JSON of a finished value, of ours or of a reply, as it is. */
extern void dynamodb_raw(struct dynamodb_json *json, const char *name, struct text_view value);

#endif /* GLUE_AWS_DYNAMODB_ITEM_H */
