/*-------------------------------------------------------------------------
 *
 * undo_command.c
 *	  onboard undo: take back what an upload did to the catalogue.
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

/* Number of kept products in text output; JSON has all of them. */
#define SHOWN_KEPT 20

/* Outcome of undoing an upload.  Owns kept_products. */
struct outcome
{
	bool dry_run;
	bool cancelled;          /* the upload had not ended */
	bool already;            /* done by an earlier call; this one changed nothing */
	int64_t removed;         /* products that it inserted, unless cancelled */
	int64_t restored;        /* products that it changed */
	int64_t kept;            /* products that stay as they are */
	int64_t declined;        /* held rows that waited */
	PGresult *kept_products; /* see kept_query; NULL unless kept > 0 */
};

/* ----- what it did ----- */

static void
print_outcome_json(const struct upload *upload, const struct outcome *outcome)
{
	cJSON *document = cJSON_CreateObject();

	json_add_text(document, "upload_id", upload->upload_id);
	cJSON_AddBoolToObject(document, "dry_run", outcome->dry_run);
	cJSON_AddBoolToObject(document, "cancelled", outcome->cancelled);
	cJSON_AddBoolToObject(document, "already", outcome->already);
	if (!outcome->cancelled)
	{
		json_add_integer(document, "removed", outcome->removed);
		json_add_integer(document, "restored", outcome->restored);
		json_add_integer(document, "kept", outcome->kept);
		json_add_integer(document, "declined", outcome->declined);
		cJSON_AddItemToObject(document, "kept_products",
							  outcome->kept_products != NULL
								  ? json_of_result(outcome->kept_products)
								  : cJSON_CreateArray());
	}
	json_out_print(document);
}

/*
 * Print the kept products and why each of them stays.
 */
static void
print_kept(const struct outcome *outcome)
{
	char count[TERMINAL_COUNT_SIZE];
	const PGresult *kept = outcome->kept_products;
	int shown = kept != NULL ? PQntuples(kept) : 0;

	line_print(stdout, 2, "%s %s that %s changed since or that other data refers to%s",
			   outcome->dry_run ? "It would keep" : "Kept", terminal_count(count, outcome->kept),
			   terminal_plural(outcome->kept, "was", "were"), shown > 0 ? ":" : ".");
	shown = shown < SHOWN_KEPT ? shown : SHOWN_KEPT;
	for (int row = 0; row < shown; row++)
		line_print(stdout, 6, "  SKU %s: %s", PQgetvalue(kept, row, 1), PQgetvalue(kept, row, 2));
	if (shown > 0 && shown < outcome->kept)
		line_print(stdout, 4, "  ... and %s %s; --json lists all",
				   terminal_count(count, outcome->kept - shown),
				   terminal_plural(outcome->kept - shown, "other", "others"));
}

/*
 * Print the products that were removed and restored, or would be.
 */
static void
print_undone(const struct upload *upload, const struct outcome *outcome)
{
	struct line line;
	char count[TERMINAL_COUNT_SIZE];
	bool changes = upload_mode_changes(upload->mode);

	line_begin(&line, stdout, 2);
	line_add(&line, outcome->dry_run ? "Undoing would remove %s %s" : "Removed %s %s",
			 terminal_count(count, outcome->removed),
			 terminal_plural(outcome->removed, "product", "products"));
	if (changes)
		line_add(&line, outcome->dry_run ? " and restore %s" : " and restored %s",
				 terminal_count(count, outcome->restored));
	line_add(&line, " of upload %s.", upload->upload_id);
	line_end(&line);
}

static void
print_cancelled(const struct upload *upload, const struct outcome *outcome)
{
	const char *format =
		"Upload %s had not ended; it was cancelled and none of its rows were kept.";

	if (outcome->already)
		format = "Upload %s is already cancelled; none of its rows are in the catalogue.";
	else if (outcome->dry_run)
		format = "Upload %s has not ended; undoing would cancel it and keep none of its rows.";
	line_print(stdout, 2, format, upload->upload_id);
}

