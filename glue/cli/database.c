/*-------------------------------------------------------------------------
 *
 * database.c
 *	  The command line's connection to one database, and trying again.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/interrupt.h"
#include "cli/database.h"
#include "cli/terminal.h"
#include "database/postgres_cancel.h"
#include "server/cluster.h"

#define CONNECT_TIMEOUT_MS 15000
#define FIRST_DELAY_MS 100
#define LONGEST_DELAY_MS 5000

/* How long to try a server that nobody has seen, in seconds. */
#define UNSEEN_RETRY_SECONDS 5

struct database
{
	char *conninfo; /* owned; "" for the environment */
	bool is_private;
	bool is_quiet;
	int64_t retry_seconds;
	bool retry_given;   /* the user said how long */
	bool was_there;     /* a connection has succeeded */
	PGconn *connection; /* owned; NULL while there is none */
};

/* ----- connecting ----- */

PGconn *
database_connect(const char *conninfo, struct glue_error *error)
{
	/* Before dbname: what a user may overrule; after it: what he may not. */
	static const char *const keywords[] = {
		"fallback_application_name", "keepalives_idle",
		"tcp_user_timeout",          "dbname",
		"client_encoding",           NULL,
	};
	const char *const values[] = {
		"onboard", "30", "60000", conninfo, "UTF8", NULL,
	};

	return postgres_connect(keywords, values, clock_milliseconds() + CONNECT_TIMEOUT_MS, error);
}

/*
 * Whether libpq understands the text; its own message would repeat it.
 */
static bool
check_conninfo(const char *conninfo, struct glue_error *error)
{
	PQconninfoOption *parsed = NULL;
	char *message = NULL;

	/* A plain word is a database's name. */
	if (strchr(conninfo, '=') != NULL || strstr(conninfo, "://") != NULL)
	{
		parsed = PQconninfoParse(conninfo, &message);
		PQfreemem(message);
		if (parsed == NULL)
			return glue_error_set(
				error, GLUE_USAGE_ERROR, "USAGE",
				"option --db is no connection string; write it like postgresql://user@host/database or \"host=... dbname=...\"");
		PQconninfoFree(parsed);
	}
	return true;
}

static void
drop_connection(struct database *database)
{
	postgres_cancel_on_interrupt(NULL);
	PQfinish(database->connection);
	database->connection = NULL;
}

/*
 * Parameters that libpq refuses are the user's to correct.
 */
static bool
explain_connect_error(struct glue_error *error)
{
	struct glue_error reason = *error;

	if (strcmp(reason.code, POSTGRES_BAD_PARAMETER) != 0)
		return false;
	return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
						  "%s; correct --db, or the PG* variables", reason.text);
}

/*
 * One attempt to have a session.
 */
static bool
connect_database(struct database *database, struct glue_error *error)
{
	drop_connection(database);
	database->connection = database_connect(database->conninfo, error);
	if (database->connection == NULL)
		return explain_connect_error(error);
	database->was_there = true;
	postgres_cancel_on_interrupt(database->connection);
	if (postgres_prepare(database->connection, NULL, POSTGRES_NO_DEADLINE, error))
		return true;
	drop_connection(database);
	return false;
}

/*
 * Whether the environment names a database.
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

/*
 * Find out which database is meant, starting the private server if it is that.
 */
static bool
choose_database(struct database *database, const struct options *options, struct glue_error *error)
{
	const char *conninfo = options->database != NULL ? options->database : "";

	if (options->database == NULL && !environment_names_database())
	{
		database->is_private = true;
		database->conninfo = cluster_start(options->quiet, error);
		return database->conninfo != NULL;
	}
	if (!check_conninfo(conninfo, error))
		return false;
	database->conninfo = glue_allocate(strlen(conninfo) + 1);
	if (database->conninfo == NULL)
		return glue_error_memory(error);
	memcpy(database->conninfo, conninfo, strlen(conninfo) + 1);
	return true;
}

