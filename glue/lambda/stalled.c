/*-------------------------------------------------------------------------
 *
 * stalled.c
 *	  Claim and abandon stalled uploads.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database/postgres_value.h"
#include "lambda/stalled.h"
#include "shared/text.h"

#define CLAIM                                                                                   \
	"SELECT c.upload_id, c.vendor_id, c.revivals FROM onboard_claim_stalled(" POSTGRES_SECONDS( \
		"$1") ", $2::integer, 1) c"

/* Lists the uploads that this transaction abandoned: those that ended in it. */
#define ENDED                                                  \
	"SELECT " STALLED_COLUMNS " FROM onboard.upload_history u" \
	" WHERE u.failure_code = 'PROCESSING_ABANDONED'"           \
	" AND u.processing_completed_at >= pg_catalog.now() ORDER BY u.upload_id"

/* Arguments of a transaction; result and busy are its outcome. */
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

/* ----- transactions under the sweeper lock ----- */

/*
 * Take the sweeper lock until the transaction ends, or set work->busy.
 */
static bool
lock_sweeper(struct database *database, struct stalled_work *work, struct glue_error *error)
{
	PGresult *result = NULL;

	if (!database_query(database, RUN_ONCE, "SELECT onboard_lock_sweeper()", 0, NULL, &result,
						error))
		return false;
	work->busy = strcmp(PQgetvalue(result, 0, 0), "t") != 0;
	PQclear(result);
	return true;
}

/*
 * Run a transaction.  work->result is kept only after STALLED_FOUND.
 */
static enum stalled_result
run(struct database *database, transaction_fn transaction, struct stalled_work *work,
	struct glue_error *error)
{
	enum stalled_result result = STALLED_NONE;

	if (database_transaction(database, transaction, work, error) != TRANSACTION_COMMITTED)
		result = STALLED_FAILED;
	else if (work->busy)
		result = STALLED_BUSY;
	else if (PQntuples(work->result) > 0)
		return STALLED_FOUND;
	PQclear(work->result);
	work->result = NULL;
	return result;
}

/* ----- claiming ----- */

static bool
claim_after(struct database *database, int64_t seconds, int64_t revivals, PGresult **result,
			struct glue_error *error)
{
	char texts[2][INTEGER_TEXT_SIZE];
	const char *const values[] = {
		integer_text(texts[0], seconds),
		integer_text(texts[1], revivals),
	};

	PQclear(*result);
	*result = NULL;
	return database_query(database, RUN_ONCE, CLAIM, 2, values, result, error);
}

/*
 * A transaction_fn.  An upload that was claimed one time fewer is stalled
 * after half the time.  Once that time no longer grows, one query finds all
 * others.
 */
static bool
claim(struct database *database, void *context, struct glue_error *error)
{
	struct stalled_work *work = context;
	int64_t most = work->settings->sweep_attempts;
	int64_t longest = stalled_patience(work->settings, most);

	if (!lock_sweeper(database, work, error))
		return false;
	for (int64_t taken = 0; !work->busy && taken < most; taken++)
	{
		int64_t seconds = stalled_patience(work->settings, taken);

		if (seconds == longest)
			taken = most - 1;
		if (!claim_after(database, seconds, taken + 1, &work->result, error))
			return false;
		if (PQntuples(work->result) > 0)
			break;
	}
	return true;
}

enum stalled_result
stalled_claim(struct database *database, const struct settings *settings,
			  struct stalled_upload *upload, struct glue_error *error)
{
	struct stalled_work work = {.settings = settings};
	enum stalled_result result = run(database, claim, &work, error);

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
sweep(struct database *database, int64_t seconds, int64_t revivals, struct glue_error *error)
{
	char texts[2][INTEGER_TEXT_SIZE];
	const char *const values[] = {
		integer_text(texts[0], seconds),
		integer_text(texts[1], revivals),
	};

	return database_query(database, RUN_ONCE,
						  "SELECT onboard_sweep_uploads(" POSTGRES_SECONDS("$1") ", $2::integer)",
						  2, values, NULL, error);
}

/*
 * A transaction_fn: end the uploads to be abandoned, and list them.
 */
static bool
abandon(struct database *database, void *context, struct glue_error *error)
{
	struct stalled_work *work = context;
	const struct settings *settings = work->settings;

	PQclear(work->result);
	work->result = NULL;
	if (!lock_sweeper(database, work, error))
		return false;
	return work->busy ||
		   (sweep(database, stalled_patience(settings, settings->sweep_attempts),
				  settings->sweep_attempts, error) &&
			(!work->all || sweep(database, settings->sweep_abandon_seconds, 0, error)) &&
			database_query(database, RUN_ONCE, ENDED, 0, NULL, &work->result, error));
}

enum stalled_result
stalled_abandon(struct database *database, const struct settings *settings, bool all,
				PGresult **ended, struct glue_error *error)
{
	struct stalled_work work = {.settings = settings, .all = all};
	enum stalled_result result = run(database, abandon, &work, error);

	*ended = work.result;
	return result;
}

/* ----- renewing events ----- */

bool
stalled_renew_events(struct database *database, const struct settings *settings, int64_t *renewed,
					 struct glue_error *error)
{
	char seconds[INTEGER_TEXT_SIZE];
	const char *const values[] = {integer_text(seconds, settings->sweep_unreported_seconds)};
	PGresult *result = NULL;

	if (!database_query(database, RUN_AGAIN,
						"SELECT onboard_renew_events(" POSTGRES_SECONDS("$1") ")", 1, values,
						&result, error))
		return false;
	*renewed = postgres_integer(result, 0, 0);
	PQclear(result);
	return true;
}
