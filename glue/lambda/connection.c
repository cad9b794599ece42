/*-------------------------------------------------------------------------
 *
 * connection.c
 *	  The one connection of a sandbox to the database.
 *
 * A sandbox is frozen between invocations for any length of time, and the
 * monotonic clock may stand still meanwhile, so how long a connection was idle
 * is told by the clock of the day.  Deadlines lie within one invocation and
 * are of the monotonic clock.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/heap.h"
#include "database/breaker.h"
#include "lambda/connection.h"
#include "base/clock.h"

/* How long a query that only tries the connection may take, in milliseconds. */
#define TRIAL_MS 2000

/* The server gives up a little before we do, and says so. */
#define SERVER_LEAD_MS 250

/* A transaction whose client is silent for so long ends, in milliseconds. */
#define SILENCE_MS 60000

/* Messages of the server that are read before an idle connection is dropped. */
#define MOST_MESSAGES 8

#define CA_PATH_SIZE 4096

struct connection
{
	/* immutable */
	const struct settings *settings;
	login_secret_fn secret;
	void *secret_context;
	/* mutable */
	PGconn *session; /* owned; NULL while there is none */
	int64_t used_at; /* milliseconds, clock of the day */
	struct breaker breaker;
	int64_t retries;
	char *ca;                   /* owned; what stands in the file */
	char ca_path[CA_PATH_SIZE]; /* ours to remove; "" when there is none */
};

static bool
deadline_error(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "DEADLINE",
						  "there is no time left for the database");
}

static void
drop_session(struct connection *connection)
{
	PQfinish(connection->session);
	connection->session = NULL;
}

struct connection *
connection_new(const struct settings *settings, login_secret_fn secret, void *context,
			   struct glue_error *error)
{
	struct connection *connection = glue_allocate_zero(sizeof(*connection));

	if (connection == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	connection->settings = settings;
	connection->secret = secret;
	connection->secret_context = context;
	breaker_init(&connection->breaker, settings->database_failures,
				 settings->database_pause_seconds * 1000);
	return connection;
}

void
connection_destroy(struct connection *connection)
{
	if (connection == NULL)
		return;
	drop_session(connection);
	if (connection->ca_path[0] != '\0')
		unlink(connection->ca_path);
	glue_release(connection->ca);
	glue_release(connection);
}

int64_t
connection_take_retries(struct connection *connection)
{
	int64_t retries = connection->retries;

	connection->retries = 0;
	return retries;
}

/* ----- the certificate authority ----- */

static bool
write_all(int descriptor, const char *text)
{
	size_t left = strlen(text);

	while (left > 0)
	{
		ssize_t written = write(descriptor, text, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		left -= written;
	}
	return true;
}

/*
 * A new file that only we can read, for libpq takes certificates from files
 * only.  The old one goes.
 */
static bool
write_ca(struct connection *connection, const char *ca, struct glue_error *error)
{
	const char *folder = getenv("TMPDIR");
	char path[CA_PATH_SIZE];
	int descriptor;
	bool done;

	snprintf(path, sizeof(path), "%s/onboard-ca-XXXXXX",
			 folder != NULL && folder[0] == '/' ? folder : "/tmp");
	descriptor = mkostemp(path, O_CLOEXEC);
	done = descriptor >= 0 && write_all(descriptor, ca);
	if (descriptor >= 0 && close(descriptor) != 0)
		done = false;
	if (!done)
	{
		glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "CA_FILE",
					   "cannot write the database's certificate authority: %s", strerror(errno));
		if (descriptor >= 0)
			unlink(path);
		return false;
	}
	if (connection->ca_path[0] != '\0')
		unlink(connection->ca_path);
	memcpy(connection->ca_path, path, sizeof(path));
	return true;
}

/*
 * The file to check the server's certificate against.
 */
static bool
prepare_ca(struct connection *connection, struct login *login, const char **path,
		   struct glue_error *error)
{
	*path = connection->settings->database_ca_file;
	if (login->ca == NULL && *path == NULL && login->host[0] != '/')
		return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "SECRET_INVALID",
							  "the database's secret has no ca, and DATABASE_CA_FILE is not set");
	if (login->ca == NULL)
		return true;
	if (connection->ca == NULL || strcmp(connection->ca, login->ca) != 0)
	{
		if (!write_ca(connection, login->ca, error))
			return false;
		glue_release(connection->ca);
		connection->ca = login->ca;
		login->ca = NULL;
	}
	*path = connection->ca_path;
	return true;
}

/* ----- connecting ----- */

static bool
connect_as(struct connection *connection, struct login *login, int64_t deadline_ms,
		   struct glue_error *error)
{
	/*
	 * dbname comes from the secret and libpq expands a connection string in
	 * it, but what stands behind it cannot be overruled.
	 */
	static const char *const keywords[] = {
		"dbname",
		"host",
		"port",
		"user",
		"password",
		"sslmode",
		"sslrootcert",
		"gssencmode",
		"application_name",
		"client_encoding",
		"keepalives_idle",
		"tcp_user_timeout",
		NULL,
	};
	const char *ca_path = NULL;

