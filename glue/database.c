/*-------------------------------------------------------------------------
 *
 * database.c
 *	  One connection to one database, its errors, and trying again.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cluster.h"
#include "database.h"
#include "interrupt.h"
#include "memory.h"
#include "terminal.h"

#define CONNECT_TIMEOUT_MS	15000
#define FIRST_DELAY_MS		100
#define LONGEST_DELAY_MS	5000

/* How long to try a server that nobody has seen, in seconds. */
#define UNSEEN_RETRY_SECONDS 5

#define SQLSTATE_LENGTH		5
#define CONNECTION_LOST		"08006"
#define UNREACHABLE			"08001"

struct database
{
	char	   *conninfo;		/* owned; "" for the environment */
	bool		is_private;
	bool		is_quiet;
	int64_t		retry_seconds;
	bool		retry_given;	/* the user said how long */
	bool		was_there;		/* a connection has succeeded */
	PGconn	   *connection;		/* owned; NULL while there is none */
};

int64_t
clock_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ----- errors ----- */

bool
database_error_is_transient(const struct glue_error *error)
{
	static const char *const classes[] = {"08", "40", "53", "57", "58", "XX"};

	if (error->class != GLUE_INFRASTRUCTURE_ERROR ||
		strlen(error->code) != SQLSTATE_LENGTH)
		return false;
	if (strcmp(error->code, "55P03") == 0)
		return true;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
	{
		if (memcmp(error->code, classes[i], 2) == 0)
			return true;
	}
	return false;
}

/*
 * The part of a COPY's context that says where, without the value that may
 * follow: "COPY intake, line 17, column price".  0 for any other context.
 */
static int
copy_context_length(const char *context)
{
	if (context == NULL || strncmp(context, "COPY ", 5) != 0)
		return 0;
	return (int) strcspn(context, ":\n\"");
}

bool
database_error(PGconn *connection, const PGresult *result,
			   struct glue_error *error)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
	int			context_length = copy_context_length(context);

	if (interrupted())
		return interrupt_error(error);
	if (sqlstate == NULL || primary == NULL)
	{
		/* libpq's own words; they hold no value and no password. */
		const char *message = connection != NULL && PQstatus(connection) == CONNECTION_OK ?
			PQerrorMessage(connection) : "";

		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, CONNECTION_LOST,
							  "the connection to the database was lost%s%.*s",
							  message[0] != '\0' ? ": " : "",
							  (int) strcspn(message, "\n"), message);
	}
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, sqlstate,
						  "the database says: %s%s%.*s%s%s%s", primary,
						  context_length > 0 ? ", at " : "", context_length,
						  context_length > 0 ? context : "",
						  hint != NULL ? " (" : "", hint != NULL ? hint : "",
						  hint != NULL ? ")" : "");
}

/* ----- connecting ----- */

/*
 * The SQLSTATE in a failed connection's message, which is verbose:
 * "FATAL:  28P01: password ...".  NULL when the server said nothing.
 */
static const char *
find_sqlstate(const char *message)
{
	for (const char *colon = strchr(message, ':'); colon != NULL; colon = strchr(colon + 1, ':'))
	{
		const char *state = colon + 1 + strspn(colon + 1, " ");

		/* A digit tells it from the word FATAL. */
		if (strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == SQLSTATE_LENGTH &&
			state[SQLSTATE_LENGTH] == ':' &&
			strcspn(state, "0123456789") < SQLSTATE_LENGTH)
			return state;
	}
	return NULL;
}

/*
 * Why a connection failed, in our own words: libpq's would repeat parts of the
 * connection string.
 */
static bool
connect_error(PGconn *connection, struct glue_error *error)
{
	static const struct
	{
		const char *sqlstate;
		const char *text;
	}			known[] = {
		{"28", "the database refused the login; check user and password"},
		{"3D000", "there is no database of that name on the server"},
		{"53300", "the database has no free connection"},
		{"57P03", "the database is starting up or shutting down"},
		{"42501", "the login may not connect to the database"},
	};
	const char *message = connection != NULL ? PQerrorMessage(connection) : "";
	const char *sqlstate = find_sqlstate(message);
	const char *reason = strstr(message, "failed: ");
	const char *host = connection != NULL ? PQhost(connection) : NULL;
	char		code[SQLSTATE_LENGTH + 1];

	if (sqlstate == NULL && PQconnectionNeedsPassword(connection))
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "28P01",
							  "the database wants a password; use PGPASSWORD or a password file");
	if (sqlstate == NULL)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, UNREACHABLE,
							  "cannot reach the database at %s%s%.*s",
							  host != NULL && host[0] != '\0' ? host : "its address",
							  reason != NULL ? ": " : "",
							  reason != NULL ? (int) strcspn(reason + 8, "\n") : 0,
							  reason != NULL ? reason + 8 : "");
	snprintf(code, sizeof(code), "%.*s", SQLSTATE_LENGTH, sqlstate);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (strncmp(code, known[i].sqlstate, strlen(known[i].sqlstate)) == 0)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, code,
								  "%s", known[i].text);
	}
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, code,
						  "the database refused the connection (SQLSTATE %s)", code);
}

/*
 * Drive a connection that was begun until it stands or fails.
 */
static bool
wait_for_connection(PGconn *connection, struct glue_error *error)
{
	int64_t		deadline = clock_milliseconds() + CONNECT_TIMEOUT_MS;
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED)
	{
		struct pollfd waiting = {.fd = PQsocket(connection)};
		int64_t		left = deadline - clock_milliseconds();
		int			ready;

		waiting.events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		ready = left > 0 ? poll(&waiting, 1, (int) left) : 0;
		if (interrupted())
			return interrupt_error(error);
		if (ready == 0)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, UNREACHABLE,
								  "the database did not answer within %d seconds",
								  CONNECT_TIMEOUT_MS / 1000);
		if (ready > 0)
			status = PQconnectPoll(connection);
	}
	if (status == PGRES_POLLING_FAILED)
		return connect_error(connection, error);
	return true;
}

