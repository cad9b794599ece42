/*-------------------------------------------------------------------------
 *
 * url_event.c
 *	  Parse the event of a function URL: an HTTPS request.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "lambda/event_source.h"
#include "lambda/url_event.h"

static const char *
text_member(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(member) ? member->valuestring : NULL;
}

bool
url_event_init(struct url_event *event, const char *json, size_t length, struct glue_error *error)
{
	const cJSON *context;
	const char *version;

	memset(event, 0, sizeof(*event));
	event->document = cJSON_ParseWithLength(json, length);
	context = cJSON_GetObjectItemCaseSensitive(event->document, "requestContext");
	version = text_member(event->document, "version");
	event->method = text_member(cJSON_GetObjectItemCaseSensitive(context, "http"), "method");
	event->path = text_member(event->document, "rawPath");
	event->query = text_member(event->document, "rawQueryString");
	if (event->query == NULL)
		event->query = "";
	/* A request for authorization has a type. */
	if (version != NULL && strcmp(version, "2.0") == 0 &&
		cJSON_GetObjectItemCaseSensitive(event->document, "type") == NULL &&
		event->method != NULL && event->path != NULL && event->path[0] == '/')
		return true;
	url_event_clean_up(event);
	return event_source_refuse(error, "is not from a function URL with payload format 2.0");
}

void
url_event_clean_up(struct url_event *event)
{
	cJSON_Delete(event->document);
	memset(event, 0, sizeof(*event));
}

struct text_view
url_event_parameter(const struct url_event *event, const char *name)
{
	struct text_view found = {NULL, 0};
	size_t name_length = strlen(name);
	const char *next = event->query;

	while (*next != '\0')
	{
		size_t length = strcspn(next, "&");

		if (length > name_length && strncmp(next, name, name_length) == 0 &&
			next[name_length] == '=')
		{
			if (found.data != NULL)
				return (struct text_view){NULL, 0};
			found.data = next + name_length + 1;
			found.length = length - name_length - 1;
		}
		next += length + (next[length] == '&');
	}
	return found;
}
