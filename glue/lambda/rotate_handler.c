/*-------------------------------------------------------------------------
 *
 * rotate_handler.c
 *	  The handler "rotate": change the database password without locking
 *	  anyone out.
 *
 * Secrets Manager calls it four times, with
 *
 *	  {"Step": "createSecret", "SecretId": "...", "ClientRequestToken": "..."}
 *
 * and likewise for the steps setSecret, testSecret and finishSecret ("Lambda
 * rotation functions", AWS Secrets Manager User Guide).  The token is the id
 * of the new version.  Each step may be repeated, interrupted anywhere, or
 * called after all is done; then it changes nothing.
 *
 *	  createSecret	stores the other login with a new password as AWSPENDING
 *	  setSecret		sets that login's password, using the administrator's secret
 *	  testSecret	logs in with it and asks the extension for its versions
 *	  finishSecret	makes it AWSCURRENT
 *
 * When rotation is configured, Secrets Manager calls testSecret alone, with a
 * copy of the current version (RotateImmediately in "RotateSecret", AWS
 * Secrets Manager API Reference).
 *
 * Connections of the previous login stay open, and it can log in until the
 * next rotation: sandboxes with a cached secret are not disturbed.
 *
 * It answers {"step": "...", "result": "done"}, or "unchanged" if there was
 * nothing to do.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <cjson/cJSON.h>

#include "lambda/handler.h"
#include "lambda/login.h"
#include "lambda/next_login.h"
#include "lambda/role_password.h"
#include "lambda/secret_database.h"

/* Letters and digits: 238 bits. */
#define PASSWORD_LENGTH 40

#define ROTATE_NO_VALUE "ROTATE_NO_VALUE"

struct rotate_step;

/* One invocation; all borrowed. */
struct rotation
{
	struct sandbox *sandbox;
	int64_t deadline_ms;
	const struct rotate_step *step;
	const char *secret_id;
	const char *token;
	struct secret_stages stages;
};

/* Result of a step; the error is set after ROTATE_FAILED. */
enum rotate_result
{
	ROTATE_DONE,
	ROTATE_UNCHANGED,
	ROTATE_FAILED
};

/* ----- versions of secrets ----- */

/*
 * Read a version.  One that has only its stage cannot be read, or has no text;
 * then the code is ROTATE_NO_VALUE.
 */
static bool
read_version(struct aws_client *client, const char *secret_id, const char *version,
			 const char *stage, int64_t deadline_ms, struct secret_value *value,
			 struct glue_error *error)
{
	if (secret_read(client, secret_id, version, stage, deadline_ms, value, error))
		return true;
	if (strcmp(error->code, "AWS_NOT_FOUND") == 0 || strcmp(error->code, "AWS_BAD_REPLY") == 0)
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, ROTATE_NO_VALUE,
					   "version %s of the secret has no value yet", stage);
	return false;
}

/* ----- the database ----- */

/* Which version of which secret to log in with; all borrowed. */
struct version_source
{
	struct aws_client *client;
	const char *secret_id;
	const char *version;
	const char *stage;
};

/*
 * A login_secret_fn.  It does not cache, so it ignores refresh.
 */
static bool
secret_of_version(void *context, bool refresh, int64_t deadline_ms, struct byte_buffer *text,
				  struct glue_error *error)
{
	const struct version_source *source = context;
	struct secret_value value = {0};
	bool done;

	(void) refresh;
	done = read_version(source->client, source->secret_id, source->version, source->stage,
						deadline_ms, &value, error) &&
		   byte_buffer_append(text, value.text.data, value.text.used, error);
	secret_value_clean_up(&value);
	return done;
}

static bool
read_login(const struct rotation *rotation, const char *version, const char *stage,
		   struct login *login, struct glue_error *error)
{
	struct version_source source = {
		&rotation->sandbox->aws,
		rotation->secret_id,
		version,
		stage,
	};
	struct byte_buffer text = {0};
	bool done;

	done = secret_of_version(&source, false, rotation->deadline_ms, &text, error) &&
		   login_parse(login, text.data, text.used, error);
	login_wipe(&text);
	return done;
}