	if (!prepare_ca(connection, login, &ca_path, error))
		return false;
	else
	{
		const char *const values[] = {
			login->database,
			login->host,
			login->port,
			login->username,
			login->password,
			"verify-full",
			ca_path,
			"disable",
			"onboard",
			"UTF8",
			"30",
			"20000",
			NULL,
		};

		connection->session = postgres_connect(keywords, values, deadline_ms, error);
	}
	return connection->session != NULL;
}

/*
 * One attempt with what the secret says now.
 */
static bool
connect_by_secret(struct connection *connection, bool refresh, int64_t deadline_ms,
				  struct glue_error *error)
{
	struct byte_buffer text = {0};
	struct login login;
	bool done;

	if (!connection->secret(connection->secret_context, refresh, deadline_ms, &text, error))
	{
		login_wipe(&text);
		return false;
	}
	done = login_parse(&login, text.data, text.used, error);
	login_wipe(&text);
	if (done)
		done = connect_as(connection, &login, deadline_ms, error);
	login_clean_up(&login);
	return done;
}

/*
 * Whether the secret seems to be wrong, and so may have been changed since it was
 * read: the server, or a pgbouncer of an older version (08P01), refused the
 * login, or there is no such database or host.
 */
static bool
is_secret_wrong(const struct glue_error *error)
{
	static const char *const codes[] = {
		"08P01",
		"3D000",
		POSTGRES_UNKNOWN_HOST,
		POSTGRES_BAD_PARAMETER,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
	{
		if (strcmp(error->code, codes[i]) == 0)
			return true;
	}
	return strncmp(error->code, "28", 2) == 0;
}

static bool
make_session(struct connection *connection, int64_t deadline_ms, struct glue_error *error)
{
	int64_t now = clock_milliseconds();
	int64_t limit = now + connection->settings->database_connect_ms;
	bool done;

	if (now >= deadline_ms)
		return deadline_error(error);
	if (!breaker_allows(&connection->breaker, now))
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "DATABASE_PAUSED",
			"the database is left alone for a while, as the last connections to it failed");
	if (limit > deadline_ms)
		limit = deadline_ms;
	done = connect_by_secret(connection, false, limit, error);
	if (!done && is_secret_wrong(error))
	{
		connection->retries++;
		done = connect_by_secret(connection, true, limit, error);
	}
	now = clock_milliseconds();
	if (done)
		breaker_success(&connection->breaker);
	/* Where our own time was up, the database is not to blame. */
	else if (now < deadline_ms)
		breaker_failure(&connection->breaker, now);
	return done;
}

/* ----- a kept connection ----- */

/*
 * Whether nothing has come from the server since: a server that goes away
 * sends a message and closes.  Other messages are read, libpq drops them.
 */
