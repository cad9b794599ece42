/*-------------------------------------------------------------------------
 *
 * chosen_database.c
 *	  Choose the database of a command and how long to wait for it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "cli/chosen_database.h"
#include "cli/message.h"
#include "database/postgres_connect.h"
#include "server/cluster.h"

/* How long to retry a server that has never answered, in seconds. */
#define UNSEEN_RETRY_SECONDS 5

/* ----- connecting ----- */

/*
 * Connect with the connection string passed as context.  Parameters that libpq
 * rejects are usage errors.
 */
static PGconn *
connect_conninfo(void *context, bool refresh, int64_t deadline_ms, struct glue_error *error)
{
	PGconn *connection = postgres_connect_conninfo(context, deadline_ms, error);
	struct glue_error reason = *error;

	(void) refresh;
	if (connection == NULL && strcmp(reason.code, POSTGRES_BAD_PARAMETER) == 0)
		glue_error_set(error, GLUE_USAGE_ERROR, "USAGE", "%s; correct --db, or the PG* variables",
					   reason.text);
	return connection;
}

static void
tell_waiting(const struct glue_error *error, int64_t seconds)
{
	message_note("%s; retrying for up to %lld seconds", error->text, (long long) seconds);
}

/* ----- choosing ----- */

static void
tell_creating(const char *home)
{
	message_note("creating a private PostgreSQL server in %s", home);
}

/*
 * Check that libpq can parse the string. libpq's own message is not shown
 * because it repeats the string.
 */
static bool
check_conninfo(const char *conninfo, struct glue_error *error)
{
	PQconninfoOption *parsed = NULL;
	char *message = NULL;

	/* A plain word is a database name. */
	if (strchr(conninfo, '=') != NULL || strstr(conninfo, "://") != NULL)
	{
		parsed = PQconninfoParse(conninfo, &message);
		PQfreemem(message);
		if (parsed == NULL)
			return glue_error_set(
				error, GLUE_USAGE_ERROR, "USAGE",
				"option --db is not a connection string; write it like postgresql://user@host/database or \"host=... dbname=...\"");
		PQconninfoFree(parsed);
	}
	return true;
}

/*
 * Return whether the environment names a database.
 */
static bool
environment_names_database(void)
{
	static const char *const names[] = {
		"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return true;
	}
	return false;
}

static bool
is_private(const struct options *options)
{
	return options->database == NULL && !environment_names_database();
}

/*
 * Return the connection string of the chosen database, owned by the caller; ""
 * means the environment.  Starts the private server if that was chosen.  NULL
 * on error.
 */
static char *
choose_conninfo(const struct options *options, struct glue_error *error)
{
	const char *given = options->database != NULL ? options->database : "";
	size_t size = strlen(given) + 1;
	char *conninfo;

	if (is_private(options))
		return cluster_start(options->quiet ? NULL : tell_creating, error);
	if (!check_conninfo(given, error))
		return NULL;
	conninfo = glue_allocate(size);
	if (conninfo == NULL)
		glue_error_memory(error);
	else
		memcpy(conninfo, given, size);
	return conninfo;
}

/*
 * Retry for as long as the user asked.  Without --retry-for, give up sooner on
 * a server that has never answered.
 */
static struct database_options
options_for(const struct options *options, char *conninfo)
{
	bool impatient = !is_private(options) && (options->given & OPTION_BIT(OPTION_RETRY_FOR)) == 0;

	return (struct database_options){
		.connector =
			{
				.connect = connect_conninfo,
				.release = glue_release,
				.context = conninfo,
			},
		.connect_ms = POSTGRES_CONNECT_MS,
		.retry = RETRY_WAITING,
		.retry_ms = options->retry_seconds * 1000,
		.unseen_retry_ms = impatient ? UNSEEN_RETRY_SECONDS * 1000 : options->retry_seconds * 1000,
		.tell_waiting = options->quiet ? NULL : tell_waiting,
	};
}

struct database *
chosen_database_open(const struct options *options, struct glue_error *error)
{
	char *conninfo = choose_conninfo(options, error);
	struct database_options how;
	struct database *database;

	if (conninfo == NULL)
		return NULL;
	how = options_for(options, conninfo);
	database = database_open(&how, error);
	if (database == NULL || database_connect(database, error))
		return database;
	database_close(database);
	return NULL;
}
