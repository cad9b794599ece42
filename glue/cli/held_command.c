/*-------------------------------------------------------------------------
 *
 * held_command.c
 *	  onboard held, approve, decline: rows that a guard held.
 *
 * The last step of a replace can wait, too; on the command line it is row 0.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/list.h"
#include "cli/named.h"
#include "cli/terminal.h"
#include "database/postgres_value.h"
#include "import/upload.h"
#include "shared/text.h"

/* Number of results in text output; JSON has all of them. */
#define SHOWN_RESULTS 20

/* ----- what waits ----- */

#define WAITING " FROM onboard_held($1::text, $2::text) h"
#define IN_ORDER " ORDER BY h.held_at, h.upload_id, h.row_number = 0, h.row_number"

/* The keys that the vendor wrote; a row needs only one of them. */
#define WITH_KEYS                                                 \
	" LEFT JOIN onboard.held_rows i ON i.upload_id = h.upload_id" \
	" AND i.row_number = h.row_number"

#define TABLE_COLUMNS(product)                                                           \
	"SELECT h.row_number AS row, h.line_number AS line, CASE h.row_number WHEN 0 THEN"   \
	" format('%s of %s', h.new_value, h.current_value) ELSE " product " END AS product," \
	" h.cause, CASE WHEN h.row_number > 0 THEN h.current_value END AS current,"          \
	" CASE WHEN h.row_number > 0 THEN h.new_value END AS new, h.upload_id AS upload,"    \
	" extract(epoch FROM h.held_at)::bigint AS held_at" WAITING

#define JSON_COLUMNS(vendor_product_id, sku)                                                         \
	"SELECT h.upload_id, h.vendor_id, h.row_number, h.line_number, h.product_id, " vendor_product_id \
	" AS vendor_product_id, " sku " AS sku,"                                                         \
	" h.cause, h.current_value, h.new_value, h.held_at" WAITING

/* An operator may see what waits, but not what the vendor wrote. */
static const char may_read_query[] =
	"SELECT has_column_privilege('onboard.held_rows', 'input', 'SELECT')";

static const char *const table_queries[2] = {
	TABLE_COLUMNS("h.product_id::text") IN_ORDER,
	TABLE_COLUMNS("coalesce(i.input ->> 'sku', i.input ->> 'vendor_product_id')")
		WITH_KEYS IN_ORDER,
};

static const char *const json_queries[2] = {
	JSON_COLUMNS("NULL", "NULL") IN_ORDER,
	JSON_COLUMNS("i.input ->> 'vendor_product_id'", "i.input ->> 'sku'") WITH_KEYS IN_ORDER,
};

/* Columns of the table to drop on a narrow terminal. */
static const char *const droppable[] = {"held_at", "line", "upload", "cause", NULL};

/*
 * Print what waits, of a vendor or an upload unless they are NULL.
 */
static int
print_waiting(struct database *database, const struct options *options, const char *upload_id)
{
	struct glue_error error = {0};
	const char *const values[] = {options->vendor, upload_id};
	struct list waiting = {
		.nothing = "Nothing waits for approval.",
		.droppable = droppable,
		.count = 2,
		.values = values,
	};
	PGresult *result = NULL;
	int may_read;

	if (!database_query(database, RUN_AGAIN, may_read_query, 0, NULL, &result, &error))
		return command_fail(options, &error);
	may_read = strcmp(PQgetvalue(result, 0, 0), "t") == 0 ? 1 : 0;
	PQclear(result);
	waiting.table_query = table_queries[may_read];
	waiting.json_query = json_queries[may_read];
	return list_print(database, options, &waiting);
}

int
command_held(const struct options *options)
{
	struct glue_error error = {0};
	struct upload upload = {0};
	struct database *database = chosen_database_open(options, &error);
	char vendor_status[sizeof("pending_approval")];
	int code;

	if (database == NULL ||
		(options->vendor != NULL && !named_vendor_status(database, options->vendor, vendor_status,
														 sizeof(vendor_status), &error)) ||
		(options->operand_count > 0 &&
		 !named_upload(database, options->operands[0], &upload, &error)))
		code = command_fail(options, &error);
	else
		code = print_waiting(database, options, upload.upload_id);
	upload_clean_up(&upload);
	database_close(database);
	return code;
}

/* ----- the rows of --rows ----- */

/*
 * Consume a row number at the front of *text.
 */
static bool
take_row_number(const char **text, int64_t *number)
{
	size_t digits = strspn(*text, "0123456789");

	if (digits == 0 || digits > 15)
		return false;
	*number = strtoll(*text, NULL, 10);
	*text += digits;
	return true;
}

/*
 * Convert a list such as "3,7-9" to an int8multirange.
 */
