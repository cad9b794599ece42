/*-------------------------------------------------------------------------
 *
 * database.c
 *	  A database: a connection made on demand, with statements, transactions and
 *	  retries.
 *
 * A function's process may be frozen between invocations for any length of
 * time, and the monotonic clock may stop meanwhile, so the idle time of a
 * connection is measured by the time of day.  Deadlines lie within one
 * invocation and use the monotonic clock.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/interrupt.h"
#include "database/breaker.h"
#include "database/database.h"
#include "database/postgres_cancel.h"

/* Delays between attempts, in milliseconds. */
#define FIRST_DELAY_MS 100
#define LONGEST_DELAY_MS 5000

/* Time limit of the query that tests a connection, in milliseconds. */
#define TRIAL_MS 2000

/* Time limit of ROLLBACK, in milliseconds. */
#define ROLL_BACK_MS 2000

/*
 * The server times out slightly before the client, so that it reports the
 * reason.
 */
#define SERVER_LEAD_MS 250

/* Limit of idle time in a transaction, in milliseconds. */
#define SILENCE_MS 60000

/* Server messages to read before an idle connection is dropped. */
#define MOST_MESSAGES 8

struct database
{
	/* immutable */
	struct database_options options;
	/* mutable */
	int64_t deadline_ms; /* monotonic clock */
	PGconn *connection;  /* owned; NULL while there is none */
	bool in_transaction; /* begun by us */
	bool was_there;      /* a connection has succeeded */
	bool connect_failed; /* in the last attempt */
	int64_t used_at;     /* milliseconds, time of day */
	int64_t retries;
	struct breaker breaker;
};

/* ----- from open to close ----- */

static void
release_context(const struct database_connector *connector)
{
	if (connector->release != NULL)
		connector->release(connector->context);
}

struct database *
database_open(const struct database_options *options, struct glue_error *error)
{
	struct database *database = glue_allocate_zero(sizeof(*database));

	if (database == NULL)
	{
		release_context(&options->connector);
		glue_error_memory(error);
		return NULL;
	}
	database->options = *options;
	database->deadline_ms = POSTGRES_NO_DEADLINE;
	breaker_init(&database->breaker, options->most_failures, options->pause_ms);
	return database;
}

static void
drop_connection(struct database *database)
{
	if (database->connection != NULL)
	{
		postgres_cancel_on_interrupt(NULL);
		PQfinish(database->connection);
	}
	database->connection = NULL;
	database->in_transaction = false;
}

void
database_close(struct database *database)
{
	if (database == NULL)
		return;
	drop_connection(database);
	release_context(&database->options.connector);
	glue_release(database);
}

void
database_set_deadline(struct database *database, int64_t deadline_ms)
{
	database->deadline_ms = deadline_ms;
}

int64_t
database_deadline(const struct database *database)
{
	return database->deadline_ms;
}

PGconn *
database_connection(struct database *database)
{
	return database->connection;
}

int64_t
database_take_retries(struct database *database)
{
	int64_t retries = database->retries;

	database->retries = 0;
	return retries;
}

static bool
deadline_error(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, GLUE_DEADLINE,
						  "no time is left for the database");
}

/*
 * Return the earlier of a moment and the deadline.
 */
static int64_t
no_later(const struct database *database, int64_t moment_ms)
{
	return moment_ms < database->deadline_ms ? moment_ms : database->deadline_ms;
}

/* ----- connecting ----- */

/*
 * Return whether the login may have changed since it was read: the server, or
 * an older pgbouncer (08P01), refused it, the database or host does not exist,
 * or the server has a certificate of another CA.
 */
static bool
is_refused(const struct glue_error *error)
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
	return strncmp(error->code, "28", 2) == 0 || postgres_error_is_untrusted(error);
}

/*
 * Call the connector, and again with a refreshed login if its cached one is
 * refused.
 */
static bool
call_connector(struct database *database, struct glue_error *error)
{
	const struct database_connector *connector = &database->options.connector;
	int64_t limit = no_later(database, clock_milliseconds() + database->options.connect_ms);

	database->connection = connector->connect(connector->context, false, limit, error);
	if (database->connection == NULL && connector->refreshes && is_refused(error))
	{
		database->retries++;
		database->connection = connector->connect(connector->context, true, limit, error);
	}
	return database->connection != NULL;
}

/*
 * Apply session settings to a new connection, unless each transaction makes its
 * own.
 */