static bool
is_quiet(PGconn *session)
{
	for (int i = 0; i < MOST_MESSAGES; i++)
	{
		char byte;
		ssize_t got = recv(PQsocket(session), &byte, 1, MSG_PEEK | MSG_DONTWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (got <= 0 || PQconsumeInput(session) == 0 || PQstatus(session) != CONNECTION_OK)
			return false;
		/* Lets libpq look at what it has read. */
		(void) PQisBusy(session);
	}
	return false;
}

/*
 * Whether it can be used, as far as can be told: a firewall may have forgotten
 * a connection that was idle, and only a query shows that.
 */
static bool
is_usable(const struct connection *connection, int64_t deadline_ms)
{
	PGconn *session = connection->session;
	int64_t idle = day_milliseconds() - connection->used_at;
	int64_t trial_end = clock_milliseconds() + TRIAL_MS;

	if (session == NULL || PQstatus(session) != CONNECTION_OK ||
		PQtransactionStatus(session) != PQTRANS_IDLE || !is_quiet(session))
		return false;
	if (idle >= 0 && idle <= connection->settings->database_idle_seconds * 1000)
		return true;
	return postgres_query(session, "SELECT 1", 0, NULL,
						  trial_end < deadline_ms ? trial_end : deadline_ms, NULL, NULL);
}

PGconn *
connection_get(struct connection *connection, int64_t deadline_ms, struct glue_error *error)
{
	if (!is_usable(connection, deadline_ms))
	{
		if (connection->session != NULL)
			connection->retries++;
		drop_session(connection);
		if (!make_session(connection, deadline_ms, error))
			return NULL;
	}
	connection->used_at = day_milliseconds();
	return connection->session;
}

/* ----- transactions ----- */

/*
 * Whether another connection may do better: this one is gone, classes 08 and
 * 57P0x, or its server only reads, 25006.  After a failover that is the old
 * one, which its name led to for a while, and it would keep us for ever.
 */
static bool
is_lost(const struct connection *connection, const struct glue_error *error)
{
	return strncmp(error->code, "08", 2) == 0 || strncmp(error->code, "57P0", 4) == 0 ||
		   strcmp(error->code, "25006") == 0 || connection->session == NULL ||
		   PQstatus(connection->session) != CONNECTION_OK;
}

/*
 * Begin, and let the server know how long it all may take.
 */
static bool
begin(PGconn *session, const struct settings *settings, int64_t deadline_ms,
	  struct glue_error *error)
{
	int64_t left = deadline_ms - clock_milliseconds() - SERVER_LEAD_MS;
	struct postgres_limits limits;

	if (left <= 0)
		return deadline_error(error);
	/* A server's longest timeout is INT_MAX milliseconds. */
	limits.statement_ms = left < INT32_MAX ? left : INT32_MAX;
	limits.lock_ms = left < settings->lock_timeout_ms ? left : settings->lock_timeout_ms;
	limits.idle_ms = left < SILENCE_MS ? left : SILENCE_MS;
	return postgres_begin(session, deadline_ms, error) &&
		   postgres_prepare(session, &limits, deadline_ms, error);
}

void
connection_roll_back(struct connection *connection, int64_t deadline_ms)
{
	PGconn *session = connection->session;

	connection->used_at = day_milliseconds();
	if (PQstatus(session) == CONNECTION_OK)
	{
		PGTransactionStatusType status = PQtransactionStatus(session);

		if (status == PQTRANS_IDLE)
			return;
		if ((status == PQTRANS_INTRANS || status == PQTRANS_INERROR) &&
			postgres_query(session, "ROLLBACK", 0, NULL, deadline_ms, NULL, NULL))
			return;
	}
	drop_session(connection);
}

/*
 * COMMIT of a failed transaction answers ROLLBACK.  What the server says for
 * certain is an error of another class than those that end its session.
 */
enum transaction_outcome
connection_commit(struct connection *connection, int64_t deadline_ms, struct glue_error *error)
{
	PGresult *result = NULL;
	bool committed;

	connection->used_at = day_milliseconds();
	if (!postgres_query(connection->session, "COMMIT", 0, NULL, deadline_ms, &result, error))
	{
		bool unknown = is_lost(connection, error);

		connection_roll_back(connection, deadline_ms);
		return unknown ? TRANSACTION_UNKNOWN : TRANSACTION_ROLLED_BACK;
	}
	committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;
	PQclear(result);
	if (committed)
		return TRANSACTION_COMMITTED;
	glue_error_set(error, GLUE_INTERNAL_ERROR, "NOT_COMMITTED",
				   "the transaction had failed before its end");
	return TRANSACTION_ROLLED_BACK;
}

PGconn *
connection_begin(struct connection *connection, int64_t deadline_ms, struct glue_error *error)
{
	PGconn *session = connection_get(connection, deadline_ms, error);

	if (session == NULL || begin(session, connection->settings, deadline_ms, error))
		return session;
	connection_roll_back(connection, deadline_ms);
	return NULL;
}

enum transaction_outcome
connection_transaction(struct connection *connection, int64_t deadline_ms, transaction_fn work,
					   void *context, struct glue_error *error)
{
	enum transaction_outcome outcome = TRANSACTION_ROLLED_BACK;

	for (int attempt = 1; attempt <= 2; attempt++)
	{
		PGconn *session = connection_get(connection, deadline_ms, error);

		if (session == NULL)
			return TRANSACTION_ROLLED_BACK;
		if (begin(session, connection->settings, deadline_ms, error) &&
			work(session, deadline_ms, context, error))
		{
			outcome = connection_commit(connection, deadline_ms, error);
			break;
		}
		if (attempt == 2 || !is_lost(connection, error) || clock_milliseconds() >= deadline_ms)
		{
			connection_roll_back(connection, deadline_ms);
			break;
		}
		connection->retries++;
		drop_session(connection);
	}
	connection->used_at = day_milliseconds();
	return outcome;
}

/* ----- one statement ----- */

struct single_statement
{
	const char *statement;
	int count;
	const char *const *values;
	PGresult *result; /* owned */
};

static bool
run_single(PGconn *session, int64_t deadline_ms, void *context, struct glue_error *error)
{
	struct single_statement *single = context;

	PQclear(single->result);
	single->result = NULL;
	return postgres_query(session, single->statement, single->count, single->values, deadline_ms,
						  &single->result, error);
}

bool
connection_query(struct connection *connection, int64_t deadline_ms, const char *statement,
				 int count, const char *const *values, PGresult **result, struct glue_error *error)
{
	struct single_statement single = {statement, count, values, NULL};
	bool done;

	done = connection_transaction(connection, deadline_ms, run_single, &single, error) ==
		   TRANSACTION_COMMITTED;
	if (done && result != NULL)
		*result = single.result;
	else
		PQclear(single.result);
	return done;
}