struct database *
database_open(const struct options *options, struct glue_error *error)
{
	struct database *database = glue_allocate_zero(sizeof(*database));
	struct patience patience;

	if (database == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	database->is_quiet = options->quiet;
	database->retry_seconds = options->retry_seconds;
	database->retry_given = (options->given & OPTION_BIT(OPTION_RETRY_FOR)) != 0;
	database_patience(database, &patience);
	if (choose_database(database, options, error) &&
		(connect_database(database, error) || database_recover(database, &patience, error)))
		return database;
	database_close(database);
	return NULL;
}

void
database_close(struct database *database)
{
	if (database == NULL)
		return;
	drop_connection(database);
	glue_release(database->conninfo);
	glue_release(database);
}

PGconn *
database_connection(struct database *database)
{
	return database->connection;
}

/* ----- trying again ----- */

void
database_patience(const struct database *database, struct patience *patience)
{
	patience->attempts = 0;
	patience->told = false;
	patience->started_ms = clock_milliseconds();
	patience->deadline_ms = patience->started_ms + database->retry_seconds * 1000;
}

/*
 * Exponential backoff with jitter: between half of the delay and all of it,
 * so that many clients of one database do not come back at the same moment.
 */
static void
wait_before_attempt(struct patience *patience)
{
	int64_t delay = LONGEST_DELAY_MS;
	int64_t left = patience->deadline_ms - clock_milliseconds();
	uint32_t random = 0;
	struct timespec wait;

	if (patience->attempts < 10 && (FIRST_DELAY_MS << patience->attempts) < LONGEST_DELAY_MS)
		delay = FIRST_DELAY_MS << patience->attempts;
	patience->attempts++;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t) getpid();
	delay = delay / 2 + random % (delay / 2 + 1);
	if (delay > left)
		delay = left > 0 ? left : 0;
	wait.tv_sec = delay / 1000;
	wait.tv_nsec = (delay % 1000) * 1000000;
	(void) nanosleep(&wait, NULL);
}

/*
 * How long to try again after this error.  A server that never answered will
 * hardly begin to; one that says that it is starting up will.
 */
static int64_t
retry_seconds(const struct database *database, const struct glue_error *error)
{
	if (!database->was_there && !database->is_private && !database->retry_given &&
		strcmp(error->code, POSTGRES_UNREACHABLE) == 0)
		return UNSEEN_RETRY_SECONDS;
	return database->retry_seconds;
}

/*
 * Whether another attempt may succeed.  It may for a host that answered before,
 * whatever the name server says now.
 */
static bool
may_pass(const struct database *database, const struct glue_error *error)
{
	return postgres_error_is_transient(error) ||
		   (database->was_there && strcmp(error->code, POSTGRES_UNKNOWN_HOST) == 0);
}

/*
 * The time is up.  The first word of advice is the one that always works.
 */
static bool
give_up(int64_t seconds, struct glue_error *error)
{
	glue_error_reword(
		error,
		"%s; gave up after %lld %s; make sure that the database is running, then run the same command again",
		error->text, (long long) seconds, terminal_plural(seconds, "second", "seconds"));
	return false;
}

bool
database_recover(struct database *database, struct patience *patience, struct glue_error *error)
{
	while (may_pass(database, error))
	{
		int64_t seconds = retry_seconds(database, error);

		patience->deadline_ms = patience->started_ms + seconds * 1000;
		if (clock_milliseconds() >= patience->deadline_ms)
			return give_up(seconds, error);
		if (!patience->told && !database->is_quiet && patience->attempts > 0)
		{
			patience->told = true;
			terminal_note("%s; trying again for up to %lld seconds", error->text,
						  (long long) seconds);
		}
		wait_before_attempt(patience);
		if (interrupted())
			return interrupt_error(error);
		if (database->connection != NULL && PQstatus(database->connection) == CONNECTION_OK &&
			PQtransactionStatus(database->connection) == PQTRANS_IDLE)
			return true;
		if (connect_database(database, error))
			return true;
	}
	return false;
}

bool
database_query(struct database *database, enum database_repeat repeat, const char *statement,
			   int count, const char *const *values, PGresult **result, struct glue_error *error)
{
	struct patience patience;

	database_patience(database, &patience);
	for (;;)
	{
		if (postgres_query(database->connection, statement, count, values, POSTGRES_NO_DEADLINE,
						   result, error))
			return true;
		if (repeat == RUN_ONCE || !database_recover(database, &patience, error))
			return false;
	}
}

/* ----- psql ----- */

/*
 * The connection's parameters as environment variables: an argument would show
 * a password to everybody who lists processes.
 */
static bool
export_connection(PGconn *connection, struct glue_error *error)
{
	PQconninfoOption *options = PQconninfo(connection);

	if (options == NULL)
		return glue_error_memory(error);
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
	{
		if (option->envvar != NULL && option->val != NULL && option->val[0] != '\0')
			setenv(option->envvar, option->val, 1);
	}
	PQconninfoFree(options);
	unsetenv("PGSERVICE");
	return true;
}

bool
database_exec_psql(struct database *database, char **arguments, struct glue_error *error)
{
	char path[4096];

	if (!export_connection(database->connection, error))
		return false;
	drop_connection(database);
	snprintf(path, sizeof(path), "%s/psql", cluster_bindir());
	arguments[0] = path;
	execv(path, arguments);
	arguments[0] = "psql";
	execvp("psql", arguments);
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_PSQL", "cannot run psql: %s",
						  strerror(errno));
}
