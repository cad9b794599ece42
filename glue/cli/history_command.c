/*-------------------------------------------------------------------------
 *
 * history_command.c
 *	  onboard history: show what changed a product, and when.
 *
 * A changed value is printed on one line, "column  old -> new".  On a terminal
 * that is too narrow for both values, each gets half of the width.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii_word.h"
#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/named.h"
#include "cli/not_found.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "database/postgres_value.h"
#include "shared/action.h"
#include "shared/text.h"

/* Indentation of the changed columns, and where their values begin. */
#define VALUE_INDENT 4
#define VALUE_COLUMN 23

/* If there is less room than this, both values are wrapped, not truncated. */
#define LEAST_ROOM 12

#define ARROW " -> "
#define ARROW_COLUMNS 4

/* The product of a history; the strings point into row, which is owned. */
struct subject
{
	PGresult *row;
	const char *product_id;
	const char *vendor_id;
	const char *vendor_product_id;
	const char *sku;
	bool is_deleted; /* the keys are its last ones */
};

/* ----- finding the product ----- */

/* Products with a key. */
#define PRODUCTS_WITH(key)                                                         \
	"SELECT p.product_id, p.vendor_id, p.vendor_product_id, p.sku, false"          \
	" FROM onboard.products p"                                                     \
	" WHERE p." key " = $1::text AND ($2::text IS NULL OR p.vendor_id = $2::text)" \
	" ORDER BY p.vendor_id"

/* The last product that had a key; no index supports this query. */
#define PRODUCT_THAT_HAD(key)                                                        \
	"SELECT h.product_id, h.vendor_id, h.vendor_product_id, h.sku,"                  \
	" NOT EXISTS (SELECT FROM onboard.products p WHERE p.product_id = h.product_id)" \
	" FROM onboard.product_history h"                                                \
	" WHERE h.old_values ->> '" key "' = $1::text"                                   \
	" AND ($2::text IS NULL OR h.vendor_id = $2::text)"                              \
	" ORDER BY h.changed_at DESC, h.change_id DESC LIMIT 1"

static const char *const product_queries[MATCH_COUNT][2] = {
	[MATCH_VENDOR_PRODUCT_ID] = {PRODUCTS_WITH("vendor_product_id"),
								 PRODUCT_THAT_HAD("vendor_product_id")},
	[MATCH_SKU] = {PRODUCTS_WITH("sku"), PRODUCT_THAT_HAD("sku")},
};

/*
 * Report that no product has the key.
 */
static bool
unknown_product(struct database *database, const struct options *options, enum upload_match match,
				struct glue_error *error)
{
	if (match == MATCH_SKU)
		return not_found(database, NOT_FOUND_SKU, options->operands[0], error);
	return glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_PRODUCT",
						  "vendor_product_id \"%s\" does not exist", options->operands[0]);
}

/*
 * Report a vendor_product_id that several vendors use.
 */
static bool
ambiguous_product(const PGresult *result, const char *name, struct glue_error *error)
{
	return glue_error_set(error, GLUE_USAGE_ERROR, "AMBIGUOUS_PRODUCT",
						  "%d vendors have a product \"%s\", such as %s and %s; add --vendor",
						  PQntuples(result), name, PQgetvalue(result, 0, 1),
						  PQgetvalue(result, 1, 1));
}

/*
 * Find the product that the command line names; fills *subject.
 */
static bool
find_product(struct database *database, const struct options *options, enum upload_match match,
			 struct subject *subject, struct glue_error *error)
{
	const char *const values[] = {options->operands[0], options->vendor};
	PGresult *result = NULL;

	for (int i = 0; i < 2; i++)
	{
		if (!database_query(database, RUN_AGAIN, product_queries[match][i], 2, values, &result,
							error))
			return false;
		if (PQntuples(result) > 0)
			break;
		PQclear(result);
		result = NULL;
	}
	if (result == NULL)
		return unknown_product(database, options, match, error);
	subject->row = result;
	if (PQntuples(result) > 1)
		return ambiguous_product(result, options->operands[0], error);
	subject->product_id = PQgetvalue(result, 0, 0);
	subject->vendor_id = PQgetvalue(result, 0, 1);
	subject->vendor_product_id = postgres_text(result, 0, 2);
	subject->sku = postgres_text(result, 0, 3);
	subject->is_deleted = strcmp(PQgetvalue(result, 0, 4), "t") == 0;
	return true;
}