static void
print_outcome(const struct upload *upload, const struct outcome *outcome)
{
	char count[TERMINAL_COUNT_SIZE];

	if (outcome->cancelled)
		print_cancelled(upload, outcome);
	else if (outcome->already)
		line_print(stdout, 2, "Upload %s is already undone.", upload->upload_id);
	else
		print_undone(upload, outcome);
	if (outcome->kept > 0)
		print_kept(outcome);
	if (outcome->declined > 0)
		line_print(stdout, 2, "%s %s %s that %s for approval.",
				   outcome->dry_run ? "It would decline" : "Declined",
				   terminal_count(count, outcome->declined),
				   terminal_plural(outcome->declined, "held row", "held rows"),
				   outcome->dry_run ? terminal_plural(outcome->declined, "waits", "wait")
									: "waited");
}

/* ----- doing it ----- */

/*
 * If an earlier call kept nothing, there is nothing to do, because an upload
 * that has ended gets no more rows.  What it kept may be removable now.
 */
static const char undo_query[] =
	"SELECT r.removed, r.restored, r.kept FROM onboard.upload_history u"
	" CROSS JOIN LATERAL onboard_undo_upload(u.upload_id, $2::boolean) r"
	" WHERE u.upload_id = $1::text"
	" AND coalesce(u.metadata ->> 'undone_kept', '') <> '0'";

static const char kept_query[] =
	"SELECT p.product_id, p.sku, p.reason FROM onboard_undo_plan($1::text) p"
	" WHERE p.step = 'keep' ORDER BY p.product_id";

/* An upload and its outcome, for take_back(). */
struct undoing
{
	const struct upload *upload;
	struct outcome *outcome;
};

/*
 * Undo the upload, and list what stays.  One transaction, so that the list
 * agrees with the counts.
 */
static bool
take_back(struct database *database, void *context, struct glue_error *error)
{
	const struct undoing *undoing = context;
	struct outcome *outcome = undoing->outcome;
	const char *const values[] = {undoing->upload->upload_id, outcome->dry_run ? "t" : "f"};
	PGresult *result = NULL;

	PQclear(outcome->kept_products);
	outcome->kept_products = NULL;
	if (!database_query(database, RUN_ONCE, undo_query, 2, values, &result, error))
		return false;
	if (PQntuples(result) > 0)
	{
		outcome->removed = postgres_integer(result, 0, 0);
		outcome->restored = postgres_integer(result, 0, 1);
		outcome->kept = postgres_integer(result, 0, 2);
	}
	PQclear(result);
	return outcome->kept == 0 || database_query(database, RUN_ONCE, kept_query, 1, values,
												&outcome->kept_products, error);
}

/*
 * Undo an upload that has ended.
 */
static bool
undo_ended(struct database *database, struct upload *upload, struct outcome *outcome,
		   struct glue_error *error)
{
	struct undoing undoing = {upload, outcome};

	if (!upload_read_held(database, upload, error))
		return false;
	outcome->declined = upload->waiting;
	if (database_transaction(database, take_back, &undoing, error) != TRANSACTION_COMMITTED)
		return false;
	outcome->already = upload->undone && outcome->removed == 0 && outcome->restored == 0;
	return true;
}

static bool
undo_upload(struct database *database, struct upload *upload, struct outcome *outcome,
			struct glue_error *error)
{
	outcome->cancelled = upload_is_open(upload);
	if (outcome->cancelled)
		return outcome->dry_run || upload_reject(database, upload, "CANCELLED",
												 "cancelled before all rows were loaded", error);
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
	return undo_ended(database, upload, outcome, error);
}

int
command_undo(const struct options *options)
{
	struct glue_error error = {0};
	struct upload upload = {0};
	struct outcome outcome = {.dry_run = options->dry_run};
	struct database *database = chosen_database_open(options, &error);
	int code = EXIT_ALL_GOOD;

	if (database == NULL || !named_upload(database, options->operands[0], &upload, &error) ||
		!undo_upload(database, &upload, &outcome, &error))
		code = command_fail(options, &error);
	else if (options->json)
		print_outcome_json(&upload, &outcome);
	else
		print_outcome(&upload, &outcome);
	PQclear(outcome.kept_products);
	upload_clean_up(&upload);
	database_close(database);
	return code;
}
