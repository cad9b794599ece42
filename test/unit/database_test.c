/*-------------------------------------------------------------------------
 *
 * database_test.c
 *	  Connecting to a database: when the connector is called.
 *
 * The connector fails according to a script, so no server is needed.  Tests
 * that need a connection are in test/tap.
 *
 *-------------------------------------------------------------------------
 */
#include <poll.h>

#include "unit.h"

#include "base/heap.h"
#include "database/database.h"

#define LONG_MS 600000

/* Results of the connector; the last code is repeated. */
struct script
{
	const char *codes[4];
	int calls;
	int refreshes;
	int releases;
	int64_t limit_ms; /* of the last call */
	bool waits;       /* until its deadline */
};

static int told;

static void
wait_until(int64_t moment_ms)
{
	while (clock_milliseconds() < moment_ms)
		poll(NULL, 0, 1);
}

static PGconn *
connect_by_script(void *context, bool refresh, int64_t deadline_ms, struct glue_error *error)
{
	struct script *script = context;
	int step = script->calls++;

	while (step > 0 && (step >= 4 || script->codes[step] == NULL))
		step--;
	script->refreshes += refresh;
	script->limit_ms = deadline_ms;
	if (script->waits)
		wait_until(deadline_ms);
	glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, script->codes[step], "failed by script");
	return NULL;
}

static void
release_script(void *context)
{
	struct script *script = context;

	script->releases++;
}

static void
count_telling(const struct glue_error *error, int64_t seconds)
{
	(void) error;
	(void) seconds;
	told++;
}

/* Open a function's database. */
static struct database_options
function_options(struct script *script)
{
	return (struct database_options){
		.connector = {connect_by_script, release_script, script, true},
		.connect_ms = 5000,
		.retry = RETRY_LOST_ONCE,
		.most_failures = 2,
		.pause_ms = LONG_MS,
		.is_pooled = true,
	};
}

/* Open a user's database. */
static struct database_options
user_options(struct script *script)
{
	return (struct database_options){
		.connector = {connect_by_script, release_script, script, false},
		.connect_ms = 5000,
		.retry = RETRY_WAITING,
		.retry_ms = LONG_MS,
		.unseen_retry_ms = 0,
		.tell_waiting = count_telling,
	};
}

static void
fail_query(struct database *database, const char *code, struct glue_error *error)
{
	glue_error_clear(error);
	ok(!database_query(database, RUN_AGAIN, "SELECT 1", 0, NULL, NULL, error), "a query fails");
	is_text(error->code, code, "with this code");
}

