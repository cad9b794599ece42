/*-------------------------------------------------------------------------
 *
 * login.c
 *	  Parse the database secret.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/heap.h"
#include "lambda/login.h"
#include "lambda/secret_document.h"

/* Most bytes of a secret, the limit of Secrets Manager. */
#define LARGEST_SECRET 65536

#define DEFAULT_PORT "5432"
#define HIGHEST_PORT 65535

static bool
secret_error(struct glue_error *error, const char *reason, const char *member)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "SECRET_INVALID",
						  "the database secret %s%s", reason, member);
}

static void
release_text(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	glue_release(text);
}

void
login_clean_up(struct login *login)
{
	release_text(login->host);
	release_text(login->port);
	release_text(login->database);
	release_text(login->username);
	release_text(login->password);
	release_text(login->ca);
	memset(login, 0, sizeof(*login));
}

void
login_wipe(struct byte_buffer *text)
{
	if (text->data != NULL)
		explicit_bzero(text->data, text->size);
	byte_buffer_clean_up(text);
}

/* ----- members ----- */

static bool
keep(char **copy, const char *text, struct glue_error *error)
{
	size_t size = strlen(text) + 1;

	*copy = glue_allocate(size);
	if (*copy == NULL)
		return glue_error_memory(error);
	memcpy(*copy, text, size);
	return true;
}

/*
 * Read a required, nonempty string.
 */
static bool
read_text(const cJSON *document, const char *name, char **copy, struct glue_error *error)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(document, name);

	if (!cJSON_IsString(member) || member->valuestring[0] == '\0')
		return secret_error(error, "has no string ", name);
	return keep(copy, member->valuestring, error);
}

/*
 * Check a port given as a string.  What libpq would refuse is refused here,
 * where the error can name the secret.
 */
static bool
is_port(const char *text)
{
	size_t length = strspn(text, "0123456789");
	long port = length > 0 && length <= 5 ? strtol(text, NULL, 10) : 0;

	return text[length] == '\0' && port >= 1 && port <= HIGHEST_PORT;
}

static bool
read_port(const cJSON *document, char **copy, struct glue_error *error)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(document, "port");
	char digits[16];

	if (member == NULL)
		return keep(copy, DEFAULT_PORT, error);
	if (cJSON_IsNumber(member) && member->valuedouble >= 1 && member->valuedouble <= HIGHEST_PORT)
		snprintf(digits, sizeof(digits), "%d", (int) member->valuedouble);
	else if (cJSON_IsString(member) && is_port(member->valuestring))
		snprintf(digits, sizeof(digits), "%s", member->valuestring);
	else
		return secret_error(error, "has no port from 1 to 65535", "");
	return keep(copy, digits, error);
}

static bool
read_ca(const cJSON *document, char **copy, struct glue_error *error)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(document, "ca");

	if (member == NULL || cJSON_IsNull(member))
		return true;
	return read_text(document, "ca", copy, error);
}

bool
login_parse(struct login *login, const char *secret, size_t length, struct glue_error *error)
{
	cJSON *document = cJSON_ParseWithLength(secret, length);
	bool done;

	memset(login, 0, sizeof(*login));
	if (!cJSON_IsObject(document))
	{
		cJSON_Delete(document);
		return secret_error(error, "is not a JSON object", "");
	}
	done = read_text(document, "host", &login->host, error) &&
		   read_port(document, &login->port, error) &&
		   read_text(document, "dbname", &login->database, error) &&
		   read_text(document, "username", &login->username, error) &&
		   read_text(document, "password", &login->password, error) &&
		   read_ca(document, &login->ca, error);
	secret_document_delete(document);
	if (!done)
		login_clean_up(login);
	return done;
}

/* ----- from a file ----- */

static bool
read_descriptor(int descriptor, struct byte_buffer *text, struct glue_error *error)
{
	/* One extra byte, to detect a secret that is too large. */
	if (!byte_buffer_reserve(text, LARGEST_SECRET + 1, error))
		return false;
	for (;;)
	{
		ssize_t got = read(descriptor, text->data + text->used, LARGEST_SECRET + 1 - text->used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "SECRET_UNREADABLE",
								  "cannot read the database secret: %s", strerror(errno));
		text->used += got;
		if (text->used > LARGEST_SECRET)
			return secret_error(error, "is larger than 64 KiB", "");
		if (got == 0)
			return true;
	}
}

bool
login_secret_of_file(void *context, bool refresh, int64_t deadline_ms, struct byte_buffer *text,
					 struct glue_error *error)
{
	int descriptor = open((const char *) context, O_RDONLY | O_CLOEXEC);
	bool done;

	(void) refresh;
	(void) deadline_ms;
	if (descriptor < 0)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "SECRET_UNREADABLE",
							  "cannot open the database secret file: %s", strerror(errno));
	done = read_descriptor(descriptor, text, error);
	close(descriptor);
	return done;
}
