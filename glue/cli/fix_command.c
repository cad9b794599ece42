/*-------------------------------------------------------------------------
 *
 * fix_command.c
 *	  onboard fix: apply the suggestions to the rejected rows of an upload.
 *
 * A suggestion that is only the name nearest to a value is left for a person to decide.
 * The corrected rows are judged by the dry run of the server, so the counts are
 * those of a load at this moment.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/named.h"
#include "cli/terminal.h"
#include "database/postgres_value.h"
#include "report/report_files.h"
#include "shared/text.h"

/* Rows judged at a time. */
#define CHUNK_ROWS 2000

/* The rejected rows after suggestions are applied, except those that are guesses.  */
struct outcome
{
	int64_t rejected;
	int64_t corrected;   /* rows with at least one suggestion that is applied */
	int64_t guesses;     /* suggestions that are not */
	int64_t good;        /* rows that a load would accept */
	char path[PATH_MAX]; /* of the file; "" if it was not written */
};

/*
 * The next rows after row $2 with their suggestions applied, the first one for
 * each field that is not a guess, and what a load in the mode of the upload would do with them.  A
 * record that could not be read has no fields, and cannot be corrected.
 */
static const char judge_query[] =
	"WITH rejected AS (SELECT e.row_number, min(e.line_number) AS line_number,"
	" (array_agg(e.original_data))[1] AS data,"
	" jsonb_object_agg(e.error_field, e.suggestion ORDER BY e.error_id DESC)"
	" FILTER (WHERE e.error_field IS NOT NULL AND e.suggestion <> '' AND NOT g.is_guess) AS suggestions,"
	" count(*) FILTER (WHERE g.is_guess) AS guesses"
	" FROM onboard.validation_errors e CROSS JOIN LATERAL"
	" onboard.is_guess(e.error_type, e.rejected_value, e.suggestion) g (is_guess) WHERE e.upload_id = $1::text AND e.severity = 'error'"
	" AND e.row_number > $2::bigint GROUP BY e.row_number ORDER BY e.row_number LIMIT $3::bigint),"
	" records AS (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('row_number', r.row_number,"
	" 'line_number', r.line_number, 'action', r.data ->> 'onboard_action'))"
	" || jsonb_build_object('product', (r.data - 'onboard_action') || coalesce(r.suggestions, '{}'))), '[]') AS list"
	" FROM rejected r WHERE jsonb_typeof(r.data) = 'object' AND NOT r.data ? 'raw_record')"
	" SELECT count(*), count(r.suggestions), coalesce(sum(r.guesses), 0), coalesce(max(r.row_number), 0),"
	" (SELECT count(*) FROM onboard.upload_history u, records c, onboard_diff(u.vendor_id, c.list, u.mode, u.match,"
	" u.blank, NULL, u.columns, true) d WHERE u.upload_id = $1::text AND d.status <> 'error')"
	" FROM rejected r";

enum judged_column
{
	JUDGED_ROWS,
	JUDGED_CORRECTED,
	JUDGED_GUESSES,
	JUDGED_LAST,
	JUDGED_GOOD
};

/* What judge_rows() works on. */
struct judging
{
	const char *upload_id;
	struct outcome *outcome;
};

/* Judge all rows; a transaction_fn, so that duplicates in different chunks are found. */
static bool
judge_rows(struct database *database, void *context, struct glue_error *error)
{
	const struct judging *judging = context;
	struct outcome *outcome = judging->outcome;
	char last[INTEGER_TEXT_SIZE] = "0";
	char limit[INTEGER_TEXT_SIZE];
	const char *const values[] = {judging->upload_id, last, integer_text(limit, CHUNK_ROWS)};
	int64_t rows;

	outcome->rejected = outcome->corrected = outcome->guesses = outcome->good = 0;
	do
	{
		PGresult *result = NULL;

		if (!database_query(database, RUN_ONCE, judge_query, 3, values, &result, error))
			return false;
		rows = postgres_integer(result, 0, JUDGED_ROWS);
		outcome->rejected += rows;
		outcome->corrected += postgres_integer(result, 0, JUDGED_CORRECTED);
		outcome->guesses += postgres_integer(result, 0, JUDGED_GUESSES);
		outcome->good += postgres_integer(result, 0, JUDGED_GOOD);
		(void) integer_text(last, postgres_integer(result, 0, JUDGED_LAST));
		PQclear(result);
	} while (rows == CHUNK_ROWS);
	return true;
}