static void
print_subject(const struct subject *subject, const char *as_of)
{
	struct line line;

	line_begin(&line, stdout, 2);
	line_style(&line, STYLE_BOLD);
	line_add(&line, "Product %s of %s", subject->product_id, subject->vendor_id);
	line_style(&line, STYLE_PLAIN);
	if (subject->vendor_product_id != NULL)
		line_add(&line, ", id %s", subject->vendor_product_id);
	if (subject->sku != NULL)
		line_add(&line, ", SKU %s", subject->sku);
	if (as_of != NULL)
		line_add(&line, ", as of %s", as_of);
	else if (subject->is_deleted)
		line_add(&line, ", deleted");
	line_end(&line);
}

/* ----- its life ----- */

/* With the held row that an operator approved, if that made the change. */
#define FROM_HISTORY                                                                             \
	" FROM onboard.product_history h LEFT JOIN onboard.held_rows w ON w.upload_id = h.upload_id" \
	" AND w.row_number = h.row_number AND w.outcome = 'applied' AND h.action <> 'reverted'"
#define IS_APPROVED "w.held_id IS NOT NULL AS approved"
#define OF_PRODUCT " WHERE h.product_id = $1::bigint ORDER BY h.changed_at, h.change_id NULLS FIRST"

/* Columns of text_query. */
enum
{
	LIFE_CHANGE,
	LIFE_TIME,
	LIFE_ACTION,
	LIFE_UPLOAD,
	LIFE_ROW,
	LIFE_LINE,
	LIFE_USER,
	LIFE_APPROVED,
	LIFE_NAME,
	LIFE_OLD,
	LIFE_NEW
};

/*
 * One tuple for each column that a change changed, in the order of the table.
 * An insertion or deletion concerns the whole product, so it has no columns.
 */
static const char text_query[] =
	"SELECT coalesce(h.change_id, 0), extract(epoch FROM h.changed_at)::bigint, h.action,"
	" h.upload_id, h.row_number, h.line_number, h.changed_by, " IS_APPROVED
	", v.name, v.old, v.new" FROM_HISTORY
	" LEFT JOIN LATERAL (SELECT key AS name, o.value #>> '{}' AS old, n.value #>> '{}' AS new, a.attnum"
	" FROM jsonb_each(h.old_values) o FULL JOIN jsonb_each(h.new_values) n USING (key)"
	" LEFT JOIN pg_attribute a ON a.attrelid = 'onboard.products'::regclass AND a.attname = key"
	" WHERE h.old_values IS NOT NULL AND h.new_values IS NOT NULL) v ON true" OF_PRODUCT
	", v.attnum";

static const char json_query[] =
	"SELECT h.changed_at, h.action, h.upload_id, h.row_number, h.line_number,"
	" h.changed_by, " IS_APPROVED ", h.old_values, h.new_values" FROM_HISTORY OF_PRODUCT;

/*
 * Print when the product was changed, and by which row of a file or which user,
 * including the user who approved a change or took it back.
 */
static void
print_change(const PGresult *result, int row)
{
	struct line line;
	char moment[SUMMARY_TIME_SIZE];
	char count[TERMINAL_COUNT_SIZE];
	const char *upload = postgres_text(result, row, LIFE_UPLOAD);
	const char *user = postgres_text(result, row, LIFE_USER);
	bool has_line = !PQgetisnull(result, row, LIFE_LINE);
	bool has_row = !PQgetisnull(result, row, LIFE_ROW);
	bool is_approved = PQgetvalue(result, row, LIFE_APPROVED)[0] == 't';
	bool is_undo = strcmp(PQgetvalue(result, row, LIFE_ACTION), "reverted") == 0;

	line_begin(&line, stdout, VALUE_INDENT);
	line_add(&line, "%s  ", summary_time(moment, postgres_integer(result, row, LIFE_TIME)));
	line_style(&line, STYLE_BOLD);
	line_add(&line, "%-12s", PQgetvalue(result, row, LIFE_ACTION));
	line_style(&line, STYLE_PLAIN);
	if (upload != NULL)
		line_add(&line, "  upload %s", upload);
	if (has_row)
		line_add(
			&line, ", %s %s", has_line ? "line" : "row",
			terminal_count(count, postgres_integer(result, row, has_line ? LIFE_LINE : LIFE_ROW)));
	if (is_approved)
		line_add(&line, ", approved");
	if (user != NULL && (!has_row || is_undo || is_approved))
		line_add(&line, "%sby %s", is_approved ? " " : "  ", user);
	line_end(&line);
}

