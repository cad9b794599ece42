/*-------------------------------------------------------------------------
 *
 * next_login.c
 *	  Write the next version of the database secret.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambda/login.h"
#include "lambda/next_login.h"
#include "lambda/secret_document.h"

#define ALTERNATE "alternate_username"
#define SUFFIX "_clone"

/* Bytes of a role name, including the NUL: NAMEDATALEN. */
#define ROLE_NAME_SIZE 64

static bool
next_secret_error(struct glue_error *error, const char *reason)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "SECRET_INVALID",
						  "the database secret %s", reason);
}

/* ----- names ----- */

/*
 * Append the suffix to the name, or remove it if the name has it.
 */
static bool
toggle_suffix(const char *username, char *other, struct glue_error *error)
{
	size_t length = strlen(username);
	size_t suffix = strlen(SUFFIX);

	if (length > suffix && strcmp(username + length - suffix, SUFFIX) == 0)
	{
		length -= suffix;
		suffix = 0;
	}
	if (length + suffix >= ROLE_NAME_SIZE)
		return next_secret_error(error, "has a username that leaves no room for " SUFFIX);
	snprintf(other, ROLE_NAME_SIZE, "%.*s%s", (int) length, username, suffix > 0 ? SUFFIX : "");
	return true;
}

static bool
name_other(const cJSON *document, const char *username, char *other, struct glue_error *error)
{
	const cJSON *alternate = cJSON_GetObjectItemCaseSensitive(document, ALTERNATE);

	if (alternate == NULL)
		return toggle_suffix(username, other, error);
	if (!cJSON_IsString(alternate) || alternate->valuestring[0] == '\0' ||
		strlen(alternate->valuestring) >= ROLE_NAME_SIZE)
		return next_secret_error(error, "does not have a valid role name in " ALTERNATE);
	if (strcmp(alternate->valuestring, username) == 0)
		return next_secret_error(error, "names the same login twice");
	snprintf(other, ROLE_NAME_SIZE, "%s", alternate->valuestring);
	return true;
}

/* ----- the document ----- */

static bool
set_text(cJSON *document, const char *name, const char *text, struct glue_error *error)
{
	cJSON *member = cJSON_CreateString(text);

	if (member == NULL || !cJSON_ReplaceItemInObjectCaseSensitive(document, name, member))
	{
		cJSON_Delete(member);
		return glue_error_memory(error);
	}
	return true;
}

static void
wipe_password(cJSON *document)
{
	cJSON *password = cJSON_GetObjectItemCaseSensitive(document, "password");

	if (cJSON_IsString(password))
		explicit_bzero(password->valuestring, strlen(password->valuestring));
}

/*
 * Swap the two names and set the password.
 */
static bool
change_places(cJSON *document, const char *password, struct glue_error *error)
{
	char username[ROLE_NAME_SIZE];
	char other[ROLE_NAME_SIZE];
	const char *present = cJSON_GetObjectItemCaseSensitive(document, "username")->valuestring;

	if (strlen(present) >= ROLE_NAME_SIZE)
		return next_secret_error(error, "has a username that is not a valid role name");
	snprintf(username, sizeof(username), "%s", present);
	wipe_password(document);
	return name_other(document, username, other, error) &&
		   set_text(document, "username", other, error) &&
		   set_text(document, "password", password, error) &&
		   (cJSON_GetObjectItemCaseSensitive(document, ALTERNATE) == NULL ||
			set_text(document, ALTERNATE, username, error));
}

static bool
print(const cJSON *document, struct byte_buffer *next, struct glue_error *error)
{
	char *text = cJSON_PrintUnformatted(document);
	bool done;

	if (text == NULL)
		return glue_error_memory(error);
	done = byte_buffer_append_string(next, text, error);
	explicit_bzero(text, strlen(text));
	cJSON_free(text);
	return done;
}

/*
 * Check that the other handlers can connect with this secret, that is, that
 * login_parse() accepts it.
 */
static bool
is_login(struct text_view current, struct glue_error *error)
{
	struct login login;
	bool good = login_parse(&login, current.data, current.length, error);

	login_clean_up(&login);
	return good;
}

bool
next_login_write(struct text_view current, const char *password, struct byte_buffer *next,
				 struct glue_error *error)
{
	cJSON *document;
	bool done;

	if (!is_login(current, error))
		return false;
	document = cJSON_ParseWithLength(current.data, current.length);
	if (document == NULL)
		return glue_error_memory(error);
	done = change_places(document, password, error) && print(document, next, error);
	secret_document_delete(document);
	return done;
}
