/*-------------------------------------------------------------------------
 *
 * item_repair.c
 *	  Bring the status of items in UploadRecords up to date.
 *
 * Reading an upload's items once costs about a hundredth of writing them, and
 * finds every miss, whatever its cause; see "Capacity of the item route" in
 * README.md.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "aws/dynamodb_query.h"
#include "base/clock.h"
#include "base/json_reader.h"
#include "database/postgres_value.h"
#include "lambda/item_repair.h"
#include "lambda/row_outcome.h"
#include "shared/text.h"

/* Items per page: bounds the memory, and the work between two checks of the clock. */
#define PAGE_ITEMS 1000

/* Most digits of a row number that certainly fits into 64 bits. */
#define MOST_DIGITS 18

/* Claims one check, of the upload $2 or, if that is null, any that is due. */
#define CLAIM                                                                                    \
	"SELECT c.upload_id, c.version, c.is_last FROM onboard_claim_item_checks(" POSTGRES_SECONDS( \
		"$1") ", 1, $2::text) c"

enum claim_column
{
	CLAIM_UPLOAD_ID,
	CLAIM_VERSION,
	CLAIM_IS_LAST
};

/*
 * Returns the outcomes of those rows $2 that have one: a row in the ledger, and
 * any row of an upload that has ended.  onboard_ingest() judges neither, so no
 * product is needed.
 */
#define REPLAY                                                                             \
	ROW_OUTCOMES("$1, coalesce((SELECT pg_catalog.jsonb_agg("                              \
				 "pg_catalog.jsonb_build_object('row_number', n, 'product', '{}'::jsonb))" \
				 " FROM pg_catalog.unnest($2::bigint[]) n"                                 \
				 " WHERE EXISTS (SELECT FROM onboard.upload_history u"                     \
				 " WHERE u.upload_id = $1 AND u.status <> 'processing')"                   \
				 " OR EXISTS (SELECT FROM onboard.judged_rows j"                           \
				 " WHERE j.upload_id = $1 AND n BETWEEN j.first_row AND j.last_row)), '[]')")

/* The repair of one upload.  Owns check and rows. */
struct repair
{
	struct sandbox *sandbox;
	int64_t deadline_ms;
	PGresult *check; /* one row of CLAIM */
	const char *upload_id;
	struct byte_buffer rows; /* numbers, as an array of PostgreSQL */
	int64_t repaired;        /* items */
	bool is_complete;        /* all items are up to date */
	int64_t missed;          /* of the page that failed */
};

/* ----- remembering ----- */

static bool
note_items(struct database *database, const char *upload_id, int64_t missed,
		   struct glue_error *error)
{
	char number[INTEGER_TEXT_SIZE];
	const char *const values[] = {upload_id, integer_text(number, missed)};

	/* If the first answer was lost, misses are counted twice, until the repair. */
	return database_query(database, RUN_AGAIN, "SELECT onboard_note_items($1, $2::bigint)", 2,
						  values, NULL, error);
}

bool
item_repair_expect(struct database *database, const char *upload_id, struct glue_error *error)
{
	return note_items(database, upload_id, 0, error);
}

void
item_repair_note(struct sandbox *sandbox, const struct status_updates *updates)
{
	for (int i = 0; i < updates->upload_count; i++)
	{
		const struct status_upload *upload = &updates->uploads[i];
		struct glue_error error = {0};

		if (upload->missed > 0 &&
			!note_items(sandbox->database, upload->upload_id, upload->missed, &error))
			log_failure(&sandbox->log, "cannot remember items with an old status", &error,
						LOG_NAME(LOG_UPLOAD_ID, upload->upload_id),
						LOG_COUNT(LOG_FAILED, upload->missed));
	}
}

/* ----- one page of items ----- */

static bool
is_row_number(struct text_view text)
{
	if (text.length == 0 || text.length > MOST_DIGITS || text.data[0] == '0')
		return false;
	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return true;
}

/*
 * List the row numbers of a page.  An item without one is not ours, and is
 * skipped.
 */
static bool
list_rows(struct repair *repair, struct text_view items, bool *has_rows, struct glue_error *error)
{
	struct byte_buffer *rows = &repair->rows;
	struct json_reader reader;

	rows->used = 0;
	*has_rows = false;
	json_reader_init(&reader, items.data, items.length);
	(void) json_read_open(&reader, '[');
	while (json_read_element(&reader))
	{
		struct text_view number =
			json_find_text(json_find(json_read_slice(&reader), "row_number"), "N");

		if (!is_row_number(number))
			continue;
		if (!byte_buffer_append_string(rows, *has_rows ? "," : "{", error) ||
			!byte_buffer_append(rows, number.data, number.length, error))
			return false;
		*has_rows = true;
	}
	return !*has_rows ||
		   (byte_buffer_append_string(rows, "}", error) && byte_buffer_terminate(rows, error));
}

/*
 * Add the updates of the rows that have an outcome.
 */
static bool
add_updates(struct repair *repair, struct status_updates *updates, struct glue_error *error)
{
	const char *const values[] = {repair->upload_id, repair->rows.data};
	PGresult *result = NULL;
	bool done =
		status_updates_begin_upload(updates, repair->upload_id, error) &&
		database_query(repair->sandbox->database, RUN_AGAIN, REPLAY, 2, values, &result, error);

	for (int i = 0; done && i < PQntuples(result); i++)
	{
		struct row_outcome outcome = row_outcome_read(result, i);
		bool is_new;

		done = status_updates_add(updates, &outcome, &is_new, error);
	}
	PQclear(result);
	return done;
}