/*
 * Divide the width between two values, half for each unless one needs less.
 */
static void
share_room(int *widths, int room)
{
	int half = room > 2 ? room / 2 : 1;

	if (widths[0] <= half)
		widths[1] = room - widths[0];
	else if (widths[1] <= half)
		widths[0] = room - widths[1];
	else
		widths[0] = widths[1] = half;
}

/*
 * Print the old and the new value of a column.
 */
static void
print_value(const PGresult *result, int row)
{
	const char *old_text = postgres_text(result, row, LIFE_OLD);
	const char *new_text = postgres_text(result, row, LIFE_NEW);
	const char *name = PQgetvalue(result, row, LIFE_NAME);
	const char *texts[2] = {old_text != NULL ? old_text : "(none)",
							new_text != NULL ? new_text : "(none)"};
	int widths[2] = {terminal_text_columns(texts[0]), terminal_text_columns(texts[1])};
	int blanks = VALUE_COLUMN - VALUE_INDENT - terminal_text_columns(name);
	int terminal = terminal_width(stdout);
	int room;

	blanks = blanks < 2 ? 2 : blanks;
	room = terminal - VALUE_INDENT - terminal_text_columns(name) - blanks - ARROW_COLUMNS;
	if (terminal > 0 && room < LEAST_ROOM)
	{
		line_print(stdout, VALUE_INDENT, "%*s%s  %s" ARROW "%s", VALUE_INDENT, "", name, texts[0],
				   texts[1]);
		return;
	}
	if (terminal > 0 && widths[0] + widths[1] > room)
		share_room(widths, room);
	printf("%*s", VALUE_INDENT, "");
	(void) terminal_cut(stdout, name, terminal_text_columns(name));
	printf("%*s", blanks, "");
	(void) terminal_cut(stdout, texts[0], widths[0]);
	fputs(ARROW, stdout);
	(void) terminal_cut(stdout, texts[1], widths[1]);
	putchar('\n');
}

static bool
print_life(struct database *database, const struct subject *subject, struct glue_error *error)
{
	const char *const values[] = {subject->product_id};
	PGresult *result = NULL;
	int64_t previous = -1;

	if (!database_query(database, RUN_AGAIN, text_query, 1, values, &result, error))
		return false;
	print_subject(subject, NULL);
	for (int row = 0; row < PQntuples(result); row++)
	{
		int64_t change = postgres_integer(result, row, LIFE_CHANGE);

		if (change != previous)
			print_change(result, row);
		previous = change;
		if (!PQgetisnull(result, row, LIFE_NAME))
			print_value(result, row);
	}
	PQclear(result);
	return true;
}

static cJSON *
subject_json(const struct subject *subject)
{
	cJSON *document = cJSON_CreateObject();

	cJSON_AddRawToObject(document, "product_id", subject->product_id);
	json_add_text(document, "vendor_id", subject->vendor_id);
	json_add_text(document, "vendor_product_id", subject->vendor_product_id);
	json_add_text(document, "sku", subject->sku);
	cJSON_AddBoolToObject(document, "deleted", subject->is_deleted);
	return document;
}

static bool
print_life_json(struct database *database, const struct subject *subject, struct glue_error *error)
{
	const char *const values[] = {subject->product_id};
	PGresult *result = NULL;
	cJSON *document;

	if (!database_query(database, RUN_AGAIN, json_query, 1, values, &result, error))
		return false;
	document = subject_json(subject);
	cJSON_AddItemToObject(document, "changes", json_of_result(result));
	json_out_print(document);
	PQclear(result);
	return true;
}