static bool
parse_rows(const char *list, struct byte_buffer *ranges, struct glue_error *error)
{
	const char *next = list;
	char range[64];
	int64_t first;
	int64_t last;

	do
	{
		bool good = take_row_number(&next, &first);

		last = first;
		if (good && *next == '-')
		{
			next++;
			good = take_row_number(&next, &last) && last >= first;
		}
		if (!good || (*next != ',' && *next != '\0'))
			return glue_error_set(error, GLUE_USAGE_ERROR, "USAGE",
								  "option --rows takes row numbers such as 3,7-9, not \"%s\"",
								  list);
		snprintf(range, sizeof(range), "%s[%" PRId64 ",%" PRId64 "]", ranges->used > 0 ? "," : "{",
				 first, last);
		if (!byte_buffer_append_string(ranges, range, error))
			return false;
	} while (*next++ == ',');
	return byte_buffer_append_string(ranges, "}", error) && byte_buffer_terminate(ranges, error);
}

/* ----- deciding ----- */

/*
 * The rows to decide on: those that wait, and that --rows lists; and the number of
 * products that the last step of a replace would discontinue, if it is one of them.
 */
static const char chosen_query[] =
	"SELECT coalesce(array_agg(h.row_number), '{}'),"
	" max(h.new_value) FILTER (WHERE h.row_number = 0)"
	" FROM onboard_held(NULL, $1::text) h"
	" WHERE $2::int8multirange IS NULL OR h.row_number <@ $2::int8multirange";

/* Columns of chosen_query. */
enum
{
	CHOSEN_ROWS,
	CHOSEN_MISSING
};

static const char approve_query[] =
	"SELECT a.row_number, a.outcome, a.reason"
	" FROM onboard_approve_rows($1::text, $2::bigint[]) a ORDER BY 1";

static const char decline_query[] = "SELECT onboard_decline_rows($1::text, $2::bigint[])";

/* Columns of approve_query. */
enum
{
	RESULT_ROW,
	RESULT_OUTCOME,
	RESULT_REASON
};

/* A decision on rows of an upload. */
struct decision
{
	const struct options *options;
	struct database *database;
	struct upload upload;
	struct byte_buffer ranges; /* of --rows */
	PGresult *chosen;
};

/*
 * Read which rows to decide on.
 */
static bool
choose_rows(struct decision *decision, struct glue_error *error)
{
	const char *const values[] = {
		decision->upload.upload_id,
		decision->options->rows != NULL ? decision->ranges.data : NULL,
	};

	return database_query(decision->database, RUN_AGAIN, chosen_query, 2, values, &decision->chosen,
						  error);
}

/*
 * Parse the arguments, and read the upload and the rows to decide on.
 */
static bool
begin_decision(struct decision *decision, const struct options *options, struct glue_error *error)
{
	decision->options = options;
	return (options->rows == NULL || parse_rows(options->rows, &decision->ranges, error)) &&
		   (decision->database = chosen_database_open(options, error)) != NULL &&
		   named_upload(decision->database, options->operands[0], &decision->upload, error) &&
		   choose_rows(decision, error);
}

static void
end_decision(struct decision *decision)
{
	PQclear(decision->chosen);
	byte_buffer_clean_up(&decision->ranges);
	upload_clean_up(&decision->upload);
	database_close(decision->database);
}

/*
 * Run a statement that decides.  Not repeatable: a second run would find
 * nothing waiting.
 */
static bool
decide(struct decision *decision, const char *query, PGresult **result, struct glue_error *error)
{
	const char *const values[] = {
		decision->upload.upload_id,
		PQgetvalue(decision->chosen, 0, CHOSEN_ROWS),
	};

	return database_query(decision->database, RUN_ONCE, query, 2, values, result, error);
}

/*
 * Return whether the last step of a replace is among the rows to decide on.
 */
static bool
is_step_chosen(const struct decision *decision)
{
	return !PQgetisnull(decision->chosen, 0, CHOSEN_MISSING);
}

/*
 * Print a line on rows, such as "Applied 3 rows of upload X."
 */
static void
print_rows(const struct decision *decision, const char *done, int64_t rows)
{
	char count[TERMINAL_COUNT_SIZE];

	line_print(stdout, 2, "%s %s %s of upload %s.", done, terminal_count(count, rows),
			   terminal_plural(rows, "row", "rows"), decision->upload.upload_id);
}

/*
 * Print what the decision on the last step means for the products.
 */
static void
print_step(const struct decision *decision, const char *done)
{
	char count[TERMINAL_COUNT_SIZE];
	int64_t missing = postgres_integer(decision->chosen, 0, CHOSEN_MISSING);

	line_print(stdout, 2,
			   "%s the products that no row of upload %s names; there %s %s when it ended.", done,
			   decision->upload.upload_id, terminal_plural(missing, "was", "were"),
			   terminal_count(count, missing));
}

/*
 * Check that there was something to decide on; of the rows listed, at least one
 * must wait.
 */
