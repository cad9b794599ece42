/*-------------------------------------------------------------------------
 *
 * dynamodb_item.c
 *	  DynamoDB items and parameters, written as JSON directly into a buffer.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aws/dynamodb_item.h"
#include "shared/text.h"

/* Quotes, colon, comma, type and brackets around a name and a value. */
#define AROUND 32

void
dynamodb_json_begin(struct dynamodb_json *json, struct byte_buffer *buffer)
{
	*json = (struct dynamodb_json){buffer, buffer->used, false, false};
}

bool
dynamodb_json_end(struct dynamodb_json *json, struct glue_error *error)
{
	if (!json->failed)
		return true;
	json->buffer->used = json->start;
	return glue_error_memory(error);
}

/*
 * Make room for a name and a value of these lengths, fully escaped.
 */
static bool
have_room(struct dynamodb_json *json, size_t name, size_t value)
{
	if (!json->failed &&
		!byte_buffer_reserve(json->buffer, LONGEST_JSON_ESCAPE * (name + value) + AROUND, NULL))
		json->failed = true;
	return !json->failed;
}

static void
put_literal(struct dynamodb_json *json, const char *text)
{
	byte_buffer_put(json->buffer, text, strlen(text));
}

static void
put_json_string(struct dynamodb_json *json, struct text_view text)
{
	put_literal(json, "\"");
	byte_buffer_append_json(json->buffer, text);
	put_literal(json, "\"");
}

/*
 * Write what precedes a value: a comma, and the name of a member.
 */
static void
put_name(struct dynamodb_json *json, struct text_view name)
{
	if (json->comma)
		put_literal(json, ",");
	json->comma = true;
	if (name.data == NULL)
		return;
	put_json_string(json, name);
	put_literal(json, ":");
}

static struct text_view
name_view(const char *name)
{
	return name != NULL ? text_of(name) : (struct text_view){NULL, 0};
}

void
dynamodb_open(struct dynamodb_json *json, const char *name, char bracket)
{
	struct text_view view = name_view(name);

	if (!have_room(json, view.length, 1))
		return;
	put_name(json, view);
	byte_buffer_put(json->buffer, &bracket, 1);
	json->comma = false;
}

void
dynamodb_close(struct dynamodb_json *json, char bracket)
{
	if (!have_room(json, 0, 1))
		return;
	byte_buffer_put(json->buffer, &bracket, 1);
	json->comma = true;
}

void
dynamodb_plain(struct dynamodb_json *json, const char *name, struct text_view text)
{
	struct text_view view = name_view(name);

	if (!have_room(json, view.length, text.length))
		return;
	put_name(json, view);
	put_json_string(json, text);
}

void
dynamodb_put_text(struct dynamodb_json *json, struct text_view name, struct text_view value)
{
	if (!have_room(json, name.length, value.length))
		return;
	put_name(json, name);
	put_literal(json, "{\"S\":");
	put_json_string(json, value);
	put_literal(json, "}");
}

void
dynamodb_put_string(struct dynamodb_json *json, const char *name, const char *value)
{
	dynamodb_put_text(json, name_view(name), text_of(value));
}

void
dynamodb_put_number(struct dynamodb_json *json, const char *name, int64_t value)
{
	struct text_view view = name_view(name);
	char digits[INTEGER_TEXT_SIZE];

	if (!have_room(json, view.length, sizeof(digits)))
		return;
	(void) integer_text(digits, value);
	put_name(json, view);
	put_literal(json, "{\"N\":");
	put_json_string(json, text_of(digits));
	put_literal(json, "}");
}

void
dynamodb_put_bool(struct dynamodb_json *json, const char *name, bool value)
{
	struct text_view view = name_view(name);

	if (!have_room(json, view.length, 0))
		return;
	put_name(json, view);
	put_literal(json, value ? "{\"BOOL\":true}" : "{\"BOOL\":false}");
}

void
dynamodb_open_map(struct dynamodb_json *json, const char *name)
{
	struct text_view view = name_view(name);

	if (!have_room(json, view.length, 0))
		return;
	put_name(json, view);
	put_literal(json, "{\"M\":{");
	json->comma = false;
}

void
dynamodb_close_map(struct dynamodb_json *json)
{
	if (!have_room(json, 0, 0))
		return;
	put_literal(json, "}}");
	json->comma = true;
}

void
dynamodb_raw(struct dynamodb_json *json, const char *name, struct text_view value)
{
	struct text_view view = name_view(name);

	if (!have_room(json, view.length, 0))
		return;
	put_name(json, view);
	if (byte_buffer_append(json->buffer, value.data, value.length, NULL))
		return;
	json->failed = true;
}
