/*-------------------------------------------------------------------------
 *
 * undo_command.c
 *	  onboard undo: remove an upload's products from the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/named.h"
#include "cli/terminal.h"
#include "database/postgres_value.h"
#include "import/upload.h"

/* Outcome of undoing an upload. */
struct outcome
{
	bool cancelled;  /* the upload had not ended */
	bool already;    /* done by an earlier call; this one changed nothing */
	int64_t removed; /* products, unless cancelled */
	int64_t kept;
};

static void
print_outcome_json(const struct upload *upload, const struct outcome *outcome)
{
	cJSON *document = cJSON_CreateObject();

	json_add_text(document, "upload_id", upload->upload_id);
	cJSON_AddBoolToObject(document, "cancelled", outcome->cancelled);
	cJSON_AddBoolToObject(document, "already", outcome->already);
	if (!outcome->cancelled)
	{
		json_add_integer(document, "removed", outcome->removed);
		json_add_integer(document, "kept", outcome->kept);
	}
	json_out_print(document);
}

static void
print_outcome(const struct upload *upload, const struct outcome *outcome)
{
	char count[TERMINAL_COUNT_SIZE];

	if (outcome->cancelled)
		line_print(
			stdout, 2,
			outcome->already
				? "Upload %s is already cancelled; none of its rows are in the catalogue."
				: "Upload %s had not ended; it was cancelled and none of its rows were kept.",
			upload->upload_id);
	else if (outcome->already)
		line_print(stdout, 2, "Upload %s is already undone.", upload->upload_id);
	else
		line_print(stdout, 2, "Removed %s %s of upload %s.",
				   terminal_count(count, outcome->removed),
				   terminal_plural(outcome->removed, "product", "products"), upload->upload_id);
	if (outcome->kept > 0)
		line_print(stdout, 2, "Kept %s that %s changed since or that other data refers to.",
				   terminal_count(count, outcome->kept),
				   terminal_plural(outcome->kept, "was", "were"));
}

/*
 * Remove the products of an upload that has ended.
 */
static bool
remove_products(struct database *database, const struct upload *upload, struct outcome *outcome,
				struct glue_error *error)
{
	const char *const values[] = {upload->upload_id};
	PGresult *result = NULL;

	/*
	 * Not repeatable: a second run would only report that nothing was left.  If
	 * an earlier call kept nothing, there is nothing to do, because an upload
	 * that has ended gets no more rows.  What it kept may be removable now.
	 */
	if (!database_query(database, RUN_ONCE,
						"SELECT r.removed, r.kept FROM onboard.upload_history u"
						" CROSS JOIN LATERAL onboard_undo_upload(u.upload_id) r"
						" WHERE u.upload_id = $1::text"
						" AND coalesce(u.metadata ->> 'undone_kept', '') <> '0'",
						1, values, &result, error))
		return false;
	if (PQntuples(result) > 0)
	{
		outcome->removed = postgres_integer(result, 0, 0);
		outcome->kept = postgres_integer(result, 0, 1);
	}
	outcome->already = upload->undone && outcome->removed == 0;
	PQclear(result);
	return true;
}

static bool
undo_upload(struct database *database, struct upload *upload, struct outcome *outcome,
			struct glue_error *error)
{
	outcome->cancelled = strcmp(upload->status, "processing") == 0;
	if (outcome->cancelled)
		return upload_reject(database, upload, "CANCELLED", "cancelled before all rows were loaded",
							 error);
	if (upload->failure_code != NULL && strcmp(upload->failure_code, "CANCELLED") == 0)
	{
		outcome->cancelled = outcome->already = true;
		return true;
	}
	/* An abandoned upload has failed but kept its valid rows. */
	if (strcmp(upload->status, "failed") == 0 && upload->valid_records == 0)
		return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
							  "upload %s has failed; none of its rows are in the catalogue",
							  upload->upload_id);
	return remove_products(database, upload, outcome, error);
}

int
command_undo(const struct options *options)
{
	struct glue_error error = {0};
	struct upload upload = {0};
	struct outcome outcome = {0};
	struct database *database = chosen_database_open(options, &error);
	int code = EXIT_ALL_GOOD;

	if (database == NULL || !named_upload(database, options->operands[0], &upload, &error) ||
		!undo_upload(database, &upload, &outcome, &error))
		code = command_fail(options, &error);
	else if (options->json)
		print_outcome_json(&upload, &outcome);
	else
		print_outcome(&upload, &outcome);
	upload_clean_up(&upload);
	database_close(database);
	return code;
}
