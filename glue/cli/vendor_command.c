/*-------------------------------------------------------------------------
 *
 * vendor_command.c
 *	  onboard vendor add, list, show, set, set-status.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chosen_database.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/line.h"
#include "cli/list.h"
#include "cli/message.h"
#include "cli/summary.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/not_found.h"
#include "database/postgres_value.h"
#include "database/vendor_columns.h"
#include "database/vendor_refusal.h"

/* What the columns are called, and the options that set them. */
struct vendor_field
{
	const char *label;
	enum option_id option;
};

static const struct vendor_field vendor_fields[VENDOR_COLUMN_COUNT] = {
	[VENDOR_NAME] = {"name", OPTION_NAME},
	[VENDOR_EMAIL] = {"e-mail", OPTION_EMAIL},
	[VENDOR_PHONE] = {"phone", OPTION_PHONE},
	[VENDOR_BUSINESS_NAME] = {"business name", OPTION_BUSINESS_NAME},
	[VENDOR_TAX_ID] = {"tax number", OPTION_TAX_ID},
	[VENDOR_ADDRESS] = {"address", OPTION_ADDRESS},
	[VENDOR_CITY] = {"city", OPTION_CITY},
	[VENDOR_STATE] = {"state", OPTION_STATE},
	[VENDOR_COUNTRY] = {"country", OPTION_COUNTRY},
	[VENDOR_POSTAL_CODE] = {"postal code", OPTION_POSTAL_CODE},
	[VENDOR_STATUS] = {"status", OPTION_STATUS},
	[VENDOR_MODES] = {"modes", OPTION_MODES},
	[VENDOR_DEFAULT_MODE] = {"default mode", OPTION_DEFAULT_MODE},
	[VENDOR_DEFAULT_MAP] = {"default map", OPTION_DEFAULT_MAP},
	[VENDOR_PRICE_GUARD] = {"price guard", OPTION_PRICE_GUARD},
	[VENDOR_SOLD_OUT_GUARD] = {"sold-out guard", OPTION_SOLD_OUT_GUARD},
	[VENDOR_DISCONTINUE_GUARD] = {"discontinue guard", OPTION_DISCONTINUE_GUARD},
	[VENDOR_LANGUAGE] = {"language", OPTION_LANGUAGE},
};

static bool
is_field_given(const struct options *options, int column)
{
	return (options->given & OPTION_BIT(vendor_fields[column].option)) != 0;
}

/*
 * Return the given columns, as bits.
 */
static unsigned
given_columns(const struct options *options)
{
	unsigned columns = 0;

	for (int column = 0; column < VENDOR_COLUMN_COUNT; column++)
		columns |= is_field_given(options, column) ? VENDOR_BIT(column) : 0;
	return columns;
}

/*
 * Return the document with the vendor's id and the given columns; free with
 * cJSON_free().
 */
static char *
given_document(const struct options *options)
{
	cJSON *document = cJSON_CreateObject();
	char *text;

	json_add_text(document, "vendor_id", options->operands[0]);
	for (int column = 0; column < VENDOR_COLUMN_COUNT; column++)
	{
		if (is_field_given(options, column))
			json_add_text(document, vendor_column_name(column),
						  option_text(options, vendor_fields[column].option));
	}
	text = cJSON_PrintUnformatted(document);
	cJSON_Delete(document);
	return text;
}

/*
 * Run a statement on vendors.  A value that a constraint rejects becomes a
 * usage error with a message of ours; a map that does not exist keeps its error.
 */
static bool
run_vendor_statement(struct database *database, const char *statement, int count,
					 const char *const *values, PGresult **result, struct glue_error *error)
{
	const struct vendor_refusal *refusal;

	if (database_query(database, RUN_ONCE, statement, count, values, result, error))
		return true;
	refusal = vendor_refusal_find(error);
	if (refusal != NULL && strcmp(refusal->code, UNKNOWN_MAP) != 0)
		glue_error_set(error, GLUE_USAGE_ERROR, "USAGE", "%s%s", refusal->text,
					   strcmp(refusal->code, VENDOR_EXISTS) == 0 ? "; --if-not-exists accepts that"
																 : "");
	return false;
}

/*
 * Build the INSERT of the given columns; other columns get their defaults.  $2
 * says whether an existing vendor is fine.
 */
static bool
build_insert(struct byte_buffer *statement, unsigned columns, struct glue_error *error)
{
	return byte_buffer_append_string(statement, "INSERT INTO onboard.vendors (vendor_id, ",
									 error) &&
		   vendor_columns_append(statement, columns, VENDOR_PART_NAME, error) &&
		   byte_buffer_append_string(statement, ") SELECT $1::jsonb ->> 'vendor_id', ", error) &&
		   vendor_columns_append(statement, columns, VENDOR_PART_VALUE, error) &&
		   byte_buffer_append_string(
			   statement,
			   " WHERE NOT ($2::boolean AND EXISTS (SELECT FROM onboard.vendors v"
			   " WHERE v.vendor_id = $1::jsonb ->> 'vendor_id'))",
			   error) &&
		   byte_buffer_terminate(statement, error);
}

/*
 * Insert the vendor described by the options; *added is false if it already
 * exists and --if-not-exists was given.
 */