static bool
repair_page(struct repair *repair, struct text_view items, struct glue_error *error)
{
	const struct settings *settings = &repair->sandbox->settings;
	struct status_updates updates;
	struct status_counts counts = {0};
	bool has_rows;
	bool done;

	if (!list_rows(repair, items, &has_rows, error))
		return false;
	if (!has_rows)
		return true;
	status_updates_init(&updates, settings->upload_records_table);
	done =
		add_updates(repair, &updates, error) &&
		status_updates_execute(&updates, &repair->sandbox->aws, (int) settings->aws_calls_in_flight,
							   repair->deadline_ms, &counts, error);
	repair->repaired += counts.done;
	repair->missed = counts.failed;
	status_updates_clean_up(&updates);
	return done;
}

/* ----- one upload ----- */

static bool
repair_items(struct repair *repair, struct glue_error *error)
{
	struct dynamodb_query query = {
		.table = repair->sandbox->settings.upload_records_table,
		.key = {"upload_id", repair->upload_id},
		.filter = {"status", ITEM_PENDING},
		.attribute = "row_number",
		.page_items = PAGE_ITEMS,
		.deadline = repair->deadline_ms,
	};
	bool done = true;

	while (done && !query.at_end && clock_milliseconds() < repair->deadline_ms)
	{
		struct text_view items;

		done = dynamodb_query_page(&repair->sandbox->aws, &query, &items, error) &&
			   repair_page(repair, items, error);
	}
	repair->is_complete = done && query.at_end;
	dynamodb_query_clean_up(&query);
	return done;
}

/*
 * Record the result, unless nothing new was learned.
 */
static bool
end_check(struct repair *repair, struct glue_error *error)
{
	char missed[INTEGER_TEXT_SIZE];
	const char *const values[] = {
		repair->upload_id,
		PQgetvalue(repair->check, 0, CLAIM_VERSION),
		integer_text(missed, repair->missed),
		PQgetvalue(repair->check, 0, CLAIM_IS_LAST),
	};

	return (!repair->is_complete && repair->missed == 0) ||
		   database_query(repair->sandbox->database, RUN_AGAIN,
						  "SELECT onboard_end_item_check($1, $2::bigint, $3::bigint, $4::boolean)",
						  4, values, NULL, error);
}

/*
 * Repair the items of the upload whose check was claimed.
 */
static bool
run_repair(struct repair *repair, struct glue_error *error)
{
	const struct log *log = &repair->sandbox->log;
	struct glue_error ending = {0};
	bool done;

	repair->upload_id = PQgetvalue(repair->check, 0, CLAIM_UPLOAD_ID);
	done = repair_items(repair, error);
	if (repair->repaired > 0)
		log_write(log, LOG_WARNING, "items repaired", LOG_NAME(LOG_UPLOAD_ID, repair->upload_id),
				  LOG_COUNT(LOG_ROWS, repair->repaired));
	if (!done)
		log_failure(log, "items keep an old status", error,
					LOG_NAME(LOG_UPLOAD_ID, repair->upload_id),
					LOG_COUNT(LOG_FAILED, repair->missed));
	else if (!repair->is_complete)
		log_write(log, LOG_WARNING, "no time left to repair items",
				  LOG_NAME(LOG_UPLOAD_ID, repair->upload_id));
	if (end_check(repair, &ending))
		return done;
	if (done)
		*error = ending;
	return false;
}

/*
 * Claim a check and repair its items; *found tells whether there was one.
 */
static bool
repair_one(struct sandbox *sandbox, const char *upload_id, int64_t deadline_ms, bool *found,
		   struct glue_error *error)
{
	char seconds[INTEGER_TEXT_SIZE];
	const char *const values[] = {
		integer_text(seconds, sandbox->settings.sweep_idle_seconds),
		upload_id,
	};
	struct repair repair = {.sandbox = sandbox, .deadline_ms = deadline_ms};
	bool done =
		database_query(sandbox->database, RUN_AGAIN, CLAIM, 2, values, &repair.check, error);

	*found = done && PQntuples(repair.check) > 0;
	if (*found)
		done = run_repair(&repair, error);
	PQclear(repair.check);
	byte_buffer_clean_up(&repair.rows);
	return done;
}

static int64_t
half_of_time_left(const struct invocation *invocation)
{
	int64_t now = clock_milliseconds();

	return now + (invocation->deadline_ms - now) / 2;
}

void
item_repair_upload(struct sandbox *sandbox, const struct invocation *invocation,
				   const char *upload_id)
{
	struct glue_error error = {0};
	bool found;

	if (!repair_one(sandbox, upload_id, half_of_time_left(invocation), &found, &error) && !found)
		log_failure(&sandbox->log, "cannot look for items with an old status", &error,
					LOG_NAME(LOG_UPLOAD_ID, upload_id));
}

bool
item_repair_due(struct sandbox *sandbox, const struct invocation *invocation, int64_t *repaired,
				struct glue_error *error)
{
	int64_t deadline_ms = half_of_time_left(invocation);
	bool found = true;

	for (*repaired = 0; *repaired < sandbox->settings.sweep_uploads; (*repaired)++)
	{
		if (clock_milliseconds() >= deadline_ms)
			return true;
		if (!repair_one(sandbox, NULL, deadline_ms, &found, error))
			return false;
		if (!found)
			return true;
	}
	return true;
}