/*
 * Open the database with the login of this version; the caller closes it.
 */
static struct database *
open_as(const struct rotation *rotation, struct version_source *source, struct glue_error *error)
{
	struct database *database =
		secret_database_open(&rotation->sandbox->settings, secret_of_version, source, error);

	if (database != NULL)
		database_set_deadline(database, rotation->deadline_ms);
	return database;
}

/* ----- the steps ----- */

static bool
store_next(const struct rotation *rotation, struct text_view current, struct glue_error *error)
{
	struct secret_value password = {0};
	struct byte_buffer next = {0};
	bool done;

	done = secret_random_password(&rotation->sandbox->aws, PASSWORD_LENGTH, rotation->deadline_ms,
								  &password, error) &&
		   next_login_write(current, password.text.data, &next, error) &&
		   secret_put(&rotation->sandbox->aws, rotation->secret_id, rotation->token, SECRET_PENDING,
					  (struct text_view){next.data, next.used}, rotation->deadline_ms, error);
	login_wipe(&next);
	secret_value_clean_up(&password);
	return done;
}

static enum rotate_result
create_secret(const struct rotation *rotation, struct glue_error *error)
{
	struct aws_client *client = &rotation->sandbox->aws;
	struct secret_value value = {0};
	enum rotate_result result = ROTATE_FAILED;

	if (read_version(client, rotation->secret_id, rotation->token, SECRET_PENDING,
					 rotation->deadline_ms, &value, error))
		result = ROTATE_UNCHANGED;
	else if (strcmp(error->code, ROTATE_NO_VALUE) == 0)
	{
		glue_error_clear(error);
		if (read_version(client, rotation->secret_id, NULL, SECRET_CURRENT, rotation->deadline_ms,
						 &value, error) &&
			store_next(rotation, (struct text_view){value.text.data, value.text.used}, error))
			result = ROTATE_DONE;
	}
	secret_value_clean_up(&value);
	return result;
}

static enum rotate_result
set_secret(const struct rotation *rotation, struct glue_error *error)
{
	struct version_source source = {
		&rotation->sandbox->aws,
		rotation->sandbox->settings.rotate_admin_secret_id,
		NULL,
		SECRET_CURRENT,
	};
	struct database *administrator = NULL;
	struct login next = {0};
	struct login present = {0};
	bool done = false;

	if (read_login(rotation, rotation->token, SECRET_PENDING, &next, error) &&
		read_login(rotation, NULL, SECRET_CURRENT, &present, error))
		administrator = open_as(rotation, &source, error);
	if (administrator != NULL)
		done =
			role_password_set(administrator, next.username, present.username, next.password, error);
	database_close(administrator);
	login_clean_up(&next);
	login_clean_up(&present);
	return done ? ROTATE_DONE : ROTATE_FAILED;
}

static enum rotate_result
test_secret(const struct rotation *rotation, struct glue_error *error)
{
	struct version_source source = {
		&rotation->sandbox->aws,
		rotation->secret_id,
		rotation->token,
		SECRET_PENDING,
	};
	struct database *database = open_as(rotation, &source, error);
	bool done = database != NULL &&
				database_query(database, RUN_AGAIN, "SELECT library FROM onboard_version()", 0,
							   NULL, NULL, error);

	database_close(database);
	return done ? ROTATE_DONE : ROTATE_FAILED;
}

/*
 * Make the new version current.  An empty version must never become current,
 * so it is read once more.
 */
static enum rotate_result
finish_secret(const struct rotation *rotation, struct glue_error *error)
{
	struct login next = {0};
	bool done =
		read_login(rotation, rotation->token, SECRET_PENDING, &next, error) &&
		secret_move_stage(&rotation->sandbox->aws, rotation->secret_id, SECRET_CURRENT,
						  rotation->token, rotation->stages.current, rotation->deadline_ms, error);

	login_clean_up(&next);
	return done ? ROTATE_DONE : ROTATE_FAILED;
}

