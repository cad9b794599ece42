/*-------------------------------------------------------------------------
 *
 * secrets.c
 *	  AWS Secrets Manager: a cached secret, and calls for rotation.
 *
 *-------------------------------------------------------------------------
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "aws/secrets.h"
#include "base/ascii_word.h"
#include "base/clock.h"
#include "base/json_reader.h"

/* Milliseconds for which an old value remains valid if it cannot be refreshed. */
#define GRACE 30000

/* A secret has up to 64 KiB, partly escaped, and the reply has other members. */
#define REPLY_SIZE (96 * 1024)

/* ----- wiping memory ----- */

static void
wipe(struct byte_buffer *buffer)
{
	if (buffer->data != NULL)
		OPENSSL_cleanse(buffer->data, buffer->size);
	buffer->used = 0;
}

void
secret_value_clean_up(struct secret_value *value)
{
	wipe(&value->text);
	byte_buffer_clean_up(&value->text);
	value->version[0] = '\0';
}

/*
 * Release a call and wipe its bodies, which may contain a value.
 */
static void
clean_up_call(struct aws_call *call)
{
	wipe(&call->body);
	wipe(&call->exchange.response.body);
	aws_call_clean_up(call);
}

/* ----- requests ----- */

/*
 * Append "name":"text", preceded by a comma if necessary; nothing if there is
 * no text.
 */
static bool
append_text_member(struct byte_buffer *body, const char *name, struct text_view text,
				   struct glue_error *error)
{
	if (text.data == NULL)
		return true;
	if (!byte_buffer_reserve(body, LONGEST_JSON_ESCAPE * text.length + strlen(name) + 8, error))
		return false;
	byte_buffer_put(body, ",", body->used > 1 ? 1 : 0);
	byte_buffer_put(body, "\"", 1);
	byte_buffer_put(body, name, strlen(name));
	byte_buffer_put(body, "\":\"", 3);
	byte_buffer_append_json(body, text);
	byte_buffer_put(body, "\"", 1);
	return true;
}

static bool
append_string(struct byte_buffer *body, const char *name, const char *text,
			  struct glue_error *error)
{
	return append_text_member(body, name,
							  text != NULL ? text_of(text) : (struct text_view){NULL, 0}, error);
}

/*
 * Begin a call whose body is an unclosed JSON object.
 */
static bool
begin_secret_call(struct aws_call *call, const char *operation, const char *target,
				  int64_t deadline, struct glue_error *error)
{
	aws_call_begin_json(call, AWS_SECRETS_MANAGER, operation, target, deadline);
	/*
	 * Reserve enough that the buffers do not grow: reallocation would leave
	 * unwiped copies.
	 */
	return byte_buffer_reserve(&call->body, 1024, error) &&
		   byte_buffer_reserve(&call->exchange.response.body, REPLY_SIZE, error) &&
		   byte_buffer_append_string(&call->body, "{", error);
}

static bool
perform_secret_call(struct aws_client *client, struct aws_call *call, struct glue_error *error)
{
	return byte_buffer_append_string(&call->body, "}", error) && aws_perform(client, call, error);
}

static struct text_view
reply_of(const struct aws_call *call)
{
	return (struct text_view){call->exchange.response.body.data, call->exchange.response.body.used};
}

/*
 * Store the text of a member of the reply as the new value.
 */
static bool
take_secret_value(const struct aws_call *call, const char *member, struct secret_value *value,
				  struct glue_error *error)
{
	struct secret_value fresh = {0};
	struct text_view text = json_find_text(reply_of(call), member);

	if (text.data == NULL)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "AWS_BAD_REPLY",
							  "the reply lacks an expected text");
	if (!byte_buffer_reserve(&fresh.text, text.length + 1, error) ||
		!json_append_text(&fresh.text, text, error) || !byte_buffer_terminate(&fresh.text, error))
	{
		secret_value_clean_up(&fresh);
		return false;
	}
	ascii_word_copy(fresh.version, sizeof(fresh.version),
					json_find_text(reply_of(call), "VersionId"), ASCII_WORD_PRINTABLE);
	secret_value_clean_up(value);
	*value = fresh;
	return true;
}

bool
secret_read(struct aws_client *client, const char *id, const char *version, const char *stage,
			int64_t deadline, struct secret_value *value, struct glue_error *error)
{
	struct aws_call call = {0};
	bool success = begin_secret_call(&call, "GetSecretValue", "secretsmanager.GetSecretValue",
									 deadline, error) &&
				   append_string(&call.body, "SecretId", id, error) &&
				   append_string(&call.body, "VersionId", version, error) &&
				   append_string(&call.body, "VersionStage", stage, error) &&
				   perform_secret_call(client, &call, error) &&
				   take_secret_value(&call, "SecretString", value, error);

	clean_up_call(&call);
	return success;
}

/* ----- the cached secret ----- */

