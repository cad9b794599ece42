/*-------------------------------------------------------------------------
 *
 * vendor_command.c
 *	  onboard vendor add, list, show, set, set-status.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/list.h"
#include "cli/summary.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/not_found.h"
#include "database/postgres_value.h"
#include "database/vendor_refusal.h"

/* How to convert the value of an option to that of a column: an expression of a parameter. */
#define REQUIRED_TEXT "$%d::text"
#define OPTIONAL_TEXT "nullif($%d::text, '')"
#define OPTIONAL_NUMBER "nullif($%d::text, '')::numeric"
#define REQUIRED_LIST "string_to_array(replace($%d::text, ' ', ''), ',')"

/* How to show a column: an expression of its row. */
#define PLAIN "%1$s.%2$s"
#define LIST "array_to_string(%1$s.%2$s, ',')"

/* The vendor columns that options set. */
struct vendor_field
{
	const char *column;
	const char *label;
	enum option_id option;
	const char *value; /* a REQUIRED one cannot be cleared */
	const char *shown;
};

static const struct vendor_field vendor_fields[] = {
	{"vendor_name", "name", OPTION_NAME, REQUIRED_TEXT, PLAIN},
	{"email", "e-mail", OPTION_EMAIL, REQUIRED_TEXT, PLAIN},
	{"phone", "phone", OPTION_PHONE, OPTIONAL_TEXT, PLAIN},
	{"business_name", "business name", OPTION_BUSINESS_NAME, OPTIONAL_TEXT, PLAIN},
	{"tax_id", "tax number", OPTION_TAX_ID, OPTIONAL_TEXT, PLAIN},
	{"address", "address", OPTION_ADDRESS, OPTIONAL_TEXT, PLAIN},
	{"city", "city", OPTION_CITY, OPTIONAL_TEXT, PLAIN},
	{"state", "state", OPTION_STATE, OPTIONAL_TEXT, PLAIN},
	{"country", "country", OPTION_COUNTRY, OPTIONAL_TEXT, PLAIN},
	{"postal_code", "postal code", OPTION_POSTAL_CODE, OPTIONAL_TEXT, PLAIN},
	{"status", "status", OPTION_STATUS, REQUIRED_TEXT, PLAIN},
	{"modes", "modes", OPTION_MODES, REQUIRED_LIST, LIST},
	{"default_mode", "default mode", OPTION_DEFAULT_MODE, REQUIRED_TEXT, PLAIN},
	{"price_guard", "price guard", OPTION_PRICE_GUARD, OPTIONAL_NUMBER, PLAIN},
	{"sold_out_guard", "sold-out guard", OPTION_SOLD_OUT_GUARD, OPTIONAL_NUMBER, PLAIN},
	{"discontinue_guard", "discontinue guard", OPTION_DISCONTINUE_GUARD, OPTIONAL_NUMBER, PLAIN},
	{0},
};

#define NUMERIC_OUT_OF_RANGE "22003"

/* Sizes of a statement's parts: each column twice, with its parameter, plus the rest. */
#define PART_SIZE 1536
#define STATEMENT_SIZE 4096

static bool
is_field_given(const struct options *options, const struct vendor_field *field)
{
	return (options->given & OPTION_BIT(field->option)) != 0;
}

/*
 * Append to a part of a statement, with a comma before all but the first.
 */