static bool
prepare_session(struct database *database, struct glue_error *error)
{
	database->was_there = true;
	postgres_cancel_on_interrupt(database->connection);
	if (database->options.is_pooled ||
		postgres_prepare(database->connection, NULL, database->deadline_ms, error))
		return true;
	drop_connection(database);
	return false;
}

/*
 * Make one attempt to connect.
 */
static bool
make_connection(struct database *database, struct glue_error *error)
{
	int64_t now = clock_milliseconds();

	drop_connection(database);
	database->connect_failed = true;
	if (now >= database->deadline_ms)
		return deadline_error(error);
	if (!breaker_allows(&database->breaker, now))
		return glue_error_set(
			error, GLUE_INFRASTRUCTURE_ERROR, "DATABASE_PAUSED",
			"connecting to the database is paused because recent attempts failed");
	if (call_connector(database, error))
	{
		breaker_success(&database->breaker);
		database->connect_failed = !prepare_session(database, error);
		return !database->connect_failed;
	}
	now = clock_milliseconds();
	if (now < database->deadline_ms)
		breaker_failure(&database->breaker, now);
	/* If our own deadline has passed, the database is not to blame. */
	else if (strcmp(error->code, POSTGRES_UNREACHABLE) == 0)
		return deadline_error(error);
	return false;
}

/*
 * Return whether an idle connection is still open: a server that shuts down
 * sends a message and closes it.  Other messages are read, and libpq drops
 * them.
 */
