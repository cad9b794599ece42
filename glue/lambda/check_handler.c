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
 * A database may have the table onboard_host.status, with one row about its
 * machine, as glue/deploy/database/ makes it.  The row becomes metrics, because
 * that machine has no way to CloudWatch.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambda/event_source.h"
#include "lambda/handler.h"

#define QUERY                                                                      \
	"SELECT pg_catalog.json_build_object('program', $1::text, 'library', library," \
	" 'script', script, 'ruleset', ruleset, 'database', 'ok')::text,"              \
	" library, script FROM onboard_version()"

#define HAS_HOST_STATUS "SELECT pg_catalog.to_regclass('onboard_host.status') IS NOT NULL"

/* Rounded up, so that 80 means that at most a fifth is free. */
#define HOST_STATUS                                                                  \
	"SELECT pg_catalog.ceil(100.0 * (total_bytes - free_bytes) / total_bytes)::int," \
	" certificate_seconds, backup_age_seconds FROM onboard_host.status"

/*
 * Add the metrics of the database's machine, if the database has them.  NULL
 * values, such as the age of a backup that was never taken, are omitted.
 */
static bool
measure_host(struct sandbox *sandbox, struct metrics *metrics, struct glue_error *error)
{
	static const enum metric_id columns[] = {METRIC_DATABASE_DISK, METRIC_DATABASE_CERTIFICATE,
											 METRIC_DATABASE_BACKUP};
	PGresult *result = NULL;
	bool known;

	if (!database_query(sandbox->database, RUN_AGAIN, HAS_HOST_STATUS, 0, NULL, &result, error))
		return false;
	known = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	if (!known)
		return true;
	if (!database_query(sandbox->database, RUN_AGAIN, HOST_STATUS, 0, NULL, &result, error))
		return false;
	for (int i = 0; i < 3 && PQntuples(result) == 1; i++)
	{
		if (!PQgetisnull(result, 0, i))
			metrics_add(metrics, columns[i], strtoll(PQgetvalue(result, 0, i), NULL, 10));
	}
	PQclear(result);
	return true;
}

static bool
check_invoke(struct sandbox *sandbox, const struct invocation *invocation, struct glue_error *error)
{
	const char *const values[] = {ONBOARD_VERSION};
	PGresult *result = NULL;
	bool done;

	if (event_source_origin((struct text_view){invocation->event, invocation->event_length}) ==
		EVENT_OF_SERVICE)
		return event_source_refuse(error, "is neither an operator's nor a schedule's");
	if (!database_query(sandbox->database, RUN_AGAIN, QUERY, 1, values, &result, error))
		return false;
	if (strcmp(PQgetvalue(result, 0, 1), ONBOARD_VERSION) != 0)
		log_write(&sandbox->log, LOG_WARNING,
				  "the database has a different version of the extension",
				  LOG_NAME(LOG_VERSION, PQgetvalue(result, 0, 1)));
	done = byte_buffer_append_string(invocation->response, PQgetvalue(result, 0, 0), error);
	PQclear(result);
	return done && measure_host(sandbox, invocation->metrics, error);
}

const struct handler check_handler = {
	.id = HANDLER_CHECK,
	.invoke = check_invoke,
};