static const struct rotate_step
{
	const char *name;
	enum rotate_result (*run)(const struct rotation *rotation, struct glue_error *error);
} steps[] = {
	{"createSecret", create_secret},
	{"setSecret", set_secret},
	{"testSecret", test_secret},
	{"finishSecret", finish_secret},
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

/*
 * Check whether the stages allow a step: the token must name the version
 * being created, or the current one.
 */
static enum rotate_result
check_stages(const struct rotation *rotation, struct glue_error *error)
{
	const char *reason = NULL;

	if (!rotation->stages.version_known)
		reason = "the secret has no version with this token";
	else if (strcmp(rotation->stages.current, rotation->token) == 0)
		return ROTATE_UNCHANGED;
	else if (strcmp(rotation->stages.pending, rotation->token) != 0)
		reason = "the version with this token is not AWSPENDING";
	else if (rotation->stages.rotation_disabled)
		reason = "rotation is not enabled for the secret";
	if (reason == NULL)
		return ROTATE_DONE;
	glue_error_set(error, GLUE_USAGE_ERROR, "ROTATE_NOT_PENDING", "%s", reason);
	return ROTATE_FAILED;
}

static enum rotate_result
run_step(struct rotation *rotation, struct glue_error *error)
{
	enum rotate_result result;

	if (!secret_describe(&rotation->sandbox->aws, rotation->secret_id, rotation->token,
						 rotation->deadline_ms, &rotation->stages, error))
		return ROTATE_FAILED;
	result = check_stages(rotation, error);
	return result == ROTATE_DONE ? rotation->step->run(rotation, error) : result;
}

/* ----- the event ----- */

static bool
read_member(const cJSON *event, const char *name, const char **text, struct glue_error *error)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(event, name);

	if (!cJSON_IsString(member) || member->valuestring[0] == '\0')
		return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID",
							  "the event has no string %s", name);
	*text = member->valuestring;
	return true;
}

static bool
find_step(const char *name, const struct rotate_step **step, struct glue_error *error)
{
	for (size_t i = 0; i < STEP_COUNT; i++)
	{
		if (strcmp(name, steps[i].name) == 0)
		{
			*step = &steps[i];
			return true;
		}
	}
	return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID",
						  "the event does not name a rotation step");
}

static bool
read_rotation(const cJSON *event, struct rotation *rotation, struct glue_error *error)
{
	const char *name = NULL;

	return read_member(event, "Step", &name, error) && find_step(name, &rotation->step, error) &&
		   read_member(event, "SecretId", &rotation->secret_id, error) &&
		   read_member(event, "ClientRequestToken", &rotation->token, error);
}

static bool
append_result(const struct rotation *rotation, const char *result, struct byte_buffer *response,
			  struct glue_error *error)
{
	log_write(&rotation->sandbox->log, LOG_INFO, "rotation step",
			  LOG_NAME(LOG_OPERATION, rotation->step->name), LOG_NAME(LOG_STATUS, result),
			  LOG_NAME(LOG_VERSION, rotation->token));
	return byte_buffer_append_string(response, "{\"step\":\"", error) &&
		   byte_buffer_append_string(response, rotation->step->name, error) &&
		   byte_buffer_append_string(response, "\",\"result\":\"", error) &&
		   byte_buffer_append_string(response, result, error) &&
		   byte_buffer_append_string(response, "\"}", error);
}

static bool
rotate_invoke(struct sandbox *sandbox, const struct invocation *invocation,
			  struct glue_error *error)
{
	cJSON *event = cJSON_ParseWithLength(invocation->event, invocation->event_length);
	struct rotation rotation = {
		.sandbox = sandbox,
		.deadline_ms = invocation->deadline_ms,
	};
	enum rotate_result result = ROTATE_FAILED;
	bool done;

	if (read_rotation(event, &rotation, error))
		result = run_step(&rotation, error);
	done = result != ROTATE_FAILED &&
		   append_result(&rotation, result == ROTATE_DONE ? "done" : "unchanged",
						 invocation->response, error);
	cJSON_Delete(event);
	return done;
}

const struct handler rotate_handler = {
	.id = HANDLER_ROTATE,
	.invoke = rotate_invoke,
};