static bool
is_quiet(PGconn *connection)
{
	for (int i = 0; i < MOST_MESSAGES; i++)
	{
		char byte;
		ssize_t got = recv(PQsocket(connection), &byte, 1, MSG_PEEK | MSG_DONTWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (got <= 0 || PQconsumeInput(connection) == 0 || PQstatus(connection) != CONNECTION_OK)
			return false;
		/* Let libpq process what it has read. */
		(void) PQisBusy(connection);
	}
	return false;
}

/*
 * Return whether a kept connection appears usable.  A firewall may have dropped
 * an idle connection silently, which only a query can detect.
 */
static bool
is_usable(const struct database *database)
{
	PGconn *connection = database->connection;
	int64_t idle = day_milliseconds() - database->used_at;

	if (connection == NULL || PQstatus(connection) != CONNECTION_OK)
		return false;
	if (!database->options.is_pooled)
		return true;
	if (PQtransactionStatus(connection) != PQTRANS_IDLE || !is_quiet(connection))
		return false;
	if (idle >= 0 && idle <= database->options.trusted_idle_ms)
		return true;
	return postgres_query(connection, "SELECT 1", 0, NULL,
						  no_later(database, clock_milliseconds() + TRIAL_MS), NULL, NULL);
}

/*
 * Ensure a connection, the kept one or a new one, in one attempt.
 */
static bool
have_connection(struct database *database, struct glue_error *error)
{
	if (!is_usable(database))
	{
		if (database->connection != NULL)
			database->retries++;
		if (!make_connection(database, error))
			return false;
	}
	database->used_at = day_milliseconds();
	return true;
}

bool
database_connect(struct database *database, struct glue_error *error)
{
	struct patience patience;

	database_patience(&patience);
	return have_connection(database, error) || database_recover(database, &patience, error);
}

/* ----- retrying ----- */

void
database_patience(struct patience *patience)
{
	patience->attempts = 0;
	patience->told = false;
	patience->started_ms = clock_milliseconds();
}

/*
 * Return whether to reconnect: the connection is lost (class 08, 57P0x), or the
 * server is read-only (25006).  The latter is the old primary after a failover,
 * to which the host name still pointed; we would otherwise stay connected to it
 * forever.
 */
static bool
is_lost(const struct database *database, const struct glue_error *error)
{
	return strncmp(error->code, "08", 2) == 0 || strncmp(error->code, "57P0", 4) == 0 ||
		   strcmp(error->code, "25006") == 0 || database->connection == NULL ||
		   PQstatus(database->connection) != CONNECTION_OK;
}

/*
 * Return whether the outcome of COMMIT is unknown after this error: the session
 * has ended, or its answer has not arrived yet.
 */
static bool
is_unknown(const struct database *database, const struct glue_error *error)
{
	return is_lost(database, error) || interrupted() ||
		   PQtransactionStatus(database->connection) == PQTRANS_ACTIVE;
}

/*
 * Recover under RETRY_LOST_ONCE; the next use reconnects.
 */
static bool
recover_lost(struct database *database, struct patience *patience, const struct glue_error *error)
{
	if (patience->attempts > 0 || database->connect_failed || !is_lost(database, error) ||
		clock_milliseconds() >= database->deadline_ms)
		return false;
	patience->attempts++;
	database->retries++;
	drop_connection(database);
	return true;
}

/*
 * Return whether another attempt may succeed.  An unknown host name may be
 * temporary if the host answered before.
 */
static bool
may_pass(const struct database *database, const struct glue_error *error)
{
	return postgres_error_is_transient(error) ||
		   (database->was_there && strcmp(error->code, POSTGRES_UNKNOWN_HOST) == 0);
}

/*
 * Return how long to retry after this error.  A server that has never answered
 * is unlikely to start answering; one that reports that it is starting up will.
 */
static int64_t
retry_time(const struct database *database, const struct glue_error *error)
{
	if (!database->was_there && strcmp(error->code, POSTGRES_UNREACHABLE) == 0)
		return database->options.unseen_retry_ms;
	return database->options.retry_ms;
}

/*
 * Add what to do to the error after the retry time has passed.
 */
static bool
give_up(int64_t seconds, struct glue_error *error)
{
	glue_error_reword(
		error,
		"%s; gave up after %lld %s; make sure that the database is running, then run the same command again",
		error->text, (long long) seconds, seconds == 1 ? "second" : "seconds");
	return false;
}

/*
 * Sleep with exponential backoff and jitter, between half of the delay and all
 * of it, so that many clients do not reconnect at the same moment.
 */
static void
wait_before_attempt(struct patience *patience, int64_t until_ms)
{
	int64_t delay = LONGEST_DELAY_MS;
	int64_t left = until_ms - clock_milliseconds();
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
 * Recover under RETRY_WAITING: wait, and reconnect unless the connection is
 * good.
 */
static bool
recover_waiting(struct database *database, struct patience *patience, struct glue_error *error)
{
	if (database->in_transaction)
		database_roll_back(database);
	while (may_pass(database, error))
	{
		int64_t longest = retry_time(database, error);
		int64_t until_ms = no_later(database, patience->started_ms + longest);

		if (clock_milliseconds() >= until_ms)
			return give_up(longest / 1000, error);
		if (!patience->told && patience->attempts > 0 && database->options.tell_waiting != NULL)
		{
			patience->told = true;
			database->options.tell_waiting(error, longest / 1000);
		}
		wait_before_attempt(patience, until_ms);
		if (interrupted())
			return interrupt_error(error);
		if (database->connection != NULL && PQstatus(database->connection) == CONNECTION_OK &&
			PQtransactionStatus(database->connection) == PQTRANS_IDLE)
			return true;
		if (make_connection(database, error))
			return true;
	}
	return false;
}

bool
database_recover(struct database *database, struct patience *patience, struct glue_error *error)
{
	return database->options.retry == RETRY_LOST_ONCE ? recover_lost(database, patience, error)
													  : recover_waiting(database, patience, error);
}

/* ----- transactions ----- */

/*
 * Begin a transaction.  A function's transaction passes its time limits to the
 * server.
 */
static bool
begin_transaction(struct database *database, struct glue_error *error)
{
	int64_t left = database->deadline_ms - clock_milliseconds() - SERVER_LEAD_MS;
	int64_t most_lock_ms = database->options.lock_timeout_ms;
	struct postgres_limits limits;

	if (left <= 0)
		return deadline_error(error);
	database->in_transaction = true;
	if (!postgres_begin(database->connection, database->deadline_ms, error))
		return false;
	if (!database->options.is_pooled)
		return true;
	/* The server's timeouts are limited to INT_MAX milliseconds. */
	limits.statement_ms = left < INT32_MAX ? left : INT32_MAX;
	limits.lock_ms = left < most_lock_ms ? left : most_lock_ms;
	limits.idle_ms = left < SILENCE_MS ? left : SILENCE_MS;
	return postgres_prepare(database->connection, &limits, database->deadline_ms, error);
}

void
database_roll_back(struct database *database)
{
	PGconn *connection = database->connection;

	database->used_at = day_milliseconds();
	database->in_transaction = false;
	if (PQstatus(connection) == CONNECTION_OK)
	{
		PGTransactionStatusType status = PQtransactionStatus(connection);

		if (status == PQTRANS_IDLE)
			return;
		if ((status == PQTRANS_INTRANS || status == PQTRANS_INERROR) &&
			postgres_query(connection, "ROLLBACK", 0, NULL, clock_milliseconds() + ROLL_BACK_MS,
						   NULL, NULL))
			return;
	}
	drop_connection(database);
}

/*
 * Commit.  COMMIT of a failed transaction returns the tag ROLLBACK.  After an
 * error that ends the session, or without an answer, the outcome is unknown;
 * after any other error the transaction was rolled back.
 */
enum transaction_outcome
database_commit(struct database *database, struct glue_error *error)
{
	PGresult *result = NULL;
	bool committed;

	if (!postgres_query(database->connection, "COMMIT", 0, NULL, database->deadline_ms, &result,
						error))
	{
		bool unknown = is_unknown(database, error);

		database_roll_back(database);
		return unknown ? TRANSACTION_UNKNOWN : TRANSACTION_ROLLED_BACK;
	}
	database->used_at = day_milliseconds();
	database->in_transaction = false;
	committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;
	PQclear(result);
	if (committed)
		return TRANSACTION_COMMITTED;
	glue_error_set(error, GLUE_INTERNAL_ERROR, "NOT_COMMITTED",
				   "the transaction failed before COMMIT");
	return TRANSACTION_ROLLED_BACK;
}

/*
 * Make one attempt to begin.  The caller rolls back after an error.
 */
static bool
begin_once(struct database *database, struct glue_error *error)
{
	return have_connection(database, error) && begin_transaction(database, error);
}

PGconn *
database_begin(struct database *database, struct glue_error *error)
{
	if (begin_once(database, error))
		return database->connection;
	database_roll_back(database);
	return NULL;
}

/*
 * Run a transaction, with retries if repeat allows.  Rolls back only after
 * database_recover() has examined the connection, because rolling back would
 * hide that it is lost.
 */
static enum transaction_outcome
run_transaction(struct database *database, enum database_repeat repeat, transaction_fn work,
				void *context, struct glue_error *error)
{
	struct patience patience;

	database_patience(&patience);
	do
	{
		if (begin_once(database, error) && work(database, context, error))
			return database_commit(database, error);
	} while (repeat == RUN_AGAIN && database_recover(database, &patience, error));
	database_roll_back(database);
	return TRANSACTION_ROLLED_BACK;
}

enum transaction_outcome
database_transaction(struct database *database, transaction_fn work, void *context,
					 struct glue_error *error)
{
	return run_transaction(database, RUN_AGAIN, work, context, error);
}

/* ----- one statement ----- */

struct single_statement
{
	const char *text;
	int count;
	const char *const *values;
	PGresult *result; /* owned */
};

static bool
run_statement(struct database *database, struct single_statement *statement,
			  struct glue_error *error)
{
	return postgres_query(database->connection, statement->text, statement->count,
						  statement->values, database->deadline_ms, &statement->result, error);
}

/*
 * A transaction_fn.
 */
static bool
run_single(struct database *database, void *context, struct glue_error *error)
{
	struct single_statement *statement = context;

	PQclear(statement->result);
	statement->result = NULL;
	return run_statement(database, statement, error);
}

/*
 * Run a statement that needs no transaction around it.
 */
static bool
run_alone(struct database *database, enum database_repeat repeat,
		  struct single_statement *statement, struct glue_error *error)
{
	struct patience patience;

	database_patience(&patience);
	do
	{
		if (have_connection(database, error) && run_statement(database, statement, error))
			return true;
	} while (repeat == RUN_AGAIN && database_recover(database, &patience, error));
	return false;
}

bool
database_query(struct database *database, enum database_repeat repeat, const char *statement,
			   int count, const char *const *values, PGresult **result, struct glue_error *error)
{
	struct single_statement single = {statement, count, values, NULL};
	struct glue_error ignored;
	bool done;

	if (error == NULL)
		error = &ignored;
	if (database->in_transaction)
		done = run_statement(database, &single, error);
	else if (database->options.is_pooled)
		done =
			run_transaction(database, repeat, run_single, &single, error) == TRANSACTION_COMMITTED;
	else
		done = run_alone(database, repeat, &single, error);
	if (done && result != NULL)
		*result = single.result;
	else
		PQclear(single.result);
	return done;
}

bool
database_each_row(struct database *database, const char *statement, int count,
				  const char *const *values, postgres_row_fn take, void *context,
				  struct glue_error *error)
{
	return (database->in_transaction || have_connection(database, error)) &&
		   postgres_each_row(database->connection, statement, count, values, database->deadline_ms,
							 take, context, error);
}
