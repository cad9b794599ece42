/*-------------------------------------------------------------------------
 *
 * fix_command.c
 *	  onboard fix: apply the suggestions to the rejected rows of an upload.
 *
 * A suggestion that is only the name nearest to a value is left for a person to decide.
 * The fixed file is judged by the dry run of the server as if it were loaded, with the
 * map of the upload, so the counts are those of a load at this moment.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/spool.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/dry_run.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/message.h"
#include "cli/named.h"
#include "cli/terminal.h"
#include "database/postgres_value.h"
#include "report/report_files.h"
#include "shared/text.h"

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
 * The rejected rows and their suggestions as the vendor sees them.  A suggestion without
 * a field is not applied, because it has no cell.
 */
static const char count_query[] =
	"SELECT count(*), count(*) FILTER (WHERE r.is_corrected), coalesce(sum(r.guesses), 0)"
	" FROM (SELECT bool_or(e.error_field IS NOT NULL AND s.suggestion <> '' AND NOT g.is_guess) AS is_corrected,"
	" count(*) FILTER (WHERE g.is_guess) AS guesses"
	" FROM onboard.validation_errors e JOIN onboard.upload_history u ON u.upload_id = e.upload_id"
	" CROSS JOIN LATERAL onboard.vendor_suggestion(u.metadata, e.error_type, e.error_field, e.suggestion)"
	" s (suggestion)"
	" CROSS JOIN LATERAL onboard.is_guess(e.error_type, e.rejected_value, s.suggestion) g (is_guess)"
	" WHERE e.upload_id = $1::text AND e.severity = 'error' GROUP BY e.row_number) r";

enum counted_column
{
	COUNTED_REJECTED,
	COUNTED_CORRECTED,
	COUNTED_GUESSES
};

/* How many rows of a chunk a load in the mode of the upload would accept. */
static const char judge_query[] =
	"SELECT count(*) FROM onboard.upload_history u CROSS JOIN LATERAL onboard_diff(u.vendor_id, $2::jsonb,"
	" $3::text, u.match, u.blank, NULL, $4::text[], true) d"
	" WHERE u.upload_id = $1::text AND d.status <> 'error'";

/* Owns all of these. */
struct fix
{
	struct database *database;
	struct upload upload;
	struct dry_run run; /* of the fixed file */
	char *columns;      /* of the fixed file, as a PostgreSQL array */
	struct outcome outcome;
};

static bool
count_rejected(struct fix *fix, struct glue_error *error)
{
	const char *const values[] = {fix->upload.upload_id};
	PGresult *result = NULL;

	if (!database_query(fix->database, RUN_AGAIN, count_query, 1, values, &result, error))
		return false;
	fix->outcome.rejected = postgres_integer(result, 0, COUNTED_REJECTED);
	fix->outcome.corrected = postgres_integer(result, 0, COUNTED_CORRECTED);
	fix->outcome.guesses = postgres_integer(result, 0, COUNTED_GUESSES);
	PQclear(result);
	return true;
}

/* ----- the fixed file ----- */

static bool
begin_spool(void *context, struct glue_error *error)
{
	const int *spool = context;

	return spool_empty(*spool, error);
}

static bool
write_spool(void *context, const char *bytes, size_t length, struct glue_error *error)
{
	const int *spool = context;

	return spool_write(*spool, bytes, length, error);
}

/* Write the fixed file to a spool; returns its descriptor, or -1. */
static int
spool_fixed(struct database *database, const char *upload_id, struct glue_error *error)
{
	int spool = spool_open(error);
	const struct report_sink sink = {begin_spool, write_spool, &spool};
	struct report_size size;

	if (spool >= 0 && !report_write(database, REPORT_FIXED, upload_id, &sink, &size, error))
	{
		close(spool);
		spool = -1;
	}
	return spool;
}

/* ----- judging it ----- */

static bool
begin_attempt(void *context, struct glue_error *error)
{
	struct fix *fix = context;

	(void) error;
	fix->outcome.good = 0;
	return true;
}

static bool
judge_chunk(void *context, struct glue_error *error)
{
	struct fix *fix = context;
	const char *const values[] = {
		fix->upload.upload_id,
		fix->run.records.data,
		upload_mode_name(fix->run.local.file.needs.mode),
		fix->columns,
	};
	PGresult *result = NULL;

	if (!database_query(fix->database, RUN_ONCE, judge_query, 4, values, &result, error))
		return false;
	fix->outcome.good += postgres_integer(result, 0, 0);
	PQclear(result);
	return true;
}

/*
 * Judge the fixed file.  One that a load would refuse as a whole, for instance because
 * only empty rows are left, has no good rows.
 */
static bool
judge_fixed(struct fix *fix, const struct options *options, struct glue_error *error)
{
	static const struct dry_run_events events = {.begin = begin_attempt, .judge = judge_chunk};
	int spool = spool_fixed(fix->database, fix->upload.upload_id, error);

	if (spool < 0)
		return false;
	if (!dry_run_open_fixed(&fix->run, options, fix->database, &fix->upload, spool, error))
	{
		if (error->class != GLUE_FILE_FAULT)
			return false;
		message_note("the file with the suggestions would be refused: %s", error->text);
		glue_error_clear(error);
		return true;
	}
	fix->columns = vendor_file_columns(&fix->run.local.file);
	return (fix->columns != NULL || glue_error_memory(error)) &&
		   dry_run_judge(&fix->run, "Judging", &events, fix, error);
}

static bool
fix_upload(struct fix *fix, const struct options *options, struct glue_error *error)
{
	struct outcome *outcome = &fix->outcome;

	if (!count_rejected(fix, error))
		return false;
	if (outcome->rejected == 0)
		return true;
	return judge_fixed(fix, options, error) &&
		   (!options->apply || report_file_write(fix->database, REPORT_FIXED, fix->upload.upload_id,
												 options->reports, outcome->path, error));
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
	struct fix fix = {0};
	int code = EXIT_ALL_GOOD;

	fix.database = chosen_database_open(options, &error);
	if (fix.database == NULL ||
		!named_upload_or_latest(fix.database, options->operands[0], &fix.upload, &error) ||
		!fix_upload(&fix, options, &error))
		code = command_fail(options, &error);
	else
	{
		if (options->json)
			print_outcome_json(&fix.upload, &fix.outcome);
		else
			print_outcome(&fix.upload, &fix.outcome);
		if (fix.outcome.good < fix.outcome.rejected)
			code = EXIT_SOME_REJECTED;
	}
	glue_release(fix.columns);
	dry_run_close(&fix.run);
	upload_clean_up(&fix.upload);
	database_close(fix.database);
	return code;
}