/* ----- the product at a time ----- */

/* SQLSTATE of onboard_product_as_of() for a time whose changes were pruned or not recorded. */
#define NOT_IN_PREREQUISITE_STATE "55000"

/* The moment $2 is in microseconds since 1970. */
#define MOMENT "'1970-01-01 00:00:00+00'::timestamptz + $2::bigint * interval '1 microsecond'"

static const char as_of_query[] =
	"SELECT p.*, " MOMENT " AS at FROM onboard_product_as_of($1::bigint, " MOMENT ") p"
	" WHERE p.product_id IS NOT NULL";

static bool
absent_then(const struct options *options, const char *moment, struct glue_error *error)
{
	return glue_error_set(error, GLUE_NOT_FOUND, "UNKNOWN_PRODUCT",
						  "product \"%s\" did not exist on %s", options->operands[0], moment);
}

/*
 * Print the single tuple of as_of_query, without its times and the keys, which
 * are in the first line.
 */
static void
print_product(const PGresult *result)
{
	static const char *const left_out[] = {"product_id", "vendor_id", "created_at",
										   "updated_at", "at",        NULL};

	for (int column = 0; column < PQnfields(result); column++)
	{
		const char *name = PQfname(result, column);
		const char *value = postgres_text(result, 0, column);

		if (value != NULL && !ascii_word_is_in(name, left_out))
			line_print(stdout, VALUE_COLUMN, "%*s%-*s%s", VALUE_INDENT, "",
					   VALUE_COLUMN - VALUE_INDENT, name, value);
	}
}

static void
print_product_json(const struct subject *subject, const PGresult *result)
{
	cJSON *document = subject_json(subject);
	cJSON *list = json_of_result(result);
	cJSON *product = cJSON_DetachItemFromArray(list, 0);

	cJSON_AddItemToObject(document, "at", cJSON_DetachItemFromObject(product, "at"));
	cJSON_AddItemToObject(document, "product", product);
	cJSON_Delete(list);
	json_out_print(document);
}

/*
 * Print the product as it was at the time given by --at.
 */
static bool
print_as_of(struct database *database, const struct options *options, const struct subject *subject,
			struct glue_error *error)
{
	char microseconds[INTEGER_TEXT_SIZE];
	char moment[SUMMARY_TIME_SIZE];
	const char *const values[] = {subject->product_id, integer_text(microseconds, options->at)};
	PGresult *result = NULL;
	bool found;

	if (!database_query(database, RUN_AGAIN, as_of_query, 2, values, &result, error))
	{
		/* The history does not reach back that far; a retry would fail, too. */
		if (strcmp(error->code, NOT_IN_PREREQUISITE_STATE) == 0)
			error->class = GLUE_NOT_FOUND;
		return false;
	}
	(void) summary_time(moment, options->at / 1000000);
	found = PQntuples(result) > 0;
	if (!found)
		(void) absent_then(options, moment, error);
	else if (options->json)
		print_product_json(subject, result);
	else
	{
		print_subject(subject, moment);
		print_product(result);
	}
	PQclear(result);
	return found;
}

/* ----- the command ----- */

static bool
show_history(struct database *database, const struct options *options, enum upload_match match,
			 struct glue_error *error)
{
	struct subject subject = {0};
	char vendor_status[sizeof("pending_approval")];
	bool done =
		(options->vendor == NULL || named_vendor_status(database, options->vendor, vendor_status,
														sizeof(vendor_status), error)) &&
		find_product(database, options, match, &subject, error);

	if (done && (options->given & OPTION_BIT(OPTION_AT)) != 0)
		done = print_as_of(database, options, &subject, error);
	else if (done && options->json)
		done = print_life_json(database, &subject, error);
	else if (done)
		done = print_life(database, &subject, error);
	PQclear(subject.row);
	return done;
}

int
command_history(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	enum upload_match match = MATCH_SKU;
	int code = EXIT_ALL_GOOD;

	if (options->match != NULL)
		(void) upload_match_by_name(options->match, &match);
	if (database == NULL || !show_history(database, options, match, &error))
		code = command_fail(options, &error);
	database_close(database);
	return code;
}