/*
 * Notices of the server are of no use to our users.
 */
static void
drop_notice(void *context, const char *message)
{
	(void) context;
	(void) message;
}

PGconn *
database_connect(const char *conninfo, struct glue_error *error)
{
	/* Before dbname: what a user may overrule; after it: what he may not. */
	static const char *const keywords[] = {
		"fallback_application_name", "keepalives_idle", "tcp_user_timeout",
		"dbname", "client_encoding", NULL
	};
	const char *const values[] = {
		"onboard", "30", "60000", conninfo, "UTF8", NULL
	};
	PGconn	   *connection = PQconnectStartParams(keywords, values, 1);

	if (connection == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
	(void) PQsetNoticeProcessor(connection, drop_notice, NULL);
	if (PQstatus(connection) == CONNECTION_BAD)
		connect_error(connection, error);
	else if (wait_for_connection(connection, error))
		return connection;
	PQfinish(connection);
	return NULL;
}

/*
 * Whether libpq understands the text; its own message would repeat it.
 */
static bool
check_conninfo(const char *conninfo, struct glue_error *error)
{
	PQconninfoOption *parsed = NULL;
	char	   *message = NULL;

	/* A plain word is a database's name. */
	if (strchr(conninfo, '=') != NULL || strstr(conninfo, "://") != NULL)
	{
		parsed = PQconninfoParse(conninfo, &message);
		PQfreemem(message);
		if (parsed == NULL)
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option --db is no connection string; write it like postgresql://user@host/database or \"host=... dbname=...\"");
		PQconninfoFree(parsed);
	}
	return true;
}

/*
 * Prepare a new session: our functions first in the search path after
 * pg_catalog, wherever the extension was created.
 */
static bool
prepare_session(struct database *database, struct glue_error *error)
{
	PGresult   *result = NULL;
	bool		found;

	if (!database_query(database, RUN_ONCE,
						"SELECT pg_catalog.set_config('search_path',"
						" 'pg_catalog, ' || pg_catalog.quote_ident(n.nspname), false),"
						" pg_catalog.set_config('client_min_messages', 'warning', false),"
						" pg_catalog.set_config('datestyle', 'ISO', false)"
						" FROM pg_catalog.pg_extension e"
						" JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace"
						" WHERE e.extname = 'onboard'", 0, NULL, &result, error))
		return false;
	found = PQntuples(result) == 1;
	PQclear(result);
	if (!found)
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NOT_INSTALLED",
							  "database \"%s\" has no extension onboard; run CREATE EXTENSION onboard in it",
							  PQdb(database->connection));
	return true;
}

static void
drop_connection(struct database *database)
{
	interrupt_watch(NULL);
	PQfinish(database->connection);
	database->connection = NULL;
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
		return false;
	database->was_there = true;
	interrupt_watch(database->connection);
	if (prepare_session(database, error))
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
		"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"
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
choose_database(struct database *database, const struct options *options,
				struct glue_error *error)
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
		(connect_database(database, error) ||
		 database_recover(database, &patience, error)))
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
	int64_t		delay = LONGEST_DELAY_MS;
	int64_t		left = patience->deadline_ms - clock_milliseconds();
	uint32_t	random = 0;
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
		strcmp(error->code, UNREACHABLE) == 0)
		return UNSEEN_RETRY_SECONDS;
	return database->retry_seconds;
}

/*
 * The time is up.  The first word of advice is the one that always works.
 */
static bool
give_up(int64_t seconds, struct glue_error *error)
{
	struct glue_error reason = *error;

	return glue_error_set(error, reason.class, reason.code,
						  "%s; gave up after %lld seconds: see that the database runs, then run the same command again",
						  reason.text, (long long) seconds);
}

bool
database_recover(struct database *database, struct patience *patience,
				 struct glue_error *error)
{
	while (database_error_is_transient(error))
	{
		int64_t		seconds = retry_seconds(database, error);

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
		if (database->connection != NULL &&
			PQstatus(database->connection) == CONNECTION_OK &&
			PQtransactionStatus(database->connection) == PQTRANS_IDLE)
			return true;
		if (connect_database(database, error))
			return true;
	}
	return false;
}

bool
database_query(struct database *database, enum database_repeat repeat,
			   const char *statement, int count, const char *const *values,
			   PGresult **result, struct glue_error *error)
{
	struct patience patience;

	database_patience(database, &patience);
	for (;;)
	{
		PGresult   *answer = PQexecParams(database->connection, statement, count,
										  NULL, values, NULL, NULL, 0);
		ExecStatusType status = PQresultStatus(answer);

		if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		{
			if (result != NULL)
				*result = answer;
			else
				PQclear(answer);
			return true;
		}
		database_error(database->connection, answer, error);
		PQclear(answer);
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
database_exec_psql(struct database *database, char **arguments,
				   struct glue_error *error)
{
	char		path[4096];

	if (!export_connection(database->connection, error))
		return false;
	drop_connection(database);
	snprintf(path, sizeof(path), "%s/psql", cluster_bindir());
	arguments[0] = path;
	execv(path, arguments);
	arguments[0] = "psql";
	execvp("psql", arguments);
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "NO_PSQL",
						  "cannot run psql: %s", strerror(errno));
}
