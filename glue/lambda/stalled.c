/*-------------------------------------------------------------------------
 *
 * stalled.c
 *	  Uploads that stopped moving.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/postgres_value.h"
#include "lambda/stalled.h"
#include "shared/text.h"

#define SECONDS(parameter) "pg_catalog.make_interval(secs => " parameter "::double precision)"

#define CLAIM                                                                          \
	"SELECT c.upload_id, c.vendor_id, c.revivals FROM onboard_claim_stalled(" SECONDS( \
		"$1") ", $2::integer, 1) c"

/* Whatever ended in this transaction was given up by it. */
#define ENDED                                                  \
	"SELECT " STALLED_COLUMNS " FROM onboard.upload_history u" \
	" WHERE u.failure_code = 'PROCESSING_ABANDONED'"           \
	" AND u.processing_completed_at >= pg_catalog.now() ORDER BY u.upload_id"

/* The work of a transaction; result and busy are what it came to. */
struct stalled_work
{
	const struct settings *settings;
	bool all;
	PGresult *result; /* owned */
	bool busy;
};

int64_t
stalled_patience(const struct settings *settings, int64_t revivals)
{
	int64_t seconds = settings->sweep_idle_seconds;
	int64_t longest = settings->sweep_abandon_seconds;

	if (longest < seconds)
		longest = seconds;
	while (revivals-- > 0 && seconds < longest)
		seconds *= 2;
	return seconds < longest ? seconds : longest;
}

void
stalled_upload_clean_up(struct stalled_upload *upload)
{
	PQclear(upload->row);
	memset(upload, 0, sizeof(*upload));
}

/* ----- transactions of the one sweeper ----- */

/*
 * Become the one sweeper until the transaction ends.
 */
static bool
lock_sweeper(PGconn *session, int64_t deadline_ms, struct stalled_work *work,
			 struct glue_error *error)
{
	PGresult *result = NULL;

	if (!postgres_query(session, "SELECT onboard_lock_sweeper()", 0, NULL, deadline_ms, &result,
						error))
		return false;
	work->busy = strcmp(PQgetvalue(result, 0, 0), "t") != 0;
	PQclear(result);
	return true;
}

/*
 * work->result stays only after STALLED_FOUND.
 */
static enum stalled_result
run_stalled_work(struct connection *connection, int64_t deadline_ms, transaction_fn transaction,
				 struct stalled_work *work, struct glue_error *error)
{
	enum stalled_result result = STALLED_NONE;

	if (connection_transaction(connection, deadline_ms, transaction, work, error) !=
		TRANSACTION_COMMITTED)
		result = STALLED_FAILED;
	else if (work->busy)
		result = STALLED_BUSY;
	else if (PQntuples(work->result) > 0)
		return STALLED_FOUND;
	PQclear(work->result);
	work->result = NULL;
	return result;
}

/* ----- taking ----- */

static bool
claim_after(PGconn *session, int64_t deadline_ms, int64_t seconds, int64_t revivals,
			PGresult **result, struct glue_error *error)
{
	char texts[2][INTEGER_TEXT_SIZE];
	const char *const values[] = {
		integer_text(texts[0], seconds),
		integer_text(texts[1], revivals),
	};

	PQclear(*result);
	*result = NULL;
	return postgres_query(session, CLAIM, 2, values, deadline_ms, result, error);
}

/*
 * A transaction_fn: those taken once less may stand still half as long.  Where
 * the time does not grow any more, one look is enough for all the rest.
 */
static bool
claim(PGconn *session, int64_t deadline_ms, void *context, struct glue_error *error)
{
	struct stalled_work *work = context;
	int64_t most = work->settings->sweep_attempts;
	int64_t longest = stalled_patience(work->settings, most);

	if (!lock_sweeper(session, deadline_ms, work, error))
		return false;
	for (int64_t taken = 0; !work->busy && taken < most; taken++)
	{
		int64_t seconds = stalled_patience(work->settings, taken);

		if (seconds == longest)
			taken = most - 1;
		if (!claim_after(session, deadline_ms, seconds, taken + 1, &work->result, error))
			return false;
		if (PQntuples(work->result) > 0)
			break;
	}
	return true;
}

enum stalled_result
stalled_claim(struct connection *connection, const struct settings *settings, int64_t deadline_ms,
			  struct stalled_upload *upload, struct glue_error *error)
{
	struct stalled_work work = {.settings = settings};
	enum stalled_result result = run_stalled_work(connection, deadline_ms, claim, &work, error);

	if (result != STALLED_FOUND)
		return result;
	upload->row = work.result;
	upload->upload_id = PQgetvalue(work.result, 0, 0);
	upload->vendor_id = PQgetvalue(work.result, 0, 1);
	upload->revivals = postgres_integer(work.result, 0, 2);
	return STALLED_FOUND;
}

/* ----- giving up ----- */

static bool
sweep(PGconn *session, int64_t deadline_ms, int64_t seconds, int64_t revivals,
	  struct glue_error *error)
{
	char texts[2][INTEGER_TEXT_SIZE];
	const char *const values[] = {
		integer_text(texts[0], seconds),
		integer_text(texts[1], revivals),
	};

	return postgres_query(session, "SELECT onboard_sweep_uploads(" SECONDS("$1") ", $2::integer)",
						  2, values, deadline_ms, NULL, error);
}

/*
 * A transaction_fn.
 */
static bool
abandon_all(PGconn *session, int64_t deadline_ms, void *context, struct glue_error *error)
{
	struct stalled_work *work = context;
	const struct settings *settings = work->settings;

	PQclear(work->result);
	work->result = NULL;
	if (!lock_sweeper(session, deadline_ms, work, error))
		return false;
	return work->busy ||
		   (sweep(session, deadline_ms, stalled_patience(settings, settings->sweep_attempts),
				  settings->sweep_attempts, error) &&
			(!work->all ||
			 sweep(session, deadline_ms, settings->sweep_abandon_seconds, 0, error)) &&
			postgres_query(session, ENDED, 0, NULL, deadline_ms, &work->result, error));
}

enum stalled_result
stalled_abandon(struct connection *connection, const struct settings *settings, bool all,
				int64_t deadline_ms, PGresult **ended, struct glue_error *error)
{
	struct stalled_work work = {.settings = settings, .all = all};
	enum stalled_result result =
		run_stalled_work(connection, deadline_ms, abandon_all, &work, error);

	*ended = work.result;
	return result;
}

/* ----- telling again ----- */

bool
stalled_renew_events(struct connection *connection, const struct settings *settings,
					 int64_t deadline_ms, int64_t *renewed, struct glue_error *error)
{
	char seconds[INTEGER_TEXT_SIZE];
	const char *const values[] = {integer_text(seconds, settings->sweep_unreported_seconds)};
	PGresult *result = NULL;

	if (!connection_query(connection, deadline_ms, "SELECT onboard_renew_events(" SECONDS("$1") ")",
						  1, values, &result, error))
		return false;
	*renewed = postgres_integer(result, 0, 0);
	PQclear(result);
	return true;
}