static bool
check_decided(const struct decision *decision, int64_t decided, struct glue_error *error)
{
	return decided > 0 || decision->options->rows == NULL ||
		   glue_error_set(error, GLUE_NOT_FOUND, "NOT_WAITING",
						  "none of these rows of upload %s waits for approval",
						  decision->upload.upload_id);
}

static bool
is_applied(const PGresult *result, int row)
{
	return strcmp(PQgetvalue(result, row, RESULT_OUTCOME), "applied") == 0;
}

static void
print_result(const PGresult *result, int row)
{
	char count[TERMINAL_COUNT_SIZE];
	int64_t row_number = postgres_integer(result, row, RESULT_ROW);
	bool has_reason = !PQgetisnull(result, row, RESULT_REASON);

	if (row_number > 0)
		line_print(stdout, 6, "  row %s is %s%s%s", terminal_count(count, row_number),
				   PQgetvalue(result, row, RESULT_OUTCOME), has_reason ? ": " : "",
				   PQgetvalue(result, row, RESULT_REASON));
	else
		line_print(stdout, 6, "  the last step is %s%s%s", PQgetvalue(result, row, RESULT_OUTCOME),
				   has_reason ? ": " : "", PQgetvalue(result, row, RESULT_REASON));
}

/*
 * Print how many rows were applied, and the first of the others with the reason.
 */
static void
print_approved(const struct decision *decision, const PGresult *result, int applied)
{
	char count[TERMINAL_COUNT_SIZE];
	int others = PQntuples(result) - applied;
	int shown = 0;
	/* The step is the first. */
	bool is_step_applied = is_step_chosen(decision) && is_applied(result, 0);

	if (PQntuples(result) == 0)
		line_print(stdout, 2, "Nothing of upload %s waits for approval.",
				   decision->upload.upload_id);
	if (PQntuples(result) > (is_step_chosen(decision) ? 1 : 0))
		print_rows(decision, "Applied", applied - (is_step_applied ? 1 : 0));
	if (is_step_applied)
		print_step(decision, "Discontinued");
	for (int row = 0; row < PQntuples(result) && shown < SHOWN_RESULTS; row++)
	{
		if (is_applied(result, row))
			continue;
		print_result(result, row);
		shown++;
	}
	if (shown < others)
		line_print(stdout, 4, "  ... and %s %s; --json lists all",
				   terminal_count(count, others - shown),
				   terminal_plural(others - shown, "other row", "other rows"));
}

static void
print_approved_json(const struct decision *decision, const PGresult *result, int applied)
{
	cJSON *document = cJSON_CreateObject();

	json_add_text(document, "upload_id", decision->upload.upload_id);
	json_add_integer(document, "applied", applied);
	json_add_integer(document, "not_applied", PQntuples(result) - applied);
	cJSON_AddItemToObject(document, "rows", json_of_result(result));
	json_out_print(document);
}

int
command_approve(const struct options *options)
{
	struct glue_error error = {0};
	struct decision decision = {0};
	PGresult *result = NULL;
	int applied = 0;
	int code;

	if (!begin_decision(&decision, options, &error) ||
		!decide(&decision, approve_query, &result, &error) ||
		!check_decided(&decision, PQntuples(result), &error))
		code = command_fail(options, &error);
	else
	{
		for (int row = 0; row < PQntuples(result); row++)
			applied += is_applied(result, row) ? 1 : 0;
		if (options->json)
			print_approved_json(&decision, result, applied);
		else
			print_approved(&decision, result, applied);
		code = applied < PQntuples(result) ? EXIT_SOME_REJECTED : EXIT_ALL_GOOD;
	}
	PQclear(result);
	end_decision(&decision);
	return code;
}

static void
print_declined(const struct decision *decision, int64_t declined)
{
	int64_t rows = declined - (is_step_chosen(decision) ? 1 : 0);

	if (decision->options->json)
	{
		cJSON *document = cJSON_CreateObject();

		json_add_text(document, "upload_id", decision->upload.upload_id);
		json_add_integer(document, "declined", declined);
		json_out_print(document);
		return;
	}
	if (declined == 0)
		line_print(stdout, 2, "Nothing of upload %s waits for approval.",
				   decision->upload.upload_id);
	if (rows > 0)
		print_rows(decision, "Declined", rows);
	if (declined > 0 && is_step_chosen(decision))
		print_step(decision, "Kept");
}

int
command_decline(const struct options *options)
{
	struct glue_error error = {0};
	struct decision decision = {0};
	PGresult *result = NULL;
	int code = EXIT_ALL_GOOD;

	if (!begin_decision(&decision, options, &error) ||
		!decide(&decision, decline_query, &result, &error) ||
		!check_decided(&decision, postgres_integer(result, 0, 0), &error))
		code = command_fail(options, &error);
	else
		print_declined(&decision, postgres_integer(result, 0, 0));
	PQclear(result);
	end_decision(&decision);
	return code;
}