bool
secret_get(struct secret *secret, bool refresh, int64_t deadline, struct glue_error *error)
{
	if (secret->known && !refresh && clock_milliseconds() < secret->fresh_until)
		return true;
	if (secret_read(secret->client, secret->id, NULL, SECRET_CURRENT, deadline, &secret->value,
					error))
	{
		secret->known = true;
		secret->fresh_until = clock_milliseconds() + secret->time_to_live;
		return true;
	}
	if (!secret->known || refresh)
		return false;
	secret->fresh_until = clock_milliseconds() + GRACE;
	glue_error_clear(error);
	return true;
}

void
secret_clean_up(struct secret *secret)
{
	secret_value_clean_up(&secret->value);
	secret->known = false;
}

/* ----- rotation ----- */

static void
take_stage(struct text_view name, struct text_view stage, struct secret_stages *stages)
{
	char *version = NULL;

	if (text_equal(stage, text_of(SECRET_CURRENT)))
		version = stages->current;
	else if (text_equal(stage, text_of(SECRET_PENDING)))
		version = stages->pending;
	else if (text_equal(stage, text_of(SECRET_PREVIOUS)))
		version = stages->previous;
	if (version != NULL)
		snprintf(version, SECRET_VERSION_SIZE, "%.*s", (int) name.length, name.data);
}

/*
 * Read the stages of a version, ignoring one whose name is too long to be
 * ours.
 */
static void
read_stages(struct json_reader *reader, struct text_view name, struct secret_stages *stages)
{
	struct text_view stage;

	if (name.length >= SECRET_VERSION_SIZE || !json_read_open(reader, '['))
	{
		json_read_value(reader);
		return;
	}
	while (json_read_element(reader))
	{
		if (json_read_text(reader, &stage))
			take_stage(name, stage, stages);
		else
			json_read_value(reader);
	}
}

bool
secret_describe(struct aws_client *client, const char *id, const char *version, int64_t deadline,
				struct secret_stages *stages, struct glue_error *error)
{
	struct aws_call call = {0};
	bool success = begin_secret_call(&call, "DescribeSecret", "secretsmanager.DescribeSecret",
									 deadline, error) &&
				   append_string(&call.body, "SecretId", id, error) &&
				   perform_secret_call(client, &call, error);

	memset(stages, 0, sizeof(*stages));
	if (success)
	{
		struct text_view versions = json_find(reply_of(&call), "VersionIdsToStages");
		struct json_reader reader;
		struct text_view name;

		stages->rotation_disabled =
			text_equal(json_find(reply_of(&call), "RotationEnabled"), text_of("false"));
		json_reader_init(&reader, versions.data, versions.length);
		(void) json_read_open(&reader, '{');
		while (json_read_name(&reader, &name))
		{
			read_stages(&reader, name, stages);
			if (version != NULL && text_equal(name, text_of(version)))
				stages->version_known = true;
		}
	}
	clean_up_call(&call);
	return success;
}

bool
secret_put(struct aws_client *client, const char *id, const char *version, const char *stage,
		   struct text_view text, int64_t deadline, struct glue_error *error)
{
	struct aws_call call = {0};
	bool success =
		begin_secret_call(&call, "PutSecretValue", "secretsmanager.PutSecretValue", deadline,
						  error) &&
		byte_buffer_reserve(&call.body, LONGEST_JSON_ESCAPE * text.length + 1024, error) &&
		append_string(&call.body, "SecretId", id, error) &&
		append_string(&call.body, "ClientRequestToken", version, error) &&
		append_text_member(&call.body, "SecretString", text, error) &&
		byte_buffer_append_string(&call.body, ",\"VersionStages\":[\"", error) &&
		byte_buffer_append_string(&call.body, stage, error) &&
		byte_buffer_append_string(&call.body, "\"]", error) &&
		perform_secret_call(client, &call, error);

	clean_up_call(&call);
	return success;
}

bool
secret_move_stage(struct aws_client *client, const char *id, const char *stage,
				  const char *to_version, const char *from_version, int64_t deadline,
				  struct glue_error *error)
{
	struct aws_call call = {0};
	bool success = begin_secret_call(&call, "UpdateSecretVersionStage",
									 "secretsmanager.UpdateSecretVersionStage", deadline, error) &&
				   append_string(&call.body, "SecretId", id, error) &&
				   append_string(&call.body, "VersionStage", stage, error) &&
				   append_string(&call.body, "MoveToVersionId", to_version, error) &&
				   append_string(&call.body, "RemoveFromVersionId", from_version, error) &&
				   perform_secret_call(client, &call, error);

	clean_up_call(&call);
	return success;
}

bool
secret_random_password(struct aws_client *client, int length, int64_t deadline,
					   struct secret_value *value, struct glue_error *error)
{
	struct aws_call call = {0};
	char members[96];
	bool success;

	snprintf(members, sizeof(members), "\"PasswordLength\":%d,\"ExcludePunctuation\":true", length);
	success = begin_secret_call(&call, "GetRandomPassword", "secretsmanager.GetRandomPassword",
								deadline, error) &&
			  byte_buffer_append_string(&call.body, members, error) &&
			  perform_secret_call(client, &call, error) &&
			  take_secret_value(&call, "RandomPassword", value, error);
	clean_up_call(&call);
	return success;
}
