/*-------------------------------------------------------------------------
 *
 * upload_message.c
 *	  Parse the body of a message about an upload.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <cjson/cJSON.h>

#include "lambda/upload_message.h"

#define VERSION 1

static bool
message_error(struct glue_error *error, const char *what)
{
	return glue_error_set(error, GLUE_USAGE_ERROR, "MESSAGE_INVALID", "the message %s", what);
}

static bool
read_kind(const cJSON *member, enum upload_message_kind *kind)
{
	if (!cJSON_IsString(member))
		return false;
	if (strcmp(member->valuestring, "errors_recorded") == 0)
		*kind = MESSAGE_ERRORS_RECORDED;
	else if (strcmp(member->valuestring, "upload_ended") == 0)
		*kind = MESSAGE_UPLOAD_ENDED;
	else
		return false;
	return true;
}

/*
 * Accept only letters, digits and hyphens: the id becomes part of keys and
 * links.
 */
static bool
read_upload_id(const cJSON *member, char upload_id[MESSAGE_UPLOAD_ID_SIZE])
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length;

	if (!cJSON_IsString(member))
		return false;
	length = strlen(member->valuestring);
	if (length == 0 || length >= MESSAGE_UPLOAD_ID_SIZE ||
		strspn(member->valuestring, allowed) != length)
		return false;
	memcpy(upload_id, member->valuestring, length + 1);
	return true;
}

static bool
read_message(struct upload_message *message, const cJSON *document, struct glue_error *error)
{
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(document, "v");

	if (!cJSON_IsObject(document))
		return message_error(error, "is not a JSON object");
	if (!cJSON_IsNumber(version) || version->valuedouble != VERSION)
		return message_error(error, "does not have version 1");
	if (!read_kind(cJSON_GetObjectItemCaseSensitive(document, "kind"), &message->kind))
		return message_error(error, "is of an unknown kind");
	if (!read_upload_id(cJSON_GetObjectItemCaseSensitive(document, "upload_id"),
						message->upload_id))
		return message_error(error, "does not name an upload");
	return true;
}

bool
upload_message_read(struct upload_message *message, struct text_view body, struct glue_error *error)
{
	cJSON *document = NULL;
	bool done;

	memset(message, 0, sizeof(*message));
	if (body.data != NULL)
		document = cJSON_ParseWithLength(body.data, body.length);
	done = read_message(message, document, error);
	cJSON_Delete(document);
	return done;
}