static bool
add_vendor(struct database *database, const struct options *options, bool *added,
		   struct glue_error *error)
{
	char *document = given_document(options);
	const char *const values[] = {document, options->if_not_exists ? "true" : "false"};
	struct byte_buffer statement = {0};
	PGresult *result = NULL;
	bool done = (document != NULL || glue_error_memory(error)) &&
				build_insert(&statement, given_columns(options), error) &&
				run_vendor_statement(database, statement.data, 2, values, &result, error);

	*added = done && strcmp(PQcmdTuples(result), "1") == 0;
	PQclear(result);
	byte_buffer_clean_up(&statement);
	cJSON_free(document);
	return done;
}

/*
 * Say so if a language that was given has no texts: mails are then in English.
 */
static void
remark_language(struct database *database, const struct options *options)
{
	static const char has_texts[] =
		"SELECT FROM onboard.shipped_texts s WHERE s.language IN ($1::text, split_part($1::text, '-', 1))"
		" UNION ALL SELECT FROM onboard.mail_texts m"
		" WHERE m.language IN ($1::text, split_part($1::text, '-', 1)) LIMIT 1";
	const char *const values[] = {options->language};
	PGresult *result = NULL;

	if (!is_field_given(options, VENDOR_LANGUAGE) || options->language[0] == '\0')
		return;
	if (database_query(database, RUN_AGAIN, has_texts, 1, values, &result, NULL) &&
		PQntuples(result) == 0)
		message_note("there are no texts in the language %s yet, so mails are in English; "
					 "see \"onboard mail --template\"",
					 options->language);
	PQclear(result);
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
	if (code == EXIT_ALL_GOOD)
		remark_language(database, options);
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
	" v.default_mode, v.default_map, v.price_guard, v.sold_out_guard, v.discontinue_guard, v.language, s.products, s.active_products,"
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
	for (int column = 0; column < VENDOR_COLUMN_COUNT; column++)
		print_member(vendor_fields[column].label,
					 profile_text(profile, vendor_column_name(column)));
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
 * Build the UPDATE of the given columns, which returns each twice, before and
 * after.
 */
static bool
build_update(struct byte_buffer *statement, unsigned columns, struct glue_error *error)
{
	return vendor_columns_append_update(statement, columns, error) &&
		   byte_buffer_append_string(statement, "SELECT ", error) &&
		   vendor_columns_append(statement, columns, VENDOR_PART_CHANGE, error) &&
		   byte_buffer_append_string(statement, " FROM o CROSS JOIN v", error) &&
		   byte_buffer_terminate(statement, error);
}

static bool
is_changed(const char *before, const char *after)
{
	return before == NULL || after == NULL ? before != after : strcmp(before, after) != 0;
}

/* A given column whose value changed; its strings belong to the result. */
struct change
{
	int column;         /* VENDOR_COLUMN_COUNT after the last */
	int place;          /* of the next given column in the result */
	const char *before; /* NULL for none */
	const char *after;
};

/*
 * Advance to the next change, from change->column on; false if there is none.
 */
static bool
next_change(const struct options *options, const PGresult *result, struct change *change)
{
	for (; change->column < VENDOR_COLUMN_COUNT; change->column++)
	{
		if (!is_field_given(options, change->column))
			continue;
		change->before = postgres_text(result, 0, change->place++);
		change->after = postgres_text(result, 0, change->place++);
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
	for (; any; change.column++, any = next_change(options, result, &change))
		line_print(stdout, 20, "  %-17s %s -> %s", vendor_fields[change.column].label,
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
	for (; next_change(options, result, &change); change.column++)
	{
		cJSON *member = cJSON_AddObjectToObject(changed, vendor_column_name(change.column));

		json_add_text(member, "from", change.before);
		json_add_text(member, "to", change.after);
	}
	json_out_print(document);
}

static bool
update_vendor(struct database *database, const struct options *options, PGresult **result,
			  struct glue_error *error)
{
	char *document = given_document(options);
	const char *const values[] = {document};
	struct byte_buffer statement = {0};
	bool done = (document != NULL || glue_error_memory(error)) &&
				build_update(&statement, given_columns(options), error) &&
				run_vendor_statement(database, statement.data, 1, values, result, error);

	if (!done && strcmp(error->code, POSTGRES_UNDEFINED_OBJECT) == 0)
		(void) not_found_map(database, options->operands[0], options->default_map, error);
	byte_buffer_clean_up(&statement);
	cJSON_free(document);
	return done && (PQntuples(*result) > 0 ||
					not_found(database, NOT_FOUND_VENDOR, options->operands[0], error));
}

int
command_vendor_set(const struct options *options)
{
	struct glue_error error = {0};
	struct database *database = NULL;
	PGresult *result = NULL;
	int code = EXIT_ALL_GOOD;

	if (given_columns(options) == 0)
		glue_error_set(
			&error, GLUE_USAGE_ERROR, "USAGE",
			"\"onboard vendor set\" requires a field to change, such as --email ADDRESS");
	else
		database = chosen_database_open(options, &error);
	if (database == NULL || !update_vendor(database, options, &result, &error))
		code = command_fail(options, &error);
	else if (options->json)
		print_changes_json(options, result);
	else
		print_changes(options, result);
	if (code == EXIT_ALL_GOOD)
		remark_language(database, options);
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