static void
test_refresh(void)
{
	static const struct
	{
		const char *code;
		int calls;
	} cases[] = {
		{"28P01", 2},
		{"28000", 2},
		{"3D000", 2},
		{"08P01", 2},
		{POSTGRES_UNKNOWN_HOST, 2},
		{POSTGRES_BAD_PARAMETER, 2},
		{POSTGRES_UNREACHABLE, 1},
		{"53300", 1},
		{"57P03", 1},
		{"SECRET_UNREADABLE", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		struct script script = {.codes = {cases[i].code}};
		struct database_options options = function_options(&script);
		struct database *database = database_open(&options, NULL);
		struct glue_error error;

		is_int(script.calls, 0, "opening connects nothing");
		fail_query(database, cases[i].code, &error);
		is_int(script.calls, cases[i].calls, "attempts after %s", cases[i].code);
		is_int(script.refreshes, cases[i].calls - 1, "the second one refreshes");
		is_int(database_take_retries(database), cases[i].calls - 1, "and is counted");
		is_int(database_take_retries(database), 0, "once");
		database_close(database);
		is_int(script.releases, 1, "the connector is released");
	}
}

static void
test_no_refresh(void)
{
	struct script script = {.codes = {"28P01"}};
	struct database_options options = user_options(&script);
	struct database *database = database_open(&options, NULL);
	struct glue_error error;

	fail_query(database, "28P01", &error);
	is_int(script.calls, 1, "a user's password is not tried twice");
	is_text(error.text, "failed by script", "and the error is unchanged");
	database_close(database);
}

static void
test_pause(void)
{
	struct script script = {.codes = {POSTGRES_UNREACHABLE}};
	struct database_options options = function_options(&script);
	struct database *database = database_open(&options, NULL);
	struct glue_error error;

	database_set_deadline(database, 0);
	fail_query(database, GLUE_DEADLINE, &error);
	fail_query(database, GLUE_DEADLINE, &error);
	is_int(script.calls, 0, "without time left, no attempt is made");
	database_set_deadline(database, clock_milliseconds() + LONG_MS);
	fail_query(database, POSTGRES_UNREACHABLE, &error);
	fail_query(database, POSTGRES_UNREACHABLE, &error);
	fail_query(database, "DATABASE_PAUSED", &error);
	is_int(script.calls, 2, "after two failures there is a pause");
	database_close(database);
}

static void
test_limit(void)
{
	struct script script = {.codes = {POSTGRES_UNREACHABLE}};
	struct database_options options = function_options(&script);
	struct database *database;
	struct glue_error error;
	int64_t deadline_ms = clock_milliseconds() + LONG_MS;

	options.connect_ms = 2 * LONG_MS;
	database = database_open(&options, NULL);
	database_set_deadline(database, deadline_ms);
	is_int(database_deadline(database), deadline_ms, "the deadline is kept");
	fail_query(database, POSTGRES_UNREACHABLE, &error);
	is_int(script.limit_ms, deadline_ms, "an attempt ends by the deadline");
	database_set_deadline(database, POSTGRES_NO_DEADLINE);
	fail_query(database, POSTGRES_UNREACHABLE, &error);
	ok(script.limit_ms > deadline_ms && script.limit_ms < POSTGRES_NO_DEADLINE,
	   "or after connect_ms");
	database_close(database);
}

static void
test_deadline_while_connecting(void)
{
	struct script script = {.codes = {POSTGRES_UNREACHABLE}, .waits = true};
	struct database_options options = function_options(&script);
	struct database *database = database_open(&options, NULL);
	struct glue_error error;

	for (int attempt = 0; attempt < 3; attempt++)
	{
		database_set_deadline(database, clock_milliseconds() + 50);
		fail_query(database, GLUE_DEADLINE, &error);
	}
	ok(script.calls > 0, "it was tried");
	script.waits = false;
	database_set_deadline(database, POSTGRES_NO_DEADLINE);
	fail_query(database, POSTGRES_UNREACHABLE, &error);
	database_close(database);
}

static void
test_waiting(void)
{
	struct script starting = {.codes = {"57P03", "57P03", "57P03", "28P01"}};
	struct script unseen = {.codes = {POSTGRES_UNREACHABLE}};
	struct script unknown = {.codes = {POSTGRES_UNKNOWN_HOST}};
	struct database_options options = user_options(&starting);
	struct database *database = database_open(&options, NULL);
	struct glue_error error;

	ok(!database_connect(database, &error), "connecting fails");
	is_text(error.code, "28P01", "with the permanent error");
	is_int(starting.calls, 4, "a server that is starting up is waited for");
	is_int(told, 1, "which is reported to the user once");
	database_close(database);

	options = user_options(&unseen);
	database = database_open(&options, NULL);
	ok(!database_connect(database, &error), "connecting fails");
	is_int(unseen.calls, 1, "a server never seen has its own time limit");
	is_text(error.text,
			"failed by script; gave up after 0 seconds; make sure that the database is running,"
			" then run the same command again",
			"and the message says what to do");
	database_close(database);

	options = user_options(&unknown);
	database = database_open(&options, NULL);
	ok(!database_connect(database, &error), "connecting fails");
	is_int(unknown.calls, 1, "an unknown host is not retried");
	database_close(database);
}

static void
test_memory(void)
{
	struct script script = {.codes = {"28P01"}};
	struct database_options options = user_options(&script);
	struct glue_error error;

	glue_set_reallocate(unit_no_memory);
	ok(database_open(&options, &error) == NULL, "no memory");
	glue_set_reallocate(realloc);
	is_int(script.releases, 1, "the connector is released nevertheless");
	database_close(NULL);
}

int
main(void)
{
	test_refresh();
	test_no_refresh();
	test_pause();
	test_limit();
	test_deadline_while_connecting();
	test_waiting();
	test_memory();
	return unit_done();
}