static bool
fix_upload(struct database *database, const struct options *options, const struct upload *upload,
		   struct outcome *outcome, struct glue_error *error)
{
	struct judging judging = {upload->upload_id, outcome};

	/* The transaction only reads, so an unknown outcome does not matter. */
	if (database_transaction(database, judge_rows, &judging, error) == TRANSACTION_ROLLED_BACK)
		return false;
	if (!options->apply || outcome->rejected == 0)
		return true;
	return report_file_write(database, REPORT_FIXED, upload->upload_id, options->reports,
							 outcome->path, error);
}

static void
print_outcome_json(const struct upload *upload, const struct outcome *outcome)
{
	cJSON *document = cJSON_CreateObject();

	json_add_text(document, "upload_id", upload->upload_id);
	cJSON_AddNumberToObject(document, "rejected", (double) outcome->rejected);
	cJSON_AddNumberToObject(document, "corrected", (double) outcome->corrected);
	cJSON_AddNumberToObject(document, "guesses", (double) outcome->guesses);
	cJSON_AddNumberToObject(document, "good", (double) outcome->good);
	cJSON_AddNumberToObject(document, "left", (double) (outcome->rejected - outcome->good));
	json_add_text(document, "file", outcome->path[0] != '\0' ? outcome->path : NULL);
	json_out_print(document);
}

static void
print_outcome(const struct upload *upload, const struct outcome *outcome)
{
	int64_t left = outcome->rejected - outcome->good;
	char count[TERMINAL_COUNT_SIZE];

	if (outcome->rejected == 0)
	{
		line_print(stdout, 0, "Upload %s has no rejected rows.", upload->upload_id);
		return;
	}
	line_print(stdout, 0,
			   "%s of the rejected rows %s at least one suggestion with a plain meaning.",
			   terminal_count(count, outcome->corrected),
			   terminal_plural(outcome->corrected, "has", "have"));
	line_print(stdout, 0, "%s %s good with these suggestions applied.",
			   terminal_count(count, outcome->good),
			   terminal_plural(outcome->good, "row is", "rows are"));
	if (outcome->guesses > 0)
		line_print(stdout, 0, "%s %s; see onboard_suggestion.",
				   terminal_count(count, outcome->guesses),
				   terminal_plural(outcome->guesses, "suggestion is a guess and was not applied",
								   "suggestions are guesses and were not applied"));
	line_print(stdout, 0, "%s still %s manual correction.", terminal_count(count, left),
			   terminal_plural(left, "needs", "need"));
	if (outcome->path[0] != '\0')
		line_print(stdout, 0, "%s", outcome->path);
	else
		line_print(stdout, 0, "Nothing was written; --apply writes the file.");
}

int
command_fix(const struct options *options)
{
	struct glue_error error = {0};
	struct upload upload = {0};
	struct outcome outcome = {0};
	struct database *database = chosen_database_open(options, &error);
	int code = EXIT_ALL_GOOD;

	if (database == NULL ||
		!named_upload_or_latest(database, options->operands[0], &upload, &error) ||
		!fix_upload(database, options, &upload, &outcome, &error))
		code = command_fail(options, &error);
	else
	{
		if (options->json)
			print_outcome_json(&upload, &outcome);
		else
			print_outcome(&upload, &outcome);
		if (outcome.good < outcome.rejected)
			code = EXIT_SOME_REJECTED;
	}
	upload_clean_up(&upload);
	database_close(database);
	return code;
}