static void
append_part(char part[PART_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
append_part(char part[PART_SIZE], const char *format, ...)
{
	size_t used = strlen(part);
	va_list arguments;

	used += (size_t) snprintf(part + used, PART_SIZE - used, "%s", used > 0 ? ", " : "");
	va_start(arguments, format);
	vsnprintf(part + used, PART_SIZE - used, format, arguments);
	va_end(arguments);
}

/*
 * Run a statement on vendors.  A value that a constraint rejects becomes a
 * usage error with a message of ours.
 */
static bool
run_vendor_statement(struct database *database, const char *statement, int count,
					 const char *const *values, PGresult **result, struct glue_error *error)
{
	const struct vendor_refusal *refusal;

	if (database_query(database, RUN_ONCE, statement, count, values, result, error))
		return true;
	if (strcmp(error->code, NUMERIC_OUT_OF_RANGE) == 0)
		return glue_error_set(
			error, GLUE_USAGE_ERROR, "USAGE",
			"a guard is too large; a sold-out or discontinue guard is a share, from 0 to 1");
	refusal = vendor_refusal_find(error);
	if (refusal != NULL)
		glue_error_set(error, GLUE_USAGE_ERROR, "USAGE", "%s%s", refusal->text,
					   strcmp(refusal->code, VENDOR_EXISTS) == 0 ? "; --if-not-exists accepts that"
																 : "");
	return false;
}

/*
 * Build the INSERT of the given fields and its parameters: the vendor's id, the
 * fields, and whether an existing vendor is fine.  Other columns get their
 * defaults.  Returns the number of parameters.
 */
static int
build_insert(const struct options *options, char *statement, const char **values)
{
	char columns[PART_SIZE] = "";
	char expressions[PART_SIZE] = "";
	int count = 0;

	values[count++] = options->operands[0];
	for (const struct vendor_field *field = vendor_fields; field->column != NULL; field++)
	{
		char expression[PART_SIZE / 8];

		if (!is_field_given(options, field))
			continue;
		values[count++] = option_text(options, field->option);
		snprintf(expression, sizeof(expression), field->value, count);
		append_part(columns, "%s", field->column);
		append_part(expressions, "%s", expression);
	}
	values[count++] = options->if_not_exists ? "true" : "false";
	snprintf(statement, STATEMENT_SIZE,
			 "INSERT INTO onboard.vendors (vendor_id, %s) SELECT $1::text, %s"
			 " WHERE NOT ($%d::boolean"
			 " AND EXISTS (SELECT FROM onboard.vendors v WHERE v.vendor_id = $1::text))",
			 columns, expressions, count);
	return count;
}

/*
 * Insert the vendor described by the options; *added is false if it already
 * exists and --if-not-exists was given.
 */
static bool
add_vendor(struct database *database, const struct options *options, bool *added,
		   struct glue_error *error)
{
	char statement[STATEMENT_SIZE];
	const char *values[2 + OPTION_ID_COUNT];
	int count = build_insert(options, statement, values);
	PGresult *result = NULL;

	if (!run_vendor_statement(database, statement, count, values, &result, error))
		return false;
	*added = strcmp(PQcmdTuples(result), "1") == 0;
	PQclear(result);
	return true;
}

int
command_vendor_add(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	bool added = false;
	int code = EXIT_ALL_GOOD;

	if (database == NULL || !add_vendor(database, options, &added, &error))
		code = command_fail(options, &error);
	else if (options->json)
	{
		cJSON *document = cJSON_CreateObject();

		json_add_text(document, "vendor_id", options->operands[0]);
		cJSON_AddBoolToObject(document, "added", added);
		json_out_print(document);
	}
	else
		line_print(stdout, 2, added ? "Added vendor %s." : "Vendor %s already exists.",
				   options->operands[0]);
	database_close(database);
	return code;
}

int
command_vendor_list(const struct options *options)
{
	static const char *const droppable[] = {
		"last_upload_at", "uploads", "e-mail", "products", "name", "status", NULL,
	};
	static const struct list vendors = {
		.table_query = "SELECT s.vendor_id AS vendor, s.vendor_name AS name, v.email AS \"e-mail\","
					   " s.status, s.products, s.uploads,"
					   " extract(epoch FROM s.last_upload_at)::bigint AS last_upload_at"
					   " FROM onboard.vendor_summary s JOIN onboard.vendors v USING (vendor_id)"
					   " ORDER BY s.vendor_id",
		.json_query = "SELECT s.*, v.email FROM onboard.vendor_summary s"
					  " JOIN onboard.vendors v USING (vendor_id) ORDER BY s.vendor_id",
		.nothing =
			"There are no vendors yet.  Add one: onboard vendor add ID --name NAME --email ADDRESS",
		.droppable = droppable,
	};

	return list_command(options, &vendors);
}

/* ----- show ----- */

static const char profile_query[] =
	"SELECT v.vendor_id, v.vendor_name, v.email, v.phone, v.business_name, v.tax_id, v.address,"
	" v.city, v.state, v.country, v.postal_code, v.status, array_to_string(v.modes, ',') AS modes,"
	" v.default_mode, v.price_guard, v.sold_out_guard, v.discontinue_guard, s.products, s.active_products,"
	" s.out_of_stock_products, s.uploads, s.failed_uploads, s.valid_records, s.error_records,"
	" s.success_rate_percent, v.created_at, v.updated_at"
	" FROM onboard.vendors v JOIN onboard.vendor_summary s USING (vendor_id)"
	" WHERE v.vendor_id = $1::text";

static const char roles_query[] =
	"SELECT r.role_name FROM onboard.vendor_roles r WHERE r.vendor_id = $1::text ORDER BY r.role_name";

/* Uploads shown with a vendor. */
#define RECENT_UPLOADS " ORDER BY u.created_at DESC, u.upload_id LIMIT 5"

static const char recent_query[] =
	"SELECT u.upload_id AS upload, u.file_name AS file,"
	" CASE WHEN u.metadata ? 'undone_at' THEN 'undone, ' ELSE '' END || u.status AS status,"
	" u.valid_records AS accepted, u.error_records AS rejected,"
	" extract(epoch FROM u.created_at)::bigint AS begun_at"
	" FROM onboard.upload_history u WHERE u.vendor_id = $1::text" RECENT_UPLOADS;

static const char json_recent_query[] =
	"SELECT u.upload_id, u.file_name, u.status, u.total_records, u.valid_records, u.error_records,"
	" u.failure_code, u.metadata ? 'undone_at' AS undone, u.created_at"
	" FROM onboard.upload_history u WHERE u.vendor_id = $1::text" RECENT_UPLOADS;

/*
 * What "vendor show" prints.  Owns the results; free with profile_clean_up().
 */
struct profile
{
	PGresult *vendor; /* one row */
	PGresult *roles;  /* visible to the caller */
	PGresult *recent;
};

static void
profile_clean_up(struct profile *profile)
{
	PQclear(profile->vendor);
	PQclear(profile->roles);
	PQclear(profile->recent);
	memset(profile, 0, sizeof(*profile));
}

static bool
profile_read(struct database *database, const struct options *options, struct profile *profile,
			 struct glue_error *error)
{
	const char *const values[] = {options->operands[0]};

	if (!database_query(database, RUN_AGAIN, profile_query, 1, values, &profile->vendor, error))
		return false;
	if (PQntuples(profile->vendor) == 0)
		return not_found(database, NOT_FOUND_VENDOR, values[0], error);
	return database_query(database, RUN_AGAIN, roles_query, 1, values, &profile->roles, error) &&
		   database_query(database, RUN_AGAIN, options->json ? json_recent_query : recent_query, 1,
						  values, &profile->recent, error);
}

static const char *
profile_text(const struct profile *profile, const char *column)
{
	int number = PQfnumber(profile->vendor, column);

	return postgres_text(profile->vendor, 0, number);
}

static int64_t
profile_number(const struct profile *profile, const char *column)
{
	return strtoll(profile_text(profile, column), NULL, 10);
}

/*
 * Print a line of the profile, unless the value is null.
 */
static void
print_member(const char *what, const char *text)
{
	if (text == NULL)
		return;
	line_print(stdout, 20, "  %-17s %s", what, text);
}

/*
 * Print a line such as "products 12 (10 active, 2 out of stock)".
 */
static void
print_counts(const struct profile *profile, const char *what, const char *first,
			 const char *first_name, const char *second, const char *second_name)
{
	struct line line;
	char count[TERMINAL_COUNT_SIZE];

	line_begin(&line, stdout, 20);
	line_add(&line, "  %-17s %s", what, terminal_count(count, profile_number(profile, what)));
	line_add(&line, " (%s %s", terminal_count(count, profile_number(profile, first)), first_name);
	if (second != NULL)
		line_add(&line, ", %s %s", terminal_count(count, profile_number(profile, second)),
				 second_name);
	line_add(&line, ")");
	line_end(&line);
}

static void
print_roles(const PGresult *roles)
{
	struct line line;

	if (PQntuples(roles) == 0)
		return;
	line_begin(&line, stdout, 20);
	line_add(&line, "  %-17s ", "roles");
	for (int row = 0; row < PQntuples(roles); row++)
		line_add(&line, "%s%s", row > 0 ? ", " : "", PQgetvalue(roles, row, 0));
	line_end(&line);
}

static void
print_profile(const struct profile *profile)
{
	static const char *const droppable[] = {"begun_at", "accepted", "rejected",
											"file",     "status",   NULL};
	struct line line;
	char success[32];

	line_begin(&line, stdout, 2);
	line_style(&line, STYLE_BOLD);
	line_add(&line, "Vendor %s", profile_text(profile, "vendor_id"));
	line_style(&line, STYLE_PLAIN);
	line_end(&line);
	for (const struct vendor_field *field = vendor_fields; field->column != NULL; field++)
		print_member(field->label, profile_text(profile, field->column));
	print_roles(profile->roles);
	print_counts(profile, "products", "active_products", "active", "out_of_stock_products",
				 "out of stock");
	print_counts(profile, "uploads", "failed_uploads", "failed", NULL, NULL);
	if (profile_number(profile, "uploads") > 0)
	{
		snprintf(success, sizeof(success), "%s %%", profile_text(profile, "success_rate_percent"));
		print_member("success", success);
		puts("\nLatest uploads");
		table_print(profile->recent, droppable);
	}
}

/*
 * Replace a text such as "insert,update" by a list.
 */
static void
list_modes(cJSON *document, const char *modes)
{
	cJSON *list = cJSON_CreateArray();

	while (*modes != '\0')
	{
		size_t length = strcspn(modes, ",");
		char mode[32];

		snprintf(mode, sizeof(mode), "%.*s", (int) length, modes);
		cJSON_AddItemToArray(list, cJSON_CreateString(mode));
		modes += modes[length] == ',' ? length + 1 : length;
	}
	cJSON_ReplaceItemInObjectCaseSensitive(document, "modes", list);
}

static void
print_profile_json(const struct profile *profile)
{
	cJSON *rows = json_of_result(profile->vendor);
	cJSON *document = cJSON_DetachItemFromArray(rows, 0);
	cJSON *roles;

	list_modes(document, profile_text(profile, "modes"));
	roles = cJSON_AddArrayToObject(document, "roles");

	for (int row = 0; row < PQntuples(profile->roles); row++)
		cJSON_AddItemToArray(roles, cJSON_CreateString(PQgetvalue(profile->roles, row, 0)));
	cJSON_AddItemToObject(document, "recent_uploads", json_of_result(profile->recent));
	json_out_print(document);
	cJSON_Delete(rows);
}

int
command_vendor_show(const struct options *options)
{
	struct glue_error error = {0};
	struct profile profile = {0};
	struct database *database = chosen_database_open(options, &error);
	int code = EXIT_ALL_GOOD;

	if (database == NULL || !profile_read(database, options, &profile, &error))
		code = command_fail(options, &error);
	else if (options->json)
		print_profile_json(&profile);
	else
		print_profile(&profile);
	profile_clean_up(&profile);
	database_close(database);
	return code;
}

/* ----- set ----- */

/*
 * Build the UPDATE of the given fields and its parameters.  Its RETURNING list
 * has each column twice, before and after.  Returns the number of parameters,
 * the first of which is the vendor's id.
 */
static int
build_update(const struct options *options, char *statement, const char **values)
{
	char set[PART_SIZE] = "";
	char returned[PART_SIZE] = "";
	int count = 0;

	values[count++] = options->operands[0];
	for (const struct vendor_field *field = vendor_fields; field->column != NULL; field++)
	{
		char expression[PART_SIZE / 8];

		if (!is_field_given(options, field))
			continue;
		values[count++] = option_text(options, field->option);
		snprintf(expression, sizeof(expression), field->value, count);
		append_part(set, "%s = %s", field->column, expression);
		snprintf(expression, sizeof(expression), field->shown, "o", field->column);
		append_part(returned, "%s", expression);
		snprintf(expression, sizeof(expression), field->shown, "v", field->column);
		append_part(returned, "%s", expression);
	}
	snprintf(statement, STATEMENT_SIZE,
			 "WITH o AS (SELECT * FROM onboard.vendors WHERE vendor_id = $1::text FOR UPDATE)"
			 " UPDATE onboard.vendors v SET %s FROM o WHERE v.vendor_id = o.vendor_id RETURNING %s",
			 set, returned);
	return count;
}

static bool
is_changed(const char *before, const char *after)
{
	return before == NULL || after == NULL ? before != after : strcmp(before, after) != 0;
}

/* A given field whose value changed; its strings belong to the result. */
struct change
{
	const struct vendor_field *field; /* NULL before the first */
	int column;                       /* of the next field in the result */
	const char *before;               /* NULL for none */
	const char *after;
};

/*
 * Advance to the next change; false if there is none.
 */
static bool
next_change(const struct options *options, const PGresult *result, struct change *change)
{
	change->field = change->field == NULL ? vendor_fields : change->field + 1;
	for (; change->field->column != NULL; change->field++)
	{
		if (!is_field_given(options, change->field))
			continue;
		change->before = postgres_text(result, 0, change->column++);
		change->after = postgres_text(result, 0, change->column++);
		if (is_changed(change->before, change->after))
			return true;
	}
	return false;
}

static void
print_changes(const struct options *options, const PGresult *result)
{
	struct change change = {0};
	bool any = next_change(options, result, &change);

	line_print(stdout, 2, any ? "Vendor %s is changed." : "Vendor %s already has these values.",
			   options->operands[0]);
	for (; any; any = next_change(options, result, &change))
		line_print(stdout, 20, "  %-17s %s -> %s", change.field->label,
				   change.before != NULL ? change.before : "(none)",
				   change.after != NULL ? change.after : "(none)");
}

static void
print_changes_json(const struct options *options, const PGresult *result)
{
	struct change change = {0};
	cJSON *document = cJSON_CreateObject();
	cJSON *changed;

	json_add_text(document, "vendor_id", options->operands[0]);
	changed = cJSON_AddObjectToObject(document, "changed");
	while (next_change(options, result, &change))
	{
		cJSON *member = cJSON_AddObjectToObject(changed, change.field->column);

		json_add_text(member, "from", change.before);
		json_add_text(member, "to", change.after);
	}
	json_out_print(document);
}

static bool
update_vendor(struct database *database, const struct options *options, PGresult **result,
			  struct glue_error *error)
{
	char statement[STATEMENT_SIZE];
	const char *values[1 + OPTION_ID_COUNT];
	int count = build_update(options, statement, values);

	if (!run_vendor_statement(database, statement, count, values, result, error))
		return false;
	return PQntuples(*result) > 0 ||
		   not_found(database, NOT_FOUND_VENDOR, options->operands[0], error);
}

/* Check that at least one field is given. */
static bool
check_given(const struct options *options, struct glue_error *error)
{
	for (const struct vendor_field *field = vendor_fields; field->column != NULL; field++)
	{
		if (is_field_given(options, field))
			return true;
	}
	return glue_error_set(
		error, GLUE_USAGE_ERROR, "USAGE",
		"\"onboard vendor set\" requires a field to change, such as --email ADDRESS");
}

int
command_vendor_set(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = NULL;
	PGresult *result = NULL;
	int code = EXIT_ALL_GOOD;

	if (check_given(options, &error))
		database = chosen_database_open(options, &error);
	if (database == NULL || !update_vendor(database, options, &result, &error))
		code = command_fail(options, &error);
	else if (options->json)
		print_changes_json(options, result);
	else
		print_changes(options, result);
	PQclear(result);
	database_close(database);
	return code;
}

/* ----- set-status ----- */

int
command_vendor_set_status(const struct options *options)
{
	const char *const values[] = {options->operands[0], options->operands[1]};
	struct glue_error error = {0};
	struct database *database = chosen_database_open(options, &error);
	PGresult *result = NULL;
	int code = EXIT_ALL_GOOD;

	if (database == NULL ||
		!run_vendor_statement(
			database, "UPDATE onboard.vendors SET status = $2::text WHERE vendor_id = $1::text", 2,
			values, &result, &error))
		code = command_fail(options, &error);
	else if (strcmp(PQcmdTuples(result), "0") == 0)
	{
		(void) not_found(database, NOT_FOUND_VENDOR, values[0], &error);
		code = command_fail(options, &error);
	}
	else if (options->json)
	{
		cJSON *document = cJSON_CreateObject();

		json_add_text(document, "vendor_id", values[0]);
		json_add_text(document, "status", values[1]);
		json_out_print(document);
	}
	else
		line_print(stdout, 2, "Vendor %s is now %s.", values[0], values[1]);
	PQclear(result);
	database_close(database);
	return code;
}
