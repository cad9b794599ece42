/*-------------------------------------------------------------------------
 *
 * check_handler.c
 *	  The handler "check": verify a deployment.
 *
 * It accepts an operator's event, any object, or that of a schedule.  It reads
 * the secret, connects as the other handlers do and asks the extension for its
 * versions, which also detects a library that does not match the script.  It
 * answers
 *
 *	  {"program": "...", "library": "...", "script": "...", "ruleset": 1,
 *	   "database": "ok"}
 *
 * or fails with the reason.  It writes nothing.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "lambda/event_source.h"
#include "lambda/handler.h"

#define QUERY                                                                      \
	"SELECT pg_catalog.json_build_object('program', $1::text, 'library', library," \
	" 'script', script, 'ruleset', ruleset, 'database', 'ok')::text,"              \
	" library, script FROM onboard_version()"

static bool
check_invoke(struct sandbox *sandbox, const struct invocation *invocation, struct glue_error *error)
{
	const char *const values[] = {ONBOARD_VERSION};
	PGresult *result = NULL;
	bool done;

	if (event_source_origin((struct text_view){invocation->event, invocation->event_length}) ==
		EVENT_OF_SERVICE)
		return event_source_refuse(error, "is neither an operator's nor that of a schedule");
	if (!database_query(sandbox->database, RUN_AGAIN, QUERY, 1, values, &result, error))
		return false;
	if (strcmp(PQgetvalue(result, 0, 1), ONBOARD_VERSION) != 0)
		log_write(&sandbox->log, LOG_WARNING,
				  "the database has a different version of the extension",
				  LOG_NAME(LOG_VERSION, PQgetvalue(result, 0, 1)));
	done = byte_buffer_append_string(invocation->response, PQgetvalue(result, 0, 0), error);
	PQclear(result);
	return done;
}

const struct handler check_handler = {
	.id = HANDLER_CHECK,
	.invoke = check_invoke,
};
